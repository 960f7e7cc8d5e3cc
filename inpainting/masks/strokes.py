"""Free-form brush strokes, many at once, for holes that are drawn by the thousand.

Their random numbers are drawn as arrays and their pixels by OpenCV: the same strokes as those of
:func:`inpainting.masks.drawing.draw_free_form` in a tenth of the time. That one stays for holes
which must not change: those of the evaluation.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator

from inpainting.masks.drawing import Size
from inpainting.types import Hole


class Stroke(NamedTuple):
    """``points``: int32 (n, 2), (x, y) in pixels; ``width``: in pixels."""

    points: np.ndarray
    width: int


def free_form_strokes(
    size: Size,
    generator: Generator,
    count: int,
    corners: tuple[int, int],
    length: float,
    width: tuple[float, float],
) -> Iterator[Stroke]:
    """Free-form brush strokes, after arXiv:1806.03589, appendix.

    The heading turns a little at each corner; every second one may turn back.

    Args:
        size: ``(height, width)`` of the picture in pixels.
        generator: source of all randomness; all of it is drawn at the first stroke.
        count: number of strokes.
        corners: least number of segments of a stroke, and one more than the most.
        length: longest segment, in pixels at 256 px.
        width: thinnest and thickest, likewise.
    """
    scale, most = min(size) / 256, corners[1] - 1
    turns = generator.normal(0, 0.5, (count, most))
    turns[:, 1::2] += np.pi * (generator.random((count, most // 2)) < 0.5)
    headings = generator.uniform(0, 2 * np.pi, (count, 1)) + turns.cumsum(axis=1)
    steps = generator.uniform(0.1, 1, (count, most)) * length * scale
    moves = np.stack([steps * np.cos(headings), steps * np.sin(headings)], axis=-1)
    starts = generator.uniform(0, size[::-1], (count, 1, 2))
    points = np.concatenate([starts, starts + moves.cumsum(axis=1)], axis=1)
    points = np.rint(points).astype(np.int32)  # (count, most + 1, 2)
    widths = np.maximum(1, np.rint(generator.uniform(*width, count) * scale)).astype(int).tolist()
    ends = (generator.integers(*corners, count) + 1).tolist()
    for places, thick, end in zip(points, widths, ends, strict=True):
        yield Stroke(places[:end], thick)


def draw(hole: Hole, stroke: Stroke) -> None:
    """Add a stroke with round ends and joints to a hole, bool (H, W), which is changed."""
    thickness = max(1, stroke.width - 1)  # OpenCV's lines are one or two pixels wider than asked
    cv2.polylines(hole.view(np.uint8), [stroke.points], False, 1, thickness)


def strokes_hole(size: Size, strokes: Iterable[Stroke]) -> Hole:
    """Bool (H, W), True = missing: all strokes, on an empty canvas."""
    hole = np.zeros(size, dtype=np.bool_)
    for stroke in strokes:
        draw(hole, stroke)
    return hole
