"""What pixels look like: black, white, a colour or none of them; a photo, a soft edge, an area.

Measured on photos and masks: docs/reliability.md has the figures.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from inpainting.masks.convert import MASK_THRESHOLD

DARK, LIGHT = 32, 224  # levels: black is below, white from there on
COLOURED = 64  # brightest minus darkest channel, above which a pixel has a colour
MOST_OTHER = 0.2  # share of pixels that are no clear black, white or colour: a photo has more
MOST_SOFT = 0.6  # likewise of a mask with wide soft edges
CLEAR_SHARE = 0.1  # what is less, beside the rest, is an edge or noise
CLEAR_AREA = 0.05  # the same where edges and noise are left out already
NOISE = 8  # levels by which lossy formats change a colour
FEW_LEVELS = 16  # grey levels of a mask that no lossy format has touched
ROUGH = 10  # second difference in grey levels: a soft edge of 3 px and more is smoother
MOST_ROUGH = 0.01  # share of grey pixels; soft masks have less, photos hardly ever
SAMPLE = 1024  # pixels on a side of what is looked at to tell the kind of a mask
MOST_HUES = 3


class Colours(NamedTuple):
    """Shares, in [0, 1], of what pixels look like; ``other`` is neither black, white nor a hue.

    ``hues``: name and share of each clear one, the commonest first, as if fully bright.
    """

    dark: float
    light: float
    other: float
    hues: tuple[tuple[str, float], ...]

    @property
    def marks(self) -> list[str]:
        """Names of what stands out from black."""
        found = {"white": self.light, **dict(self.hues), "pale or grey": self.other}
        total = sum(found.values())
        return [name for name, share in found.items() if share > CLEAR_AREA * total]

    @property
    def has_two_tones(self) -> bool:
        """Whether there is something black and something bright."""
        return self.dark > CLEAR_SHARE and 1 - self.dark > CLEAR_SHARE

    @property
    def is_black_and_white(self) -> bool:
        """Whether nearly all of it is one or the other."""
        return self.dark + self.light > 1 - CLEAR_AREA


def look_of(pixels: NDArray[np.uint8]) -> Colours:
    """What pixels, uint8 (..., 3), look like."""
    pixels = pixels.reshape(-1, 3)
    if not len(pixels):
        return Colours(0, 0, 0, ())
    value, least = pixels.max(axis=1), pixels.min(axis=1)
    dark, light = value < DARK, least >= LIGHT
    coloured = (value - least > COLOURED) & ~dark & ~light
    hues = _hues(pixels[coloured], value[coloured], len(pixels))
    clear = dark.mean() + light.mean() + sum(share for _, share in hues)
    return Colours(float(dark.mean()), float(light.mean()), 1 - float(clear), hues)


def is_photo(pixels: NDArray[np.uint8], colours: Colours) -> bool:
    """Whether pixels, uint8 (..., 3), are neither clear colours nor of two colours at most."""
    if colours.other <= MOST_OTHER:
        return False
    left = pixels.reshape(-1, 3).astype(np.int16)
    most = CLEAR_SHARE * len(left)
    for _ in range(2):
        bins = (left >> 4) @ [256, 16, 1]
        common = left[bins == np.bincount(bins, minlength=1).argmax()].mean(axis=0)
        left = left[np.abs(left - common).max(axis=1) > NOISE]
        if len(left) <= most:
            return False
    return True


def areas(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Those of some pixels, uint8 (H, W, 3), that equal their neighbour: areas, no edges or noise.

    Returns:
        Uint8 (N, 3).
    """
    return pixels[:, :-1][(pixels[:, :-1] == pixels[:, 1:]).all(axis=2)]


def is_grey(image: Image.Image) -> bool:
    """Whether the channels of an "RGB" image differ by noise at most."""
    red, green, blue = image.split()
    difference = (ImageChops.difference(red, other) for other in (green, blue))
    return all(np.asarray(level).max() <= NOISE for level in difference)


def grey_share(counts: NDArray[np.int_]) -> float:
    """Share of pixels that are neither black nor white, of a histogram of 256 levels."""
    return float(counts[DARK:LIGHT].sum() / counts.sum())


def is_grey_photo(level: Image.Image, share: float) -> bool:
    """Whether an "L" image with that :func:`grey_share` is a photo, and no mask with soft edges."""
    if share <= MOST_OTHER:
        return False
    return share > MOST_SOFT or not is_soft(np.asarray(decimated(level)))


def is_soft(level: NDArray[np.uint8]) -> bool:
    """Whether the grey of a mask is that of wide soft edges: smooth, as no photo is."""
    grey = level.astype(np.int16)
    inner = grey[1:-1, 1:-1]
    across = np.abs(grey[1:-1, :-2] - 2 * inner + grey[1:-1, 2:])
    down = np.abs(grey[:-2, 1:-1] - 2 * inner + grey[2:, 1:-1])
    between = (inner >= DARK) & (inner < LIGHT)
    rough = np.maximum(across, down)[between] > ROUGH
    return bool(rough.size) and bool(rough.mean() <= MOST_ROUGH)


def flat_grey(level: Image.Image, counts: NDArray[np.int_]) -> int | None:
    """A level below white, and not the ground's, that fills areas; None if there is none."""
    few = np.count_nonzero(counts) <= FEW_LEVELS
    below = counts[:MASK_THRESHOLD].copy()
    ground = int(below.argmax())
    below[max(0, ground - (0 if few else NOISE)) : ground + (1 if few else NOISE + 1)] = 0
    least = CLEAR_SHARE * counts[MASK_THRESHOLD:].sum()
    if below.max() <= least:
        return None
    flat = np.where(below, _flat_counts(np.asarray(level))[:MASK_THRESHOLD], 0)
    found = int(flat.argmax())
    around = flat[max(0, found - 3) : found + 4]
    if flat[found] <= least or not few and flat[found] < 3 * np.median(around):
        return None
    return found


def sample(image: Image.Image) -> NDArray[np.uint8]:
    """:func:`decimated` in colour: uint8 (H, W, 3)."""
    return np.asarray(decimated(image).convert("RGB"))


def decimated(image: Image.Image) -> Image.Image:
    """Some of the pixels of a large picture, as they are."""
    size = min(image.width, SAMPLE), min(image.height, SAMPLE)
    return image.resize(size, Image.Resampling.NEAREST)


def _flat_counts(level: NDArray[np.uint8]) -> NDArray[np.intp]:
    """How many pixels of each level have four neighbours of their own level: areas, no edges."""
    inner = level[1:-1, 1:-1]
    flat = (
        (inner == level[:-2, 1:-1]) & (inner == level[2:, 1:-1])
        & (inner == level[1:-1, :-2]) & (inner == level[1:-1, 2:])
    )  # fmt: skip
    return np.bincount(inner[flat], minlength=256)


def _hues(
    pixels: NDArray[np.uint8], value: NDArray[np.uint8], total: int
) -> tuple[tuple[str, float], ...]:
    """The commonest hues of coloured pixels, by name, as shares of ``total``.

    A pixel counts by its colour at full brightness, each channel in three steps: red, orange,
    yellow and so on, with their darker shades.
    """
    shade = np.rint(2.0 * pixels / np.maximum(value, 1)[:, None]).astype(int)
    counts = np.bincount(shade @ [9, 3, 1], minlength=27)
    order = np.argsort(-counts, kind="stable")[:MOST_HUES]
    return tuple((_NAMES[int(k)], counts[k] / total) for k in order if counts[k])


_NAMES = {
    18: "red", 6: "green", 2: "blue", 24: "yellow", 20: "magenta", 8: "cyan", 21: "orange",
    15: "lime", 7: "spring green", 5: "azure", 11: "violet", 19: "rose", 22: "pink", 14: "sky blue",
    16: "light green", 25: "light yellow", 23: "light magenta", 17: "light cyan",
}  # fmt: skip
