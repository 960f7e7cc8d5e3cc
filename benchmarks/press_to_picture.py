"""How long a visitor waits for a fill over a slow connection, and what it sends.

``python -m benchmarks.press_to_picture``: 50 Mbit/s down, 10 Mbit/s up and 40 ms of latency;
strokes on a photo in three sizes, each filled on release. The server is on the same machine.
"""

import argparse
import statistics
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import skimage.data
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.page_load import NETWORK, PATIENCE, chromium
from benchmarks.startup import serving
from inpainting.evaluation.tables import markdown

SIZES = [(512, 341), (1732, 1155), (4243, 2828)]  # 512 pixels, 2 and 12 megapixels
STROKE = 40  # pixels of the screen
# Milliseconds from the pointer's release to the frame after the patch has come; starts to wait now.
WATCH = """() => {
    let pressed;
    const press = () => { pressed = performance.now(); };
    addEventListener("pointerup", press, { capture: true, once: true });
    const fills = inpainting.session.step.patches.length;
    window.waited = new Promise((done) => {
        const look = () => inpainting.session.step.patches.length > fills
            ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - pressed)))
            : setTimeout(look, 4);
        look();
    });
}"""


class Press(NamedTuple):
    """Seconds from release to picture, of them those of the fill; requests; bytes both ways."""

    seconds: float
    fill: float
    requests: float
    sent: float
    received: float


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="strokes per photo (default: 5)")
    repeats = parser.parse_args().repeats
    rows = []
    with ExitStack() as running:
        folder = running.enter_context(TemporaryDirectory())
        url = running.enter_context(serving(["app.py"]))
        browser = running.enter_context(chromium(running.enter_context(sync_playwright())))
        for size in SIZES:
            photo = Path(folder) / f"{size[0]}.jpg"
            source = Image.open(Path(skimage.data.__file__).parent / "coffee.png").convert("RGB")
            source.resize(size, Image.Resampling.LANCZOS).save(photo, quality=90)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            rows.append(row(photo, size, presses(page, url, photo, repeats)))
            page.close()
    print(markdown(HEADER, rows))


HEADER = (
    "photo", "file (kB)", "release to picture (s)", "of it the fill (s)", "requests", "sent (kB)",
    "received (kB)",
)  # fmt: skip


def row(photo: Path, size: tuple[int, int], found: list[Press]) -> tuple[str, ...]:
    """Medians as a row of the table."""
    middle = Press(*(statistics.median(values) for values in zip(*found, strict=True)))
    return (
        f"{size[0]} × {size[1]}", f"{photo.stat().st_size / 1000:.0f}", f"{middle.seconds:.2f}",
        f"{middle.fill:.2f}", f"{middle.requests:.0f}", f"{middle.sent / 1000:.1f}",
        f"{middle.received / 1000:.1f}",
    )  # fmt: skip


def presses(page: Page, url: str, photo: Path, repeats: int) -> list[Press]:
    """Open a photo and paint strokes on it, after one that is not counted."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", NETWORK)
    sent: list[int] = []
    received: list[int] = []
    network.on("Network.requestWillBeSent", lambda told: sent.append(size_of(told["request"])))
    network.on(
        "Network.dataReceived",
        lambda told: received.append(told["encodedDataLength"] or told["dataLength"]),
    )
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.locator(".inpaint .status.done").wait_for()
    page.set_input_files(".tools [data-file=photo]", photo)
    page.wait_for_function("inpainting.session.photo.file && inpainting.session.photo.path")
    found = []
    for index in range(repeats + 1):
        sent.clear()
        received.clear()
        seconds, fill = press(page, 0.25 + 0.08 * index)
        found.append(Press(seconds, fill, len(sent), sum(sent), sum(received)))
    return found[1:]


def press(page: Page, across: float) -> tuple[float, float]:
    """One stroke at that share of the stage's width: seconds to its picture, and of the fill."""
    box = page.locator(".inpaint .stage").bounding_box()
    assert box
    x, y = box["x"] + box["width"] * across, box["y"] + box["height"] * 0.45
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + STROKE, y + 5, steps=4)
    page.evaluate(WATCH)
    page.mouse.up()
    seconds: float = page.evaluate("window.waited") / 1000
    fill: float = page.evaluate("inpainting.session.step.fill.answer.seconds")
    page.wait_for_timeout(300)  # what comes after the picture
    return seconds, fill


def size_of(request: dict[str, Any]) -> int:
    """Bytes of a request: its body, address and headers."""
    headers = sum(len(name) + len(value) for name, value in request["headers"].items())
    return len(request.get("postData") or "") + len(request["url"]) + headers


if __name__ == "__main__":
    main()
