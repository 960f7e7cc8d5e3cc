"""The processes of one run: alone, or several started by ``accelerate launch`` or ``torchrun``."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import torch

from .errors import InpaintingError, first_line

if TYPE_CHECKING:
    from accelerate import PartialState

if torch.distributed.is_available():
    # Its functions have the group of processes as a default: imported while there is one, as torch
    # does by itself some time, they keep it and its threads, which abort the interpreter's end.
    import torch.distributed.nn.functional

T = TypeVar("T")

# How long one that is ready waits for the slowest; one that has died is noticed at once.
PATIENCE = timedelta(days=7)
LAUNCHED_ALONE = (
    "accelerate was asked for several processes and starts one: add --multi_gpu, and leave --cpu "
    "out; several processes run on CPUs too."
)


class LostProcess(InpaintingError):
    """Another process of the run has ended before its time."""

    def __init__(self, error: RuntimeError) -> None:
        super().__init__(
            f"Another process of this run has ended, or its launcher ({first_line(error)}): what "
            "is filled is kept, run it again to go on."
        )


class Alone:
    """A run of one process.

    ``rank`` of ``size`` processes; ``device``: None where nobody assigned one.
    """

    rank, size = 0, 1
    device: torch.device | None = None

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    @property
    def is_main(self) -> bool:
        """Whether this is the process that speaks and writes for all."""
        return self.rank == 0

    def gather(self, items: list[T]) -> list[T]:
        """The items of all processes, in order of rank; also the place where all wait for all.

        Raises:
            LostProcess: when one has ended.
        """
        return items

    def count(self, name: str, more: int) -> int:
        """Add to a number that all processes share; waits for nobody.

        Raises:
            LostProcess: when the launcher, which keeps the numbers, has ended.
        """
        self._counts[name] += more
        return self._counts[name]

    @property
    def failed(self) -> bool:
        """Whether a process could not do its part, so that this one need not go on."""
        return self.count("failed", 0) > 0

    def leave(self) -> None:
        """The last thing that is done together: none ends before all have said their words."""

    def together(self, work: Callable[[], T]) -> T:
        """Do ``work`` in every process and wait for all: it is done in all, or raises in all.

        Raises:
            InpaintingError: for an error that a user can mend, in whichever process it was.
        """
        errors: list[str] = []
        try:
            result = work()
        except LostProcess:
            raise  # there is nobody to wait for
        except (InpaintingError, OSError) as error:
            errors.append(str(error))
            self.count("failed", 1)
        except BaseException:
            self.count("failed", 1)
            raise
        if errors := self.gather(errors):
            raise InpaintingError("\n".join(dict.fromkeys(errors)))
        return result

    def from_main(self, work: Callable[[], T]) -> T:
        """Do ``work`` in the main process; all get its result.

        Raises:
            InpaintingError: as :meth:`together`, in all.
        """
        return self.gather(self.together(lambda: [work()] if self.is_main else []))[0]


class Several(Alone):
    """One of several processes, each on its own device."""

    def __init__(self, state: "PartialState") -> None:
        self.rank, self.size = state.process_index, state.num_processes
        self.device = state.device
        # A second door to where the processes met; a restarted run does not see the old numbers.
        address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        store = torch.distributed.TCPStore(address, port, is_master=False, wait_for_workers=False)
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        self._store = torch.distributed.PrefixStore(f"inpainting/{attempt}", store)

    def gather(self, items: list[T]) -> list[T]:
        from accelerate.utils import gather_object

        try:
            return gather_object(items)
        except RuntimeError as error:
            raise LostProcess(error) from error

    def count(self, name: str, more: int) -> int:
        try:
            return self._store.add(name, more)
        except RuntimeError as error:
            raise LostProcess(error) from error

    def leave(self) -> None:
        # The first that ends with "skipped" makes the launcher end the others, which are ending.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.stdout.flush()
        with suppress(LostProcess):
            self.gather([])


@contextmanager
def processes() -> Iterator[Alone]:
    """This process, and the others if it was launched with others: they meet here."""
    if not launched():
        yield Alone()
        return
    from accelerate import PartialState  # only here: it takes its time

    # gloo: only words are exchanged, it needs no GPU, and says at once when a process has died.
    state = PartialState(cpu=without_gpu(), backend="gloo", timeout=PATIENCE)
    try:
        yield Several(state)
    finally:
        state.destroy_process_group()


def launched() -> bool:
    """Whether this process is one of several."""
    return "LOCAL_RANK" in os.environ


def launched_alone() -> bool:
    """Whether ``accelerate launch`` was asked for several processes and has started one.

    With ``--cpu``, or without GPUs, it does so unless ``--multi_gpu`` is given, and says nothing.
    """
    asked = "ACCELERATE_USE_CPU" in os.environ and "MASTER_PORT" in os.environ
    return asked and not launched()


def without_gpu() -> bool:
    """Whether processes use CPUs: asked for, or there is no GPU."""
    asked = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes")
    return asked or not torch.cuda.is_available()
