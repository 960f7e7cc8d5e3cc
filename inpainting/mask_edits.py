"""What people do to a mask before it is used: bring one from a file, grow, shrink, invert it.

Mask images here are mode "L", 255 = repaint, 0 = keep.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops

from .errors import EmptyHole
from .images import ImageSource, decode
from .masks import MASK_THRESHOLD

MOSTLY_WHITE = 0.5  # share of white from which a mask looks as if it meant the other way round
STRETCHED = 1.02  # ratio of aspect ratios from which a resized mask is said to be stretched


class MaskFile(NamedTuple):
    """A mask that somebody brought, and what they should know about it, in sentences."""

    mask_image: Image.Image
    notes: tuple[str, ...]


def read_mask_file(source: ImageSource, size: tuple[int, int]) -> MaskFile:
    """A mask from anywhere, made to fit a picture.

    White = repaint, and transparent = keep; where nothing is white then, what was drawn on a
    transparent ground is meant, whatever its colour.

    Args:
        source: anything that :func:`inpainting.images.decode` reads, of any size.
        size: (width, height) of the picture.

    Raises:
        InvalidImage: when it cannot be read; EmptyHole: when it marks nothing.
    """
    given = decode(source, grey=True)
    white = _white(given)
    if not white.getbbox() and given.mode == "RGBA":
        white = black_and_white(given.getchannel("A"))
    if not white.getbbox():
        raise EmptyHole
    notes = []
    if given.size != size:
        white = white.resize(size, Image.Resampling.NEAREST)
        notes.append(_resized(given.size, size))
    share = white_share(white)
    if share > MOSTLY_WHITE:
        notes.append(
            f"{share:.0%} of the mask is white, and white is what will be repainted: if you meant "
            "the other way round, invert it."
        )
    return MaskFile(white, tuple(notes))


def white_share(mask_image: Image.Image) -> float:
    """Share of white pixels of an "L" mask image of black and white, in [0, 1]."""
    return mask_image.histogram()[255] / (mask_image.width * mask_image.height)


def black_and_white(level: Image.Image) -> Image.Image:
    """An "L" picture with nothing between: from ``MASK_THRESHOLD`` on a grey is white."""
    return level.point(lambda value: 255 if value >= MASK_THRESHOLD else 0)


def inverted(mask_image: Image.Image) -> Image.Image:
    """White for black and black for white."""
    return ImageChops.invert(mask_image)


def grown(mask_image: Image.Image, pixels: int) -> Image.Image:
    """The white parts larger by ``pixels`` all around, with round corners; smaller if negative.

    A pixel is white afterwards when a white one lies within that distance (Euclidean); shrinking
    is growing the black. The picture's border is no edge: what touches it keeps touching it.
    """
    box = mask_image.getbbox()
    if not pixels or not box:
        return mask_image
    from skimage.morphology import isotropic_dilation, isotropic_erosion  # loads scipy

    # Only where something can change: distances of a whole photo take seconds.
    reach = abs(pixels) + 1
    left, top, right, bottom = box
    box = (
        max(0, left - reach), max(0, top - reach),
        min(mask_image.width, right + reach), min(mask_image.height, bottom + reach),
    )  # fmt: skip
    change = isotropic_dilation if pixels > 0 else isotropic_erosion
    part = change(np.asarray(mask_image.crop(box)) >= MASK_THRESHOLD, abs(pixels))
    result = mask_image.copy()
    result.paste(Image.fromarray(part).convert("L"), box)
    return result


def _white(image: Image.Image) -> Image.Image:
    level = image.convert("L")
    if image.mode == "RGBA":
        level = ImageChops.multiply(level, image.getchannel("A"))
    return black_and_white(level)


def _resized(given: tuple[int, int], size: tuple[int, int]) -> str:
    ratio = given[0] * size[1] / (given[1] * size[0])
    shape = ", and stretched" if max(ratio, 1 / ratio) > STRETCHED else ""
    return f"The mask was resized from {given[0]}×{given[1]} to {size[0]}×{size[1]} pixels{shape}."
