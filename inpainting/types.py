"""Arrays and boxes that several rooms share, and the range of their values."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (H, W, 3), RGB
Flags = NDArray[np.bool_]  # (H, W), one yes or no per pixel
Hole = Flags  # True = missing
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels, as in Pillow

DATA_RANGE = 255  # of uint8 values: what PSNR and SSIM are relative to


def grow_box(box: Box, x: int, y: int, size: tuple[int, int]) -> Box:
    """The box with that many pixels more on its sides, inside a picture of (width, height)."""
    left, top, right, bottom = box
    return max(0, left - x), max(0, top - y), min(size[0], right + x), min(size[1], bottom + y)


def box_size(box: Box) -> tuple[int, int]:
    """Width and height."""
    left, top, right, bottom = box
    return right - left, bottom - top


def in_box(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box: index of an array (H, W) or (H, W, C)."""
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)
