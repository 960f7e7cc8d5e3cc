"""Small photos to open in a browser."""

import numpy as np
from PIL import Image

SIZE = (301, 211)


def mandelbrot(width: int = SIZE[0], height: int = SIZE[1]) -> Image.Image:
    """A picture with plain parts and fine ones."""
    return Image.effect_mandelbrot((width, height), (-2, -1.2, 1, 1.2), 60).convert("RGB")


def noise(width: int, height: int) -> Image.Image:
    """A picture that no format makes small."""
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def translucent() -> Image.Image:
    photo = mandelbrot().convert("RGBA")
    photo.putalpha(Image.linear_gradient("L").resize(photo.size).point(lambda a: a // 2 + 128))
    return photo


def deep_grey() -> Image.Image:
    """16 bits per pixel, from black on the left to white."""
    width, height = SIZE
    levels = np.linspace(0, 65535, width).astype(np.uint16)
    return Image.fromarray(np.tile(levels, (height, 1)))


def texture(width: int, height: int) -> np.ndarray:
    """Grey-green grain: uint8 (H, W, 3)."""
    rng = np.random.default_rng(1)
    grain = rng.normal(0, 8, (height, width, 1)) + [90, 130, 90]
    return grain.clip(0, 255).astype(np.uint8)


def disc(size: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    """The pixels of a disc: bool (H, W)."""
    rows, columns = np.mgrid[: size[1], : size[0]] + 0.5
    return np.hypot(columns - x, rows - y) <= radius
