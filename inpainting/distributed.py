"""The processes of one run: a single one, or several started by ``accelerate launch``."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import torch

from inpainting.errors import InpaintingError, first_line

if TYPE_CHECKING:
    from accelerate import PartialState

if torch.distributed.is_available():
    # Its functions take the process group as a default argument. Imported while there is a group,
    # as torch does by itself some time, they keep it and its threads, which abort Python's exit.
    import torch.distributed.nn.functional

T = TypeVar("T")

# How long a process that is done waits for the slowest; a dead one is noticed at once.
TIMEOUT = timedelta(days=7)
LAUNCHED_ALONE = (
    "accelerate was asked for several processes and starts one: add --multi_gpu, and leave --cpu "
    "out; several processes run on CPUs too."
)


class LostProcess(InpaintingError):
    """Another process of the run has ended before it was done."""

    def __init__(self, error: RuntimeError) -> None:
        super().__init__(
            f"Another process of this run has ended, or its launcher ({first_line(error)}): what "
            "is filled is kept, run it again to go on."
        )


class SingleProcess:
    """A run of one process, with the interface of :class:`DistributedProcesses`.

    ``rank`` of ``size`` processes; ``device``: None where no launcher has assigned one.
    """

    rank, size = 0, 1
    device: torch.device | None = None

    @property
    def is_main(self) -> bool:
        """Whether this process prints and writes for all of them."""
        return self.rank == 0

    def gather(self, items: list[T]) -> list[T]:
        """The items of all processes, in order of rank; a barrier, too.

        Raises:
            LostProcess: when one has ended.
        """
        return items

    def close(self) -> None:
        """Barrier at the end: wait until all processes have flushed their output."""

    def in_all(self, work: Callable[[], T]) -> T:
        """Run ``work`` in every process and wait for all: it succeeds in all or raises in all.

        Raises:
            InpaintingError: for an error that a user can mend, whichever process had it.
        """
        errors: list[str] = []
        try:
            result = work()
        except LostProcess:
            raise  # there is nobody to wait for
        except (InpaintingError, OSError) as error:
            errors.append(str(error))
        if errors := self.gather(errors):
            raise InpaintingError("\n".join(dict.fromkeys(errors)))
        return result

    def in_main(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the main process and give its result to all.

        Raises:
            InpaintingError: as :meth:`in_all`, in all processes.
        """
        return self.gather(self.in_all(lambda: [work()] if self.is_main else []))[0]


class DistributedProcesses(SingleProcess):
    """One of several processes, each on a device of its own."""

    def __init__(self, state: "PartialState") -> None:
        self.rank, self.size = state.process_index, state.num_processes
        self.device = state.device

    def gather(self, items: list[T]) -> list[T]:
        from accelerate.utils import gather_object

        try:
            return gather_object(items)
        except RuntimeError as error:
            raise LostProcess(error) from error

    def close(self) -> None:
        # The first process that exits with an error makes the launcher terminate the others.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.stdout.flush()
        with suppress(LostProcess):
            self.gather([])


@contextmanager
def processes() -> Iterator[SingleProcess]:
    """The process group of this run, closed at the end."""
    if not launched():
        yield SingleProcess()
        return
    from accelerate import PartialState  # takes a second: only where it is needed

    # gloo: only short messages are exchanged. It needs no GPU and reports a dead process at once.
    state = PartialState(cpu=without_gpu(), backend="gloo", timeout=TIMEOUT)
    try:
        yield DistributedProcesses(state)
    finally:
        state.destroy_process_group()


def launched() -> bool:
    """Whether this process is one of several."""
    return "LOCAL_RANK" in os.environ


def launched_alone() -> bool:
    """Whether ``accelerate launch`` was asked for several processes and has started one.

    With ``--cpu``, or without GPUs, it does so silently unless ``--multi_gpu`` is given.
    """
    asked = "ACCELERATE_USE_CPU" in os.environ and "MASTER_PORT" in os.environ
    return asked and not launched()


def without_gpu() -> bool:
    """Whether processes run on CPUs: because they were asked to, or because there is no GPU."""
    asked = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes")
    return asked or not torch.cuda.is_available()
