"""What a mask image means: which of its pixels are to be repainted. docs/masks.md has the rule.

A mask tells two things apart. White on black says which is which; so does one bright colour on
black, whatever is drawn on a transparent ground, and a hole cut into an opaque picture. Anything
else is refused by a sentence that says what was found.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops

from inpainting.errors import EmptyHole, InvalidMask
from inpainting.masks.convert import MASK_THRESHOLD, black_and_white, mask_image_from_hole
from inpainting.masks.edit import invert as inverted
from inpainting.masks.looks import (
    DARK,
    MOST_OTHER,
    areas,
    decimated,
    flat_grey,
    grey_share,
    is_grey,
    is_grey_photo,
    is_photo,
    look_of,
    sample,
)
from inpainting.types import Flags

TRACE = 32  # of 255: opacity from which something is drawn, and transparency from which it is cut

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
        white = inverted(white)
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
    if image.mode != "L" and not is_grey(image):
        pixels = sample(image)
        colours = look_of(pixels)
        if is_photo(pixels, colours):
            raise InvalidMask(PHOTO.format(share=colours.other))
        names = look_of(areas(pixels)).marks or colours.marks
        if len(names) > 1:
            raise InvalidMask(SEVERAL_COLOURS.format(names=", ".join(names)))
        notes += [IN_COLOUR.format(name=name) for name in names if name != "white"]
    notes += _check_levels(level)
    return Meaning(black_and_white(level), tuple(notes))


def _of_transparent(image: Image.Image, alpha: Image.Image) -> Meaning:
    drawn = np.asarray(alpha) >= TRACE
    if not drawn.any():
        raise EmptyHole(ALL_BLACK)
    pixels, opacity = sample(image), np.asarray(decimated(alpha))
    pixels = pixels[opacity >= TRACE]
    colours = look_of(pixels)
    photo = is_photo(pixels, colours)
    transparent_ground = _border(drawn).mean() < 0.5
    if photo and transparent_ground:
        raise InvalidMask(CUT_OUT)
    two_tones = colours.has_two_tones
    if not transparent_ground:  # a photo may have much of both
        two_tones = two_tones and colours.is_black_and_white
    if two_tones and not photo:
        return _of_opaque(_on_black(image, alpha))
    if transparent_ground:
        return Meaning(mask_image_from_hole(drawn))
    return Meaning(mask_image_from_hole(np.asarray(alpha) <= 255 - TRACE), (CUT,))


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
    share = grey_share(counts)
    if is_grey_photo(level, share):
        raise InvalidMask(PHOTO.format(share=share))
    if (grey := flat_grey(level, counts)) is not None:
        raise InvalidMask(FLAT_GREY.format(level=grey))
    return [SOFT.format(share=share)] if share > MOST_OTHER else []


def _advice(brightest: int) -> str:
    if brightest == 1:
        return "multiply it by 255"
    if brightest < DARK:
        return "if these are labels, make those to repaint 255 and all others 0"
    return "paint with full opacity, or scale it so that what is to be repainted is 255"


def _brightest_channel(image: Image.Image) -> Image.Image:
    """The brightest channel of each pixel: pure red, green and blue are as bright as white."""
    if image.mode == "L":
        return image
    red, green, blue = image.split()
    return ImageChops.lighter(red, ImageChops.lighter(green, blue))


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


def _border(flags: Flags) -> Flags:
    return np.concatenate([flags[0], flags[-1], flags[1:-1, 0], flags[1:-1, -1]])
