"""A visitor of the demo without a browser: what the editor would send, and the Fill button."""

from types import SimpleNamespace
from typing import Any

import gradio as gr
from PIL import Image

from inpainting.demo import events
from inpainting.demo.asked import Asked
from inpainting.demo.editor import Part, read_parts
from inpainting.demo.images import OPACITY, PAINT, keep
from inpainting.io.images import decode

VISITOR = SimpleNamespace(session_hash="visitor")  # a gr.Request
OUTPUTS = ("slider", "report", "file", "difference", "expected", "levels", "window", "compared",
           "history", "asked", "again")  # fmt: skip
Size, Box = tuple[int, int], tuple[int, int, int, int]


def layer(mask_image: Image.Image) -> Image.Image:
    """A mask image as the editor's brush would have painted it."""
    result = Image.new("RGBA", mask_image.size, PAINT)
    result.putalpha(mask_image.point(lambda level: round(OPACITY * level)))
    return result


def box_mask(size: Size, box: Box) -> Image.Image:
    """A mask image, white in the box."""
    mask_image = Image.new("L", size)
    mask_image.paste(255, box)
    return mask_image


def painted(size: Size, box: Box) -> Image.Image:
    """A layer with a box painted on it."""
    return layer(box_mask(size, box))


def value(background: Image.Image, *layers: Image.Image) -> dict[str, Any]:
    """The editor's value; the background is a file, as a browser sends it."""
    return {"background": Part(keep(background, "sent")), "layers": list(layers)}


def shown_in(update: gr.ImageEditor) -> tuple[Image.Image, Image.Image]:
    """Picture and mask image that the editor would give back after an update."""
    parts = update.value
    layers = [decode(part["path"]) for part in parts["layers"]]
    return read_parts(value(decode(parts["background"]["path"]), *layers))


def no_progress(*_: object, **__: object) -> None:
    """A gr.Progress."""


def press_fill(
    image: Image.Image,
    mask_image: Image.Image,
    feather: int = 0,
    damage: str = "",
    history: events.History = None,
    mode: str = "auto",
) -> dict[str, Any]:
    """Paint the mask on a photo named "cat" and press Fill: what the page shows, by part."""
    number = events.begin(VISITOR)
    outputs = events.fill_editor(
        value(image, layer(mask_image)), None, feather, "cat", damage, history, mode,
        number, VISITOR, no_progress,
    )  # fmt: skip
    return dict(zip(OUTPUTS, outputs, strict=True))


def press_another_try(
    image: Image.Image, mask_image: Image.Image, asked: Asked, feather: int = 0
) -> dict[str, Any]:
    """Press Another try with the mask painted on the photo: what the page shows, by part."""
    number = events.begin(VISITOR)
    outputs = events.try_again(
        value(image, layer(mask_image)), None, feather, "cat", "", None, asked, number, VISITOR,
        no_progress,
    )  # fmt: skip
    return dict(zip(OUTPUTS, outputs, strict=True))
