"""Random holes of a given share of the picture."""

import numpy as np
from numpy.random import Generator

from inpainting.errors import InvalidConfig
from inpainting.masks.drawing import Drawing, Size, draw_box, draw_free_form, draw_line, draw_stroke
from inpainting.types import Hole

# The hole ratios of arXiv:1804.07723, section 4.1: (low, high].
BUCKETS = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))
CLEAR_BORDER = 1 / 16  # share of each side that a hole away from the border leaves alone
ATTEMPTS = 200

DAMAGE = {"lines": draw_line, "strokes": draw_stroke, "boxes": draw_box}


def sample_bucket(size: Size, generator: Generator, bucket: int, border: bool) -> Hole:
    """An irregular hole whose ratio lies in one bucket, by rejection.

    Strokes are added until the hole is large enough; one that grew too large, or touches the
    border against ``border``, is drawn again.

    Args:
        size: ``(height, width)``, at least 32×32 pixels so that every bucket can be met.
        generator: source of all randomness.
        bucket: index into ``BUCKETS``.
        border: True = the hole touches the picture's border; False = it stays 1/16 of each side
            away from it.

    Returns:
        Bool (H, W), True = missing.

    Raises:
        InvalidConfig: when no such hole was found, which happens to tiny sizes only.
    """
    low, high = BUCKETS[bucket]
    for _ in range(ATTEMPTS):
        hole = _strokes_until(size, generator, generator.uniform(low, high), border)
        if low < hole.mean() <= high and touches_border(hole) == border:
            return hole
    raise InvalidConfig(
        f"No hole of ratio ({low}, {high}] was found for {size[0]}×{size[1]} pixels: use at "
        "least 32×32."
    )


def sample_damage(size: Size, generator: Generator, kind: str, share: float) -> Hole:
    """Pieces of one kind until a share of the picture is missing.

    A piece that would overshoot the share is left out and a smaller one tried; what is missing at
    the end is seldom more than a piece of the smallest size from it.

    Args:
        size: ``(height, width)`` in pixels.
        generator: source of all randomness.
        kind: a name of ``DAMAGE``: "lines", "strokes" or "boxes".
        share: to be missing, in (0, 1).

    Returns:
        Bool (H, W), True = missing.

    Raises:
        InvalidConfig: for another kind or share.
    """
    if kind not in DAMAGE:
        raise InvalidConfig(f"There is no damage {kind!r}: use one of {tuple(DAMAGE)}.")
    if not 0 < share < 1:
        raise InvalidConfig(
            f"A share of {share:g} cannot be missing: give more than 0, less than 1."
        )
    drawing, most = Drawing(size), share * size[0] * size[1]
    for shrink in (1.0, 0.5, 0.25, 0.12):
        for _ in range(ATTEMPTS):
            before = drawing.image.copy()
            DAMAGE[kind](drawing, generator, shrink)
            missing = drawing.image.histogram()[255]
            if missing > max(most, 1):
                drawing.restore(before)
                break
            if missing > 0.98 * most:
                return drawing.hole()
    return drawing.hole()


def touches_border(hole: Hole) -> bool:
    """Whether a hole, bool (H, W), has a missing pixel in its outermost rows or columns."""
    return bool(hole[[0, -1]].any() or hole[:, [0, -1]].any())


def _strokes_until(size: Size, generator: Generator, target: float, border: bool) -> Hole:
    """Strokes of one style until ``target`` of the picture is missing."""
    drawing = Drawing(size)
    thickness = generator.uniform(4, 12 + 60 * target)
    inside = np.zeros(size, dtype=np.bool_)
    inside[clear_border(size)] = True
    for _ in range(ATTEMPTS):
        draw_free_form(drawing, generator, (2, 8), 80, (0.5 * thickness, thickness))
        hole = drawing.hole() if border else drawing.hole() & inside
        if hole.mean() >= target:
            break
    return hole


def clear_border(size: Size) -> tuple[slice, slice]:
    """Rows and columns where a hole away from the border may be."""
    margins = (max(1, int(length * CLEAR_BORDER)) for length in size)
    rows, columns = (slice(m, length - m) for m, length in zip(margins, size, strict=True))
    return rows, columns
