"""A picture at one scale while its holes are being filled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .regions import Box, Region, fade_in

Flags = NDArray[np.bool_]  # (H, W)


@dataclass
class Canvas:
    """``picture``: "RGB", painted in place. ``known``: bool (H, W), what may be looked at.

    ``hole``: bool (H, W), what is still to be filled; what is neither known nor hole, such as
    transparent pixels, stays as it is. ``scale``: pixels of the user's picture per pixel of this
    one; ``origin``: where it begins there, (left, top).
    """

    picture: Image.Image
    known: Flags
    hole: Flags
    scale: float = 1
    origin: tuple[float, float] = (0, 0)

    def cut(self, box: Box) -> "Canvas":
        """A part of it, with a picture of its own."""
        left, top, right, bottom = box
        window = slice(top, bottom), slice(left, right)
        origin = (self.origin[0] + self.scale * left, self.origin[1] + self.scale * top)
        picture = self.picture.crop(box)
        return Canvas(picture, self.known[window], self.hole[window], self.scale, origin)

    def halved(self) -> "Canvas":
        """Half the size, rounded up: means of the known pixels; known is what has one."""
        pixels, known = np.asarray(self.picture), self.known.astype(np.uint8)
        pixels, known, hole = (_pad_to_even(array) for array in (pixels, known, self.hole))
        total = sum(
            pixels[i::2, j::2] * known[i::2, j::2, None].astype(np.uint16)
            for i in (0, 1) for j in (0, 1)
        )  # fmt: skip
        count = np.sum([known[i::2, j::2] for i in (0, 1) for j in (0, 1)], axis=0)
        at_least_one = np.maximum(count, 1)[..., None]
        mean = ((total + at_least_one // 2) // at_least_one).astype(np.uint8)
        hole = hole[0::2, 0::2] | hole[0::2, 1::2] | hole[1::2, 0::2] | hole[1::2, 1::2]
        some = count > 0
        return Canvas(Image.fromarray(mean), some, hole & ~some, 2 * self.scale, self.origin)

    def shrunk(self, longest: int) -> "Canvas":
        """At most ``longest`` pixels on a side: means of the known pixels.

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
        return Canvas(picture, known, ~known, scale, self.origin)

    def put(self, region: Region, painted: Image.Image) -> None:
        """Paint the holes of the region's core; where they have been painted already, fade in.

        Args:
            region: of this canvas.
            painted: "RGB", of the size of the region's box.
        """
        left, top, right, bottom = region.core
        window = slice(top, bottom), slice(left, right)
        again = self.hole[window] & self.known[window]
        weight = np.where(again, fade_in(region), 1) * self.hole[window]
        part = painted.crop((
            left - region.box[0], top - region.box[1],
            right - region.box[0], bottom - region.box[1],
        ))  # fmt: skip
        share = Image.fromarray(np.rint(255 * weight).astype(np.uint8))
        self.picture.paste(part, (left, top), share)
        self.known[window] |= self.hole[window]

    def in_picture(self, box: Box) -> tuple[float, float, float, float]:
        """A box of this canvas in pixels of the user's picture."""
        x, y = self.origin
        left, top, right, bottom = (self.scale * side for side in box)
        return left + x, top + y, right + x, bottom + y


def _pad_to_even(array: NDArray) -> NDArray:
    """One more row and column of zeros where their number is odd."""
    odd = [(0, side % 2) for side in array.shape[:2]] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, odd) if array.shape[0] % 2 or array.shape[1] % 2 else array
