"""A memory with an end: what strangers may add to forgets the oldest."""

from collections import OrderedDict
from typing import TypeVar

from . import limits

K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V]):
    """The ``limits.VISITORS`` entries that were set last."""

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > limits.VISITORS:
            self.popitem(last=False)
