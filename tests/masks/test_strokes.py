"""Strokes that are drawn by the thousand: those of the slow way, and in one piece."""

import numpy as np
import pytest
from scipy import ndimage

from inpainting.masks.drawing import Drawing, draw_free_form
from inpainting.masks.random import sample_irregular
from inpainting.masks.ratios import clear_border, touches_border
from inpainting.masks.strokes import Stroke, draw, free_form_strokes, strokes_hole
from inpainting.seeding import generator_for

KINDS = {
    "thin": ((2, 5), 40, (1, 10)),
    "strokes": ((4, 13), 60, (8, 32)),
    "thick": ((2, 5), 200, (20, 100)),
}


@pytest.mark.parametrize("width", [1, 3, 5, 12])
def test_a_stroke_is_a_line_with_round_ends(width):
    """Area of a capsule: length × width + π (width/2)²; a pixel's edge is open on both sides."""
    hole = np.zeros((64, 96), np.bool_)
    draw(hole, Stroke(np.array([[16, 32], [80, 32]], np.int32), width))
    across = np.flatnonzero(hole[:, 48])
    assert width <= len(across) <= width + 1 and abs(across.mean() - 32) <= 0.5
    capsule = 64 * len(across) + np.pi / 4 * len(across) ** 2
    assert hole.sum() == pytest.approx(capsule, rel=0.05), hole.sum()


@pytest.mark.parametrize("name", KINDS)
def test_strokes_are_those_of_the_slow_way(name):
    """The oracle draws one number at a time with Pillow; means over 300 strokes of each."""
    corners, length, width = KINDS[name]
    size, areas, spans = (256, 320), [], []
    for k in range(300):
        generator = generator_for(7, k)
        drawing = Drawing(size)
        draw_free_form(drawing, generator, corners, length, width)
        fast = strokes_hole(size, free_form_strokes(size, generator, 1, corners, length, width))
        both = (drawing.hole(), fast)
        areas.append([hole.sum() for hole in both])
        spans.append([np.ptp(np.nonzero(hole)[0]) if hole.any() else 0 for hole in both])
    for measured in (areas, spans):
        slow, fast = np.array(measured, float).T
        spread = np.hypot(slow.std(), fast.std()) / np.sqrt(len(slow))
        assert abs(slow.mean() - fast.mean()) < 3 * spread + 0.1 * slow.mean()


def test_every_stroke_of_a_bunch_is_another_one():
    strokes = list(free_form_strokes((64, 64), generator_for(0), 40, (2, 8), 80, (4, 30)))
    assert {len(stroke.points) for stroke in strokes} == set(range(3, 9))
    assert len({stroke.points.tobytes() for stroke in strokes}) == 40
    assert {stroke.width for stroke in strokes} <= set(range(1, 9))


def test_irregular_holes_are_of_every_share_and_half_of_them_clear_of_the_border():
    size = (96, 128)
    holes = [sample_irregular(size, generator_for(1, k)) for k in range(300)]
    shares = np.array([hole.mean() for hole in holes])
    inside = np.zeros(size, np.bool_)
    inside[clear_border(size)] = True
    clear = np.array([not (hole & ~inside).any() for hole in holes])
    assert 0.4 < clear.mean() < 0.75  # a small hole may be clear of it by chance
    assert any(touches_border(hole) for hole in holes)
    counts, _ = np.histogram(shares, [0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert counts.min() > 25 and shares.min() > 0.01 and shares.max() < 0.75


def test_a_stroke_is_in_one_piece():
    for stroke in free_form_strokes((400, 400), generator_for(2), 30, (4, 13), 20, (4, 9)):
        hole = strokes_hole((900, 900), [Stroke(stroke.points + 250, stroke.width)])
        assert ndimage.label(hole, np.ones((3, 3)))[1] == 1
