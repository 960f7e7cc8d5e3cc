"""The one private part of torch that is used here: see ``test_torch_internals.py``."""

from torch.utils.data._utils import signal_handling


def find_dead_readers_when_due() -> None:
    """Let the end of a reading process be found when its batch is due, at most 5 seconds later.

    Otherwise torch raises on SIGCHLD, wherever the main thread is: in the middle of a step, or with
    a lock held that the end of the run then waits for. For all of this process's loaders.
    """
    signal_handling._SIGCHLD_handler_set = True
