"""Multiscale filling: holes of any number, size and depth in a picture of any size.

A network has learned what lies near known pixels. Deep inside a hole it does better on a smaller
picture: that is filled first, and its fill counts as known where the hole is deep, so that the
finer pass continues both the surroundings and the coarser fill. What is left on every scale is
never far from known pixels, and is filled tile by tile.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from inpainting.inference.canvas import Canvas
from inpainting.inference.guide_image import given_in
from inpainting.inference.line_image import levels_of
from inpainting.inference.result import OnPass, Pass
from inpainting.inference.tiles import LARGEST, Tile, around, find_tiles
from inpainting.io.tensors import to_image, to_tensor
from inpainting.masks.convert import valid_from_hole
from inpainting.masks.edit import any_per_block
from inpainting.models.base import Before, Prediction
from inpainting.models.guide import Guide
from inpainting.types import DATA_RANGE, Flags, in_box

DEEP = 16  # pixels from the nearest known one, from where on a coarser fill is kept
BLOCK = 8  # depth is measured in blocks of this side


# A network on pictures of any size, as inpainting.inference.predict.Predictor is.
Predict = Callable[[Tensor, Tensor, Guide | None, Before | None], Prediction]


def fill_canvas(
    canvas: Canvas,
    predict: Predict,
    on_pass: OnPass,
    largest: int = LARGEST,
    keep_deep: bool = True,
) -> None:
    """Fill all holes of a canvas, from coarse to fine.

    Args:
        canvas: its picture is painted on; at least one pixel is known.
        predict: a network on pictures of any size.
        on_pass: is called before every run of the network.
        largest: side in pixels of a tile, and of the square that has as many pixels as a batch.
        keep_deep: whether the coarser fill counts as known where the hole is deep. If not, every
            scale runs over the whole hole, in which the enlarged coarser fill stands: for networks
            that look at it and add what the finer scale has.
    """
    canvas.hole = canvas.hole & ~canvas.known
    deep = depth_exceeds(canvas.known, DEEP) & canvas.hole
    if deep.any():
        _fill_coarser(canvas, deep if keep_deep else None, predict, on_pass, largest)
    fill_tiles(canvas, find_tiles(canvas.hole, largest), predict, on_pass, largest)


def fill_tiles(
    canvas: Canvas, tiles: list[Tile], predict: Predict, on_pass: OnPass, largest: int = LARGEST
) -> None:
    """One pass at this scale: all tiles see the canvas as it is, then all are put into it."""
    filled: dict[Tile, tuple[Image.Image, np.ndarray | None, np.ndarray | None]] = {}
    # What is too far from anything known to share a tile with it stays as the coarser scale has it.
    tiles = [tile for tile in tiles if canvas.known[in_box(tile.box)].any()]
    for batch in _batches(tiles, largest):
        on_pass(_describe(canvas, batch))
        images = torch.cat([to_tensor(canvas.picture.crop(tile.box)) for tile in batch])
        holes = np.stack([~canvas.known[in_box(tile.box)] for tile in batch])
        valid = valid_from_hole(torch.from_numpy(holes)[:, None])
        guide = _guide(canvas, batch)
        before = Before(images, 1 - valid, guide) if canvas.started else None
        prediction = predict(images, valid, guide, before)
        errors = _grey_levels(prediction.scale, len(batch))
        line = prediction.line
        lines = _grey_levels(None if line is None else line.sigmoid(), len(batch))
        for tile, image, error, on in zip(batch, prediction.image, errors, lines, strict=True):
            filled[tile] = to_image(image[None]), error, on
    for tile in tiles:
        canvas.put(tile, *filled[tile])


def depth_exceeds(known: Flags, depth: int) -> Flags:
    """Bool (H, W): no known pixel within ``depth``, nor, by whole blocks, a little beyond."""
    height, width = known.shape
    rows, columns = (np.arange(0, side, BLOCK) for side in known.shape)
    blocks = any_per_block(known, rows, columns)
    reach = depth // BLOCK
    close = F.max_pool2d(torch.from_numpy(blocks)[None].float(), 2 * reach + 1, 1, reach)
    near = close[0].numpy() > 0
    return ~near.repeat(BLOCK, 0).repeat(BLOCK, 1)[:height, :width]


def _fill_coarser(
    canvas: Canvas, deep: Flags | None, predict: Predict, on_pass: OnPass, largest: int
) -> None:
    """Fill at half the size: where the hole is deep, for good; else all of it, as a start."""
    filled = canvas.hole if deep is None else deep
    box = around(filled)
    part = canvas.cut(box)
    if deep is not None:
        # Only what the deep part needs: its pixels, and those that their enlargement looks at.
        part.hole = depth_exceeds(canvas.known, DEEP - BLOCK)[in_box(box)]
    small = part.halved()
    fill_canvas(small, predict, on_pass, largest, keep_deep=deep is not None)
    width, height = small.picture.size
    large = small.picture.resize((2 * width, 2 * height), Image.Resampling.BICUBIC)
    large = large.crop((0, 0, *part.picture.size))
    canvas.picture.paste(large, box[:2], Image.fromarray(filled[in_box(box)]))
    if deep is None:
        canvas.started = True
    else:
        canvas.known, canvas.hole = canvas.known | deep, canvas.hole & ~deep


def _describe(canvas: Canvas, batch: list[Tile]) -> Pass:
    left, top, right, bottom = batch[0].box
    boxes = tuple(canvas.frame.in_picture(tile.box) for tile in batch)
    return Pass(boxes, (bottom - top, right - left), canvas.frame.scale)


def _guide(canvas: Canvas, batch: list[Tile]) -> Guide | None:
    """The guide of a batch of tiles, where there is one."""
    if canvas.guide is None and canvas.lines is None:
        return None
    size = canvas.picture.size
    colours = canvas.guide or Image.new("RGBA", size)
    parts = [colours.crop(tile.box) for tile in batch]
    given = torch.from_numpy(np.stack([given_in(part) for part in parts]))
    guide = Guide(torch.cat([to_tensor(part) for part in parts]), given[:, None].float())
    if canvas.lines is None:
        return guide
    drawn = [levels_of(canvas.lines.crop(tile.box)) for tile in batch]
    line = torch.from_numpy(np.stack([np.where(told, on, -1.0) for on, told in drawn]))
    return guide._replace(line=line[:, None].float())


def _grey_levels(share: Tensor | None, count: int) -> list[np.ndarray | None]:
    """Float (B, 1, H, W) in [0, 1] and above, as B arrays uint8 (H, W)."""
    if share is None:
        return [None] * count
    levels = (DATA_RANGE * share[:, 0]).clamp(max=DATA_RANGE).round().byte()
    return list(levels.numpy())


def _batches(tiles: Iterable[Tile], largest: int) -> Iterator[list[Tile]]:
    """Tiles of equal size together, as many as have the pixels of the largest one."""

    def size(tile: Tile) -> tuple[int, int]:
        left, top, right, bottom = tile.box
        return bottom - top, right - left

    for (height, width), group in groupby(sorted(tiles, key=size), key=size):
        equal, most = list(group), max(1, largest**2 // (height * width))
        yield from (equal[k : k + most] for k in range(0, len(equal), most))
