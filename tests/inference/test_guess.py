"""A guess moved to colours that are there."""

import numpy as np
import pytest

from inpainting.inference.guess import ALIKE, AT_ONCE, FARTHER, towards_known
from inpainting.inference.level import Level

GREEN, BLUE, RED = (60, 110, 40), (50, 60, 120), (200, 30, 30)


def level_with(image, *boxes) -> Level:
    """Holes: left, top, right, bottom."""
    hole = np.zeros(image.shape[:2], bool)
    for left, top, right, bottom in boxes:
        hole[top:bottom, left:right] = True
    return Level(image.astype(np.float32), ~hole, hole)


def moved(level: Level) -> np.ndarray:
    return level.image + towards_known(level)


def test_as_loops_say_it(rng):
    level = level_with(rng.uniform(0, 255, (9, 14, 3)), (3, 2, 12, 7))
    assert level.hole.sum() < AT_ONCE < 2 * level.hole.sum()
    change = towards_known(level)
    assert not change[level.known].any()
    places = np.argwhere(level.known)
    known = level.image[level.known].astype(float)
    for y, x in level.missing():
        away = np.hypot(*(places - (y, x)).T)
        unlike = ((known - level.image[y, x]) ** 2).sum(1)
        weight = np.exp(-unlike / (2 * ALIKE**2) - (away - away.min()) / (FARTHER * away.min()))
        expected = weight @ known / weight.sum()
        assert np.abs(level.image[y, x] + change[y, x] - expected).max() < 0.05


def test_more_missing_blocks_than_go_at_once(rng):
    """Each by itself, whatever else is missing in the same slice."""
    image = rng.uniform(0, 255, (24, 24, 3))
    level = level_with(image, (4, 4, 20, 20))
    assert level.hole.sum() > 2 * AT_ONCE
    change = towards_known(level)
    for y, x in ((4, 4), (11, 13), (19, 19)):
        alone = np.zeros_like(level.hole)
        alone[y, x] = True
        one = towards_known(Level(level.image, level.known, alone))
        assert np.abs(one[y, x] - change[y, x]).max() < 0.05


def test_a_colour_that_is_nowhere_becomes_the_one_around_it():
    """A grey between green and blue, far from the blue."""
    image = np.full((30, 60, 3), GREEN)
    image[:, 50:] = BLUE
    image[10:20, 10:20] = (58, 85, 75)
    result = moved(level_with(image, (10, 10, 20, 20)))[10:20, 10:20]
    assert np.abs(result - GREEN).max() < 2


def test_a_guess_in_a_colour_of_two_keeps_it():
    image = np.full((20, 40, 3), GREEN)
    image[:, 20:] = RED
    level = level_with(image, (10, 5, 30, 15))
    assert np.abs(towards_known(level)).max() < 1


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (3, 3)])
def test_tiny_levels(shape):
    image = np.full((*shape, 3), RED)
    level = level_with(image, (0, 0, 1, 1))
    level.image[level.hole] = GREEN
    assert np.abs(moved(level) - RED).max() < 0.01
