"""Patches: what a fill changes in a picture, as a small file of its own.

A fill travels and is kept as the part that it changed, so that a detail of 12 megapixels costs what
a detail costs. The picture after several fills is the photo with their patches laid on in turn.
"""

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

from inpainting.demo.images import keep
from inpainting.demo.uploads import uploaded
from inpainting.errors import InvalidImage
from inpainting.inference.result import InpaintingResult
from inpainting.io.images import alpha_of, read_picture
from inpainting.masks.convert import mask_image_from_hole
from inpainting.types import Box, box_size

GONE = (
    "An earlier step of this picture is not kept any more: files are deleted after an hour. "
    "Download what you have, or open it again."
)
NO_PATCH = "This patch does not fit the picture: open the photo again."


class Patch(NamedTuple):
    """A changed part: ``box`` (left, top, right, bottom) in the picture, and its PNG file.

    Of an opaque picture the file is transparent where nothing changed, so that it stays small
    for thin holes; of one with transparency it replaces its whole box.
    """

    box: Box
    path: str


def cut(result: InpaintingResult) -> Patch:
    """Write the part that a fill changed to a file.

    Args:
        result: with at least one pixel filled.
    """
    mask_image = mask_image_from_hole(result.hole)
    box = mask_image.getbbox()
    assert box  # a fill has a hole
    part, inside = result.image.crop(box), mask_image.crop(box)
    if alpha_of(part) is None:
        nothing = Image.new(part.mode, part.size)
        nothing.paste(part, mask=inside)
        nothing.putalpha(inside)
        nothing.info = dict(result.image.info)
        part = nothing
    return Patch(box, keep(part, "patch"))


def lines_path(result: InpaintingResult, box: Box) -> str | None:
    """Write the lines that a fill has followed to a file, as the canvas shows them: black, the more
    opaque the surer; None of a network that predicts none.
    """
    if result.lines is None:
        return None
    shown = Image.new("LA", (box[2] - box[0], box[3] - box[1]))
    shown.putalpha(result.lines.crop(box))
    return keep(shown, "lines")


def lay(picture: Image.Image, patches: Sequence[Patch]) -> Image.Image:
    """The picture with patches on it, in their order; the given one is changed.

    Args:
        picture: "L", "LA", "RGB" or "RGBA".
        patches: of :func:`cut`, as a browser named them.

    Raises:
        InvalidImage: when a file is gone, or is no patch of such a picture, at such a place.
    """
    opaque = alpha_of(picture) is None
    for patch in patches:
        part = read_picture(uploaded(patch.path, GONE)).image
        if not lies_in(patch.box, picture.size) or part.size != box_size(patch.box):
            raise InvalidImage(NO_PATCH)
        inside = alpha_of(part) if opaque else None
        picture.paste(part.convert(picture.mode), patch.box, inside)
    return picture


def lies_in(box: Box, size: tuple[int, int]) -> bool:
    """Whether a box has pixels, and all of them are those of a picture of (width, height)."""
    left, top, right, bottom = box
    return 0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]
