"""PatchMatch: the hole is put together from patches of its surroundings; no training."""

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from inpainting.classical.diffusion import blanked_fill
from inpainting.types import Hole, Pixels

RADIUS = 5  # of the compared patches, in pixels: 11×11
SMALL = 2  # of those where no whole patch is known: larger ones then fade to black
SEED = 1212  # the package's own

_library = Lock()  # its C code keeps one random seed for the whole process


def patchmatch(image: Pixels, hole: Hole) -> Pixels:
    """pypatchmatch's fill: Barnes et al., SIGGRAPH 2009, in the multi-scale search of Wexler et al.

    Equal arguments give equal fills: each starts from the same seed. About a second where
    a seventh of 0.12 megapixels is missing; it grows with the hole and with the picture.

    Args:
        image: uint8 (H, W, 3), RGB; what stands in the hole is not read.
        hole: bool (H, W), True = missing.

    Returns:
        A new picture, uint8 (H, W, 3), in which only hole pixels differ.

    Raises:
        NothingKnown: when the hole is the whole picture; SizeMismatch: when it has another size.
        ImportError: where pypatchmatch is not installed; the registry lists it only where it is.
    """
    from patchmatch import patch_match  # optional, and loads C code

    def paint(known: Pixels) -> NDArray[np.uint8]:
        with _library:
            patch_match.set_random_seed(SEED)
            return patch_match.inpaint(known, hole, patch_size=_radius(hole))

    return blanked_fill(image, hole, paint)


def _radius(hole: Hole) -> int:
    import cv2

    square = np.ones((2 * RADIUS + 1,) * 2, np.uint8)
    known = (~hole).astype(np.uint8)
    whole = cv2.erode(known, square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return RADIUS if whole.any() else SMALL
