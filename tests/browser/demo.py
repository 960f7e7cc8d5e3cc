"""The demo's page as a visitor uses it: what their hands do, and what their eyes see.

Points are given as shares of the photo's sides, wherever it lies on the screen. Nothing here waits
for a fixed time: a busy machine is slower, and an idle one should not be.
"""

import base64
import io
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Download, Locator, Page

from tests.running_app import PATIENCE

DEADLINE = PATIENCE / 2  # seconds for anything that is waited for
STEPS = 4  # moves of the pointer in a stroke
Point = tuple[float, float]  # on the photo, as shares of its sides; outside of it below 0, above 1

# A photo is shown, the server has it, nothing is filled, looked for or drawn.
AT_REST = """() => {
    const { session, stage } = window.inpainting ?? {};
    return session?.step && session.photo.path && !session.filling && !session.rough
        && session.message.kind !== "busy" && !stage.frame;
}"""


class Demo:
    """An open page.

    ``page``: Playwright's. ``asked``: addresses that were asked for anything, in their order.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))

    # Waiting

    def until(self, holds: Callable[[], object]) -> None:
        """Wait for a condition."""
        deadline = time.monotonic() + DEADLINE
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"The page says: {self.status()}")
            self.page.wait_for_timeout(20)  # Playwright tells of requests meanwhile

    def until_says(self, words: str) -> str:
        """Wait until the line below the photo says that: all that it says."""
        self.until(lambda: words in self.status())
        return self.status()

    def until_rests(self) -> None:
        """Wait until a photo is open, and nothing is on its way."""
        self.until(lambda: self.page.evaluate(AT_REST))

    @contextmanager
    def filling(self) -> Iterator[None]:
        """What is done inside fills: wait until the last fill is there, and drawn."""
        self.page.evaluate("window.seen = window.inpainting.session.step?.fill")
        yield
        self.until(lambda: self.js("session.step.fill && session.step.fill !== window.seen"))
        self.until_rests()

    # Hands

    def at(self, x: float, y: float) -> Point:
        """Page coordinates of a point of the photo, which is scrolled to if it is not in sight."""
        return tuple(
            self.page.evaluate(
                """([x, y]) => {
                    const { element, view } = window.inpainting.stage;
                    element.scrollIntoView({ block: "nearest", behavior: "instant" });
                    const box = element.getBoundingClientRect();
                    const point = view.toStage(x * view.photoWidth, y * view.photoHeight);
                    return [box.left + point.x, box.top + point.y];
                }""",
                [x, y],
            )
        )

    def draw(self, *points: Point, button: str = "left") -> None:
        """Drag the mouse from point to point; a single one is a click."""
        mouse = self.page.mouse
        places = [self.at(*point) for point in points]
        mouse.move(*places[0])
        mouse.down(button=button)
        for place in places[1:]:
            mouse.move(*place, steps=STEPS)
        mouse.up(button=button)

    def stroke(self, *points: Point) -> None:
        """Paint a stroke, and wait until it is filled."""
        with self.filling():
            self.draw(*(points or ((0.4, 0.5), (0.6, 0.5))))

    def touch(self, *fingers: list[Point], lift: bool = True) -> None:
        """Fingers that go down together, each along its points, and lift."""
        session = self.page.context.new_cdp_session(self.page)
        paths = [[self.at(*point) for point in finger] for finger in fingers]

        def send(kind: str, places: Sequence[Point]) -> None:
            points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        moments = list(zip(*paths, strict=True))
        send("touchStart", moments[0])
        for before, after in itertools.pairwise(moments):
            for share in np.linspace(0, 1, STEPS + 1)[1:]:
                send("touchMove", between(before, after, share))
        if lift:
            send("touchEnd", [])
        session.detach()

    def wheel(self, x: float, y: float, turned: float) -> None:
        """Turn the wheel over a point of the photo; below 0 it comes nearer."""
        self.page.mouse.move(*self.at(x, y))
        before = self.view()
        self.page.mouse.wheel(0, turned)
        self.until(lambda: self.view() != before)
        self.until_rests()

    def button(self, act: str) -> Locator:
        """A button by what it does: "fill", "another", "undo" and so on."""
        return self.page.locator(f".inpaint [data-act='{act}']").first

    def press(self, act: str) -> None:
        """Press a button, wherever it is: menus are opened for it."""
        self.reveal(self.button(act))
        self.button(act).click()

    def reveal(self, control: Locator) -> None:
        """Open the menu that a control is in."""
        menu = control.locator("xpath=ancestor::details[contains(@class, 'menu')]")
        if menu.count() and menu.get_attribute("open") is None:
            menu.locator("summary").click()

    def set(self, name: str, value: str) -> None:
        """Change a setting in the menu: "mode" or "feather"."""
        control = self.page.locator(f"[data-set={name}]")
        if name == "mode":
            control = self.page.locator(f"[data-set=mode][value={value}]")
        self.reveal(control)
        if name == "mode":
            control.check()
        else:
            control.fill(value)
        self.page.keyboard.press("Escape")

    def select(self, what: str, *, box: bool = False) -> None:
        """Take the tool that selects for the visitor."""
        sign = "[data-box]" if box else ":not([data-box])"
        entry = self.page.locator(f"[data-act=select][data-what='{what}']{sign}")
        self.reveal(entry)
        entry.click()

    def set_fill_on_release(self, on: bool) -> None:
        if (self.button("auto").get_attribute("aria-pressed") == "true") != on:
            self.press("auto")

    def press_key(self, key: str, code: str, **held: bool) -> None:
        """A key as a layout sends it that this keyboard does not have.

        Args:
            key: what it types; code: its place; held: modifiers, such as ``ctrlKey``.
        """
        self.page.evaluate(
            """([key, code, held]) => document.body.dispatchEvent(
                new KeyboardEvent("keydown", {key, code, bubbles: true, cancelable: true, ...held})
            )""",
            [key, code, held],
        )

    # Files

    def open(self, path: Path, way: str = "button") -> None:
        """Open a photo, and wait until the server has it, too."""
        self.page.evaluate("window.former = window.inpainting.session.photo")
        self.give(path, way)
        self.until(lambda: self.js("session.photo && session.photo !== window.former"))
        self.until_rests()

    def give(self, path: Path, way: str = "button", kind: str = "photo") -> None:
        """Hand a file over: chosen by the button, or dropped or pasted on the page."""
        if way == "button":
            label = self.page.locator(f".tools label:has([data-file={kind}])")
            self.reveal(label)
            with self.page.expect_file_chooser() as chooser:
                label.click()
            return chooser.value.set_files(path)
        self.page.evaluate(
            """([kind, name, bytes]) => {
                const data = new DataTransfer();
                data.items.add(new File([Uint8Array.from(bytes)], name));
                const init = {bubbles: true, cancelable: true};
                const event = kind === "drop"
                    ? new DragEvent("drop", {...init, dataTransfer: data})
                    : new ClipboardEvent("paste", {...init, clipboardData: data});
                document.querySelector(".inpaint .stage").dispatchEvent(event);
            }""",
            [way, path.name, list(path.read_bytes())],
        )

    def give_mask(self, path: Path) -> str:
        """Choose a mask file: what the page says of it."""
        self.page.evaluate("window.inpainting.session.say('old')")
        self.give(path, kind="mask")
        self.until(lambda: self.status() != "old")
        self.until_rests()
        return self.status()

    def pick_example(self, index: int) -> None:
        with self.filling():
            self.page.locator(".examples button").nth(index).click()

    def download(self, press: str | Locator = "download") -> tuple[Image.Image, str]:
        """Save a file by a button: the picture, and the name that it is given."""
        with self.page.expect_download() as saved:
            if isinstance(press, str):
                self.press(press)
            else:
                press.click()
        return picture_of(saved.value), saved.value.suggested_filename

    # Eyes

    def js(self, expression: str) -> Any:
        """The value of an expression of ``session``, ``stage`` and ``toolbar``."""
        names = "const { session, stage, toolbar } = window.inpainting ?? {};"
        return self.page.evaluate(f"() => {{ {names} return {expression}; }}")

    def status(self) -> str:
        """The line below the photo."""
        return self.page.locator(".inpaint .status").inner_text()

    def is_error(self) -> bool:
        """Whether that line tells of something that went wrong."""
        return "error" in self.page.locator(".inpaint .status").get_attribute("class").split()

    def size(self) -> tuple[int, int]:
        return tuple(self.js("[session.photo.width, session.photo.height]"))

    def view(self) -> tuple[float, float, float]:
        """Where the photo lies on the stage, and how large: x, y, scale."""
        return tuple(self.js("[stage.view.x, stage.view.y, stage.view.scale]"))

    def hole(self) -> np.ndarray:
        """What is painted and not filled yet: bool (H, W)."""
        return self.flags(self.js("session.hole.data.join('')"))

    def flags(self, digits: str) -> np.ndarray:
        """One digit for each pixel of the photo as bool (H, W)."""
        width, height = self.size()
        return (np.frombuffer(digits.encode(), np.uint8) == ord("1")).reshape(height, width)

    def filled_hole(self) -> np.ndarray:
        """What the last fill has replaced: bool (H, W)."""
        digits = self.page.evaluate(
            """() => {
                const { session } = window.inpainting;
                const { hole, asked } = session.step.fill;
                return session.hole.constructor.unpack(hole).grown(asked.grow).data.join("");
            }"""
        )
        return self.flags(digits)

    def kinds(self) -> list[str]:
        """Kinds of the steps up to the shown one, of all photos that are kept."""
        return self.js("session.history.steps.slice(0, session.history.index + 1)"
                       ".map(({ kind }) => kind)")  # fmt: skip

    def fills(self) -> int:
        """How often a fill was asked for."""
        return sum("/queue/join" in url for url in self.asked)

    def shown(self, layer: str = "back") -> np.ndarray:
        """A layer of the stage, "back" (the picture) or "front" (what is painted): RGBA (H, W)."""
        self.until(lambda: not self.js("stage.frame"))
        url = self.js(f"stage.{layer}.toDataURL()")
        with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as picture:
            return np.array(picture.convert("RGBA"))

    def steps(self) -> Locator:
        """The steps of the photo in the strip."""
        return self.page.locator(".strip li")

    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")


def between(before: Sequence[Point], after: Sequence[Point], share: float) -> list[Point]:
    """Where points are on their way."""
    return [
        (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
        for (x0, y0), (x1, y1) in zip(before, after, strict=True)
    ]


def picture_of(download: Download) -> Image.Image:
    with Image.open(download.path()) as picture:
        picture.load()
        return picture
