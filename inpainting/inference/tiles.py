"""Tiling: boxes that cover the holes, each with some of its surroundings.

A box around all holes is cut in two, and its halves again, for as long as that leaves less to
compute: the cost follows the area of specks, scratches and rims of large holes, not the picture's.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inpainting.masks.edit import any_per_block
from inpainting.types import Box, Flags, Hole

MARGIN = 64  # pixels around all holes that are cut out with them
CELL = 16  # pixels; cuts lie between cells
CONTEXT = 16  # pixels around a hole that the network gets to see; 8 to 48 fill equally well
OVERLAP = 16  # pixels that two boxes reach across the cut between them
LARGEST = 512  # side of a box in pixels, context included
MULTIPLE = 32  # sides are rounded up to it where the picture allows: equal sizes run as a batch
OVERHEAD = 4096  # pixels that could be computed in the time that a tile takes beside its own


def around(flags: Flags) -> Box:
    """The box around what is set, with ``MARGIN``, beginning at even coordinates."""
    height, width = flags.shape
    ys, xs = (np.flatnonzero(flags.any(axis)) for axis in (1, 0))
    left, top = max(0, (xs[0] - MARGIN) // 2 * 2), max(0, (ys[0] - MARGIN) // 2 * 2)
    return int(left), int(top), min(width, int(xs[-1]) + MARGIN), min(height, int(ys[-1]) + MARGIN)


class Tile(NamedTuple):
    """A box whose holes are filled together.

    ``box``: what the network gets to see. ``core``: the part of it whose holes are filled; cores
    overlap where a cut parts them. ``fade``: whether the core begins, at its left and at its top,
    with what the tile before it has filled too.
    """

    box: Box
    core: Box
    fade: tuple[bool, bool]


def find_tiles(hole: Hole, largest: int = LARGEST) -> list[Tile]:
    """Cover the holes; every missing pixel is in a core.

    Args:
        hole: bool (H, W), True = missing.
        largest: side of a box in pixels, context included; at least 4 times the context.

    Returns:
        Tiles in an order in which what one fades over has been filled by earlier ones; none
        where nothing is missing.
    """
    rows, columns = (np.arange(0, side, CELL) for side in hole.shape)
    cells = any_per_block(hole, rows, columns)
    if not cells.any():
        return []
    height, width = hole.shape
    return [
        _tile(block, width, height) for block in _divide(_Block(cells, 0, 0, frozenset()), largest)
    ]


def whole(hole: Hole) -> Tile:
    """The whole picture as one tile."""
    box = (0, 0, hole.shape[1], hole.shape[0])
    return Tile(box, box, (False, False))


def fade_in(tile: Tile) -> NDArray[np.float64]:
    """Weight of a core's pixels over what has been filled before, (h, w) or fit to broadcast."""
    left, top, right, bottom = tile.core
    x, y = ((np.arange(length) + 0.5) / (2 * OVERLAP) for length in (right - left, bottom - top))
    across = np.minimum(x, 1) if tile.fade[0] else np.ones(1)
    down = np.minimum(y, 1) if tile.fade[1] else np.ones(1)
    return down[:, None] * across


class _Block(NamedTuple):
    """Cells whose first and last rows and columns are in use, and which sides are cuts."""

    cells: Flags
    left: int  # in cells
    top: int
    cuts: frozenset[str]


def _divide(block: _Block, largest: int) -> list[_Block]:
    block = _trim(block)
    sizes = [CELL * side + 2 * CONTEXT for side in block.cells.shape]
    share, axis, position = min(_cuts(block.cells.T, 0), _cuts(block.cells, 1))
    if max(sizes) <= largest and share >= 1:
        return [block]
    if share >= 1:  # no cut helps, but it is too large
        axis = int(np.argmax(sizes))
        position = block.cells.shape[axis] // 2
    first, second = np.split(block.cells, [position], axis)
    parts = first.take(-1, axis).any() and second.take(0, axis).any()  # a hole, not a gap
    before, after = ({("top", "left")[axis]}, {("bottom", "right")[axis]}) if parts else ((), ())
    left, top = block.left + (position if axis else 0), block.top + (0 if axis else position)
    return [
        *_divide(_Block(first, block.left, block.top, block.cuts.union(after)), largest),
        *_divide(_Block(second, left, top, block.cuts.union(before)), largest),
    ]


def _trim(block: _Block) -> _Block:
    """Leave out empty rows and columns at the sides; what lies behind them is no cut any more."""
    ys, xs = (np.flatnonzero(block.cells.any(axis)) for axis in (1, 0))
    rows, columns = slice(ys[0], ys[-1] + 1), slice(xs[0], xs[-1] + 1)
    height, width = block.cells.shape
    tight = {
        "left": xs[0] == 0, "top": ys[0] == 0,
        "right": columns.stop == width, "bottom": rows.stop == height,
    }  # fmt: skip
    cuts = frozenset(side for side in block.cuts if tight[side])
    left, top = block.left + int(xs[0]), block.top + int(ys[0])
    return _Block(block.cells[rows, columns], left, top, cuts)


def _cuts(cells: Flags, axis: int) -> tuple[float, int, int]:
    """The best cut between columns: share of the work that it leaves, ``axis``, and where."""
    if cells.shape[1] < 2:
        return 2.0, axis, 0
    left, right = _work_before(cells)[:-1], _work_before(cells[:, ::-1])[-2::-1]
    shares = (left + right) / _work(*cells.shape)
    # Of equal cuts the middle one.
    best = int(np.argmin(shares + 0.01 * np.maximum(left, right) / _work(*cells.shape)))
    return float(shares[best]), axis, best + 1


def _work_before(cells: Flags) -> NDArray[np.float64]:
    """For every column: the work of a box around it and all columns before it."""
    height, width = cells.shape
    used = cells.any(0)
    tops = np.minimum.accumulate(np.where(used, cells.argmax(0), height))
    bottoms = np.maximum.accumulate(np.where(used, height - cells[::-1].argmax(0), 0))
    columns = np.arange(width)
    first = np.minimum.accumulate(np.where(used, columns, width))
    last = np.maximum.accumulate(np.where(used, columns + 1, 0))
    return _work(bottoms - tops, last - first)


def _work(height: NDArray | int, width: NDArray | int) -> NDArray[np.float64]:
    """Pixels to compute for a box of so many cells."""
    return _side(CELL * np.asarray(height)) * _side(CELL * np.asarray(width)) + float(OVERHEAD)


def _side(length: NDArray | int) -> NDArray:
    """Length with context, rounded up."""
    return -(-(np.asarray(length) + 2 * CONTEXT) // MULTIPLE) * MULTIPLE


def _tile(block: _Block, width: int, height: int) -> Tile:
    rows, columns = block.cells.shape
    left, right = _core(block.left, columns, "left" in block.cuts, "right" in block.cuts, width)
    top, bottom = _core(block.top, rows, "top" in block.cuts, "bottom" in block.cuts, height)
    (x0, x1), (y0, y1) = _widen(left, right, width), _widen(top, bottom, height)
    fade = ("left" in block.cuts, "top" in block.cuts)
    return Tile((x0, y0, x1, y1), (left, top, right, bottom), fade)


def _core(start: int, cells: int, cut_before: bool, cut_after: bool, side: int) -> tuple[int, int]:
    first, last = CELL * start - OVERLAP * cut_before, CELL * (start + cells) + OVERLAP * cut_after
    return max(0, first), min(side, last)


def _widen(start: int, stop: int, side: int) -> tuple[int, int]:
    """Add the context and round up to a multiple, moved inwards at the picture's border."""
    length = int(_side(stop - start))
    if length >= side:
        return 0, side
    start = min(max(0, (start + stop - length) // 2), side - length)
    return start, start + length
