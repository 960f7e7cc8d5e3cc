"""Classical fills to measure the network against: what a user has without any training.

Every fill takes an RGB picture, uint8 (H, W, 3), and a hole, bool (H, W), True = missing, and
returns a new picture in which only hole pixels differ. What stands in the hole is never read.
"""

from collections.abc import Callable
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from .errors import InpaintingError, NothingKnown, SizeMismatch
from .metrics import Hole, Pixels

Fill = Callable[[Pixels, Hole], Pixels]

OPENCV_RADIUS = 3  # pixels around a point that OpenCV's two methods look at


def mean_fill(image: Pixels, hole: Hole) -> Pixels:
    """The mean colour of the known pixels, everywhere.

    Raises:
        NothingKnown: when the hole is the whole picture; SizeMismatch: when it has another size.
    """
    return _fill(image, hole, lambda known: known[~hole].mean(axis=0))


def telea(image: Pixels, hole: Hole) -> Pixels:
    """OpenCV's fast marching method (Telea 2004), radius 3.

    Raises:
        InpaintingError: without OpenCV; otherwise as :func:`mean_fill`.
    """
    return _opencv_fill(image, hole, "INPAINT_TELEA")


def navier_stokes(image: Pixels, hole: Hole) -> Pixels:
    """OpenCV's Navier-Stokes method (Bertalmío et al. 2001), radius 3.

    Raises:
        InpaintingError: without OpenCV; otherwise as :func:`mean_fill`.
    """
    return _opencv_fill(image, hole, "INPAINT_NS")


def biharmonic(image: Pixels, hole: Hole) -> Pixels:
    """scikit-image's biharmonic fill (Damelin and Hoang 2018): the smoothest surface that fits.

    Raises:
        As :func:`mean_fill`.
    """
    from skimage.restoration import inpaint_biharmonic  # loads scipy.sparse: only who asks pays

    def paint(known: Pixels) -> NDArray[np.float64]:
        # Region by region gives the same pixels, a tenth sooner on the evaluation's larger holes.
        return 255 * inpaint_biharmonic(known, hole, split_into_regions=True, channel_axis=-1)

    return _fill(image, hole, paint)


BASELINES: dict[str, Fill] = {
    "mean": mean_fill,
    "telea": telea,
    "ns": navier_stokes,
    "biharmonic": biharmonic,
}


def _fill(image: Pixels, hole: Hole, paint: Callable[[Pixels], NDArray[np.generic]]) -> Pixels:
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
    cv2 = _opencv()
    method = getattr(cv2, name)
    return _fill(image, hole, lambda known: cv2.inpaint(known, _bytes(hole), OPENCV_RADIUS, method))


def _opencv() -> ModuleType:
    try:
        import cv2
    except ImportError as error:
        raise InpaintingError(
            "The fills 'telea' and 'ns' need OpenCV, which is not installed: "
            "run `pip install opencv-python-headless`."
        ) from error
    return cv2
