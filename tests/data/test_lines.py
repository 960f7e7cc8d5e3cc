"""The lines of a picture: where they are found, what they do not depend on, which are shown."""

import numpy as np
import pytest

from inpainting.data.lines import ALL, SOME, WIDTH, draw_lines, lines_in
from inpainting.seeding import generator_for


@pytest.fixture
def picture() -> np.ndarray:
    """Two fields with a soft border at column 24, and a bar at rows 40 to 47."""
    grey = np.full((64, 64), 60.0)
    grey[:, 24:] = 140
    grey[40:48, 30:60] = 60
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def test_a_border_is_a_line_along_it(picture):
    lines = lines_in(picture)
    assert set(np.unique(lines)) == {0, 255}
    columns = np.flatnonzero(lines[5:30].all(0))
    assert len(columns) == WIDTH and abs(columns.mean() - 23.5) <= 1
    assert not lines[5:30, :20].any() and not lines[5:30, 30:].any()


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (1, 60), (1.5, -30)])
def test_lines_do_not_depend_on_gain_and_offset(picture, gain, offset):
    other = (gain * picture + offset).astype(np.uint8)
    assert np.array_equal(lines_in(other), lines_in(picture))


def test_noise_of_a_plain_picture_is_no_line(rng):
    plain = (128 + rng.integers(-1, 2, (64, 64, 3))).astype(np.uint8)
    assert not lines_in(plain).any()


def test_lines_of_the_side_are_none(picture):
    """A picture's end is no border."""
    lines = lines_in(picture)
    assert not lines[:, -1].any() and not lines[5:30, 0].any()


def test_lines_are_told_nowhere_everywhere_or_along_some(picture):
    hole = np.zeros((64, 64), bool)
    hole[8:56, 8:56] = True
    true = lines_in(picture)
    counts = dict.fromkeys(("none", "all", "some"), 0)
    for seed in range(200):
        lines, told = np.moveaxis(draw_lines(picture, hole, generator_for(seed)), -1, 0)
        assert np.array_equal(lines, true)
        assert set(np.unique(told)) <= {0, 255} and not told[~hole].any()
        if np.array_equal(told > 0, hole):
            counts["all"] += 1
        elif told.any():
            counts["some"] += 1
            assert (lines[told > 0] == 255).all()
        else:
            counts["none"] += 1
    assert counts["all"] / 200 == pytest.approx(ALL, abs=0.1)
    assert 0.3 * SOME < counts["some"] / 200 < 1.2 * SOME  # few lines: at times none is kept
    assert counts["none"] > 80


def test_what_is_told_is_a_function_of_the_generator(picture):
    hole = np.ones((64, 64), bool)
    a, b = (draw_lines(picture, hole, generator_for(7)) for _ in range(2))
    assert np.array_equal(a, b)
