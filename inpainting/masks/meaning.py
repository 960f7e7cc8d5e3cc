"""What a mask image means: which of its pixels are to be repainted. docs/masks.md has the rule.

A mask tells two things apart. White on black says which is which; so does one bright colour on
black, whatever is drawn on a transparent ground, and a hole cut into an opaque picture. Anything
else is refused by a sentence that says what was found.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from inpainting.errors import EmptyHole, InvalidMask
from inpainting.masks.convert import MASK_THRESHOLD, black_and_white

DARK, LIGHT = 32, 224  # levels: black is below, white from there on
COLOURED = 64  # brightest minus darkest channel, above which a pixel has a colour
TRACE = 32  # of 255: opacity from which something is drawn, and transparency from which it is cut
MOST_OTHER = 0.2  # share of pixels that are no clear black, white or colour: a photo has more
CLEAR_SHARE = 0.1  # what is less, beside the rest, is an edge or noise
CLEAR_AREA = 0.05  # the same where edges and noise are left out already
FEW_LEVELS = 16  # grey levels of a mask that no lossy format has touched
NOISE = 8  # levels by which lossy formats change a colour
MOST_SOFT = 0.6  # the same share of a mask with wide soft edges
ROUGH = 10  # second difference in grey levels: a soft edge of 3 px and more is smoother
MOST_ROUGH = 0.01  # share of grey pixels; soft masks have less, photos hardly ever
SAMPLE = 1024  # pixels on a side of what is looked at to tell the kind of a mask
MOST_HUES = 3

ALL_BLACK = (
    "The mask marks nothing to fill: all of it is black or transparent, and white is what will be "
    "repainted."
)
TOO_DARK = (
    "The mask marks nothing to fill: its brightest value is {level} of 255, and white begins at "
    f"{MASK_THRESHOLD}: {{advice}}."
)
FLAT_GREY = (
    "The mask has areas of grey (value {level} of 255) beside white: what is grey would be kept. "
    "Make it white where it is to be repainted, else black."
)
PHOTO = (
    "The mask looks like a photo: {share:.0%} of it is neither black nor white. Give a picture of "
    "the same size that is white where it is to be repainted, and black elsewhere."
)
ITSELF = (
    "The mask is the picture itself. Give one of the same size that is white where it is to be "
    "repainted, and black elsewhere."
)
SEVERAL_COLOURS = (
    "The mask has several colours ({names}), and nothing says which of them is to be repainted: "
    "make that white, and all else black."
)
CUT_OUT = (
    "The mask is a photo on a transparent ground, and nothing says whether the photo or the ground "
    "is to be repainted: give white for what is, black for what is not."
)

# Notes: what was understood by a rule that not everybody knows.
SOFT = "{share:.0%} of the mask is grey: from the middle grey on it will be repainted."
IN_COLOUR = "The mask was read by its colour: what is {name} will be repainted."
CUT = "The mask was read by its opacity: what is transparent in it will be repainted."


MOSTLY_WHITE = 0.5  # share of white from which a mask looks inverted
MOSTLY_REPAINTED = (
    "{share:.0%} of the mask is white, and white is what will be repainted: if you meant the other "
    "way round, invert it."
)
MOSTLY_BLACK = (
    "{share:.0%} of the mask is black, and black is what will be repainted: if you meant the other "
    "way round, do not invert it."
)
NOTHING_BLACK = (
    "The mask marks nothing to fill: all of it is white, and black is what will be repainted."
)


class Meaning(NamedTuple):
    """``white``: "L", 255 = repaint and 0 = keep. ``notes``: sentences about how it was read."""

    white: Image.Image
    notes: tuple[str, ...] = ()


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


def meaning(
    image: Image.Image, picture: Image.Image | None = None, invert: bool = False
) -> Meaning:
    """Tell what is to be repainted.

    Args:
        image: "L", "RGB" or "RGBA".
        picture: that it belongs to, if it is at hand.
        invert: what would be kept is repainted, and the other way round.

    Raises:
        EmptyHole: when nothing is.
        InvalidMask: when it does not say, or is the picture itself.
    """
    if picture and "A" not in image.mode and _same(image, picture):
        raise InvalidMask(ITSELF)
    white, notes = _read(image)
    if invert:
        white = ImageChops.invert(white)
        if not white.getbbox():
            raise EmptyHole(NOTHING_BLACK)
    if (share := white_share(white)) > MOSTLY_WHITE:
        note = MOSTLY_BLACK if invert else MOSTLY_REPAINTED
        notes = (*notes, note.format(share=share))
    return Meaning(white, notes)


def white_share(mask_image: Image.Image) -> float:
    """Share of white pixels of an "L" image of 0 and 255, in [0, 1]."""
    return mask_image.histogram()[255] / (mask_image.width * mask_image.height)


def _read(image: Image.Image) -> Meaning:
    if image.mode == "RGBA":
        alpha = image.getchannel("A")
        if np.asarray(alpha).min() < TRACE:
            return _of_transparent(image, alpha)
        image = _on_black(image, alpha)
    return _of_opaque(image)


def _of_opaque(image: Image.Image) -> Meaning:
    level, notes = _brightest_channel(image), []
    if image.mode != "L" and not _is_grey(image):
        pixels = _sample(image)
        colours = _colours(pixels)
        if _is_photo(pixels, colours):
            raise InvalidMask(PHOTO.format(share=colours.other))
        names = _colours(_areas(pixels)).marks or colours.marks
        if len(names) > 1:
            raise InvalidMask(SEVERAL_COLOURS.format(names=", ".join(names)))
        notes += [IN_COLOUR.format(name=name) for name in names if name != "white"]
    notes += _check_levels(level)
    return Meaning(black_and_white(level), tuple(notes))


def _of_transparent(image: Image.Image, alpha: Image.Image) -> Meaning:
    drawn = np.asarray(alpha) >= TRACE
    if not drawn.any():
        raise EmptyHole(ALL_BLACK)
    pixels, opacity = _sample(image), np.asarray(_decimated(alpha))
    pixels = pixels[opacity >= TRACE]
    colours = _colours(pixels)
    is_photo = _is_photo(pixels, colours)
    transparent_ground = _border(drawn).mean() < 0.5
    if is_photo and transparent_ground:
        raise InvalidMask(CUT_OUT)
    two_tones = colours.dark > CLEAR_SHARE and 1 - colours.dark > CLEAR_SHARE
    if not transparent_ground:  # a photo may have much of both
        two_tones = two_tones and colours.dark + colours.light > 1 - CLEAR_AREA
    if two_tones and not is_photo:
        return _of_opaque(_on_black(image, alpha))
    if transparent_ground:
        return Meaning(_image(drawn))
    return Meaning(_image(np.asarray(alpha) <= 255 - TRACE), (CUT,))


def _check_levels(level: Image.Image) -> list[str]:
    """Refuse grey that would be kept, or thresholded, in silence; notes about grey that may be.

    Raises:
        EmptyHole: when nothing is bright enough.
        InvalidMask: for a grey photo, and for areas of one grey level.
    """
    counts = np.array(level.histogram())
    levels = np.flatnonzero(counts)
    brightest = int(levels[-1])
    if brightest == 0:
        raise EmptyHole(ALL_BLACK)
    if brightest < MASK_THRESHOLD:
        raise EmptyHole(TOO_DARK.format(level=brightest, advice=_advice(brightest)))
    if len(levels) <= 2:
        return []
    share = counts[DARK:LIGHT].sum() / counts.sum()
    if share > MOST_SOFT or share > MOST_OTHER and not _is_soft(np.asarray(_decimated(level))):
        raise InvalidMask(PHOTO.format(share=share))
    if (grey := _flat_grey(level, counts)) is not None:
        raise InvalidMask(FLAT_GREY.format(level=grey))
    return [SOFT.format(share=share)] if share > MOST_OTHER else []


def _is_soft(level: NDArray[np.uint8]) -> bool:
    """Whether the grey of a mask is that of wide soft edges: smooth, as no photo is."""
    grey = level.astype(np.int16)
    inner = grey[1:-1, 1:-1]
    across = np.abs(grey[1:-1, :-2] - 2 * inner + grey[1:-1, 2:])
    down = np.abs(grey[:-2, 1:-1] - 2 * inner + grey[2:, 1:-1])
    between = (inner >= DARK) & (inner < LIGHT)
    rough = np.maximum(across, down)[between] > ROUGH
    return bool(rough.size) and bool(rough.mean() <= MOST_ROUGH)


def _flat_grey(level: Image.Image, counts: NDArray[np.int_]) -> int | None:
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


def _advice(brightest: int) -> str:
    if brightest == 1:
        return "multiply it by 255"
    if brightest < DARK:
        return "if these are labels, make those to repaint 255 and all others 0"
    return "paint with full opacity, or scale it so that what is to be repainted is 255"


def _flat_counts(level: NDArray[np.uint8]) -> NDArray[np.intp]:
    """How many pixels of each level have four neighbours of their own level: areas, no edges."""
    inner = level[1:-1, 1:-1]
    flat = (
        (inner == level[:-2, 1:-1]) & (inner == level[2:, 1:-1])
        & (inner == level[1:-1, :-2]) & (inner == level[1:-1, 2:])
    )  # fmt: skip
    return np.bincount(inner[flat], minlength=256)


def _is_photo(pixels: NDArray[np.uint8], colours: Colours) -> bool:
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


def _areas(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Those of some pixels, uint8 (H, W, 3), that equal their neighbour: areas, no edges or noise.

    Returns:
        Uint8 (N, 3).
    """
    return pixels[:, :-1][(pixels[:, :-1] == pixels[:, 1:]).all(axis=2)]


def _colours(pixels: NDArray[np.uint8]) -> Colours:
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


def _brightest_channel(image: Image.Image) -> Image.Image:
    """The brightest channel of each pixel: pure red, green and blue are as bright as white."""
    if image.mode == "L":
        return image
    red, green, blue = image.split()
    return ImageChops.lighter(red, ImageChops.lighter(green, blue))


def _is_grey(image: Image.Image) -> bool:
    red, green, blue = image.split()
    difference = (ImageChops.difference(red, other) for other in (green, blue))
    return all(np.asarray(level).max() <= NOISE for level in difference)


def _same(image: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures have the same pixels."""
    if image.size != other.size:
        return False
    few = (each.resize((32, 32), Image.Resampling.NEAREST) for each in (image, other))
    return _equal(*few) and _equal(image, other)


def _equal(image: Image.Image, other: Image.Image) -> bool:
    return np.array_equal(np.asarray(image.convert("RGB")), np.asarray(other.convert("RGB")))


def _on_black(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """What an "RGBA" picture shows on a black ground, as "RGB"."""
    black = Image.new("RGB", image.size)
    black.paste(image.convert("RGB"), mask=alpha)
    return black


def _sample(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(_decimated(image).convert("RGB"))


def _decimated(image: Image.Image) -> Image.Image:
    """Some of the pixels of a large picture, as they are."""
    size = min(image.width, SAMPLE), min(image.height, SAMPLE)
    return image.resize(size, Image.Resampling.NEAREST)


def _border(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.concatenate([flags[0], flags[-1], flags[1:-1, 0], flags[1:-1, -1]])


def _image(flags: NDArray[np.bool_]) -> Image.Image:
    return Image.fromarray(flags.astype(np.uint8) * 255)
