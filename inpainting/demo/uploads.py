"""Files of this app's own folder, which browsers and programs name by their paths."""

from pathlib import Path

from inpainting.demo.gradio_internals import get_upload_folder
from inpainting.errors import InvalidImage


class Gone(InvalidImage):
    """A file that is not kept any more; who has it can send it again."""


def uploaded(path: str, refusal: str) -> str:
    """The path itself, if it is a file below Gradio's folder; no other file is ever opened.

    Args:
        path: as a client gave it.
        refusal: the sentence otherwise.

    Raises:
        Gone: with that sentence.
    """
    folder = Path(get_upload_folder()).resolve()
    try:
        found = folder in Path(path).resolve().parents and Path(path).is_file()
    # A name that no file can have, and (a RuntimeError before Python 3.13) links that go round.
    except (OSError, ValueError, RuntimeError):
        found = False
    if not found:
        raise Gone(refusal)
    return path
