"""Take the README's picture from the running demo: python docs/make_screenshot.py [EXAMPLE]

Starts ``app.py``, opens it in Chromium (Debian's, else Playwright's own), clicks an example (by
default the first) and writes ``docs/demo.png``, 1280 pixels wide.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "demo.png"
SIZE = {"width": 1280, "height": 800}
PATIENCE = 120  # seconds


@contextmanager
def running_app() -> Iterator[str]:
    """The URL of ``app.py`` on a free port, while it runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, app)
        yield url
    finally:
        app.terminate()
        app.wait()


def wait_for(url: str, app: subprocess.Popen) -> None:
    """Return when the page is served; exit when the app has ended or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and app.poll() is None:
        try:
            return urllib.request.urlopen(url).close()
        except urllib.error.URLError:
            time.sleep(0.5)
    sys.exit("app.py did not start.")


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
