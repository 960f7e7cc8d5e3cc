"""Random cuts, flips, turns and zooms of training pictures."""

import numpy as np
from PIL import Image, ImageOps

# Share of training pictures not resampled by a turn or zoom: that makes them smoother than real
# ones, and what is to be learned is the detail that a smooth fill lacks.
PLAIN = 0.75


def plain_view(
    image: Image.Image,
    size: int,
    window: tuple[int, int, int],
    generator: np.random.Generator,
) -> Image.Image:
    """Random square cut and flip, resized as the evaluation does and not at all where it fits.

    Args:
        image: RGB, any size.
        size: side in pixels that the largest square is resized to.
        window: ``(left, top, side)``: the part of it to return.
        generator: source of all randomness.

    Returns:
        RGB, ``side`` × ``side`` pixels.
    """
    side = min(image.size)
    x, y = (int(generator.integers(0, length - side + 1)) for length in image.size)
    square = image.crop((x, y, x + side, y + side)).resize((size, size), Image.Resampling.BICUBIC)
    if generator.random() < 0.5:
        square = ImageOps.mirror(square)
    left, top, crop = window
    return square.crop((left, top, left + crop, top + crop))


def turned_view(
    image: Image.Image,
    size: int,
    window: tuple[int, int, int],
    generator: np.random.Generator,
) -> Image.Image:
    """Random turn, square cut, flip and resize to ``size``, in one resampling.

    The square has 60–100 % of the largest side that fits the turned picture, so no corner is
    ever empty. Half of the pictures are turned, by up to 10°. Arguments as in :func:`plain_view`.
    """
    angle = np.deg2rad(generator.uniform(-10, 10)) * (generator.random() < 0.5)
    cos, sin = np.cos(angle), np.sin(angle)
    reach = abs(cos) + abs(sin)  # bounding square of a turned unit square
    side = generator.uniform(0.6, 1.0) * min(image.size) / reach
    room = np.array(image.size) - side * reach
    centre = generator.uniform(0, 1, size=2) * room + side * reach / 2
    flip = -1 if generator.random() < 0.5 else 1
    scale = side / size
    if scale > 1:  # an affine transform alone would alias
        smaller = [max(1, round(s / scale)) for s in image.size]
        centre *= np.array(smaller) / image.size
        image, scale = image.resize(smaller, Image.Resampling.LANCZOS), 1.0
    left, top, crop = window
    x0, y0 = flip * (left - size / 2), top - size / 2
    a, b = scale * cos, -scale * sin
    coefficients = (
        flip * a, b, centre[0] + a * x0 + b * y0,
        -flip * b, a, centre[1] - b * x0 + a * y0,
    )  # fmt: skip
    return image.transform(
        (crop, crop), Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC
    )
