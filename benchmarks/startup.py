"""How long until something can be done: an import, the demo's first page."""

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.measure import in_turn, ratio
from inpainting.evaluation.tables import markdown

ROOT = Path(__file__).resolve().parent.parent


def startup_table() -> str:
    """Medians of fresh processes."""
    times = in_turn(
        {
            "package": lambda: _python("-c", "import inpainting"),
            "torch": lambda: _python("-c", "import torch"),
        },
        repeats=9,
    )
    pages = [_first_page() for _ in range(4)][1:]
    rows = [
        ("`import inpainting` ÷ `import torch`", f"{ratio(times, 'package', 'torch'):.2f}"),
        ("`python app.py` to the first served page (s)", f"{statistics.median(pages):.1f}"),
    ]
    for row in rows:
        print(*row, flush=True)
    return markdown(("what", "median"), rows)


def _python(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True)


def _first_page() -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port)}
    start = time.perf_counter()
    app = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        while app.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
                    page.read()
                    return time.perf_counter() - start
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.02)
        raise RuntimeError("app.py ended before it served a page: run it by hand to see why.")
    finally:
        app.terminate()
        app.wait()
