"""Mask files of users: read, and fitted to their picture."""

from typing import NamedTuple

from PIL import Image, ImageChops

from inpainting.errors import EmptyHole
from inpainting.io.images import ImageSource, decode
from inpainting.masks.convert import black_and_white

MOSTLY_WHITE = 0.5  # share of white from which a mask looks inverted
STRETCHED = 1.02  # ratio of aspect ratios from which a resized mask is called stretched


class MaskFile(NamedTuple):
    """A mask image of a picture's size, and what its owner should know about it, in sentences."""

    mask_image: Image.Image
    notes: tuple[str, ...]


def read_mask_file(source: ImageSource, size: tuple[int, int]) -> MaskFile:
    """Read a mask of any kind and resize it to its picture.

    White = repaint, and transparent = keep. If nothing is white then, whatever was drawn on a
    transparent ground is to be repainted, in any colour.

    Args:
        source: anything that :func:`inpainting.io.images.decode` reads, of any size.
        size: (width, height) of the picture.

    Raises:
        InvalidImage: when it cannot be read.
        EmptyHole: when it marks nothing.
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
    """Share of white pixels of an "L" image of 0 and 255, in [0, 1]."""
    return mask_image.histogram()[255] / (mask_image.width * mask_image.height)


def _white(image: Image.Image) -> Image.Image:
    level = image.convert("L")
    if image.mode == "RGBA":
        level = ImageChops.multiply(level, image.getchannel("A"))
    return black_and_white(level)


def _resized(given: tuple[int, int], size: tuple[int, int]) -> str:
    ratio = given[0] * size[1] / (given[1] * size[0])
    shape = ", and stretched" if max(ratio, 1 / ratio) > STRETCHED else ""
    return f"The mask was resized from {given[0]}×{given[1]} to {size[0]}×{size[1]} pixels{shape}."
