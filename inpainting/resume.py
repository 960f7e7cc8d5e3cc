"""The state of a training run on disk, so that it can stop anywhere and go on."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from .checkpoint import STATE_FOLDER
from .errors import CheckpointError
from .whole_files import whole_file


def state_path(folder: Path) -> Path:
    """Where the state of the run in ``folder`` is kept."""
    return folder / STATE_FOLDER / "latest.pt"


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Write a state; a kill at any moment leaves the old one or the new one whole.

    Args:
        folder: of the run.
        state: tensors and plain Python values.
    """
    with whole_file(state_path(folder)) as file:
        torch.save(state, file)


def load_state(folder: Path, recipe: str) -> dict[str, Any]:
    """Read the state of the run in ``folder``.

    Raises:
        CheckpointError: when there is none, it is damaged, or it is of another recipe.
    """
    path = state_path(folder)
    if not path.exists():
        raise CheckpointError(f"There is no {path} to resume from: check --resume.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, UnpicklingError) as error:
        raise CheckpointError(
            f"{path} is damaged ({type(error).__name__}): start anew with --resume never."
        ) from error
    if state["recipe"] != recipe:
        raise CheckpointError(
            f"{path} is of recipe {state['recipe']!r}, not {recipe!r}: use that --recipe, "
            "another --output-dir, or --resume never."
        )
    return state
