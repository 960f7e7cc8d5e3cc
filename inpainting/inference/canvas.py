"""A picture at one scale while its holes are being filled."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.inference.guide_image import shrink
from inpainting.inference.line_image import shrink_lines
from inpainting.inference.tiles import Tile, fade_in
from inpainting.io.tensors import padded
from inpainting.types import Box, Flags, Hole, in_box


class Frame(NamedTuple):
    """Where a canvas lies in the user's picture.

    ``size``: width and height of that picture in pixels; ``scale``: its pixels per pixel of the
    canvas; ``origin``: left and top of the canvas in it.
    """

    size: tuple[int, int]
    scale: float = 1
    origin: tuple[float, float] = (0, 0)

    def in_picture(self, box: Box) -> Box:
        """A box of the canvas in whole pixels of the user's picture, clipped to it."""
        x, y = self.origin
        left, top, right, bottom = (self.scale * side for side in box)
        width, height = self.size
        return (
            round(left + x), round(top + y),
            min(width, round(right + x)), min(height, round(bottom + y)),
        )  # fmt: skip


@dataclass
class Canvas:
    """Picture, masks and expected error at one scale.

    ``picture``: "RGB", painted in place. ``known``: bool (H, W), what may be looked at. ``hole``:
    bool (H, W), what is still to be filled; what is neither known nor hole, such as transparent
    pixels, stays as it is. ``error``: "L" at the size of the user's picture, the expected error in
    grey levels, painted in place and shared with every canvas cut from this one; None where the
    network predicts none. ``expected``: likewise the lines that the network expects, 255 = certain.
    ``guide``: of :mod:`inpainting.inference.guide_image`, of this scale, or None; ``lines``: of
    :mod:`inpainting.inference.line_image`, the same. ``started``: whether a coarser fill stands in
    the hole.
    """

    picture: Image.Image
    known: Flags
    hole: Hole
    frame: Frame
    error: Image.Image | None = None
    guide: Image.Image | None = None
    expected: Image.Image | None = None
    lines: Image.Image | None = None
    started: bool = False

    def cut(self, box: Box) -> "Canvas":
        """A part of the canvas, with a picture of its own."""
        size, scale, (x, y) = self.frame
        frame = Frame(size, scale, (x + scale * box[0], y + scale * box[1]))
        inside = in_box(box)
        return replace(
            self, picture=self.picture.crop(box), known=self.known[inside], hole=self.hole[inside],
            frame=frame, guide=self.guide and self.guide.crop(box),
            lines=self.lines and self.lines.crop(box),
        )  # fmt: skip

    def halved(self) -> "Canvas":
        """The canvas at half the size, rounded up: means of known pixels; known is what has one."""
        pixels, known = np.asarray(self.picture), self.known.astype(np.uint8)
        pixels, known, hole = (padded(array, 2) for array in (pixels, known, self.hole))
        total = sum(
            pixels[i::2, j::2] * known[i::2, j::2, None].astype(np.uint16)
            for i in (0, 1) for j in (0, 1)
        )  # fmt: skip
        count = np.sum([known[i::2, j::2] for i in (0, 1) for j in (0, 1)], axis=0)
        at_least_one = np.maximum(count, 1)[..., None]
        mean = ((total + at_least_one // 2) // at_least_one).astype(np.uint8)
        hole = hole[0::2, 0::2] | hole[0::2, 1::2] | hole[1::2, 0::2] | hole[1::2, 1::2]
        some = count > 0
        frame = self.frame._replace(scale=2 * self.frame.scale)
        small = Image.fromarray(mean)
        width, height = small.size
        even = (0, 0, 2 * width, 2 * height)
        return replace(
            self, picture=small, known=some, hole=hole & ~some, frame=frame,
            guide=self.guide and shrink(self.guide.crop(even), small.size),
            lines=self.lines and shrink_lines(self.lines.crop(even), small.size),
        )  # fmt: skip

    def shrunk(self, longest: int) -> "Canvas":
        """The canvas at ``longest`` pixels on a side at most: means of the known pixels.

        Known is what has at least half of its area known; if nothing has, what has most.
        """
        scale = max(1.0, max(self.picture.size) / longest)
        width, height = (max(1, round(side / scale)) for side in self.picture.size)
        blank = Image.composite(
            self.picture, Image.new("RGB", self.picture.size), Image.fromarray(self.known)
        )
        total, share = (
            np.asarray(image.resize((width, height), Image.Resampling.BOX))
            for image in (blank, Image.fromarray(self.known).convert("L"))
        )
        known = share >= min(128, share.max())
        mean = 255.0 * total / np.maximum(share, 1)[..., None]
        picture = Image.fromarray(np.minimum(np.rint(mean), 255).astype(np.uint8))
        frame = self.frame._replace(scale=scale)
        return replace(
            self, picture=picture, known=known, hole=~known, frame=frame,
            guide=self.guide and shrink(self.guide, picture.size),
            lines=self.lines and shrink_lines(self.lines, picture.size),
        )  # fmt: skip

    def put(
        self,
        tile: Tile,
        filled: Image.Image,
        error: NDArray[np.uint8] | None = None,
        expected: NDArray[np.uint8] | None = None,
    ) -> None:
        """Paint the holes of a tile's core; where they have been painted already, fade in.

        Args:
            tile: of this canvas.
            filled: "RGB", of the size of the tile's box.
            error: expected error in grey levels, uint8 of the same size; finer scales, which come
                later, replace it.
            expected: lines, the same.
        """
        left, top, right, bottom = tile.core
        x, y = tile.box[:2]
        core, in_tile = in_box(tile.core), (left - x, top - y, right - x, bottom - y)
        again = self.hole[core] & self.known[core]
        weight = np.where(again, fade_in(tile), 1) * self.hole[core]
        share = Image.fromarray(np.rint(255 * weight).astype(np.uint8))
        self.picture.paste(filled.crop(in_tile), (left, top), share)
        for image, level in ((self.error, error), (self.expected, expected)):
            if image is not None and level is not None:
                self._put_level(image, tile.core, level[in_box(in_tile)])
        self.known[core] |= self.hole[core]

    def _put_level(self, image: Image.Image, core: Box, level: NDArray[np.uint8]) -> None:
        box = self.frame.in_picture(core)
        size = box[2] - box[0], box[3] - box[1]
        hole = Image.fromarray(self.hole[in_box(core)])
        image.paste(
            Image.fromarray(level).resize(size), box, hole.resize(size, Image.Resampling.NEAREST)
        )
