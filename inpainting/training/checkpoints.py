"""State files of a training run, which may be killed at any moment and go on.

A state is one file, ``state/step-00000500.pt``, that ends with a digest of its name and contents.
It is written under another name, synced, then renamed. A run resumes from the newest that verifies.
"""

import hashlib
import io
import logging
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from inpainting.errors import CheckpointError, first_line
from inpainting.io.files import atomic_write

log = logging.getLogger(__name__)

STATE_FOLDER = "state"  # in the run's folder; never uploaded
DIGEST = 32  # bytes of a SHA-256
LOAD_ERRORS = (OSError, RuntimeError, EOFError, ValueError, KeyError, UnpicklingError)

State = dict[str, Any]


def state_files(folder: Path) -> list[Path]:
    """Paths of the states of the run in ``folder``, newest first, damaged ones too."""
    return sorted((folder / STATE_FOLDER).glob("step-*.pt"), reverse=True)


def save_state(folder: Path, state: State, step: int, keep: int) -> Path:
    """Write a state; a kill at any moment leaves every older one complete.

    Args:
        folder: of the run.
        state: tensors and plain Python values.
        step: of the run; part of the name.
        keep: how many states remain, the new one among them.

    Raises:
        OSError: when it cannot be written; older states stay as they are.
    """
    buffer = io.BytesIO()  # so that a full disk is an OSError, and not a crash inside torch
    torch.save(state, buffer)
    data = buffer.getbuffer()
    path = folder / STATE_FOLDER / f"step-{step:08d}.pt"
    with atomic_write(path) as file:
        file.write(data)
        file.write(_digest(path, data))
    for old in [other for other in state_files(folder) if other != path][keep - 1 :]:
        old.unlink()
    for stray in path.parent.glob("*.partial"):  # of a run that was killed
        stray.unlink()
    return path


def clear_states(folder: Path) -> None:
    """Remove every state, so that an older run cannot be taken for a new one's."""
    for old in state_files(folder):
        old.unlink()


def load_state(folder: Path) -> State:
    """Read the newest undamaged state of the run in ``folder``; damaged ones are logged.

    Raises:
        CheckpointError: when there is none, or all are damaged.
    """
    files = state_files(folder)
    if not files:
        raise CheckpointError(
            f"There is no state in {folder / STATE_FOLDER} to resume from: check --resume."
        )
    for path in files:
        if (state := _read(path)) is not None:
            return state
    raise CheckpointError(
        f"All {len(files)} states in {folder / STATE_FOLDER} are damaged: start anew with --resume "
        "never."
    )


def _read(path: Path) -> State | None:
    """The state of one file; None, and the file set aside, where it is damaged."""
    try:
        data = memoryview(path.read_bytes())
        if data[-DIGEST:] != _digest(path, data[:-DIGEST]):
            raise ValueError("its contents do not fit its digest")
        return torch.load(io.BytesIO(data[:-DIGEST]), map_location="cpu", weights_only=True)
    except LOAD_ERRORS as error:
        log.info(
            "%s is damaged (%s): set aside; going on from one before.", path, first_line(error)
        )
        with suppress(OSError):  # or it would count as the newest for ever
            path.rename(path.with_suffix(".damaged"))
        return None


def _digest(path: Path, data: memoryview) -> bytes:
    """The digest covers the file name: a renamed state is rejected."""
    digest = hashlib.sha256(path.name.encode())
    digest.update(data)
    return digest.digest()
