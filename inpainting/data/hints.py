"""Simulated guides: what somebody might paint into a hole, made from what stands there.

The number and the places of hints are those of interactive colourisation (Zhang et al.,
arXiv:1705.02999, section 3.1): a geometric number of patches of 1 to 9 pixels in their mean colour.
Some are strokes instead, as people draw them. Half of the samples have none, so that the network
does without as well as before.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from inpainting.data.lines import draw_lines
from inpainting.types import Hole, Pixels

GUIDED = 0.5  # share of the samples
MORE = 1 / 8  # a hint is the last one with this probability
LARGEST = 9  # side of a patch or width of a stroke, in pixels
STROKES, REACH = 0.25, 40  # share of strokes among the hints, and their length at most, in pixels


def draw_guide(picture: Pixels, hole: Hole, generator: Generator) -> NDArray[np.uint8]:
    """Colours and lines for a sample.

    Args:
        picture: uint8 (S, S, 3), RGB.
        hole: bool (S, S), True = missing.
        generator: decides everything.

    Returns:
        Uint8 (S, S, 6): of :func:`draw_hints`, then of :func:`inpainting.data.lines.draw_lines`.
    """
    hints = draw_hints(picture, hole, generator)
    return np.concatenate([hints, draw_lines(picture, hole, generator)], axis=-1)


def draw_hints(picture: Pixels, hole: Hole, generator: Generator) -> NDArray[np.uint8]:
    """A guide for a sample.

    Args:
        picture: uint8 (S, S, 3), RGB.
        hole: bool (S, S), True = missing.
        generator: decides everything.

    Returns:
        Uint8 (S, S, 4), RGBA: opaque where a colour is given, which is inside the hole; else 0.
    """
    guide = np.zeros((*hole.shape, 4), np.uint8)
    missing = np.argwhere(hole)
    if not len(missing) or generator.random() >= GUIDED:
        return guide
    for _ in range(generator.geometric(MORE)):
        place = missing[generator.integers(len(missing))]
        side = int(generator.integers(1, LARGEST + 1))
        if generator.random() < STROKES:
            end = place + generator.integers(-REACH, REACH + 1, size=2)
            given = _stroke(hole.shape, place, end, side)
        else:
            given = _patch(hole.shape, place, side)
        given &= hole
        guide[given, :3] = picture[given].mean(axis=0).round()
        guide[given, 3] = 255
    return guide


def _patch(shape: tuple[int, ...], place: NDArray, side: int) -> NDArray[np.bool_]:
    given = np.zeros(shape, np.bool_)
    top, left = np.maximum(place - side // 2, 0)
    given[top : top + side, left : left + side] = True
    return given


def _stroke(shape: tuple[int, ...], start: NDArray, end: NDArray, width: int) -> NDArray[np.bool_]:
    import cv2

    canvas = np.zeros(shape, np.uint8)
    points = [tuple(int(k) for k in point[::-1]) for point in (start, end)]
    cv2.line(canvas, points[0], points[1], 1, width)
    return canvas > 0
