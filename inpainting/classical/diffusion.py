"""Classical fills that diffuse the surroundings into the hole: OpenCV's two and biharmonic.

Every fill takes an RGB picture, uint8 (H, W, 3), and a hole, bool (H, W), True = missing, and
returns a new picture in which only hole pixels differ. What stands in the hole is never read.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inpainting.errors import NothingKnown, SizeMismatch
from inpainting.types import Hole, Pixels

Fill = Callable[[Pixels, Hole], Pixels]

OPENCV_RADIUS = 3  # pixels around a point that OpenCV's two methods look at


def mean_fill(image: Pixels, hole: Hole) -> Pixels:
    """The mean colour of the known pixels, everywhere.

    Raises:
        NothingKnown: when the hole is the whole picture; SizeMismatch: when it has another size.
    """
    return blanked_fill(image, hole, lambda known: known[~hole].mean(axis=0))


def telea(image: Pixels, hole: Hole) -> Pixels:
    """OpenCV's fast marching method (Telea 2004), radius 3.

    Raises:
        NothingKnown, SizeMismatch: as :func:`mean_fill`.
    """
    return _opencv_fill(image, hole, "INPAINT_TELEA")


def navier_stokes(image: Pixels, hole: Hole) -> Pixels:
    """OpenCV's Navier-Stokes method (Bertalmío et al. 2001), radius 3.

    Raises:
        NothingKnown, SizeMismatch: as :func:`mean_fill`.
    """
    return _opencv_fill(image, hole, "INPAINT_NS")


def biharmonic(image: Pixels, hole: Hole) -> Pixels:
    """scikit-image's biharmonic fill (Damelin and Hoang 2018): the smoothest surface that fits.

    Raises:
        NothingKnown, SizeMismatch: as :func:`mean_fill`.
    """
    from skimage.restoration import inpaint_biharmonic  # loads scipy.sparse: only who asks pays

    def paint(known: Pixels) -> NDArray[np.float64]:
        # Region by region gives the same pixels, a tenth sooner on the evaluation's larger holes.
        return 255 * inpaint_biharmonic(known, hole, split_into_regions=True, channel_axis=-1)

    return blanked_fill(image, hole, paint)


def blanked_fill(
    image: Pixels, hole: Hole, paint: Callable[[Pixels], NDArray[np.generic]]
) -> Pixels:
    """What ``paint`` makes of a picture with a black hole, rounded, in the hole only.

    Raises:
        NothingKnown, SizeMismatch: as :func:`mean_fill`.
    """
    height, width = image.shape[:2]
    if hole.shape != (height, width):
        raise SizeMismatch((width, height), (hole.shape[-1], hole.shape[-2]))
    if hole.all():
        raise NothingKnown
    # Blank: OpenCV does read a few hole pixels next to the picture's border.
    result = np.where(hole[..., None], np.uint8(0), image)
    if hole.any():
        painted = np.broadcast_to(paint(result), image.shape)
        result[hole] = np.clip(np.rint(painted[hole]), 0, 255).astype(np.uint8)
    return result


def _bytes(hole: Hole) -> NDArray[np.uint8]:
    return hole.astype(np.uint8)


def _opencv_fill(image: Pixels, hole: Hole, name: str) -> Pixels:
    import cv2  # takes its time: only who fills with it pays

    def paint(known: Pixels) -> NDArray[np.generic]:
        return cv2.inpaint(known, _bytes(hole), OPENCV_RADIUS, getattr(cv2, name))

    return blanked_fill(image, hole, paint)
