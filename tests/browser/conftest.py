"""A Chromium to look at the running demo with; screenshots go to ``artefacts/``."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.running_app import PATIENCE

ARTEFACTS = Path(__file__).parent / "artefacts"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desktop": (1280, 800), "dark": (1280, 800), "phone": (390, 844)}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium where there is one, else Playwright's own.

    Not of the session: while it is open, an event loop runs in the main thread, and
    ``asyncio.run`` of the tests that follow would be refused.
    """
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
