"""Differences between pictures as colours on one fixed scale."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.errors import InvalidImage
from inpainting.types import Pixels

HEAT_MAP_RANGE = 64  # grey levels at the bright end; larger differences look the same
HEAT_MAP_COLOURS = "inferno"  # perceptually uniform, black = no difference

Picture = Image.Image | Pixels


def difference_heat_map(original: Picture, result: Picture) -> Image.Image:
    """Where and how much two pictures differ, on one fixed scale so that maps can be compared.

    Args:
        original, result: PIL pictures, or uint8 arrays (H, W, 3), of one size.

    Returns:
        PIL "RGB" of that size. Colour is the mean absolute difference over R, G and B: from 0
        (black) over red and orange to 64 grey levels and more (pale yellow).

    Raises:
        InvalidImage: when the sizes differ.
    """
    a, b = rgb_array(original).astype(np.int16), rgb_array(result).astype(np.int16)
    if a.shape != b.shape:
        raise InvalidImage(
            f"The original is {a.shape[1]}×{a.shape[0]} pixels but the result is "
            f"{b.shape[1]}×{b.shape[0]}: compare pictures of one size."
        )
    return colour_levels(np.abs(a - b).mean(axis=2))


def colour_levels(levels: NDArray[np.floating]) -> Image.Image:
    """Differences in grey levels as colours: float (H, W) to PIL "RGB"; the scale is as above."""
    from matplotlib import colormaps

    return Image.fromarray(
        colormaps[HEAT_MAP_COLOURS](levels / HEAT_MAP_RANGE, bytes=True)[..., :3]
    )


def rgb_array(picture: Picture) -> NDArray[Any]:
    """A PIL picture, or an array as it is, as uint8 (H, W, 3)."""
    if isinstance(picture, Image.Image):
        return np.asarray(picture.convert("RGB"))
    return picture
