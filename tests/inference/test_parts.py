"""Which parts a hole has, and which of them are deep."""

import numpy as np
import pytest

from inpainting.evaluation.protocol import hole_for
from inpainting.inference.parts import MODES, MOST_PARTS, THIN, find_parts, wants_texture
from inpainting.masks.ratios import BUCKETS

SIDE = 256  # of the protocol's pictures


def hole_with(height, width, *boxes):
    hole = np.zeros((height, width), bool)
    for left, top, right, bottom in boxes:
        hole[top:bottom, left:right] = True
    return hole


@pytest.mark.parametrize("axis", [0, 1])
def test_a_band_is_deep_if_its_middle_is_further_than_thin_from_what_is_known(axis):
    """The middle of a band of 2n - 1 pixels is n from the nearest known pixel."""
    for distance, deep in [(int(THIN), False), (int(THIN) + 1, True)]:
        hole = hole_with(200, 150, (0, 70, 150, 70 + 2 * distance - 1))
        parts = find_parts(*(array if axis else array.T for array in (hole, ~hole)))
        assert parts.deep.tolist() == [deep]


def test_each_part_is_judged_by_itself():
    wide = 2 * int(THIN) + 10
    hole = hole_with(300, 300, (5, 5, 200, 11), (50, 100, 50 + wide, 100 + wide))
    parts = find_parts(hole, ~hole)
    assert parts.boxes == [(5, 5, 200, 11), (50, 100, 50 + wide, 100 + wide)]
    assert parts.deep.tolist() == [False, True]
    assert parts.pixels == [195 * 6, wide**2]


def test_pixels_that_touch_at_a_corner_are_one_part():
    hole = np.zeros((6, 6), bool)
    hole[[1, 2, 3], [1, 2, 3]] = hole[5, 0] = True
    parts = find_parts(hole, ~hole)
    assert parts.boxes == [(1, 1, 4, 4), (0, 5, 1, 6)] and parts.pixels == [3, 1]
    assert parts.labels[1, 1] == parts.labels[2, 2] == parts.labels[3, 3] == 1
    assert parts.labels[5, 0] == 2 and not parts.labels[~hole].any()


def test_boxes_and_counts_agree_with_the_labels(rng):
    hole = rng.random((40, 60)) < 0.3
    parts = find_parts(hole, ~hole)
    assert np.array_equal(parts.labels > 0, hole)
    assert len(parts.boxes) == len(parts.pixels) == len(parts.deep) == parts.labels.max()
    for number, (box, pixels) in enumerate(zip(parts.boxes, parts.pixels, strict=True), 1):
        ys, xs = np.nonzero(parts.labels == number)
        assert box == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) and pixels == len(ys)


def test_dust_is_one_part():
    for count in (MOST_PARTS, MOST_PARTS + 1):
        hole = np.zeros((200, 200), bool)
        places = 2 * np.stack(np.divmod(np.arange(count), 100)) + 1
        hole[tuple(places)] = True
        parts = find_parts(hole, ~hole)
        assert len(parts.boxes) == (count if count <= MOST_PARTS else 1)
        assert sum(parts.pixels) == count and np.array_equal(parts.labels > 0, hole)
    rows, columns = places
    assert parts.boxes == [(1, 1, columns.max() + 1, rows.max() + 1)]
    assert parts.deep.tolist() == [False]


def test_transparent_pixels_are_no_surroundings():
    """A thin line in the middle of a wide transparent band is as far from what is known."""
    half = int(THIN) + 3
    hole = hole_with(200, 100, (0, 99, 100, 101))
    known = np.ones_like(hole)
    known[100 - half : 100 + half] = False
    assert find_parts(hole, ~hole).deep.tolist() == [False]
    assert find_parts(hole, known).deep.tolist() == [True]


def test_with_nothing_known_a_part_is_deep():
    hole = hole_with(9, 9, (2, 2, 4, 4))
    assert find_parts(hole, np.zeros_like(hole)).deep.tolist() == [True]


@pytest.mark.parametrize("index", range(24))
def test_lines_are_thin(index):
    hole, _ = hole_for("lines", index, 42, SIDE)
    assert not find_parts(hole, ~hole).deep.any()


@pytest.mark.parametrize(
    "index", [i for i in range(48) if BUCKETS[i % len(BUCKETS)][1] <= 0.2]
)  # fmt: skip
def test_the_small_holes_of_the_protocol_are_thin(index):
    hole, _ = hole_for("irregular", index, 42, SIDE)
    assert not find_parts(hole, ~hole).deep.any()


def test_what_each_mode_copies_into():
    wide = 2 * int(THIN) + 10
    hole = hole_with(150, 150, (5, 5, 100, 11), (50, 60, 50 + wide, 60 + wide))
    parts = find_parts(hole, ~hole)
    wanted = {mode: wants_texture(parts, mode).tolist() for mode in MODES}
    assert wanted == {
        "auto": [False, True], "faithful": [False, False], "natural": [True, True]
    }  # fmt: skip
