"""A dict of at most N client-supplied keys; the oldest goes first."""

from collections import OrderedDict
from typing import TypeVar

from inpainting.demo import limits

K = TypeVar("K")
V = TypeVar("V")


class BoundedDict(OrderedDict[K, V]):
    """The ``limits.VISITORS`` entries that were set last."""

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > limits.VISITORS:
            self.popitem(last=False)
