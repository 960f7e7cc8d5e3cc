"""Copied pixels take the colours of where they come to stand, and keep their differences."""

import numpy as np
import pytest

from inpainting.inference.blending import TOWARDS_GUESS, blend
from inpainting.inference.level import Level

STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def level_with(image, *boxes, hidden=()) -> Level:
    """Holes (left, top, right, bottom), and boxes that are neither known nor missing."""
    hole = np.zeros(image.shape[:2], bool)
    known = np.ones_like(hole)
    for left, top, right, bottom in boxes:
        hole[top:bottom, left:right] = True
    for left, top, right, bottom in hidden:
        known[top:bottom, left:right] = False
    return Level(image.astype(np.float32), known & ~hole, hole)


def everywhere(level: Level, offset) -> np.ndarray:
    return np.tile(offset, (np.count_nonzero(level.hole), 1))


def test_what_is_copied_from_a_periodic_picture_is_the_truth(rng):
    tile = rng.uniform(0, 255, (10, 12, 3))
    truth = np.tile(tile, (6, 6, 1))
    level = level_with(truth, (30, 24, 43, 35))
    offsets = everywhere(level, (-20, 12))
    offsets[::3] = 20, -24
    offsets[1::5] = 0, 24
    filled = blend(level, offsets, level.image)
    assert filled.shape == (13 * 11, 3) and filled.dtype == np.float32
    assert np.abs(filled - truth[level.hole]).max() < 0.1


@pytest.mark.parametrize("constant", [(50, 50, 50), (-40, 0, 25)])
def test_a_constant_between_source_and_place_is_taken_away(rng, constant):
    """The left half is the right half in another light; what is missing on the right comes back."""
    half = rng.uniform(60, 160, (30, 30, 3))
    truth = np.concatenate([half, half + constant], axis=1)
    level = level_with(truth, (38, 8, 52, 22))
    filled = blend(level, everywhere(level, (0, -30)), truth.astype(np.float32))
    assert np.abs(filled - truth[level.hole]).max() < 0.1


def test_with_a_flat_source_and_guess_the_fill_is_flat():
    level = level_with(np.full((20, 20, 3), 77.0), (6, 6, 14, 14))
    filled = blend(level, everywhere(level, (-8, 0)), np.full((20, 20, 3), 77, np.float32))
    assert np.abs(filled - 77).max() < 1e-2


def test_far_inside_the_mean_colour_is_the_guess(rng):
    """A hole as deep as many times the guess's reach, all of it copied from one flat place."""
    image = np.full((200, 120, 3), 100.0)
    level = level_with(image, (10, 40, 110, 140))
    guess = np.full(image.shape, 180, np.float32)
    offsets = level.missing() * -1 + (5, 60)  # all from one pixel: no differences at all
    filled = blend(level, offsets, guess)
    result = image.copy()
    result[level.hole] = filled
    assert np.abs(result[90, 60] - 180).max() < 1
    assert np.abs(result[41, 60] - 100).max() < 30, "continuous with what is known"
    column = result[40:90, 60, 0]
    assert (np.diff(column) > -1e-3).all()


def slow(level: Level, offsets, guess) -> np.ndarray:
    """The same least squares in one equation a pixel, by loops, solved densely."""
    height, width = level.hole.shape
    missing = [tuple(place) for place in level.missing().tolist()]
    number = {place: i for i, place in enumerate(missing)}

    def is_known(y, x):
        return 0 <= y < height and 0 <= x < width and level.known[y, x]

    def colour(y, x):
        return level.image[min(max(y, 0), height - 1), min(max(x, 0), width - 1)].astype(float)

    matrix, right = np.zeros((len(missing),) * 2), np.zeros((len(missing), 3))
    for i, (y, x) in enumerate(missing):
        matrix[i, i] = TOWARDS_GUESS
        right[i] = TOWARDS_GUESS * guess[y, x]
        down, across = offsets[i]
        for v, u in STEPS:
            beside = y + v, x + u
            if beside not in number and not is_known(*beside):
                continue
            wanted = np.zeros(3)
            if is_known(y + down + v, x + across + u):
                wanted = colour(y + down, x + across) - colour(y + down + v, x + across + u)
            if beside in number:
                j = number[beside]
                of = beside[0] + offsets[j][0], beside[1] + offsets[j][1]
                if is_known(*of) and is_known(of[0] - v, of[1] - u):
                    theirs = colour(of[0] - v, of[1] - u) - colour(*of)
                    wanted = max(wanted, theirs, key=lambda step: (step**2).sum())
                matrix[i, j] -= 1
            else:
                right[i] += colour(*beside)
            matrix[i, i] += 1
            right[i] += wanted
    return np.linalg.solve(matrix, right)


HOLES = {
    "middle": [(4, 3, 9, 8)],
    "corner": [(0, 0, 5, 4)],
    "border": [(8, 2, 14, 7)],
    "two": [(1, 1, 4, 4), (8, 6, 12, 9)],
    "one pixel": [(5, 5, 6, 6)],
}


@pytest.mark.parametrize("boxes", HOLES.values(), ids=HOLES)
@pytest.mark.parametrize("hidden", [(), [(5, 8, 8, 11), (0, 4, 2, 6)]], ids=["opaque", "hidden"])
def test_it_is_the_least_squares_of_all_equations(rng, boxes, hidden):
    level = level_with(rng.uniform(0, 255, (12, 14, 3)), *boxes, hidden=hidden)
    count = len(level.missing())
    offsets = rng.integers(-6, 7, (count, 2))
    # As choose_offsets gives them: only to known pixels, else nothing.
    offsets[~level.look_up(level.missing() + offsets)[1]] = 0
    guess = rng.uniform(0, 255, (12, 14, 3)).astype(np.float32)
    assert np.abs(blend(level, offsets, guess) - slow(level, offsets, guess)).max() < 0.05


def test_a_pixel_that_copies_nothing_passes_colours_on():
    """Nothing is copied: the fill of a strip between 50 and 150 lies between them."""
    image = np.full((9, 20, 3), 50.0)
    image[:, 12:] = 150
    level = level_with(image, (8, 0, 12, 9))
    level.image[level.hole] = 100
    filled = blend(level, everywhere(level, (0, 0)), level.image)
    assert filled.min() > 30 and filled.max() < 170
