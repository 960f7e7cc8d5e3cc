"""Pictures of one colour, and the colours of the heat map."""

from matplotlib import colormaps
from PIL import Image


def flat(level: int, size: tuple[int, int] = (30, 20)) -> Image.Image:
    return Image.new("RGB", size, (level,) * 3)


def inferno(level: float) -> tuple[int, ...]:
    return tuple(int(channel) for channel in colormaps["inferno"](float(level), bytes=True)[:3])
