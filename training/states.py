"""The state of a training run on disk, so that it can be killed at any moment and go on.

A state is one file, ``state/step-00000500.pt``, that ends with a digest of its name and contents.
It is written under another name, synced, then renamed. The newest one that verifies is gone on
from.
"""

import hashlib
import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from inpainting.checkpoint import STATE_FOLDER
from inpainting.errors import CheckpointError, first_line
from inpainting.whole_files import whole_file

DIGEST = 32  # bytes of a SHA-256
LOAD_ERRORS = (OSError, RuntimeError, EOFError, ValueError, KeyError, UnpicklingError)

State = dict[str, Any]


def state_files(folder: Path) -> list[Path]:
    """The states of the run in ``folder``, newest first, whole or not."""
    return sorted((folder / STATE_FOLDER).glob("step-*.pt"), reverse=True)


def save_state(folder: Path, state: State, step: int, keep: int) -> Path:
    """Write a state; a kill at any moment leaves every older one whole.

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
    with whole_file(path) as file:
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


def load_state(folder: Path, say: Callable[[str], None]) -> State:
    """Read the newest state of the run in ``folder`` that is whole.

    Args:
        folder: of the run.
        say: told of every state that is damaged, and passed over.

    Raises:
        CheckpointError: when there is none, or none that is whole.
    """
    files = state_files(folder)
    if not files:
        raise CheckpointError(
            f"There is no state in {folder / STATE_FOLDER} to resume from: check --resume."
        )
    for path in files:
        if (state := _whole_state(path, say)) is not None:
            return state
    raise CheckpointError(
        f"All {len(files)} states in {folder / STATE_FOLDER} are damaged: start anew with --resume "
        "never."
    )


def _whole_state(path: Path, say: Callable[[str], None]) -> State | None:
    """The state of one file; None, and the file set aside, where it is damaged."""
    try:
        data = memoryview(path.read_bytes())
        if data[-DIGEST:] != _digest(path, data[:-DIGEST]):
            raise ValueError("its contents do not fit its digest")
        return torch.load(io.BytesIO(data[:-DIGEST]), map_location="cpu", weights_only=True)
    except LOAD_ERRORS as error:
        say(f"{path} is damaged ({first_line(error)}): set aside; going on from one before.")
        with suppress(OSError):  # or it would count as the newest for ever
            path.rename(path.with_suffix(".damaged"))
        return None


def _digest(path: Path, data: memoryview) -> bytes:
    """Of the name too: a state under another one's name is none."""
    digest = hashlib.sha256(path.name.encode())
    digest.update(data)
    return digest.digest()
