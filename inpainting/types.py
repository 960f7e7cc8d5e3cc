"""Arrays and boxes that several rooms share, and the range of their values."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (H, W, 3), RGB
Flags = NDArray[np.bool_]  # (H, W), one yes or no per pixel
Hole = Flags  # True = missing
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels, as in Pillow

DATA_RANGE = 255  # of uint8 values: what PSNR and SSIM are relative to


def in_box(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box: index of an array (H, W) or (H, W, C)."""
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)
