"""Pictures on their way to the page: exact ones to keep, small ones to look at."""

import hashlib
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageColor

from inpainting.demo.gradio_internals import get_upload_folder
from inpainting.evaluation.heat_map import colour_levels
from inpainting.io.png import write_png

MAP = 800  # pixels: a heat map is at most so wide or high
# Of a hole: translucent, what it covers stays visible. Of scikit-image's pictures and the examples,
# the one that it changes least changes by 21.0, 17.7 and 17.2 (CIEDE2000, median of places; normal
# vision, protanopia, deuteranopia); with a red, #ff3b30, by 6.3, 4.2 and 5.8. The measure stands in
# tests/demo/test_overlay_colour.py.
PAINT, OPACITY = "#8000ff", 0.6
# Lines of one pixel inside and outside of a hole's border: one of them differs by 65 at least from
# what is on both of its sides, likewise.
EDGE, SHADE = "#ffffff", "#000000"

# The same as the canvas takes them: red, green, blue and opacity of 0 to 255.
COLOURS = {
    "tint": [*ImageColor.getrgb(PAINT), round(255 * OPACITY)],
    "edge": [*ImageColor.getrgb(EDGE), 255],
    "shade": [*ImageColor.getrgb(SHADE), 255],
}


def keep(image: Image.Image, name: str) -> str:
    """Write a PNG into Gradio's cache, which the app clears, and give its path.

    Gradio's own way compresses five times as long, and drops the picture's ICC profile.
    """
    stream = io.BytesIO()
    write_png(image, stream, compress_level=1)
    content = stream.getvalue()
    return keep_file(content, hashlib.sha256(content).hexdigest(), f"{name}.png")


def keep_file(content: bytes, folder: str, name: str) -> str:
    """Write a file into a folder of Gradio's cache and give its path."""
    path = Path(get_upload_folder()) / folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except FileNotFoundError:  # the folder was empty, and has been cleaned up meanwhile
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return str(path)


def stem(path: str) -> str:
    """A file's name, fit to be part of another one's."""
    return re.sub(r"[^\w.-]+", "_", Path(path).stem)[:60].strip("._") or "photo"


def preview(image: Image.Image, longest: int) -> Image.Image:
    """The picture itself, or a smaller copy that no page is slow with."""
    if max(image.size) <= longest:
        return image
    small = image.copy()
    small.thumbnail((longest, longest), Image.Resampling.BOX)
    return small


def mark(image: Image.Image, mask_image: Image.Image) -> Image.Image:
    """The picture as the canvas shows it: the hole tinted, what it covers still visible.

    Args:
        image: "L", "LA", "RGB" or "RGBA".
        mask_image: "L" or "1" of its size, white = repaint.
    """
    if image.mode in ("L", "LA"):
        image = image.convert("RGB" if image.mode == "L" else "RGBA")
    tinted = Image.blend(image, Image.new(image.mode, image.size, PAINT), OPACITY)
    return Image.composite(tinted, image, mask_image)


def difference_map(original: Image.Image, result: Image.Image) -> Image.Image:
    """Absolute difference of two pictures as :func:`colour_levels`."""
    difference = ImageChops.difference(original.convert("RGB"), result.convert("RGB"))
    return colour_levels(np.asarray(preview(difference, MAP), np.float32).mean(axis=2))


def error_map(expected_error: Image.Image | None) -> Image.Image | None:
    """The expected error in the same colours."""
    return expected_error and colour_levels(np.asarray(preview(expected_error, MAP), np.float32))
