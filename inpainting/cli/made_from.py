"""What a result was made from: it decides whether an earlier one still stands."""

from collections.abc import Mapping
from pathlib import Path

import inpainting
from inpainting.errors import InpaintingError, first_line
from inpainting.io.files import Record, digest
from inpainting.io.png import is_result

PARTS = {
    "picture": "its picture", "mask": "its mask", "guide": "its guide", "lines": "its lines",
    "weights": "the checkpoint", "options": "an option", "version": "the version of this package",
}  # fmt: skip
# What versions did that wrote down neither.
BEFORE_MODES = {"mode": "faithful", "seed": 0, "passes": None}


def made_from(given: Mapping[str, Path], weights: str, options: Record) -> Record:
    """Digests of the files' contents and the weights, the options, this package's version.

    Raises:
        InpaintingError: when a file cannot be read.
    """
    try:
        contents = {name: digest(path) for name, path in given.items()}
    except OSError as error:
        raise InpaintingError(
            f"{error.filename} could not be read ({error.strerror}): check the file and its "
            "permissions."
        ) from error
    version = inpainting.__version__
    return {**contents, "weights": weights, "options": options, "version": version}


def what_changed(earlier: Record, now: Record) -> list[str]:
    """What a result was made from and is not any more, in words; empty where it still stands."""
    before = dict(earlier.get("made_from", {}))
    if "options" in before:
        before["options"] = BEFORE_MODES | before["options"]
    return [words for part, words in PARTS.items() if before.get(part) != now.get(part)]


def lies_at(output: Path) -> str | None:
    """Digest of the file that lies under a result's name; None for no file.

    Raises:
        InpaintingError: when it cannot be read.
    """
    try:
        return digest(output) if output.is_file() else None
    except OSError as error:
        raise InpaintingError(
            f"{output} exists and could not be read ({first_line(error)}): move it away."
        ) from error


def is_in_place(earlier: Record, found: str | None) -> bool:
    """Whether an earlier result lies where it was written, as it was or changed by its owner.

    Not where a run was stopped between the record and the file: then what it replaces lies there.

    Args:
        earlier: its record.
        found: of :func:`lies_at`.
    """
    return found is not None and (found == earlier["sha256"] or found != earlier["replaces"])


def refusal_to_replace(output: Path, found: str | None, earlier: Record | None) -> str:
    """Why a file must not be written over: it is nobody's result, or was changed since; else "".

    Args:
        output: where a result is to be written.
        found: of :func:`lies_at`.
        earlier: record of the result that was written there, if there is one.
    """
    if found is None:
        if not output.exists():
            return ""
        return f"{output} is no file, and the result is to have its name: choose another --out."
    if earlier and "sha256" in earlier:
        if found in (earlier["sha256"], earlier["replaces"]):
            return ""
        return (
            f"{output} was changed after it was made, and would be written over: move it away, or "
            "choose another folder for --out."
        )
    if earlier or is_result(output):  # of a version before digests; of a run that was killed
        return ""
    return (
        f"{output} exists and is no result of this command: move it away, or choose another folder "
        "for --out."
    )
