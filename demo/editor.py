"""The editor's value, read and written: a picture and its mask image."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import HTTPException
from gradio.components.base import server
from gradio.components.image_editor import EditorData, EditorValue
from PIL import Image, ImageChops

from inpainting.errors import InvalidImage, InvalidMask, SizeMismatch
from inpainting.images import decode, read_size
from inpainting.mask_edits import black_and_white

from . import limits
from .blobs import Blobs
from .pictures import keep
from .refusal import readable_errors

PAINT, OPACITY = "#ff3b30", 0.6  # translucent: what it covers stays visible
BRUSH_SHARE = 1 / 30  # of the picture's longer side is the radius of a new brush

UNKNOWN_PART = f"A background, or one of {limits.LAYERS} layers, is needed, in one file."
NO_PICTURE = "There is no picture yet: upload or paste one, or click an example."


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
        """ "RGB" or "RGBA", as in the rest of the package.

        Raises:
            InvalidImage: when it cannot be read.
        """
        return decode(self.path)


class PhotoEditor(gr.ImageEditor):
    """Gradio's editor, its value read in our way.

    Its own way clips 16-bit pictures, ignores EXIF rotation, answers a broken file with a bare
    "Error", decodes everything three times over, and keeps what a browser sends without end.
    """

    blobs = Blobs()  # of all: Gradio makes an editor anew for every visitor whose value it sets

    def get_block_name(self) -> str:
        """Which part of the page it is."""
        return "imageeditor"

    @server
    def accept_blobs(self, data: Any) -> None:
        """Keep a part of the value that the browser is about to name in a request.

        Raises:
            HTTPException: 400, for what no editor of ours sends.
        """
        fields, files = data.data, data.files
        kind, name, index = (str(fields.get(key)) for key in ("type", "id", "index"))
        layers = [str(number) for number in range(limits.LAYERS)]
        if len(files) != 1 or len(name) > 64 or kind == "layer" and index not in layers:
            raise HTTPException(400, UNKNOWN_PART)
        if kind in ("background", "layer"):  # what they compose is never looked at
            part = f"layer {index}" if kind == "layer" else kind
            self.blobs.put(name, part, files[0][1])

    @readable_errors
    def preprocess(self, payload: EditorData | None) -> dict[str, Any] | None:
        """What :func:`read_parts` takes."""
        if payload is None:
            return None
        if payload.id is not None:
            parts = dict(self.blobs.take(payload.id) or {})
            background = parts.pop("background", None)
            layers = list(parts.values())
        else:
            background = payload.background.path if payload.background else None
            layers = [layer.path for layer in payload.layers[: limits.LAYERS] if layer]
        if background is None:
            return None
        return {"background": Part(background), "layers": [Part(path).read() for path in layers]}


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
    # A page that was left open outlives its photo's file here.
    image = decode(photo) if photo and Path(photo).is_file() else None
    background = value["background"]
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
