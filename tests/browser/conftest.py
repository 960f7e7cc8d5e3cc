"""The running demo and a Chromium to look at it with; screenshots go to ``artefacts/``."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from playwright.sync_api import Browser, Page, sync_playwright

from inpainting import PConvUNet, save_pretrained
from tests.conftest import TINY

ROOT = Path(__file__).parents[2]
ARTEFACTS = Path(__file__).parent / "artefacts"
PATIENCE = 60  # seconds that the app or the page may take on a busy machine
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desktop": (1280, 800), "dark": (1280, 800), "phone": (390, 844)}


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``python app.py`` with a tiny random network, as a visitor would meet it: its URL."""
    checkpoint = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    save_pretrained(PConvUNet(TINY), checkpoint, card="# Tiny\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "INPAINTING_CHECKPOINT": str(checkpoint),
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio")),
        "HF_HUB_OFFLINE": "1",
    }
    url = f"http://127.0.0.1:{port}"
    log = (tmp_path_factory.mktemp("log") / "app.txt").open("w+")
    app = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    try:
        wait_until_served(url, app, Path(log.name))
        yield url
    finally:
        app.terminate()
        app.wait(timeout=PATIENCE)
        log.close()


def wait_until_served(url: str, app: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline and app.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()
            return
        except URLError:
            time.sleep(0.3)
    pytest.fail(f"app.py did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium where there is one, else Playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(address: str, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens the demo as "desktop", "dark" or "phone", the first example filled.

    The test fails if the page has thrown an error or asked another machine for anything.
    """
    contexts, errors = [], []

    def open_page(kind: str = "desktop") -> Page:
        width, height = SIZES[kind]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if kind == "dark" else "light",
            has_touch=kind == "phone",
            is_mobile=kind == "phone",
        )
        context.set_default_timeout(1000 * PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: errors.extend(foreign(request.url, address)))
        page.goto(address)
        page.locator("#report .facts").wait_for()
        page.wait_for_function("document.querySelectorAll('#slider img').length == 2")
        page.locator("#editor button[aria-label=Brush].highlight").wait_for()
        page.wait_for_timeout(500)  # the editor glides to its place
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def foreign(url: str, address: str) -> list[str]:
    return [] if url.startswith((address, "data:", "blob:")) else [f"request to {url}"]


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Callable[[Page], None]:
    """A function that keeps a screenshot under the test's name."""

    def shoot(page: Page) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        page.wait_for_timeout(500)
        page.screenshot(path=ARTEFACTS / f"{request.node.name}.png", full_page=True)

    return shoot
