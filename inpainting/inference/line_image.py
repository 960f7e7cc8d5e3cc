"""Lines that people draw into a hole, and those that a network expects there.

Drawn lines are an "LA" image of the picture's size: white (255) on a line, black (0) beside it,
opaque (255) where somebody has said which, transparent (0) elsewhere. The network's form is
``line`` of :class:`inpainting.models.guide.Guide`.
"""

import numpy as np
from PIL import Image

from inpainting.errors import InvalidGuide
from inpainting.inference.guide_image import decode_drawn
from inpainting.io.images import ImageSource
from inpainting.masks.convert import is_white
from inpainting.types import Flags, Hole

OTHER_SIZE = (
    "The drawing of lines is {width}×{height} pixels but the picture is {picture_width}×"
    "{picture_height}: draw on a copy of the picture's size."
)
MOSTLY_DARK = (
    "The drawing is dark in more than half of the hole: draw dark lines on white, or on a "
    "transparent picture."
)
OUTSIDE = "The drawing says nothing inside the hole: draw lines where the mask is white."


def read_lines(source: ImageSource, hole: Hole) -> Image.Image:
    """Lines from anything that :func:`inpainting.io.images.decode` reads.

    Args:
        source: of the picture's size. Dark is a line, light is none, and where it is more than half
            transparent the network decides; without transparency it does so nowhere.
        hole: bool (H, W), True = missing.

    Returns:
        "LA", see above; transparent outside the hole.

    Raises:
        InvalidImage: when it cannot be read.
        InvalidGuide: when it has another size, says nothing inside the hole, or is dark in most.
    """
    lines = lines_inside(decode_drawn(source, hole, OTHER_SIZE), hole)
    if lines is None:
        raise InvalidGuide(OUTSIDE)
    if np.count_nonzero(levels_of(lines)[0]) > np.count_nonzero(hole) / 2:
        raise InvalidGuide(MOSTLY_DARK)
    return lines


def lines_inside(image: Image.Image, hole: Hole) -> Image.Image | None:
    """What of a drawing says something inside the hole; None where nothing does.

    Args:
        image: of any mode, see :func:`read_lines`.
        hole: bool (H, W), True = missing.
    """
    told = hole.copy()
    if "A" in image.getbands():
        told &= is_white(image.getchannel("A"))
    dark = ~is_white(image.convert("RGB").convert("L"))
    return _image(dark & told, told) if told.any() else None


def shrink_lines(lines: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Lines at (width, height): a line where one of the pixels below is on one."""
    line, told = (
        np.asarray(part.resize(size, Image.Resampling.BOX)) > 0
        for part in (_on(lines), lines.getchannel("A"))
    )
    return _image(line, told)


def levels_of(lines: Image.Image) -> tuple[Flags, Flags]:
    """Two bool (H, W): where a line was drawn, and where somebody has said whether there is one."""
    line, told = np.moveaxis(np.asarray(lines), -1, 0) > 0
    return line, told


def expected_lines(
    predicted: Image.Image | None, drawn: Image.Image | None, hole: Hole
) -> Image.Image | None:
    """The lines that a fill has followed: the drawn ones, and elsewhere the predicted ones.

    Args:
        predicted: "L", probability of a line, 255 = certain; None of a network without structure.
        drawn: "LA", or None.
        hole: bool (H, W), True = missing.

    Returns:
        "L", 0 outside the hole; None where none were predicted.
    """
    if predicted is None:
        return None
    level = np.where(hole, np.asarray(predicted), 0).astype(np.uint8)
    if drawn is not None:
        line, told = levels_of(drawn)
        level = np.where(told, 255 * line, level).astype(np.uint8)
    return Image.fromarray(level)


def _on(lines: Image.Image) -> Image.Image:
    line, told = levels_of(lines)
    return Image.fromarray((line & told).astype(np.uint8) * 255)


def _image(line: Flags, told: Flags) -> Image.Image:
    both = np.stack([line, told], axis=-1).astype(np.uint8) * 255
    return Image.fromarray(both, "LA")
