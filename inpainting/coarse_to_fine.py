"""Fill holes of any number, size and depth in a picture of any size.

A network has learned what lies near known pixels. Deep inside a hole it does better on a smaller
picture: that is filled first, and its fill counts as known where the hole is deep, so that the
finer pass continues both the surroundings and the coarser fill. What is left on every scale is
never far from known pixels, and is filled region by region.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from .canvas import Canvas, Flags
from .images import to_image, to_tensor
from .masks import valid_from_hole
from .regions import LARGEST, Box, Region, find_regions

DEEP = 16  # pixels from the nearest known one, from where on a coarser fill is trusted
BLOCK = 8  # depth is measured in blocks of this side
MARGIN = 64  # pixels around what is to be filled that are cut out with it

Paint = Callable[[Tensor, Tensor], Tensor]  # (B, 3, h, w) and (B, 1, h, w) to (B, 3, h, w)
Watch = Callable[[Canvas, list[Region]], None]  # told of every run of the network


def fill_canvas(canvas: Canvas, paint: Paint, watch: Watch, largest: int = LARGEST) -> None:
    """Fill all holes of a canvas, from coarse to fine.

    Args:
        canvas: its picture is painted on; at least one pixel is known.
        paint: a network on pictures of any size.
        watch: is called before every run of ``paint`` with the regions in it.
        largest: side in pixels of a region, and of the square that has as many pixels as a batch.
    """
    canvas.hole = canvas.hole & ~canvas.known
    deep = depth_exceeds(canvas.known, DEEP) & canvas.hole
    if deep.any():
        _fill_deep(canvas, deep, paint, watch, largest)
    fill_regions(canvas, find_regions(canvas.hole, largest), paint, watch, largest)


def fill_regions(
    canvas: Canvas, regions: list[Region], paint: Paint, watch: Watch, largest: int = LARGEST
) -> None:
    """One pass at this scale: all regions see the canvas as it is, then all are put into it."""
    painted: dict[Region, Image.Image] = {}
    for batch in _batches(regions, largest):
        watch(canvas, batch)
        images = torch.cat([to_tensor(canvas.picture.crop(region.box)) for region in batch])
        holes = np.stack([~_window(canvas.known, region.box) for region in batch])
        filled = paint(images, valid_from_hole(torch.from_numpy(holes)[:, None]))
        painted |= {r: to_image(one[None]) for r, one in zip(batch, filled, strict=True)}
    for region in regions:
        canvas.put(region, painted[region])


def depth_exceeds(known: Flags, depth: int) -> Flags:
    """Bool (H, W): no known pixel within ``depth``, nor, by whole blocks, a little beyond."""
    height, width = known.shape
    rows, columns = (np.arange(0, side, BLOCK) for side in known.shape)
    blocks = np.logical_or.reduceat(np.logical_or.reduceat(known, rows, 0), columns, 1)
    reach = depth // BLOCK
    close = F.max_pool2d(torch.from_numpy(blocks)[None].float(), 2 * reach + 1, 1, reach)
    near = close[0].numpy() > 0
    return ~near.repeat(BLOCK, 0).repeat(BLOCK, 1)[:height, :width]


def around(flags: Flags) -> Box:
    """The box around what is set, with ``MARGIN``, beginning at even coordinates."""
    height, width = flags.shape
    ys, xs = (np.flatnonzero(flags.any(axis)) for axis in (1, 0))
    left, top = max(0, (xs[0] - MARGIN) // 2 * 2), max(0, (ys[0] - MARGIN) // 2 * 2)
    return int(left), int(top), min(width, int(xs[-1]) + MARGIN), min(height, int(ys[-1]) + MARGIN)


def _fill_deep(canvas: Canvas, deep: Flags, paint: Paint, watch: Watch, largest: int) -> None:
    box = around(deep)
    part = canvas.cut(box)
    # Only what the deep part needs: its pixels, and those that their enlargement looks at.
    part.hole = _window(depth_exceeds(canvas.known, DEEP - BLOCK), box)
    small = part.halved()
    fill_canvas(small, paint, watch, largest)
    width, height = small.picture.size
    large = small.picture.resize((2 * width, 2 * height), Image.Resampling.BICUBIC)
    large = large.crop((0, 0, *part.picture.size))
    canvas.picture.paste(large, box[:2], Image.fromarray(_window(deep, box)))
    canvas.known, canvas.hole = canvas.known | deep, canvas.hole & ~deep


def _window(flags: Flags, box: Box) -> Flags:
    left, top, right, bottom = box
    return flags[top:bottom, left:right]


def _batches(regions: Iterable[Region], largest: int) -> Iterator[list[Region]]:
    """Regions of equal size together, as many as have the pixels of the largest one."""

    def size(region: Region) -> tuple[int, int]:
        left, top, right, bottom = region.box
        return bottom - top, right - left

    for (height, width), group in groupby(sorted(regions, key=size), key=size):
        equal, most = list(group), max(1, largest**2 // (height * width))
        yield from (equal[k : k + most] for k in range(0, len(equal), most))
