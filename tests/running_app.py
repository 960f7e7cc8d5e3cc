"""``python app.py`` in a process of its own, as a visitor would meet it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from urllib.error import URLError

ROOT = Path(__file__).parents[1]
PATIENCE = 60  # seconds that the app or the page may take on a busy machine


@contextmanager
def running_app(output: TextIO, log: Path, **variables: str) -> Iterator[str]:
    """``python app.py`` on a free port, what it prints in ``output``, read back from ``log``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | variables | {"GRADIO_SERVER_PORT": str(port)}
    app = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=output, stderr=output
    )
    try:
        wait_until_served(url, app, log)
        yield url
    finally:
        app.terminate()
        app.wait(timeout=PATIENCE)


def wait_until_served(url: str, app: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline and app.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()
            return
        except URLError:
            time.sleep(0.3)
    raise RuntimeError(f"app.py did not start:\n{log.read_text()}")
