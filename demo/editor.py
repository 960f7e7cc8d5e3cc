"""The editor's value, read and written: a picture and its mask image."""

from typing import Any

import gradio as gr
from gradio.components.image_editor import EditorValue
from PIL import Image, ImageChops

from inpainting.errors import InvalidImage, InvalidMask, SizeMismatch
from inpainting.images import decode
from inpainting.masks import MASK_THRESHOLD

from .pictures import keep
from .refusal import readable_errors

PAINT, OPACITY = "#ff3b30", 0.6  # translucent: what it covers stays visible
BRUSH_SHARE = 1 / 30  # of the picture's longer side is the radius of a new brush

NO_PICTURE = "There is no picture yet: upload or paste one, or click an example."


@readable_errors
def read_part(file: gr.FileData | bytes | None, **_: bool) -> Image.Image | None:
    """A part of the editor's value as PIL, "RGB" or "RGBA", read as in the rest of the package.

    Takes the place of Gradio's own reading, which clips 16-bit pictures, ignores EXIF rotation
    and answers a broken file with a bare "Error".
    """
    if file is None:
        return None
    return decode(file.path if isinstance(file, gr.FileData) else bytes(file))


def read_editor(value: dict[str, Any] | None) -> tuple[Image.Image, Image.Image]:
    """What the visitor loaded and painted.

    Args:
        value: as for :func:`read_parts`.

    Returns:
        ``(image, mask_image)``: "RGB" or "RGBA", and "L" with white = repaint.

    Raises:
        InvalidImage: when no picture is loaded.
        InvalidMask: when nothing is painted, or a layer has another size than the picture.
    """
    image, mask_image = read_parts(value)
    if not mask_image.getbbox():
        raise InvalidMask(
            "Nothing is painted yet: paint over the part to replace with the red brush, then "
            "press Fill."
        )
    return image, mask_image


def read_parts(value: dict[str, Any] | None) -> tuple[Image.Image, Image.Image]:
    """Like :func:`read_editor`, also where nothing is painted.

    Args:
        value: ``{"background": PIL or None, "layers": [PIL], "composite": …}``. The composite is
            missing after a value set by the server, so it is never used; an empty canvas is a
            background without one opaque pixel.
    """
    if not value or not value["background"] or not _opacity(value["background"]).getbbox():
        raise InvalidImage(NO_PICTURE)
    image = value["background"]
    mask_image = Image.new("L", image.size)
    for layer in value["layers"]:
        if layer.size != image.size:
            raise SizeMismatch(image.size, layer.size)
        mask_image = ImageChops.lighter(mask_image, _opacity(layer))
    return image, mask_image.point(lambda level: 255 if level >= MASK_THRESHOLD else 0)


def editor_value(image: Image.Image, mask_image: Image.Image | None = None) -> EditorValue:
    """The mirror of :func:`read_editor`: put a picture, and its mask, into the editor."""
    layer = Image.new("RGBA", image.size, PAINT)
    mask_image = mask_image or Image.new("L", image.size)
    layer.putalpha(mask_image.point(lambda level: round(OPACITY * level)))
    return {
        "background": keep(image, "picture"),
        "layers": [keep(layer, "mask")],
        "composite": None,
    }


def brush_for(size: tuple[int, int]) -> gr.Brush:
    """A brush that is neither a hair nor a broom on a picture of that size."""
    return gr.Brush(max(4, round(BRUSH_SHARE * max(size))), [(PAINT, OPACITY)], color_mode="fixed")


def mark(image: Image.Image, mask_image: Image.Image) -> Image.Image:
    """The picture as the editor shows it: the hole tinted, what it covers still visible."""
    tinted = Image.blend(image, Image.new(image.mode, image.size, PAINT), OPACITY)
    return Image.composite(tinted, image, mask_image)


def _opacity(image: Image.Image) -> Image.Image:
    return image.getchannel("A") if image.mode == "RGBA" else Image.new("L", image.size, 255)
