"""What people paint into a hole to say what colours they want there.

A guide is an "RGBA" image of the picture's size: opaque (255) where a colour is given, transparent
(0) elsewhere; the network's form is :class:`inpainting.models.guide.Guide`.
"""

import numpy as np
from PIL import Image

from inpainting.errors import InvalidGuide
from inpainting.io.images import ImageSource, decode
from inpainting.masks.convert import is_white
from inpainting.types import Flags, Hole

OTHER_SIZE = (
    "The guide is {width}×{height} pixels but the picture is {picture_width}×{picture_height}: "
    "paint it on a copy of the picture's size."
)
NOT_TRANSPARENT = (
    "The guide is opaque everywhere, so that it does not say where its colours count: save it with "
    "transparency (PNG, WebP), opaque only where you have painted."
)
NOTHING_GIVEN = "The guide is transparent everywhere: paint colours into it where the hole is."
OUTSIDE = "The guide gives no colour inside the hole: paint where the mask is white."
PARTLY_OUTSIDE = "What the guide gives outside the hole has no effect."


def read_guide(source: ImageSource, hole: Hole) -> tuple[Image.Image, tuple[str, ...]]:
    """A guide from anything that :func:`inpainting.io.images.decode` reads.

    Args:
        source: of the picture's size; a colour is given where it is at least half opaque.
        hole: bool (H, W), True = missing.

    Returns:
        "RGBA", opaque where a colour is given inside the hole; and a sentence if some of it lies
        outside.

    Raises:
        InvalidImage: when it cannot be read.
        InvalidGuide: when it has another size, is opaque or transparent everywhere, or gives
            nothing inside the hole.
    """
    image = decode_drawn(source, hole, OTHER_SIZE)
    if image.mode != "RGBA" or image.getchannel("A").getextrema()[0] == 255:
        raise InvalidGuide(NOT_TRANSPARENT)
    given = given_in(image)
    if not given.any():
        raise InvalidGuide(NOTHING_GIVEN)
    guide = inside(image, hole)
    if guide is None:
        raise InvalidGuide(OUTSIDE)
    return guide, (PARTLY_OUTSIDE,) if (given & ~hole).any() else ()


def decode_drawn(source: ImageSource, hole: Hole, other_size: str) -> Image.Image:
    """What somebody has drawn on a picture, decoded.

    Args:
        source: of the picture's size.
        hole: bool (H, W), True = missing.
        other_size: the sentence for another size, with both sizes left open, as ``OTHER_SIZE``.

    Raises:
        InvalidImage: when it cannot be read.
        InvalidGuide: when it has another size.
    """
    image = decode(source)
    height, width = hole.shape
    if image.size != (width, height):
        raise InvalidGuide(
            other_size.format(
                width=image.width, height=image.height, picture_width=width, picture_height=height
            )
        )
    return image


def inside(image: Image.Image, hole: Hole) -> Image.Image | None:
    """What of an "RGBA" image gives a colour inside the hole, as a guide; None where nothing does.

    Args:
        image: a colour is given where it is at least half opaque.
        hole: bool (H, W), True = missing.
    """
    given = given_in(image) & hole
    if not given.any():
        return None
    guide = image.copy()
    guide.putalpha(Image.fromarray(given.astype(np.uint8) * 255))
    return guide


def shrink(guide: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A guide at (width, height): the mean of the colours given below each of its pixels."""
    small = guide.resize(size, Image.Resampling.BOX)  # weighs colours by their opacity
    small.putalpha(small.getchannel("A").point(lambda level: 255 if level else 0))
    return small


def given_in(image: Image.Image) -> Flags:
    """Bool (H, W): where an "RGBA" image gives a colour: it is at least half opaque there."""
    return is_white(image.getchannel("A"))
