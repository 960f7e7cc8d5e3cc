"""Requests of visitors, and which of them are still wanted."""

import itertools

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
    """The number of each visitor's last request."""

    def __init__(self) -> None:
        self._numbers: BoundedDict[str | None, int] = BoundedDict()
        self._count = itertools.count(1)

    def begin(self, visitor: str | None) -> int:
        """The number of a new request; every earlier one of this visitor is overtaken."""
        number = self._numbers[visitor] = next(self._count)
        return number

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
