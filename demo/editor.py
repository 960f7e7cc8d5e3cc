"""The editor's value, read and written: a picture and its mask image."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components.image_editor import EditorData, EditorValue
from PIL import Image, ImageChops

from inpainting.errors import InvalidImage, InvalidMask, SizeMismatch
from inpainting.images import decode, read_size
from inpainting.mask_edits import black_and_white

from .pictures import keep
from .refusal import readable_errors

PAINT, OPACITY = "#ff3b30", 0.6  # translucent: what it covers stays visible
BRUSH_SHARE = 1 / 30  # of the picture's longer side is the radius of a new brush

NO_PICTURE = "There is no picture yet: upload or paste one, or click an example."


@dataclass(frozen=True)
class Part:
    """A file that the browser sent: read only when its pixels are needed."""

    file: gr.FileData | bytes

    @property
    def source(self) -> str | bytes:
        """Path or content."""
        return self.file.path if isinstance(self.file, gr.FileData) else bytes(self.file)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, from the file's header.

        Raises:
            InvalidImage: when it is no picture.
        """
        return read_size(self.source)

    def read(self) -> Image.Image:
        """ "RGB" or "RGBA", as in the rest of the package.

        Raises:
            InvalidImage: when it cannot be read.
        """
        return decode(self.source)


class PhotoEditor(gr.ImageEditor):
    """Gradio's editor, its value read in our way.

    Its own way clips 16-bit pictures, ignores EXIF rotation, answers a broken file with a bare
    "Error", and decodes everything three times over.
    """

    def get_block_name(self) -> str:
        """Which part of the page it is."""
        return "imageeditor"

    @readable_errors
    def preprocess(self, payload: EditorData | None) -> dict[str, Any] | None:
        """What :func:`read_parts` takes."""
        if payload is None:
            return None
        parts = self.blob_storage.pop(payload.id, None) if payload.id is not None else payload
        if parts is None or parts.background is None:
            return None
        layers = [Part(layer).read() for layer in parts.layers or [] if layer is not None]
        return {"background": Part(parts.background), "layers": layers}


def read_editor(
    value: dict[str, Any] | None, photo: str | None = None
) -> tuple[Image.Image, Image.Image]:
    """What the visitor loaded and painted.

    Args:
        value, photo: as for :func:`read_parts`.

    Returns:
        ``(image, mask_image)``: "RGB" or "RGBA", and "L" with white = repaint.

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


def read_parts(
    value: dict[str, Any] | None, photo: str | None = None
) -> tuple[Image.Image, Image.Image]:
    """Like :func:`read_editor`, also where nothing is painted.

    Args:
        value: ``{"background": Part, "layers": [PIL]}``. An empty canvas is a background without
            one opaque pixel.
        photo: file that was put into the editor. It is what counts: a browser's canvas
            multiplies colours by their opacity and loses some of them.
    """
    if not value:
        raise InvalidImage(NO_PICTURE)
    image, background = decode(photo) if photo else None, value["background"]
    if image is None or image.size != background.size:
        image = background.read()
        if not _opacity(image).getbbox():
            raise InvalidImage(NO_PICTURE)
    mask_image = Image.new("L", image.size)
    for layer in value["layers"]:
        if layer.size != image.size:
            raise SizeMismatch(image.size, layer.size)
        mask_image = ImageChops.lighter(mask_image, _opacity(layer))
    return image, black_and_white(mask_image)


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
    """A brush that is neither a hair nor a broom on a picture of that size."""
    return gr.Brush(max(4, round(BRUSH_SHARE * max(size))), [(PAINT, OPACITY)], color_mode="fixed")


def mark(image: Image.Image, mask_image: Image.Image) -> Image.Image:
    """The picture as the editor shows it: the hole tinted, what it covers still visible."""
    tinted = Image.blend(image, Image.new(image.mode, image.size, PAINT), OPACITY)
    return Image.composite(tinted, image, mask_image)


def _opacity(image: Image.Image) -> Image.Image:
    return image.getchannel("A") if image.mode == "RGBA" else Image.new("L", image.size, 255)
