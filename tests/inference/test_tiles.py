"""Which part of a picture is worked on for which hole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.inference.tiles import (
    CELL,
    CONTEXT,
    LARGEST,
    MULTIPLE,
    OVERLAP,
    fade_in,
    find_tiles,
    whole,
)


def painted(size, *boxes) -> np.ndarray:
    hole = np.zeros(size, bool)
    for top, bottom, left, right in boxes:
        hole[top:bottom, left:right] = True
    return hole


def check(hole) -> list:
    """Properties of every cover; returns the tiles."""
    height, width = hole.shape
    tiles, covered = find_tiles(hole), np.zeros(hole.shape, bool)
    for (x0, y0, x1, y1), (left, top, right, bottom), _ in tiles:
        assert 0 <= x0 <= left < right <= x1 <= width and 0 <= y0 <= top < bottom <= y1 <= height
        assert hole[top:bottom, left:right].any()
        for start, first, last, stop, side in (
            (x0, left, right, x1, width),
            (y0, top, bottom, y1, height),
        ):
            assert stop - start == side or (stop - start) % MULTIPLE == 0
            assert start == 0 or first - start >= CONTEXT / 2
            assert stop == side or stop - last >= CONTEXT / 2
            assert stop - start <= LARGEST + 2 * OVERLAP + MULTIPLE
        covered[top:bottom, left:right] = True
    assert covered[hole].all()
    return tiles


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(0, 2**32 - 1), st.floats(1e-5, 0.02))
def test_dust_is_covered(height, width, seed, share):
    check(np.random.default_rng(seed).random((height, width)) < share)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_boxes_are_covered(seed, count):
    rng = np.random.default_rng(seed)
    hole = np.zeros(rng.integers(50, 1500, 2), bool)
    for _ in range(count):
        (top, bottom), (left, right) = (np.sort(rng.integers(0, side, 2)) for side in hole.shape)
        hole[top : bottom + 1, left : right + 1] = True
    check(hole)


def test_distant_holes_are_apart_and_near_ones_together():
    assert len(check(painted((400, 400), (10, 20, 10, 20), (300, 330, 300, 330)))) == 2
    near = painted((400, 400), (10, 20, 10, 20), (10 + CELL, 20 + CELL, 10, 20))
    assert len(check(near)) == 1


def test_a_scratch_costs_its_length_and_not_its_bounding_box():
    hole = np.zeros((2000, 2000), bool)
    for k in range(1990):
        hole[k : k + 10, k] = True
    tiles = check(hole)
    area = sum((b[2] - b[0]) * (b[3] - b[1]) for b, _, _ in tiles)
    assert area < 0.25 * hole.size and len(tiles) > 5


def test_a_rim_leaves_the_middle_out():
    hole = painted((900, 900), (200, 700, 200, 700)) & ~painted((900, 900), (220, 680, 220, 680))
    assert not any(
        left < 450 < right and top < 450 < bottom
        for (left, top, right, bottom), _, _ in check(hole)
    )


def test_context_on_every_side_and_sides_of_round_size():
    ((box, core, fade),) = check(painted((500, 600), (200, 230, 300, 301)))
    assert core == (288, 192, 304, 240) and fade == (False, False)
    left, top, right, bottom = box
    assert (right - left) % MULTIPLE == 0 == (bottom - top) % MULTIPLE


def test_at_the_border_the_box_moves_inwards():
    (((left, top, right, bottom), _, _),) = check(painted((500, 500), (0, 3, 497, 500)))
    assert (top, right) == (0, 500) and right - left == bottom - top == 64


@pytest.mark.parametrize("size", [(1, 1), (5, 90), (33, 31)])
def test_a_narrow_picture_is_taken_whole(size):
    (((left, top, right, bottom), _, _),) = check(np.ones(size, bool))
    assert (bottom - top, right - left) == size


def test_what_fades_in_lies_over_what_is_filled_earlier():
    """Two halves of one hole: the second one's core begins inside the first one's."""
    first, second = check(painted((200, 900), (80, 120, 10, 890)))
    assert second.fade == (True, False) and first.fade == (False, False)
    assert first.core[2] - second.core[0] == 2 * OVERLAP
    weight = fade_in(second)
    assert weight[0, 0] < 0.05 and (np.diff(weight[0]) >= 0).all()
    assert (weight[0, 2 * OVERLAP :] == 1).all() and (fade_in(first) == 1).all()


def test_nothing_missing_is_no_tile():
    assert find_tiles(np.zeros((40, 40), bool)) == []


def test_whole():
    assert whole(np.zeros((30, 40), bool)).box == (0, 0, 40, 30)
