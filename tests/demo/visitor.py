"""A visitor of the demo without a browser: what the canvas would send, and what comes back."""

import base64
import io
import itertools
from types import SimpleNamespace
from typing import Any

from PIL import Image

from inpainting.demo import events
from inpainting.demo.asked import picture_of, read_asked
from inpainting.demo.images import keep

VISITOR = SimpleNamespace(session_hash="visitor")  # a gr.Request
OUTPUTS = ("answer", "report", "difference", "expected", "levels", "compared")
Size, Box = tuple[int, int], tuple[int, int, int, int]
NUMBERS = itertools.count(1)  # of requests: the page counts them


def box_mask(size: Size, box: Box) -> Image.Image:
    """A mask image, white in the box."""
    mask_image = Image.new("L", size)
    mask_image.paste(255, box)
    return mask_image


def painted(mask_image: Image.Image | None) -> dict[str, Any]:
    """A mask image as the canvas sends it: its box, and a 1-bit PNG of that part."""
    box = mask_image.getbbox() if mask_image else None
    if box is None:
        return {"box": None, "png": ""}
    stream = io.BytesIO()
    mask_image.crop(box).convert("1").save(stream, "PNG")
    return {"box": list(box), "png": base64.b64encode(stream.getvalue()).decode()}


def drawn(box: Box, colour: str) -> dict[str, Any]:
    """A box of one colour as the canvas sends what is drawn into a hole."""
    left, top, right, bottom = box
    stream = io.BytesIO()
    Image.new("RGBA", (right - left, bottom - top), colour).save(stream, "PNG")
    return {"box": list(box), "png": base64.b64encode(stream.getvalue()).decode()}


def uploaded(image: Image.Image) -> str:
    """The path of a picture's file on the server."""
    return keep(image, "sent")


def request(photo: str, mask_image: Image.Image | None = None, **options: Any) -> dict[str, Any]:
    """What the canvas asks with a mask image painted on the photo of that path."""
    sent = {"number": next(NUMBERS), "photo": photo, "patches": [], **painted(mask_image)}
    return sent | {"grow": 0, "feather": 0, "mode": "auto", "seed": 0} | options


def event(data: Any) -> SimpleNamespace:
    """A gr.EventData."""
    return SimpleNamespace(_data=data)


def no_progress(*_: object, **__: object) -> None:
    """A gr.Progress."""


def fill(data: Any) -> dict[str, Any]:
    """Ask for a fill: what the page gets, by part."""
    outputs = events.fill(event(data), VISITOR, no_progress)
    return dict(zip(OUTPUTS, outputs, strict=True))


def press_fill(
    image: Image.Image, mask_image: Image.Image, **options: Any
) -> tuple[Image.Image, dict[str, Any]]:
    """Paint the mask on a photo, and fill it: the picture, and what the page shows, by part."""
    data = request(uploaded(image), mask_image, measured=True, **options)
    shown = fill(data)
    assert "error" not in shown["answer"], shown["answer"]
    return picture_of(read_asked(filled(data, shown))), shown


def filled(data: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """What the canvas asks after a fill: its patch lies on the photo, and nothing is painted."""
    patch = {name: shown["answer"][name] for name in ("box", "path")}
    patches = [*data["patches"], patch]
    return data | {"number": next(NUMBERS), "patches": patches, **painted(None)}
