"""Random holes of many kinds, each a function of (size, generator).

They are drawn at their final size: no hole is ever resized. Lengths are given in pixels at 256 px
and scale with the shorter side.
"""

from itertools import chain, count

import numpy as np
from numpy.random import Generator

from inpainting.masks.drawing import Drawing, Sampler, Size, draw_boxes, draw_line
from inpainting.masks.ratios import BUCKETS, clear_border
from inpainting.masks.strokes import draw, free_form_strokes, strokes_hole
from inpainting.types import Hole

BUNCH = 16  # strokes whose random numbers are drawn at once, where no number is given


def sample_lines(size: Size, generator: Generator) -> Hole:
    """1–10 straight lines, 3–12 px thick, between random points: the report's holes.

    Args:
        size: ``(height, width)`` in pixels.
        generator: source of all randomness.

    Returns:
        Bool (H, W), True = missing; likewise for every sampler in this file.
    """
    drawing = Drawing(size)
    for _ in range(generator.integers(1, 11)):
        draw_line(drawing, generator)
    return drawing.hole()


def sample_strokes(size: Size, generator: Generator) -> Hole:
    """1–6 free-form strokes of 4–12 corners, 8–32 px wide: arXiv:1806.03589, appendix."""
    number = int(generator.integers(1, 7))
    return strokes_hole(size, free_form_strokes(size, generator, number, (4, 13), 60, (8, 32)))


def sample_boxes(size: Size, generator: Generator) -> Hole:
    """1–4 rectangles with sides of 16–96 px."""
    drawing = Drawing(size)
    draw_boxes(drawing, generator, count=(1, 5), side=(16, 96))
    return drawing.hole()


def sample_thin(size: Size, generator: Generator) -> Hole:
    """LaMa's *thin* holes at 256 px: 4–50 strokes, up to 40 px long and 10 px wide."""
    number = int(generator.integers(4, 51))
    return strokes_hole(size, free_form_strokes(size, generator, number, (2, 5), 40, (1, 10)))


def sample_medium(size: Size, generator: Generator) -> Hole:
    """LaMa's *medium* holes: 4–5 strokes, up to 100 px by 50 px; boxes of 10–50 px at times."""
    return _strokes_or_boxes(size, generator, (4, 6), 100, (10, 50), boxes=(1, 6), side=(10, 50))


def sample_thick(size: Size, generator: Generator) -> Hole:
    """LaMa's *thick* holes: 1–5 strokes, up to 200 px by 100 px; boxes of 30–150 px at times."""
    return _strokes_or_boxes(size, generator, (1, 6), 200, (20, 100), boxes=(1, 4), side=(30, 150))


def sample_irregular(size: Size, generator: Generator) -> Hole:
    """Strokes of one style until a share of 1–60 % is missing, each bucket as often as another.

    As those of :func:`~inpainting.masks.ratios.sample_bucket`, half of them away from the border;
    none is drawn again, so that the last stroke may take one into a larger bucket.
    """
    target = generator.uniform(*BUCKETS[generator.integers(len(BUCKETS))])
    thickness = generator.uniform(4, 12 + 60 * target)
    width = (0.5 * thickness, thickness)
    drawn = np.zeros(size, dtype=np.bool_)
    region = clear_border(size) if generator.integers(2) else ...
    strokes = chain.from_iterable(
        free_form_strokes(size, generator, BUNCH, (2, 8), 80, width) for _ in count()
    )
    while np.count_nonzero(drawn[region]) < target * drawn.size:
        draw(drawn, next(strokes))
    hole = np.zeros_like(drawn)
    hole[region] = drawn[region]
    return hole


def sample_mix(size: Size, generator: Generator) -> Hole:
    """The training mix: 3 in 10 lines, 4 in 10 irregular, the rest of every kind.

    An empty or full hole is drawn again: it would teach nothing.
    """
    while True:
        kind = generator.random()
        if kind < 0.3:
            hole = sample_lines(size, generator)
        elif kind < 0.7:
            hole = sample_irregular(size, generator)
        else:
            others = (sample_strokes, sample_boxes, sample_thin, sample_medium, sample_thick)
            hole = others[generator.integers(len(others))](size, generator)
        if hole.any() and not hole.all():
            return hole


SAMPLERS: dict[str, Sampler] = {
    "lines": sample_lines,
    "strokes": sample_strokes,
    "boxes": sample_boxes,
    "thin": sample_thin,
    "medium": sample_medium,
    "thick": sample_thick,
    "irregular": sample_irregular,
    "mix": sample_mix,
}


def _strokes_or_boxes(
    size: Size,
    generator: Generator,
    strokes: tuple[int, int],
    length: float,
    width: tuple[float, float],
    boxes: tuple[int, int],
    side: tuple[float, float],
) -> Hole:
    """LaMa's mixture: free-form strokes, and in 3 of 10 holes rectangles instead."""
    if generator.random() < 0.3:
        drawing = Drawing(size)
        draw_boxes(drawing, generator, boxes, side)
        return drawing.hole()
    number = int(generator.integers(*strokes))
    return strokes_hole(size, free_form_strokes(size, generator, number, (2, 5), length, width))
