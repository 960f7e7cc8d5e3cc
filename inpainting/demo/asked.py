"""What the canvas asks for, read from the JSON that a browser sent.

The browser holds the state: the photo's file here, the patches of earlier fills, and what is
painted. Each request carries all of it, in a few kilobytes; the server remembers nothing.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

from PIL import Image

from inpainting.demo import limits
from inpainting.demo.checkpoint import DEFAULT
from inpainting.demo.examples import Example, find, read_original, read_photo
from inpainting.demo.patches import Patch, lay, lies_in
from inpainting.demo.uploads import uploaded
from inpainting.errors import InvalidConfig, InvalidGuide, InvalidMask
from inpainting.inference.guide_image import inside
from inpainting.inference.line_image import lines_inside
from inpainting.inference.parts import SEEDS
from inpainting.io.images import decode, read_picture
from inpainting.masks.convert import black_and_white, hole_from_mask_image
from inpainting.masks.edit import grow
from inpainting.types import Box, Hole, box_size

EXAMPLE = "example:"  # a photo of that kind is a bundled one, by its name
MODES = ("auto", "natural", "faithful")
MOST_GROWTH = 32  # pixels, as of the feather
MOST_REQUESTS = 2**53  # of a visitor: a browser counts no further

UNFIT = "This request does not fit the app: reload the page, and try again."
PHOTO_GONE = "The photo is not kept here any more: files are deleted after an hour. Open it again."
NO_HOLE = "The painted part does not fit the photo: reload the page, and try again."
NO_GUIDE = "What was drawn does not fit the photo: reload the page, and try again."


class Drawn(NamedTuple):
    """A PNG of a part of the photo."""

    box: Box
    png: bytes


class Asked(NamedTuple):
    """A request.

    ``number``: of the visitor's requests; ``photo``: a file's path or ``example:NAME``;
    ``patches``: of earlier fills; ``box`` and ``png``: what is painted, a 1-bit PNG, white =
    repaint, of that part of the photo, None and empty where nothing is; ``guide``: colours drawn
    into it, a PNG with transparency, and the part of the photo that it is of; ``lines``: likewise
    lines, dark, and where there are to be none, light; ``grow`` and
    ``feather`` in pixels; ``mode`` and ``seed`` of the fill; ``known``: whether the original
    under the hole is known; ``measured``: whether its numbers are wanted; ``network``: which one is
    to fill; ``passes``: how often it looks, None = as often as it was trained for.
    """

    number: int
    photo: str
    patches: tuple[Patch, ...] = ()
    box: Box | None = None
    png: bytes = b""
    guide: Drawn | None = None
    lines: Drawn | None = None
    grow: int = 0
    feather: int = 0
    mode: str = "auto"
    seed: int = 0
    known: bool = False
    measured: bool = False
    network: str = DEFAULT
    passes: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing but a mode is asked for that changes the fill of a photo as it came."""
        drawn = self.guide or self.lines
        changed = self.patches or self.feather or self.seed or drawn or self.passes
        return not changed and self.network == DEFAULT

    @property
    def example(self) -> Example | None:
        """The bundled example that is worked on."""
        return find(self.photo.removeprefix(EXAMPLE)) if self.photo.startswith(EXAMPLE) else None

    def other_mode(self) -> str:
        """What the page's switch would ask for in its other position."""
        return "faithful" if self.mode != "faithful" else "auto"


def read_asked(data: Any) -> Asked:
    """A request from a browser's JSON.

    Raises:
        InvalidConfig: for what the page does not send.
    """
    if not isinstance(data, Mapping):
        raise InvalidConfig(UNFIT)
    try:
        patches = tuple(Patch(_box(patch["box"]), text(patch["path"])) for patch in data["patches"])
        box = data.get("box")
        asked = Asked(
            number=int(data["number"]),
            photo=text(data["photo"]),
            patches=patches,
            box=None if box is None else _box(box),
            png=_bytes(data.get("png") or ""),
            guide=_drawn(data.get("guide")),
            lines=_drawn(data.get("lines")),
            grow=int(data.get("grow", 0)),
            feather=int(data.get("feather", 0)),
            mode=text(data.get("mode", "auto")),
            seed=int(data.get("seed", 0)),
            known=data.get("known") is True,
            measured=data.get("measured") is True,
            network=text(data.get("network", DEFAULT)),
            passes=int(data.get("passes") or 0) or None,
        )
    except (KeyError, TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise InvalidConfig(UNFIT) from error
    widths = 0 <= asked.grow <= MOST_GROWTH and 0 <= asked.feather <= MOST_GROWTH
    counts = 0 <= asked.number < MOST_REQUESTS and 0 <= asked.seed < SEEDS
    if not widths or not counts or asked.mode not in MODES:
        raise InvalidConfig(UNFIT)
    if len(patches) > limits.PATCHES:
        raise InvalidConfig(
            f"More than {limits.PATCHES} fills lie on this photo: download it, open it again, and "
            "go on."
        )
    return asked


def number_of(data: Any) -> int | None:
    """The number of a request, also of one that does not fit; None where it has none."""
    number = data.get("number") if isinstance(data, Mapping) else None
    return number if isinstance(number, int) and 0 <= number < MOST_REQUESTS else None


def picture_of(asked: Asked) -> Image.Image:
    """The photo with the patches of earlier fills on it.

    Raises:
        InvalidImage: when one of the files is gone or cannot be read.
    """
    return lay(_photo(asked), asked.patches)


def mask_image_of(asked: Asked, size: tuple[int, int]) -> Image.Image:
    """What is painted, grown, as a mask image; black where nothing is.

    Args:
        asked: the request.
        size: (width, height) of its picture.

    Raises:
        InvalidMask: when it is no mask image of its box.
    """
    mask_image = Image.new("L", size)
    if asked.box is None:
        return mask_image
    if not lies_in(asked.box, size):
        raise InvalidMask(NO_HOLE)
    part = decode(asked.png, grey=True).convert("L")
    if part.size != box_size(asked.box):
        raise InvalidMask(NO_HOLE)
    mask_image.paste(black_and_white(part), asked.box)
    return grow(mask_image, asked.grow)


def hole_of(asked: Asked, size: tuple[int, int]) -> Hole:
    """What is painted, grown: bool (H, W), True = missing.

    Raises:
        InvalidMask: as :func:`mask_image_of`; when nothing is painted, or everything.
    """
    return hole_from_mask_image(mask_image_of(asked, size), size)


def guide_of(asked: Asked, hole: Hole) -> Image.Image | None:
    """The colours drawn into a hole, see :mod:`inpainting.inference.guide_image`; None for none.

    Raises:
        InvalidGuide: when they are no picture of their box.
    """
    drawn = _on_photo(asked.guide, hole)
    return drawn and inside(drawn, hole)


def lines_of(asked: Asked, hole: Hole) -> Image.Image | None:
    """The lines drawn into a hole, see :mod:`inpainting.inference.line_image`; None for none.

    Raises:
        InvalidGuide: when they are no picture of their box.
    """
    drawn = _on_photo(asked.lines, hole)
    return drawn and lines_inside(drawn, hole)


def _on_photo(drawn: Drawn | None, hole: Hole) -> Image.Image | None:
    """A drawing as an "RGBA" image of the photo's size."""
    if drawn is None:
        return None
    height, width = hole.shape
    part = decode(drawn.png)
    if not lies_in(drawn.box, (width, height)) or part.size != box_size(drawn.box):
        raise InvalidGuide(NO_GUIDE)
    whole = Image.new("RGBA", (width, height))
    whole.paste(part.convert("RGBA"), drawn.box)
    return whole


def original_of(asked: Asked) -> Image.Image | None:
    """The undamaged original of an example, where there is one beside it."""
    return read_original(asked.example) if asked.example else None


def text(value: Any) -> str:
    """A browser's string; of anything else not even the form is told, however deep it is.

    Raises:
        InvalidConfig: when it is none.
    """
    if not isinstance(value, str):
        raise InvalidConfig(UNFIT)
    return value


def _photo(asked: Asked) -> Image.Image:
    if asked.example:
        return read_photo(asked.example)
    return read_picture(uploaded(asked.photo, PHOTO_GONE)).image


def _drawn(value: Any) -> Drawn | None:
    return None if value is None else Drawn(_box(value["box"]), _bytes(value["png"]))


def _bytes(value: str) -> bytes:
    return base64.b64decode(value, validate=True)


def _box(value: Any) -> Box:
    left, top, right, bottom = (int(side) for side in value)
    return left, top, right, bottom
