"""Text and thin lines inside what was roughly painted: captions, date stamps, scratches, wires."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.errors import InvalidMask
from inpainting.masks.select import bounds, touching
from inpainting.types import Box, Flags, Hole, Pixels, box_size, grow_box, in_box

BESIDE = (
    24  # pixels around the paint that are looked at: the surroundings of what touches its border
)
WIDEST = 32  # pixels: a wider disc is laid on a reduced copy, for its time grows with its area
LETTER = 0.25  # of the painted box's shorter side: no stroke of a letter is thicker
FAINT = 12  # levels: what differs less from its surroundings is no mark
SHADE = 16  # levels: colours of one kind of ink lie together within that of each channel
LIKE_INK = 30  # levels from the ink's colour, in each channel
OPAQUE, CLEAR = 0.6, 0.15  # share of ink in a stroke, and in its anti-aliased edge
THICKEST = 1 / 80  # of the picture's longest side: a line is thinner
THICK = 15  # pixels: likewise, of a large picture
CLEAREST = 98  # percentile of what is painted: as clear as this is a line
SURE = 0.5  # of it: part of a line
WEAK = 0.4  # of that: what joins a line that is surer elsewhere
DIRECTIONS = 12  # of lines that are looked for, over half a turn
ELONGATED = 3  # times as long as thick at least
NO_TEXT = (
    "No text stands out in the painted part: paint over all of it and a little around it, or "
    "choose the other one of bright and dark."
)
NO_LINES = (
    "No thin line stands out in the painted part: paint along the scratch or wire with a little "
    "around it, or keep the paint as it is."
)


def only_text(image: Image.Image, painted: Hole, bright: bool) -> Hole:
    """Bright or dark letters of one colour inside what was painted, with their soft edges.

    White top-hat, then the commonest colour of what is above Otsu's threshold (Otsu 1979): the ink.

    Args:
        image: "L", "LA", "RGB" or "RGBA"; transparency is ignored.
        painted: bool (H, W) of its size.
        bright: whether the text is brighter than what it stands on.

    Returns:
        Bool (H, W), a part of ``painted``; never empty.

    Raises:
        EmptyHole: when nothing is painted.
        InvalidMask: when no such text stands out.
    """
    import cv2

    box, pixels, paint = _near(image, painted)
    pixels = pixels if bright else 255 - pixels
    level = pixels.max(axis=2)
    ground = _ground(level, max(5, int(LETTER * min(box_size(bounds(paint))))))
    stands_out = cv2.subtract(level, ground)
    strong = paint & (stands_out >= _threshold(stands_out[paint]))
    if not strong.any():
        raise InvalidMask(NO_TEXT)
    ink = _commonest(pixels[strong], stands_out[strong])
    share = stands_out / np.maximum(ink.max() - ground.astype(np.float32), 1)
    like = np.abs(pixels - ink).max(axis=2) <= LIKE_INK
    core = paint & like & (share >= OPAQUE) & (stands_out >= FAINT)
    if not core.any():
        raise InvalidMask(NO_TEXT)
    return _whole(core | (_grown(core) & (share >= CLEAR)), painted, box)


def only_thin_lines(image: Image.Image, painted: Hole) -> Hole:
    """Thin lines, brighter or darker than what is around them, inside what was painted.

    Top-hats, averaged along lines in each direction; hysteresis (Canny 1986); long parts only.

    Args:
        image: "L", "LA", "RGB" or "RGBA"; transparency is ignored.
        painted: bool (H, W) of its size.

    Returns:
        Bool (H, W), a part of ``painted``; never empty.

    Raises:
        EmptyHole: when nothing is painted.
        InvalidMask: when no such line stands out.
    """
    box, pixels, paint = _near(image, painted)
    level = np.asarray(Image.fromarray(pixels).convert("L"))
    thick = min(THICK, max(5, int(THICKEST * max(painted.shape)) | 1))
    stand_out = [side - _opened(side, thick) for side in (level, 255 - level)]
    along = [_along_lines(one, thick) for one in stand_out]
    # One threshold for both: beside a bright line, dark texture is none.
    sure = max(FAINT, SURE * max(float(np.percentile(one[paint], CLEAREST)) for one in along))
    lines = np.zeros(paint.shape, bool)
    for one, line in zip(stand_out, along, strict=True):
        weak = paint & (np.minimum(one, line) >= WEAK * sure)
        lines |= _long(touching(weak, paint & (line >= sure)), thick)
    if not lines.any():
        raise InvalidMask(NO_LINES)
    return _whole(_grown(lines), painted, box)


def _near(image: Image.Image, painted: Hole) -> tuple[Box, Pixels, Flags]:
    """The box of the paint and its surroundings; picture and paint in it."""
    height, width = painted.shape
    box = grow_box(bounds(painted), BESIDE, BESIDE, (width, height))
    return box, np.asarray(image.crop(box).convert("RGB")), painted[in_box(box)]


def _whole(part: Flags, painted: Hole, box: Box) -> Hole:
    result = np.zeros(painted.shape, bool)
    result[in_box(box)] = part
    return result & painted


def _ground(level: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """As :func:`_opened`, smooth where ``side`` is large."""
    import cv2

    factor = -(-side // WIDEST)
    if factor == 1:
        return _opened(level, side)
    size = tuple(-(-length // factor) for length in level.shape[::-1])
    small = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
    ground = cv2.resize(_opened(small, side // factor), level.shape[::-1])
    return np.minimum(ground, level)


def _opened(level: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Without what is bright and thinner than ``side`` pixels."""
    import cv2

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side | 1, side | 1))
    return cv2.morphologyEx(level, cv2.MORPH_OPEN, disc)


def _grown(flags: Flags) -> Flags:
    """One pixel wider, corners included."""
    import cv2

    return cv2.dilate(flags.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def _threshold(values: NDArray[np.uint8]) -> float:
    from skimage.filters import threshold_otsu

    return max(FAINT, float(threshold_otsu(values))) if np.ptp(values) else FAINT


def _commonest(colours: Pixels, weights: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The mode of colours, uint8 (N, 3): float (3,) in [0, 255]."""
    bins = [np.arange(0, 256 + SHADE, SHADE)] * 3
    counts = np.histogramdd(colours, bins, weights=weights)[0]
    mode = (np.array(np.unravel_index(counts.argmax(), counts.shape)) + 0.5) * SHADE
    for _ in range(5):  # off the middle of a bin, towards the middle of the ink's colours
        near = np.abs(colours - mode).max(axis=1) <= SHADE
        mode = colours[near].mean(axis=0) if near.any() else mode
    return mode.astype(np.float32)


def _along_lines(stands_out: NDArray[np.uint8], thick: int) -> NDArray[np.uint8]:
    """The largest mean along a line through each pixel: texture has none that is large."""
    import cv2

    height, width = stands_out.shape
    factor = max(1, thick // 7)  # a mean needs no full resolution
    size = max(1, width // factor), max(1, height // factor)
    small = cv2.resize(stands_out, size, interpolation=cv2.INTER_AREA)
    means = [cv2.filter2D(small, -1, kernel) for kernel in _kernels(4 * thick // factor | 1)]
    return cv2.resize(np.max(means, axis=0), (width, height), interpolation=cv2.INTER_LINEAR)


def _kernels(length: int) -> list[NDArray[np.float32]]:
    """Means along lines of so many pixels in ``DIRECTIONS``."""
    import cv2

    kernels, middle = [], length // 2
    for angle in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        kernel = np.zeros((length, length), np.float32)
        x, y = round(middle * np.cos(angle)), round(middle * np.sin(angle))
        cv2.line(kernel, (middle - x, middle - y), (middle + x, middle + y), 1.0)
        kernels.append(kernel / kernel.sum())
    return kernels


def _long(flags: Flags, thick: int) -> Flags:
    """The connected parts that are ``ELONGATED``, and as long as ``thick`` at least."""
    import cv2

    count, part, boxes, _ = cv2.connectedComponentsWithStats(flags.astype(np.uint8))
    length = np.hypot(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
    # Area by length is the mean thickness; of lines that cross, at most the sum of theirs.
    kept = (length >= thick) & (length**2 >= ELONGATED * boxes[:, cv2.CC_STAT_AREA])
    kept[0] = False
    return kept[part]
