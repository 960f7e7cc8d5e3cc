"""The editor's value, read and written: a picture and its mask image."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image, ImageChops

from inpainting.demo import limits
from inpainting.demo.errors import readable_errors
from inpainting.demo.gradio_internals import EditorValue, FileEditor
from inpainting.demo.images import OPACITY, PAINT, keep
from inpainting.demo.uploads import BoundedUploads
from inpainting.errors import InvalidImage, InvalidMask, SizeMismatch
from inpainting.io.images import alpha_of, read_picture, read_size
from inpainting.masks.convert import black_and_white, hole_from_mask_image
from inpainting.types import Hole

BRUSH_SHARE = 1 / 30  # of the picture's longer side is the radius of a new brush

UNKNOWN_PART = f"A background, or one of {limits.LAYERS} layers, is needed, in one file."
NO_PICTURE = "There is no picture yet: upload or paste one, or click an example."

Value = dict[str, Any] | None  # ``{"background": Part, "layers": [PIL]}``


@dataclass(frozen=True)
class Part:
    """A file that the browser sent: read only when its pixels are needed."""

    path: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, from the file's header.

        Raises:
            InvalidImage: when it is no picture.
        """
        return read_size(self.path)

    def read(self) -> Image.Image:
        """The picture, "L", "LA", "RGB" or "RGBA", with its colour space.

        Raises:
            InvalidImage: when it cannot be read.
        """
        return read_picture(self.path).image


class PhotoEditor(FileEditor):
    """Gradio's editor with values of the type ``Value``."""

    uploads = BoundedUploads()
    most_layers = limits.LAYERS
    unknown_part = UNKNOWN_PART

    @readable_errors
    def preprocess(self, payload: Any) -> Value:
        """The value that the page's events get."""
        background, layers = self.files(payload)
        if background is None:
            return None
        return {"background": Part(background), "layers": [Part(path).read() for path in layers]}


def read_hole(value: Value, photo: str | None = None) -> tuple[Image.Image, Hole]:
    """The picture and what was painted, as a hole: bool (H, W), True = missing.

    Args:
        value, photo: as for :func:`read_parts`.

    Raises:
        InvalidImage, InvalidMask: as :func:`read_editor`, and when everything is painted.
    """
    image, mask_image = read_editor(value, photo)
    return image, hole_from_mask_image(mask_image, image.size)


def read_editor(value: Value, photo: str | None = None) -> tuple[Image.Image, Image.Image]:
    """The picture and what was painted, as a mask image.

    Args:
        value, photo: as for :func:`read_parts`.

    Returns:
        ``(image, mask_image)``: of :func:`~inpainting.io.images.read_picture`, and "L" with white =
        repaint.

    Raises:
        InvalidImage: when no picture is loaded.
        InvalidMask: when nothing is painted, or a layer has another size than the picture.
    """
    image, mask_image = read_parts(value, photo)
    if not mask_image.getbbox():
        raise InvalidMask(
            "Nothing is painted yet: paint over the part to replace with the red brush, then "
            "press Fill."
        )
    return image, mask_image


def read_parts(value: Value, photo: str | None = None) -> tuple[Image.Image, Image.Image]:
    """Like :func:`read_editor`, also where nothing is painted.

    Args:
        value: of the editor. An empty canvas is a background without one opaque pixel.
        photo: file that was put into the editor. It is what counts: a browser's canvas
            multiplies colours by their opacity and loses some of them.
    """
    path = source_of(value, photo)
    assert value  # or there would be no file
    image = read_picture(path).image
    if path != photo and not _opacity(image).getbbox():
        raise InvalidImage(NO_PICTURE)
    mask_image = Image.new("L", image.size)
    for layer in value["layers"]:
        if layer.size != image.size:
            raise SizeMismatch(image.size, layer.size)
        mask_image = ImageChops.lighter(mask_image, _opacity(layer))
    return image, black_and_white(mask_image)


def source_of(value: Value, photo: str | None = None) -> str:
    """The file that :func:`read_parts` reads the picture from.

    Args:
        value, photo: as there.

    Raises:
        InvalidImage: when no picture is loaded.
    """
    if not value:
        raise InvalidImage(NO_PICTURE)
    background: Part = value["background"]
    # A page that was left open outlives its photo's file here.
    if photo and Path(photo).is_file() and read_size(photo) == background.size:
        return photo
    return background.path


def put(image: Image.Image, mask_image: Image.Image, photo: str | None = None) -> gr.ImageEditor:
    """The mirror of :func:`read_editor`: the editor with a picture, its mask, and a brush.

    Args:
        image, mask_image: of one size.
        photo: file of the picture, if it has been put into an editor before.
    """
    layer = Image.new("RGBA", mask_image.size, PAINT)
    layer.putalpha(mask_image.point(lambda level: round(OPACITY * level)))
    value: EditorValue = {
        "background": photo or keep(image, "picture"),
        "layers": [keep(layer, "mask")],
        "composite": None,  # else Gradio would load it as the background
    }
    return gr.ImageEditor(value, brush=brush_for(mask_image.size))


def brush_for(size: tuple[int, int]) -> gr.Brush:
    """A brush whose width suits a picture of that size."""
    return gr.Brush(max(4, round(BRUSH_SHARE * max(size))), [(PAINT, OPACITY)], color_mode="fixed")


def _opacity(image: Image.Image) -> Image.Image:
    return alpha_of(image) or Image.new("L", image.size, 255)
