"""Take the pictures of the page from the running demo.

    PYTHONPATH=. python docs/make_screenshot.py [EXAMPLE]

Starts ``app.py``, opens it in Chromium (Debian's, else Playwright's own), clicks an example (by
default the second) and writes ``docs/demo.jpg``, ``demo-dark.jpg`` and ``demo-phone.jpg``.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.running_app import PATIENCE, ROOT, running_app

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
PICTURES: dict[str, dict[str, Any]] = {
    "demo.jpg": DESKTOP,
    "demo-dark.jpg": DESKTOP | {"color_scheme": "dark"},
    "demo-phone.jpg": PHONE | {"device_scale_factor": 2},
}


def take_picture(browser: Browser, url: str, example: int, path: Path, **options: Any) -> None:
    """Show an example filled and write the picture.

    Args:
        browser, url, path: where to look, and where to write.
        example: its number in the gallery, from 0.
        options: of the browser's page.
    """
    page = browser.new_page(**options)
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(url)
    page.locator(".inpaint .status.done").wait_for()
    page.locator(".inpaint .examples button").nth(example).click()
    page.wait_for_function(
        "(index) => inpainting.session.step.fill?.sent"
        " && inpainting.session.photo.name === document.querySelectorAll"
        "('.inpaint .examples button')[index].dataset.name",
        arg=example,
    )
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.screenshot(path=path, type="jpeg", quality=88)
    page.close()


if __name__ == "__main__":
    number = int(sys.argv[1]) - 1 if len(sys.argv) > 1 else 1
    with running_app() as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, options in PICTURES.items():
            take_picture(chromium, address, number, ROOT / "docs" / name, **options)
            print(ROOT / "docs" / name)
