"""The private parts of torch that are used here: see ``test_torch_internals.py``."""

import torch
from torch import Tensor
from torch.utils.data._utils import signal_handling


def find_dead_readers_when_due() -> None:
    """Let the end of a reading process be found when its batch is due, at most 5 seconds later.

    Otherwise torch raises on SIGCHLD, wherever the main thread is: in the middle of a step, or with
    a lock held that the end of the run then waits for. For all of this process's loaders.
    """
    signal_handling._SIGCHLD_handler_set = True


def step_if(optimizer: torch.optim.Optimizer, wanted: Tensor) -> None:
    """An optimiser step, or none at all, without asking the device which.

    Args:
        optimizer: a fused one: it does nothing where its attribute ``found_inf`` is 1, which
            `torch.amp.GradScaler` sets on it.
        wanted: bool scalar on the device of the weights.
    """
    optimizer.found_inf = (~wanted).float()  # type: ignore[attr-defined]
    optimizer.step()
