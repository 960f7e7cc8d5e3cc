"""Mask files of users: read, and fitted to their picture."""

from typing import NamedTuple

from PIL import Image

from inpainting.errors import InvalidMask
from inpainting.io.images import ImageSource, decode
from inpainting.masks.edit import resize
from inpainting.masks.meaning import meaning

STRETCHED = 1.02  # ratio of aspect ratios from which a resized mask is called stretched

TURNED = (
    "The mask is {mask} pixels and its picture {picture}: the sides are swapped, as when a mask is "
    "drawn on a photo that was not turned upright yet. Turn the mask by 90°, or draw it on the "
    "upright photo."
)


class MaskFile(NamedTuple):
    """A mask image of a picture's size, and what its owner should know about it, in sentences."""

    mask_image: Image.Image
    notes: tuple[str, ...]


def read_mask_file(
    source: ImageSource,
    size: tuple[int, int],
    invert: bool = False,
    picture: Image.Image | None = None,
) -> MaskFile:
    """Read a mask of any kind, as docs/masks.md says, and resize it to its picture.

    Args:
        source: anything that :func:`inpainting.io.images.decode` reads, of any size.
        size: (width, height) of the picture.
        invert: what would be kept is repainted, and the other way round.
        picture: if it is at hand; no picture is its own mask.

    Raises:
        InvalidImage: when it cannot be read.
        EmptyHole: when it marks nothing.
        InvalidMask: when it does not say what is to be repainted, or lies on its side.
    """
    white, notes = meaning(decode(source, grey=True), picture, invert)
    if white.size != size:
        notes = (_resized(white.size, size), *notes)
        white = resize(white, size)
    return MaskFile(white, notes)


def _resized(given: tuple[int, int], size: tuple[int, int]) -> str:
    """The note about it.

    Raises:
        InvalidMask: when only a mask turned by 90° would have the picture's shape.
    """
    words = {"mask": f"{given[0]}×{given[1]}", "picture": f"{size[0]}×{size[1]}"}
    stretched = _stretch(given, size)
    if stretched > STRETCHED and _stretch(given[::-1], size) <= STRETCHED:
        raise InvalidMask(TURNED.format(**words))
    shape = ", and stretched" if stretched > STRETCHED else ""
    return "The mask was resized from {mask} to {picture} pixels".format(**words) + shape + "."


def _stretch(given: tuple[int, int], size: tuple[int, int]) -> float:
    ratio = given[0] * size[1] / (given[1] * size[0])
    return max(ratio, 1 / ratio)
