"""The three faces of a mask, and the only place where one becomes another.

============== ============================= ===================== ====================
name           type                          meaning               used by
============== ============================= ===================== ====================
``mask_image`` PIL image, mode "L"           white (255) = repaint files, the app, users
``hole``       bool tensor (…, 1, H, W)      True = missing        generators, data
``valid``      float tensor (…, 1, H, W)     1 = known (paper's M) network, losses
============== ============================= ===================== ====================
"""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from .errors import EmptyHole, NothingKnown, SizeMismatch

MASK_THRESHOLD = 128  # a grey level at or above it is white


def hole_from_mask_image(mask_image: Image.Image, size: tuple[int, int]) -> Tensor:
    """Read a mask image: white = repaint.

    Args:
        mask_image: any PIL mode; transparent pixels count as black.
        size: ``(width, height)`` of the picture it belongs to.

    Returns:
        Bool (1, 1, H, W), True = missing.

    Raises:
        SizeMismatch: when the mask has another size than the picture.
        EmptyHole: when nothing is white.
        NothingKnown: when everything is white.
    """
    if mask_image.size != size:
        raise SizeMismatch(size, mask_image.size)
    if mask_image.has_transparency_data:
        black = Image.new("RGBA", size, (0, 0, 0, 255))
        mask_image = Image.alpha_composite(black, mask_image.convert("RGBA"))
    hole = torch.from_numpy(np.array(mask_image.convert("L")) >= MASK_THRESHOLD)[None, None]
    if not hole.any():
        raise EmptyHole
    if hole.all():
        raise NothingKnown
    return hole


def mask_image_from_hole(hole: Tensor) -> Image.Image:
    """The mirror of :func:`hole_from_mask_image`: bool (…, H, W) to mode "L", white = repaint."""
    return Image.fromarray(hole.reshape(hole.shape[-2:]).cpu().numpy().astype(np.uint8) * 255)


def feathered(hole: NDArray[np.bool_], width: int) -> Image.Image:
    """How much of the fill shows where it fades in from the hole's border.

    Args:
        hole: bool (H, W), True = missing.
        width: of the ramp, in pixels; it lies inside the hole.

    Returns:
        Mode "L": 0 outside the hole, 255 deeper in it than ``width``.
    """
    import cv2

    # In steps to the nearest known pixel, diagonal ones too.
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_C, 3)
    share = np.minimum(depth, width + 1) / (width + 1)
    return Image.fromarray((255 * share).astype(np.uint8))


def valid_from_hole(hole: Tensor) -> Tensor:
    """The one place where the sign flips: bool hole (True = missing) to float valid (1 = known)."""
    return (~hole).float()


def hole_ratio(hole: Tensor) -> Tensor:
    """Share of missing pixels: bool (…, 1, H, W) to float (…), in [0, 1]."""
    return hole.float().mean(dim=(-3, -2, -1))


def composite(image: Tensor, output: Tensor, valid: Tensor) -> Tensor:
    """Keep what is known and take the rest from the network: I_comp of arXiv:1804.07723, sec. 3.3.

    Args:
        image: float (B, C, H, W); its values in the hole are ignored, NaN included.
        output: float (B, C, H, W).
        valid: float (B, 1, H, W), 1 = known.

    Returns:
        Float (B, C, H, W).
    """
    return torch.where(valid > 0, image, output)
