"""How long until a page shows something over a slow connection.

``python -m benchmarks.page_load``: a browser with an empty cache, 50 Mbit/s down, 10 Mbit/s up and
40 ms of latency; the server is on the same machine and has served the page before.
"""

import argparse
import shutil
import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Playwright, sync_playwright

from benchmarks.startup import EMPTY, serving
from inpainting.evaluation.tables import markdown

HTML = EMPTY.replace("pass", "gr.HTML('<p id=here>Here.</p>')")
NETWORK = {
    "offline": False,
    "latency": 40,  # milliseconds
    "downloadThroughput": 50e6 / 8,
    "uploadThroughput": 10e6 / 8,
}
PATIENCE = 60_000  # milliseconds
STILL = 2_000  # milliseconds in which what is left to load comes
# The first moment at which something is drawn: a picture that has been decoded, or text.
DRAWN = """(selector) => [...document.querySelectorAll(selector)].some((element) =>
    element.getClientRects().length && (element.complete ?? true) && (element.naturalWidth ?? 1))"""


class Visit(NamedTuple):
    """Seconds until something was seen; requests and bytes until the network was still."""

    seconds: float
    requests: int
    bytes: float


def main() -> None:
    """Measure pages in turn and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="of each page (default: 5)")
    parser.add_argument(
        "--selector",
        default='.inpaint .stage:not([aria-label="No photo yet"])',
        help="what shows a photo on the demo's page (default: %(default)s)",
    )
    parser.add_argument("scripts", nargs="*", type=Path, help="other pages: SCRIPT[=SELECTOR]")
    args = parser.parse_args()
    pages: dict[str, tuple[list[str], str]] = {
        "Gradio's empty page": (["-c", EMPTY], "footer"),
        "a page of one `gr.HTML`": (["-c", HTML], "#here"),
        "`python app.py`": (["app.py"], args.selector),
    }
    for script in args.scripts:
        path, _, selector = str(script).partition("=")
        pages[Path(path).stem] = ([path], selector or "footer")
    rows = [
        (name, f"{visit.seconds:.2f}", f"{visit.requests}", f"{visit.bytes / 1000:.0f}")
        for name, visit in measure(pages, args.repeats).items()
    ]
    print(markdown(("page", "seen after (s)", "requests", "kB"), rows))


def measure(pages: dict[str, tuple[list[str], str]], repeats: int) -> dict[str, Visit]:
    """Medians of visits to pages, in turn.

    Args:
        pages: arguments of Python that serve a page, and a selector of what is to be seen.
        repeats: of each, after one that is not counted.
    """
    visits: dict[str, list[Visit]] = {name: [] for name in pages}
    with ExitStack() as running:
        browser = running.enter_context(chromium(running.enter_context(sync_playwright())))
        urls = {name: running.enter_context(serving(run)) for name, (run, _) in pages.items()}
        for _ in range(repeats + 1):
            for name, (_, selector) in pages.items():
                visits[name].append(visit(browser, urls[name], selector))
    return {
        name: Visit(*(statistics.median(values) for values in zip(*found[1:], strict=True)))
        for name, found in visits.items()
    }


def chromium(playwright: Playwright) -> Browser:
    """Debian's Chromium where there is one, else Playwright's own."""
    return playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
    )


def visit(browser: Browser, url: str, selector: str) -> Visit:
    """One visit by a new visitor."""
    with browser.new_context() as context:
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        network.send("Network.emulateNetworkConditions", NETWORK)
        sizes: list[float] = []
        urls: list[str] = []
        network.on("Network.requestWillBeSent", lambda told: urls.append(told["request"]["url"]))
        network.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
        start = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_function(DRAWN, arg=selector, polling="raf", timeout=PATIENCE)
        seconds = time.perf_counter() - start
        page.wait_for_timeout(STILL)
        return Visit(seconds, sum(not url.startswith("data:") for url in urls), sum(sizes))


if __name__ == "__main__":
    main()
