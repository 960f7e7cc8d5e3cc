"""Pictures on their way to the page: exact ones to keep, small ones to look at."""

import hashlib
import io
import re
from pathlib import Path

import numpy as np
from gradio.processing_utils import get_upload_folder
from PIL import Image, ImageChops

from inpainting.figures import colour_levels

LOOK = 1600  # pixels: a picture to look at is at most so wide or high
MAP = 800  # likewise a heat map


def keep(image: Image.Image, name: str) -> str:
    """Write a PNG without metadata into Gradio's cache, which the app clears, and give its path.

    Gradio's own way compresses five times as long.
    """
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=1)
    content = stream.getvalue()
    return keep_file(content, hashlib.sha256(content).hexdigest(), f"{name}.png")


def keep_file(content: bytes, folder: str, name: str) -> str:
    """Write a file into a folder of Gradio's cache and give its path."""
    path = Path(get_upload_folder()) / folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except FileNotFoundError:  # the folder was there, but empty, and has been swept away meanwhile
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return str(path)


def stem(path: str) -> str:
    """A file's name, fit to be part of another one's."""
    return re.sub(r"[^\w.-]+", "_", Path(path).stem)[:60].strip("._") or "photo"


def preview(image: Image.Image, longest: int = LOOK) -> Image.Image:
    """The picture itself, or a smaller copy that no page is slow with."""
    if max(image.size) <= longest:
        return image
    small = image.copy()
    small.thumbnail((longest, longest), Image.Resampling.BOX)
    return small


def difference_map(original: Image.Image, result: Image.Image) -> Image.Image:
    """Where and how much two pictures differ; see :func:`inpainting.figures.colour_levels`."""
    difference = ImageChops.difference(original.convert("RGB"), result.convert("RGB"))
    return colour_levels(np.asarray(preview(difference, MAP), np.float32).mean(axis=2))


def doubt_map(doubt: Image.Image | None) -> Image.Image | None:
    """How far off the network expects to be, in the same colours."""
    return doubt and colour_levels(np.asarray(preview(doubt, MAP), np.float32))
