"""The demo's page as a visitor uses it: what their hands do, and what their eyes see.

Nothing here waits for a fixed time: a busy machine is slower, and an idle one should not be.
"""

import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, Request
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.running_app import PATIENCE

DEADLINE = 4 * PATIENCE  # seconds for anything that is waited for
STEPS = 2  # of a stroke: without a GPU, each takes a second to draw
CANVAS = "#editor .pixi-target canvas"
Point = tuple[float, float]  # in the editor's box, as shares of its sides


class Demo:
    """An open page.

    ``page``: Playwright's. ``asked``: addresses that were asked for anything.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self._open: set[Request] = set()
        page.on("request", self._begin)
        for event in ("requestfinished", "requestfailed"):  # a stream that ends may count as failed
            page.on(event, lambda request: self._open.discard(request))

    def _begin(self, request: Request) -> None:
        self.asked.append(request.url)
        if "/heartbeat/" not in request.url:  # that one never ends
            self._open.add(request)

    # Waiting

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a condition."""
        deadline = time.monotonic() + DEADLINE
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError
            self.page.wait_for_timeout(20)  # Playwright tells of requests meanwhile

    def until_answered(self) -> None:
        """Wait until nothing that the page has asked for is on its way."""
        self.until(lambda: not self._open)

    def until_still(self, before: bytes = b"", brush: bool = False) -> None:
        """Wait until the editor stands still: pictures glide to their place, strokes are laid.

        Args:
            before: what it looked like, if it is to look otherwise.
            brush: whether it is to hold its brush: an emptied editor has laid it down.
        """
        held = self.page.locator("#editor button[aria-label=Brush].highlight")
        looks = [before]

        def still() -> bool:
            looks.append(self.look())
            return (
                looks[-2] == looks[-1] != before
                and not self._open
                and (not brush or held.count() == 1)
            )

        self.until(still)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """What is done inside changes the editor's picture or mask: wait until that is there."""
        before = self.look()
        yield
        self.until_still(before, brush=True)

    # Hands

    def on_canvas(self, x: float, y: float) -> Point:
        """Page coordinates of a point of the editor's box."""
        box = self.canvas()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def stroke(self, start: Point = (0.45, 0.4), end: Point = (0.55, 0.4)) -> None:
        self.page.locator("#editor .pixi-target").scroll_into_view_if_needed()
        self.page.mouse.move(*self.on_canvas(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.on_canvas(*end), steps=STEPS)
        self.page.mouse.up()
        self.until_still()

    def touch_stroke(self, start: Point = (0.4, 0.5), end: Point = (0.6, 0.5)) -> None:
        session = self.page.context.new_cdp_session(self.page)
        (x0, y0), (x1, y1) = self.on_canvas(*start), self.on_canvas(*end)

        def touch(kind: str, *points: Point) -> None:
            at = [{"x": x, "y": y} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        touch("touchStart", (x0, y0))
        for step in range(1, STEPS + 1):
            touch("touchMove", (x0 + (x1 - x0) * step / STEPS, y0 + (y1 - y0) * step / STEPS))
        touch("touchEnd")
        self.until_still()

    def press_fill(self, button: str = "#fill") -> str:
        """Press Fill, or another button that fills: the new facts."""
        with self.new_facts():
            self.page.click(button)
        return self.facts()

    @contextmanager
    def new_facts(self) -> Iterator[None]:
        """What is done inside fills: wait until the facts of that are there."""
        self.page.evaluate("document.querySelector('#report .facts').textContent = 'old'")
        yield
        self.page.wait_for_function(
            "!['old', undefined].includes(document.querySelector('#report .facts')?.textContent)"
        )

    def press_size(self, key: str) -> None:
        """Change the brush's size by a key."""
        listen = "addEventListener('input', () => window.resized = true, {capture: true})"
        self.page.evaluate(f"{listen}; window.resized = false")
        self.page.keyboard.press(key)
        self.page.wait_for_function("window.resized")

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

    def click_tool(self, name: str) -> None:
        """Click one of the editor's buttons by the mouse, whatever it looks like."""
        box = self.page.locator(f"#editor button[aria-label={name}]").bounding_box()
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def pick_example(self, index: int) -> None:
        with self.changing():
            self.page.locator("#examples .gallery-item").nth(index).click()

    def clear(self) -> None:
        self.page.click("#editor button[aria-label='Clear canvas']")
        self.page.get_by_text("Drop a photo here").wait_for()

    def open(self, path: Path) -> None:
        """Upload a photo by the button, and wait until it can be painted on."""
        with self.changing():
            self.upload(path)

    def upload(self, path: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.click("#upload")
        chooser.value.set_files(path)

    def click_invitation(self, path: Path) -> None:
        """Choose a file by clicking the emptied editor; while it empties, a click may be lost."""
        for _ in range(20):
            try:
                with self.page.expect_file_chooser(timeout=3000) as chooser:
                    self.page.mouse.click(*self.on_canvas(0.5, 0.5))
                return chooser.value.set_files(path)
            except PlaywrightTimeout:
                continue
        raise AssertionError("The invitation opens no file dialogue.")

    def give(self, way: str, path: Path) -> None:
        """Hand a file over by the button, the invitation, or dropped or pasted on the editor."""
        if way in ("button", "invitation"):
            return (self.upload if way == "button" else self.click_invitation)(path)
        self.page.evaluate(
            """([kind, name, bytes]) => {
                const data = new DataTransfer();
                data.items.add(new File([Uint8Array.from(bytes)], name, {type: "image/png"}));
                const init = {bubbles: true, cancelable: true};
                const event = kind === "drop"
                    ? new DragEvent("drop", {...init, dataTransfer: data})
                    : new ClipboardEvent("paste", {...init, clipboardData: data});
                document.querySelector("#editor canvas").dispatchEvent(event);
            }""",
            [way, path.name, list(path.read_bytes())],
        )

    def unfold(self, name: str) -> None:
        self.page.locator(f"#{name} > button").click()

    # Eyes

    def canvas(self) -> dict[str, float]:
        """Where the editor's picture is on the screen."""
        return self.page.locator(CANVAS).bounding_box()

    def look(self) -> bytes:
        """The editor as it is now."""
        return self.page.locator(CANVAS).screenshot()

    def shows_a_photo(self) -> bool:
        """Whether the editor is not empty: as PNG, it is a tenth as large then."""
        return len(self.look()) > 40_000

    def facts(self) -> str:
        return self.page.inner_text("#report .facts")

    def message(self) -> str:
        """What the last message says, once there is one."""
        self.page.locator(".toast-body").last.wait_for()
        return self.page.locator(".toast-body").last.inner_text()

    def messages(self) -> str:
        return " ".join(self.page.locator(".toast-body").all_inner_texts())

    def user_error(self) -> str:
        """What Fill answers when there is nothing to fill."""
        self.page.click("#fill")
        return self.message()

    def slider_pictures(self) -> list[Image.Image]:
        """Before and after, as the visitor would download them."""
        images = self.page.locator("#slider img")
        urls = images.evaluate_all("images => images.map(image => image.src)")
        return [Image.open(io.BytesIO(self.page.request.get(url).body())) for url in urls]

    def brush_radius(self) -> int:
        self.page.click("#editor [aria-label='Brush Size']")
        value = self.page.locator("#editor .size_picker input").input_value()
        self.page.click("#editor [aria-label='Brush Size']")
        return int(value)

    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")


def hole_share(facts: str) -> float:
    """Percent of the picture that was missing."""
    return float(re.search(r"hole ([\d.]+) %", facts)[1])
