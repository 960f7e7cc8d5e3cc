"""Changes of a mask image: dilate, erode, invert, resize, feather.

Mask images here are mode "L", 255 = repaint, 0 = keep.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from inpainting.masks.convert import is_white
from inpainting.types import Flags, Hole, grow_box


def invert(mask_image: Image.Image) -> Image.Image:
    """White for black and black for white."""
    return ImageChops.invert(mask_image)


def grow(mask_image: Image.Image, pixels: int) -> Image.Image:
    """:func:`dilate` by so many pixels; :func:`erode` where the number is negative."""
    return dilate(mask_image, pixels) if pixels > 0 else erode(mask_image, -pixels)


def dilate(mask_image: Image.Image, pixels: int) -> Image.Image:
    """White wherever a white pixel lies within that Euclidean distance: round corners."""
    from skimage.morphology import isotropic_dilation  # loads scipy: only who dilates waits

    return _change(mask_image, pixels, isotropic_dilation)


def erode(mask_image: Image.Image, pixels: int) -> Image.Image:
    """Black wherever a black pixel lies within that Euclidean distance.

    The picture's border is no edge: white that touches it keeps touching it.
    """
    from skimage.morphology import isotropic_erosion

    return _change(mask_image, pixels, isotropic_erosion)


def resize(mask_image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """At another (width, height): what a white pixel touches is white, so that no line is lost.

    Where a side grows, each pixel takes the nearest one, and every old pixel is in the result.
    """
    white = is_white(mask_image)
    for axis, (few, many) in enumerate(zip(size[::-1], white.shape, strict=True)):
        new = np.arange(few)
        if few >= many:
            white = white.take((2 * new + 1) * many // (2 * few), axis)
        else:
            # Pairs of where a new pixel begins and ends; what lies between pairs is thrown away.
            ends = np.stack([new * many // few, -(-(new + 1) * many // few)], axis=1).ravel()
            white = np.logical_or.reduceat(white, ends[:-1], axis)
            white = white.take(range(0, 2 * few, 2), axis)
    return Image.fromarray(white).convert("L")


def any_per_block(flags: Flags, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Flags:
    """Whether anything is set in each block of a bool array (H, W).

    Args:
        flags: bool (H, W).
        rows, columns: where blocks begin, ascending from 0; the last ones reach to the border.

    Returns:
        Bool (len(rows), len(columns)).
    """
    return np.logical_or.reduceat(np.logical_or.reduceat(flags, rows, 0), columns, 1)


def feather(hole: Hole, width: int) -> Image.Image:
    """Opacity of a fill that fades in from the hole's border.

    Args:
        hole: bool (H, W), True = missing.
        width: of the ramp, in pixels; it lies inside the hole.

    Returns:
        Mode "L": 0 outside the hole, 255 deeper in it than ``width``.
    """
    import cv2

    # Chessboard distance to the nearest known pixel.
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_C, 3)
    share = np.minimum(depth, width + 1) / (width + 1)
    return Image.fromarray((255 * share).astype(np.uint8))


def _change(
    mask_image: Image.Image, pixels: int, change: Callable[[Flags, int], Flags]
) -> Image.Image:
    box = mask_image.getbbox()
    if not pixels or not box:
        return mask_image
    # Only where something can change: distances of a whole photo take seconds.
    reach = pixels + 1
    box = grow_box(box, reach, reach, mask_image.size)
    part = change(is_white(mask_image.crop(box)), pixels)
    result = mask_image.copy()
    result.paste(Image.fromarray(part).convert("L"), box)
    return result
