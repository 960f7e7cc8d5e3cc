"""``inpaint demo``: serve the page."""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec

from inpainting.demo.launch import main as serve

if find_spec("gradio") is None:  # found out now, since launch imports it late
    raise ModuleNotFoundError("No module named 'gradio'", name="gradio")


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until the process ends; where to listen is said by Gradio's variables."""
    argparse.ArgumentParser("inpaint demo", description=serve.__doc__).parse_args(argv)
    serve()
