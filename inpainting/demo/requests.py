"""Requests of visitors, and which of them are still wanted."""

import threading

from inpainting.demo.bounded import BoundedDict
from inpainting.demo.gradio_internals import event_is_wanted


class Overtaken(Exception):
    """The visitor has asked for something newer, or has left."""


def check_wanted() -> None:
    """End a request that nobody waits for any more.

    Raises:
        Overtaken: when the client of the running event has left.
    """
    if not event_is_wanted():
        raise Overtaken


class Requests:
    """The number of each visitor's last request, as their page counts."""

    def __init__(self) -> None:
        self._numbers: BoundedDict[str | None, int] = BoundedDict()
        self._lock = threading.Lock()

    def note(self, visitor: str | None, number: int) -> None:
        """A visitor has asked: every request of theirs with a lower number is overtaken."""
        with self._lock:
            self._numbers[visitor] = max(number, self._numbers.get(visitor, number))

    def check(self, visitor: str | None, number: int) -> None:
        """End a request that is no longer the visitor's last.

        Raises:
            Overtaken: then.
        """
        if self._numbers.get(visitor) != number:
            raise Overtaken

    def forget(self, visitor: str | None) -> None:
        """The visitor has left: what still runs for them ends."""
        self._numbers.pop(visitor, None)
