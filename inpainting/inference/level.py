"""A box of a picture at the scale on which offsets are chosen: block means."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inpainting.masks.edit import any_per_block
from inpainting.types import Flags, Hole, Pixels

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]
Offsets = NDArray[np.intp]  # (L, 2): rows and columns from a missing pixel to its source


@dataclass(frozen=True)
class Level:
    """A picture with a first guess of what is missing.

    ``image``: (H, W, 3) in grey levels, in the hole the guess; float, or uint8 at full resolution.
    ``known``: bool (H, W), blocks without a missing or transparent pixel. ``hole``: bool (H, W),
    blocks with a missing one. ``error``: float (H, W), the mean absolute error in grey levels that
    is expected of the guess, 0 where nothing is missing; None where nobody knows. ``given``: bool
    (H, W), missing blocks where somebody has said what colour is wanted.
    """

    image: NDArray[Any]
    known: Flags
    hole: Hole
    error: NDArray[Any] | None = None
    given: Flags | None = None

    @classmethod
    def shrunk(
        cls,
        picture: Pixels,
        known: Flags,
        hole: Hole,
        scale: int,
        error: NDArray[np.uint8] | None = None,
        given: Flags | None = None,
    ) -> "Level":
        """Means of ``scale``×``scale`` pixels; sides are multiples of it."""
        pixels = cls(picture, known, hole, None if error is None else error * hole, given)
        return pixels._shrunk(scale)

    def halved(self) -> "Level":
        """The level at half the size; sides are even."""
        return self._shrunk(2)

    def _shrunk(self, scale: int) -> "Level":
        error = None
        if self.error is not None:  # the mean of what is missing
            share = _means(self.hole.astype(np.float32), scale)
            error = _means(self.error.astype(np.float32), scale) / np.maximum(share, 1e-6)
        return Level(
            _means(self.image, scale).astype(np.float32),
            ~_any(~self.known, scale), _any(self.hole, scale), error,
            None if self.given is None else _any(self.given, scale),
        )  # fmt: skip

    def with_guess(self, guess: Floats) -> "Level":
        """Another first guess, float (H, W, 3), of whose error nothing is known."""
        image = np.where(self.hole[..., None], guess, self.image)
        return replace(self, image=image, error=None)

    def missing(self) -> Indices:
        """Row and column of every missing block, (N, 2), in reading order."""
        return np.argwhere(self.hole)

    def look_up(self, places: Indices) -> tuple[tuple[Indices, Indices], Flags]:
        """An index for any places, and which of them are known.

        Args:
            places: rows and columns (..., 2), also beyond the level.

        Returns:
            Rows and columns (...), moved into the level; bool (...).
        """
        height, width = self.hole.shape
        rows, columns = places[..., 0], places[..., 1]
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        index = rows.clip(0, height - 1), columns.clip(0, width - 1)
        return index, inside & self.known[index]


def blur_known(image: Floats, known: Flags, sigma: float) -> Floats:
    """Gaussian mean of the known pixels around each pixel, float (H, W, C)."""
    import cv2

    weight = known.astype(np.float32)
    total = cv2.GaussianBlur(image * weight[..., None], (0, 0), sigma)
    share = cv2.GaussianBlur(weight, (0, 0), sigma)
    return total.reshape(image.shape) / np.maximum(share, 1e-3)[..., None]


def distances(targets: Indices, sources: Indices) -> Floats:
    """Between places (N, 2) and (M, 2), in blocks, (N, M)."""
    return np.hypot(*(sources[None] - targets[:, None]).astype(np.float32).transpose(2, 0, 1))


def slices(count: int, length: int) -> Iterator[slice]:
    """Of so many rows each, one after the other."""
    return (slice(start, start + length) for start in range(0, count, length))


def _means(pixels: NDArray, scale: int) -> NDArray:
    import cv2

    size = pixels.shape[1] // scale, pixels.shape[0] // scale
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale > 1 else pixels


def _any(flags: Flags, scale: int) -> Flags:
    rows, columns = (np.arange(0, side, scale) for side in flags.shape)
    return any_per_block(flags, rows, columns)
