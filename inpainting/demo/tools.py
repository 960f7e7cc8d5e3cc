"""What the canvas asks the server for besides fills: to open, select, save.

Each function is called by the page's script, and answers with JSON. A sentence of ours is an
answer, too, see :func:`refusal`; anything else is a bug.
"""

import base64
import functools
import io
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from inpainting.demo.asked import UNFIT, mask_image_of, picture_of, read_asked, text
from inpainting.demo.images import keep, stem
from inpainting.demo.service import places
from inpainting.demo.uploads import Gone, uploaded
from inpainting.errors import EmptyHole, InpaintingError, InvalidConfig, InvalidMask
from inpainting.io.images import read_picture
from inpainting.masks.convert import is_white, mask_image_from_hole
from inpainting.masks.files import read_mask_file
from inpainting.masks.ratios import DAMAGE, sample_damage
from inpainting.masks.select import select_object
from inpainting.masks.select_marks import only_text, only_thin_lines
from inpainting.seeding import generator_for
from inpainting.types import Hole

Answer = dict[str, Any]

NOT_UPLOADED = "The file did not arrive, or is not kept any more: choose it again."
PLAIN = {"JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP"}  # what every browser shows as it is read here

# From the picture, what is painted in it, and the radius of the brush in pixels.
SELECT: dict[str, Callable[[Image.Image, Hole, float], Hole]] = {
    "object": select_object,
    "bright text": lambda picture, painted, _: only_text(picture, painted, bright=True),
    "dark text": lambda picture, painted, _: only_text(picture, painted, bright=False),
    "thin lines": lambda picture, painted, _: only_thin_lines(picture, painted),
}


def refusal(error: InpaintingError) -> Answer:
    """A sentence as an answer; ``gone``: a file of the request is not kept here any more."""
    gone = {"gone": True} if isinstance(error, Gone) else {}
    return {"error": str(error), **gone}


def answering(function: Callable[[Mapping[str, Any]], Answer]) -> Callable[[Any], Answer]:
    """Make a function that pages may call: one at a time with the fills, errors as sentences."""

    @functools.wraps(function)
    def wrapped(data: Any) -> Answer:
        if not isinstance(data, Mapping):
            return refusal(InvalidConfig(UNFIT))
        try:
            with places:  # memory is for so many pictures at once
                return function(data)
        except InpaintingError as error:
            return refusal(error)

    return wrapped


@answering
def open_photo(data: Mapping[str, Any]) -> Answer:
    """Look at an uploaded photo.

    Args:
        data: ``path`` of the upload.

    Returns:
        ``photo``, ``width``, ``height``, ``name`` for downloads, ``notes``, and ``look``: the file
        to show where a browser's own reading of it could differ, else null.
    """
    path = uploaded(text(data.get("path")), NOT_UPLOADED)
    image, notes = read_picture(path)
    with Image.open(path) as file:
        plain = file.format in PLAIN and not notes
    return {
        "photo": path, "width": image.width, "height": image.height, "name": stem(path),
        "notes": list(notes), "look": None if plain else keep(image, "photo"),
    }  # fmt: skip


@answering
def select(data: Mapping[str, Any]) -> Answer:
    """Snap what is painted roughly, with a ``brush``, to ``what`` is meant, one of ``SELECT``."""
    asked = read_asked(data)
    picture = picture_of(asked)
    painted = is_white(mask_image_of(asked, picture.size))
    if not painted.any():
        raise EmptyHole
    brush = _number({"brush": 0} | dict(data), "brush", 0, max(picture.size))
    return _holes(SELECT[_one_of(data, "what", SELECT)](picture, painted, brush))


@answering
def open_mask_file(data: Mapping[str, Any]) -> Answer:
    """Read a mask file, ``path``, for the photo."""
    asked = read_asked(data)
    picture = picture_of(asked)
    path = uploaded(text(data.get("path")), NOT_UPLOADED)
    mask_image, notes = read_mask_file(path, picture.size, picture=picture)
    return _holes(is_white(mask_image)) | {"notes": list(notes)}


@answering
def damage(data: Mapping[str, Any]) -> Answer:
    """Test damage of a ``kind`` of ``DAMAGE``, ``percent`` of the photo, drawn by ``seed``."""
    kind = _one_of(data, "kind", DAMAGE)
    percent, seed = _number(data, "percent", 1, 60), int(_number(data, "seed", 0, 2**32 - 1))
    size = picture_of(read_asked(data)).size[::-1]
    hole = sample_damage(size, generator_for(seed), kind, percent / 100)
    if not hole.any():
        raise InvalidMask(f"{percent:g} % of so small a picture is nothing: ask for more.")
    return _holes(hole)


@answering
def save(data: Mapping[str, Any]) -> Answer:
    """Write the picture with its fills to a file: ``path`` of a PNG of the photo's size."""
    asked = read_asked(data)
    return {"path": keep(picture_of(asked), f"{stem(text(data.get('name')))}_filled")}


def _holes(hole: Hole) -> Answer:
    """A hole as the canvas takes it: ``box``, and a 1-bit PNG of that part in base64."""
    mask_image = mask_image_from_hole(hole)
    box = mask_image.getbbox()
    assert box  # or there would have been an error
    stream = io.BytesIO()
    mask_image.crop(box).convert("1").save(stream, "PNG")
    return {"box": list(box), "png": base64.b64encode(stream.getvalue()).decode()}


def _one_of(data: Mapping[str, Any], name: str, known: Mapping[str, Any]) -> str:
    value = text(data.get(name))
    if value not in known:
        raise InvalidConfig(UNFIT)
    return value


def _number(data: Mapping[str, Any], name: str, least: float, most: float) -> float:
    value = data.get(name)
    if not isinstance(value, (int, float)) or not least <= value <= most:
        raise InvalidConfig(
            f"{name.capitalize()}: a number from {least:g} to {most:.0f} is needed."
        )
    return value
