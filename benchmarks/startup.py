"""How long until something can be done: an import, the demo's first page.

``python -m benchmarks.startup`` measures the page alone.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import in_turn, ratio
from inpainting.evaluation.tables import markdown

ROOT = Path(__file__).resolve().parent.parent
EMPTY = "import gradio as gr\nwith gr.Blocks() as demo: pass\ndemo.launch()"
QUIET = {"HF_HUB_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False"}


def startup_table() -> str:
    """Medians of fresh processes."""
    times = in_turn(
        {
            "package": lambda: _python("-c", "from inpainting import InpaintingPipeline"),
            "torch": lambda: _python("-c", "import torch"),
        },
        repeats=9,
    )
    rows = [
        (
            "`from inpainting import InpaintingPipeline` ÷ `import torch`",
            f"{ratio(times, 'package', 'torch'):.2f}",
        ),
        *page_rows(repeats=5),
    ]
    for row in rows:
        print(*row, flush=True)
    return markdown(("what", "median"), rows)


def page_rows(repeats: int) -> list[tuple[str, str]]:
    """Seconds from a process's start to its first page: Gradio's own least, and the demo's."""
    pairs = [(_first_page("-c", EMPTY), _first_page("app.py")) for _ in range(repeats + 1)][1:]
    empty, demo = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    more = statistics.median(ours - least for least, ours in pairs)
    return [
        ("an empty page of Gradio's, to the first served page (s)", f"{empty:.1f}"),
        ("`python app.py` to the first served page (s)", f"{demo:.1f}"),
        ("`python app.py` beyond the empty page (s)", f"{more:.1f}"),
    ]


def _python(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True)


def _first_page(*arguments: str) -> float:
    start = time.perf_counter()
    with serving(arguments):
        return time.perf_counter() - start


@contextmanager
def serving(arguments: Sequence[str]) -> Iterator[str]:
    """A server in a process of its own, from its first page on: its URL.

    Args:
        arguments: of Python.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    with TemporaryDirectory() as folder:  # a server that is ended leaves files behind
        environment = os.environ | QUIET | {"GRADIO_SERVER_PORT": str(port), "TMPDIR": folder}
        server = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            while not _serves(url):
                if server.poll() is not None:
                    raise RuntimeError(f"{arguments} served no page: run it to see why.")
                time.sleep(0.02)
            yield url
        finally:
            server.terminate()
            server.wait()


def _serves(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as page:
            return bool(page.read())
    except (urllib.error.URLError, ConnectionError):
        return False


def main() -> None:
    """Measure the demo's first page beside an empty one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="of each (default: 7)")
    for name, value in page_rows(parser.parse_args().repeats):
        print(f"{value:>5}  {name}")


if __name__ == "__main__":
    main()
