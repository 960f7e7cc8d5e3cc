"""The three forms of a mask, and the only file in which one becomes another.

============== ============================== ===================== ====================
name           type                           meaning               used by
============== ============================== ===================== ====================
``mask_image`` PIL image, mode "L"            white (255) = repaint files, the app, users
``hole``       bool array (H, W); in a batch, True = missing        generators, data,
               tensor (B, 1, H, W)                                  classical fills
``valid``      float tensor (B, 1, H, W)      1 = known (paper's M) networks, losses
============== ============================== ===================== ====================
"""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inpainting.errors import EmptyHole, NothingKnown, SizeMismatch
from inpainting.types import Flags, Hole

if TYPE_CHECKING:  # torch takes a second to load; pictures need none
    from torch import Tensor

MASK_THRESHOLD = 128  # a grey level at or above it is white


def is_white(level: Image.Image) -> Flags:
    """Bool (H, W): which pixels of an "L" image are at or above ``MASK_THRESHOLD``."""
    return np.asarray(level) >= MASK_THRESHOLD


def black_and_white(level: Image.Image) -> Image.Image:
    """An "L" image of 0 and 255 only: white from ``MASK_THRESHOLD`` on."""
    return level.point(lambda value: 255 if value >= MASK_THRESHOLD else 0)


def hole_from_mask_image(mask_image: Image.Image, size: tuple[int, int]) -> Hole:
    """Read a mask image: white = repaint.

    Args:
        mask_image: any PIL mode; transparent pixels count as black.
        size: ``(width, height)`` of the picture it belongs to.

    Returns:
        Bool (H, W), True = missing.

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
    hole = is_white(mask_image.convert("L"))
    if not hole.any():
        raise EmptyHole
    if hole.all():
        raise NothingKnown
    return hole


def mask_image_from_hole(hole: Hole) -> Image.Image:
    """The mirror of :func:`hole_from_mask_image`: bool (H, W) to mode "L", white = repaint."""
    return Image.fromarray(hole.astype(np.uint8) * 255)


def batch_of(hole: Hole) -> "Tensor":
    """One hole as a batch: bool array (H, W) to bool tensor (1, 1, H, W)."""
    import torch

    return torch.from_numpy(hole)[None, None]


def valid_from_hole(hole: "Tensor") -> "Tensor":
    """The one place where the sign flips: bool hole (True = missing) to float valid (1 = known)."""
    return (~hole).float()


def composite(image: "Tensor", output: "Tensor", valid: "Tensor") -> "Tensor":
    """Known pixels of ``image``, the others of ``output``: I_comp of arXiv:1804.07723, sec. 3.3.

    Args:
        image: float (B, C, H, W); its values in the hole are ignored, NaN included.
        output: float (B, C, H, W).
        valid: float (B, 1, H, W), 1 = known.

    Returns:
        Float (B, C, H, W).
    """
    return image.where(valid > 0, output)
