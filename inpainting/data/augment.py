"""Random cuts, flips, turns and zooms of training pictures."""

import cv2
import numpy as np
from PIL import Image

from inpainting.types import Pixels

# Share of training pictures not resampled by a turn or zoom: that makes them smoother than real
# ones, and what is to be learned is the detail that a smooth fill lacks.
PLAIN = 0.75


def at_size(image: Image.Image, size: int) -> Pixels:
    """A picture with its short side resized to ``size`` pixels, as the evaluation does.

    Args:
        image: of any mode and size; alpha is ignored.
        size: in pixels.

    Returns:
        Uint8 (h, w, 3), the shorter of both sides ``size``.
    """
    scale = size / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC))


def plain_view(
    picture: Pixels,
    size: int,
    window: tuple[int, int, int],
    generator: np.random.Generator,
) -> Pixels:
    """Random square cut and flip, not resampled.

    Args:
        picture: of :func:`at_size`.
        size: side of the square.
        window: ``(left, top, side)``: the part of it to return.
        generator: source of all randomness.

    Returns:
        Uint8 (side, side, 3).
    """
    y, x = (int(generator.integers(0, length - size + 1)) for length in picture.shape[:2])
    left, top, side = window
    rows = slice(y + top, y + top + side)
    if generator.random() < 0.5:
        right = x + size - left
        return cv2.flip(picture[rows, right - side : right], 1)
    return picture[rows, x + left : x + left + side]


def turned_view(
    picture: Pixels,
    size: int,
    window: tuple[int, int, int],
    generator: np.random.Generator,
) -> Pixels:
    """Random turn, square cut, flip and enlargement to ``size``, in one resampling.

    The square has 60–100 % of the largest side that fits the turned picture, so no corner is
    ever empty. Half of the pictures are turned, by up to 10°. Arguments as in :func:`plain_view`.
    """
    angle = np.deg2rad(generator.uniform(-10, 10)) * (generator.random() < 0.5)
    cos, sin = np.cos(angle), np.sin(angle)
    reach = abs(cos) + abs(sin)  # bounding square of a turned unit square
    lengths = np.array(picture.shape[1::-1])
    side = generator.uniform(0.6, 1.0) * lengths.min() / reach
    centre = generator.uniform(0, 1, size=2) * (lengths - side * reach) + side * reach / 2
    flip = -1 if generator.random() < 0.5 else 1
    left, top, cut = window
    turn = side / size * np.array([[flip * cos, -sin], [flip * sin, cos]])
    # A pixel's middle, not its corner, is what OpenCV calls a whole number.
    first = centre + turn @ (np.array([left, top]) + 0.5 - size / 2) - 0.5
    to_source = np.column_stack([turn, first])
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, to_source, (cut, cut), flags=how, borderMode=cv2.BORDER_REFLECT)
