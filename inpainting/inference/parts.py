"""The parts of a hole, and which of them get texture.

The network wins by every measure where known pixels are near. Deeper than ``THIN`` its fill is the
mean of all that might stand there, without texture: from there on mode "auto" copies. All holes of
lines, and of the buckets up to a hole ratio of 0.2 at 256 pixels, are thinner; of 191 outlined
objects 190 are deeper (docs/experiments.md).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inpainting.types import Box, Flags, Hole

MODES = ("auto", "faithful", "natural")
SEEDS = 2**32  # 0 … SEEDS - 1
THIN = 20.0  # pixels to the nearest known one
MOST_PARTS = 1000  # that are told apart


class Part(NamedTuple):
    """A connected part of the hole, and how it was filled.

    ``box``: left, top, right, bottom in pixels of the picture; ``pixels``: missing ones in it;
    ``natural``: whether texture was copied into it, else the network alone has filled it.
    """

    box: Box
    pixels: int
    natural: bool


class Parts(NamedTuple):
    """A hole's parts by number: 1, 2, … in ``labels``, int (H, W), 0 outside the hole.

    ``boxes``: one per part, in pixels of the array; ``pixels``: missing ones; ``deep``: bool (n,).
    """

    labels: NDArray[np.int32]
    boxes: list[Box]
    pixels: list[int]
    deep: Flags


def find_parts(hole: Hole, known: Flags) -> Parts:
    """Tell the parts of a hole apart: pixels that touch each other, corners included.

    Holes of more than ``MOST_PARTS`` parts, such as dust, count as one.

    Args:
        hole: bool (H, W), True = missing.
        known: bool (H, W), what is neither missing nor transparent.
    """
    import cv2

    count, labels, found, _ = cv2.connectedComponentsWithStats(
        hole.astype(np.uint8), connectivity=8
    )
    if count - 1 > MOST_PARTS:
        labels = hole.astype(np.int32)
        left, top, width, height = cv2.boundingRect(hole.astype(np.uint8))
        found = np.array([[0] * 5, [left, top, width, height, np.count_nonzero(hole)]])
    depth = cv2.distanceTransform((~known).astype(np.uint8), cv2.DIST_L2, 5)
    deep = np.zeros(len(found), np.bool_)
    deep[np.unique(labels[hole & (depth > THIN)])] = True
    boxes = [
        (int(left), int(top), int(left + width), int(top + height))
        for left, top, width, height, _ in found[1:]
    ]
    return Parts(labels, boxes, [int(area) for area in found[1:, 4]], deep[1:])


def wants_texture(parts: Parts, mode: str) -> Flags:
    """Bool (n,): which parts a mode copies texture into."""
    if mode == "auto":
        return parts.deep
    return np.full(len(parts.boxes), mode == "natural")
