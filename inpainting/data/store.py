"""Training pictures, decoded once into memory that all reading processes share."""

import mmap
import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from inpainting.types import Pixels

# MAP_NORESERVE, which Python names from 3.13 on: memory is taken page by page, where it is written.
NO_RESERVE = 0x4000 if sys.platform == "linux" else 0
LIMITS = (  # of a container's memory: cgroup 2 and 1
    Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)  # fmt: skip
OFFSET, HEIGHT, WIDTH = range(3)  # of a row of the table; height 0: not stored yet


class PictureStore:
    """Keeps pictures by number as they are read for the first time, until its memory is used up.

    Its memory is anonymous and shared: processes that are forked later read and fill the same. A
    process that is started in another way (a pickled copy) gets a store without memory, which reads
    every time.

    Args:
        read: the picture of a number, uint8 (h, w, 3); its errors are raised every time.
        count: number of pictures.
        room: bytes to use at most.
    """

    def __init__(self, read: Callable[[int], Pixels], count: int, room: int) -> None:
        self.read, self.room = read, room
        self.lock = multiprocessing.Lock()
        self.table = _shared(3 * 8 * (count + 1)).view(np.int64).reshape(-1, 3)
        self.memory = _shared(room)  # row `count` of the table holds the bytes used

    def __reduce__(self) -> tuple[object, ...]:
        return PictureStore, (self.read, 0, 0)

    def __getitem__(self, number: int) -> Pixels:
        """The picture, uint8 (h, w, 3), not to be written to."""
        if number + 1 >= len(self.table):
            return self.read(number)
        with self.lock:
            offset, height, width = self.table[number].tolist()
        if not height:
            return self._stored(number, self.read(number))
        return self.memory[offset : offset + height * width * 3].reshape(height, width, 3)

    def _stored(self, number: int, picture: Pixels) -> Pixels:
        with self.lock:
            used = int(self.table[-1, OFFSET])
            if used + picture.size <= self.room and not self.table[number, HEIGHT]:
                self.memory[used : used + picture.size] = picture.ravel()
                self.table[number] = (used, *picture.shape[:2])
                self.table[-1, OFFSET] = used + picture.size
        return picture


def memory_of_machine() -> int:
    """Bytes of memory that this process may use: the machine's, or its container's."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in LIMITS:
        if path.exists() and (words := path.read_text().strip()).isdigit():
            limits.append(int(words))
    return min(limits)


def _shared(size: int) -> np.ndarray:
    """Zeros, uint8 (size,), in memory of all processes that are forked from this one."""
    flags = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | NO_RESERVE
    return np.frombuffer(mmap.mmap(-1, max(1, size), flags), np.uint8)
