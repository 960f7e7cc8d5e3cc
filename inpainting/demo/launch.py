"""Start the demo with pictures in a temporary folder of its own, which it cleans up."""

import os
from tempfile import TemporaryDirectory


def main() -> None:
    """Serve the page until the process ends.

    ``INPAINTING_CHECKPOINT`` (a folder or a Hub id with a commit) selects another network; Gradio's
    variables (``GRADIO_SERVER_NAME``, ``GRADIO_SERVER_PORT``, …) say where to listen.
    """
    if os.environ.get("GRADIO_TEMP_DIR"):  # empty, it would mean a folder of all apps
        _launch()
        return
    with TemporaryDirectory(prefix="inpainting-", ignore_cleanup_errors=True) as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder  # read when Gradio is imported
        _launch()


def _launch() -> None:
    from inpainting.demo.page import launch

    launch()
