"""Take the README's picture from the running demo.

    PYTHONPATH=. python docs/make_screenshot.py [EXAMPLE]

Starts ``app.py``, opens it in Chromium (Debian's, else Playwright's own), clicks an example (by
default the first) and writes ``docs/demo.png``, 1280 pixels wide.
"""

import shutil
import sys

from playwright.sync_api import sync_playwright

from tests.running_app import PATIENCE, ROOT, running_app

PICTURE = ROOT / "docs" / "demo.png"
SIZE = {"width": 1280, "height": 800}


def take_picture(url: str, example: int) -> None:
    """Show an example filled and write the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(url)
        page.locator("#report .facts").wait_for()
        page.locator("#examples .gallery-item").nth(example).click()
        page.wait_for_timeout(1000)  # the editor has emptied itself
        page.locator("#editor button[aria-label=Brush].highlight").wait_for()
        page.wait_for_timeout(2000)  # the picture has glided to its place
        page.mouse.move(0, 0)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    with running_app() as address:
        take_picture(address, int(sys.argv[1]) - 1 if len(sys.argv) > 1 else 0)
    print(PICTURE)
