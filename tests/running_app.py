"""``python app.py`` in a process of its own, as a visitor would meet it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.error import URLError

ROOT = Path(__file__).parents[1]
PATIENCE = 60  # seconds that the app or the page may take on a busy machine


@contextmanager
def running_app(
    log: Path | None = None,
    command: Sequence[str] = (sys.executable, "app.py"),
    folder: Path = ROOT,
    **variables: str,
) -> Iterator[str]:
    """Its URL, on a free port; what it prints goes to ``log``, else to where errors are shown.

    Args:
        log: file for what it prints.
        command: that starts the app, in ``folder``.
        variables: of its environment.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | variables | {"GRADIO_SERVER_PORT": port}
    with log.open("w") if log else nullcontext(sys.stderr) as output:
        app = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        try:
            wait_until_served(url, app, log)
            yield url
        finally:
            app.terminate()
            app.wait(timeout=PATIENCE)


def free_port() -> str:
    """The number of a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def wait_until_served(url: str, app: subprocess.Popen, log: Path | None) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline and app.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()
            return
        except URLError:
            time.sleep(0.3)
    raise RuntimeError(f"app.py did not start:\n{log.read_text() if log else 'see above'}")
