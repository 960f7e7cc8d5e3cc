"""A Chromium to look at the running demo with; screenshots go to ``artefacts/``."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.demo import DEADLINE, Demo

ARTEFACTS = Path(__file__).parent / "artefacts"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOADED = "[...document.images].every(({ complete, loading }) => complete || loading === 'lazy')"
# Without a GPU, what is drawn takes time by its size: most tests look at a small window.
SIZES = {"window": (900, 800), "desktop": (1280, 800), "dark": (1280, 800), "phone": (390, 844)}


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


@pytest.fixture(scope="package")
def windows(chromium: Browser) -> Iterator[Callable[[str], BrowserContext]]:
    """A function that gives a browser's window of ``SIZES``: one for all tests, with its cache."""
    opened: dict[str, BrowserContext] = {}

    def window(kind: str) -> BrowserContext:
        if kind not in opened:
            width, height = SIZES[kind]
            opened[kind] = chromium.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if kind == "dark" else "light",
                has_touch=kind == "phone",
                is_mobile=kind == "phone",
            )
            opened[kind].set_default_timeout(1000 * DEADLINE)
        return opened[kind]

    yield window
    for context in opened.values():
        context.close()


@pytest.fixture
def visit(address: str, windows: Callable[[str], BrowserContext]) -> Iterator[Callable[..., Demo]]:
    """A function that opens the demo in a window of ``SIZES``, the first example filled.

    The test fails if the page has thrown an error or asked another machine for anything.
    """
    demos, errors = [], []

    def open_page(kind: str = "window") -> Demo:
        page = windows(kind).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        demos.append(Demo(page))
        page.goto(address)
        demos[-1].until(lambda: demos[-1].js("session?.step?.fill"))
        demos[-1].until_rests()
        return demos[-1]

    yield open_page
    for demo in demos:
        demo.page.context.set_offline(False)
        if not demo.page.is_closed():
            demo.page.evaluate("localStorage.clear()")  # the next visitor is a new one
            demo.page.close()
    assert not errors
    ours = (address, "data:", "blob:")
    assert not [url for demo in demos for url in demo.asked if not url.startswith(ours)]


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Callable[[Demo], None]:
    """A function that keeps a screenshot under the test's name."""

    def shoot(demo: Demo) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        demo.page.wait_for_function(LOADED)
        path = ARTEFACTS / f"{request.node.name}.png"
        demo.page.screenshot(path=path, full_page=True, animations="disabled")

    return shoot
