"""Resumable samplers: the order of training pictures as a function of seed and samples seen.

A :class:`SampleIndex` and the seed decide a training sample, so that workers may prepare samples in
any order, and a run may stop after any number of them and go on from there.
"""

from collections import deque
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple, Protocol

import datasets
import numpy as np
from datasets.distributed import split_dataset_by_node

from inpainting.seeding import generator_for

BLOCK = 1000  # rows of a stream that are shuffled together, held in memory as files
Cell = dict[str, Any]  # a picture file: `bytes`, or `path` where that is None


class SampleIndex(NamedTuple):
    """Picture ``number`` in an epoch; ``cell`` holds its file where the number cannot find it."""

    epoch: int
    number: int
    cell: Cell | None = None


class ResumableSampler(Protocol):
    """An endless order of samples for this process."""

    def indices(self, start: int) -> Iterator[SampleIndex]:
        """Indices from where all processes together have seen ``start`` samples."""

    def state(self, samples: int) -> Any:
        """What :meth:`restore` needs to go on after so many samples of all processes."""

    def restore(self, state: Any) -> None:
        """Go on from a :meth:`state`; called before :meth:`indices`."""


class ShuffledSampler:
    """One permutation of the pictures per epoch, dealt out to the processes in turn.

    Args:
        length: number of pictures.
        seed: decides every epoch's permutation.
        rank, world: this process and their number.
    """

    def __init__(self, length: int, seed: int = 0, rank: int = 0, world: int = 1) -> None:
        self.length, self.seed, self.rank, self.world = length, seed, rank, world

    def indices(self, start: int) -> Iterator[SampleIndex]:
        position = start + self.rank
        epoch, order = -1, np.empty(0, int)
        while True:
            if position // self.length != epoch:
                epoch = position // self.length
                order = generator_for(self.seed, epoch).permutation(self.length)
            yield SampleIndex(epoch, int(order[position % self.length]))
            position += self.world

    def state(self, samples: int) -> None:
        """None: the number of samples is enough, for any number of processes."""

    def restore(self, state: None) -> None:
        """Nothing to restore."""


class StreamSampler:
    """Rows of a stream: shards in random order, rows shuffled in blocks, shared out to processes.

    The place in the stream is noted before each block, and a block's permutation depends on seed,
    epoch and block alone: going on reads one block again and is exact, which a sliding shuffle
    buffer is not.

    Args:
        rows: stream whose column ``image`` is not decoded.
        left_out: keys (:func:`cell_key`) of pictures that are set aside.
        seed: decides the order of shards and of the rows in a block.
        rank, world: this process and their number. Where the shards cannot be shared out evenly,
            every process reads all of them and keeps its part.
        block: rows shuffled together.
    """

    def __init__(
        self,
        rows: datasets.IterableDataset,
        left_out: frozenset[str] = frozenset(),
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        block: int = BLOCK,
    ) -> None:
        # A buffer of one row: the library shuffles shards, and leaves the rows to this class.
        shuffled = rows.shuffle(seed=seed, buffer_size=1, max_buffer_input_shards=1)
        self.rows = split_dataset_by_node(shuffled, rank, world)
        self.left_out, self.seed, self.block = left_out, seed, block
        self.rank, self.world = rank, world
        self.epoch = self.blocks = 0  # the block under way: its epoch and its number there
        self.seen = 0  # samples of this process before it
        self.resumed: dict[str, Any] | None = None  # the library's state at its start, if kept
        self.places: deque[dict[str, Any]] = deque()  # blocks from the last one asked for

    def indices(self, start: int) -> Iterator[SampleIndex]:
        skip = start // self.world - self.seen
        while True:
            before = self.seen
            yield from islice(self._one_epoch(), skip, None)
            if self.seen == before:
                return  # no picture at all in a whole epoch
            self.epoch, self.blocks, skip = self.epoch + 1, 0, 0

    def state(self, samples: int) -> dict[str, Any]:
        """The position of the block that holds this process's next sample."""
        own = samples // self.world
        while len(self.places) > 1 and self.places[1]["seen"] <= own:
            self.places.popleft()
        return self.places[0]

    def restore(self, state: dict[str, Any]) -> None:
        self.epoch, self.blocks, self.seen = state["epoch"], state["blocks"], state["seen"]
        self.resumed = state["rows"]

    def _one_epoch(self) -> Iterator[SampleIndex]:
        self.rows.set_epoch(self.epoch)
        place, self.resumed = self.resumed, None
        if place is not None:
            self.rows.load_state_dict(place)
        source = iter(self.rows)
        try:
            while cells := self._read(source):
                at = {"epoch": self.epoch, "blocks": self.blocks, "seen": self.seen, "rows": place}
                self.places.append(at)
                place = self.rows.state_dict()
                yield from self._shuffled(cells)
                self.blocks, self.seen = self.blocks + 1, self.seen + len(cells)
        finally:
            source.close()  # an open file in it would complain when Python ends

    def _read(self, source: Iterator[Any]) -> list[Cell]:
        """The next block; smaller, but never empty, where pictures were set aside."""
        while rows := list(islice(source, self.block)):
            kept = [row["image"] for row in rows if cell_key(row["image"]) not in self.left_out]
            if kept:
                return kept
        return []

    def _shuffled(self, cells: list[Cell]) -> Iterator[SampleIndex]:
        first = self.blocks * self.block
        order = generator_for(self.seed, self.epoch, self.blocks, self.rank)
        for number in order.permutation(len(cells)):
            unique = (first + int(number)) * self.world + self.rank
            yield SampleIndex(self.epoch, unique, cells[number])


def cell_key(cell: Cell) -> str:
    """Identity of a picture: its path, or a digest of its bytes."""
    if cell["bytes"] is None:
        return str(cell["path"])
    return blake2b(cell["bytes"], digest_size=16).hexdigest()
