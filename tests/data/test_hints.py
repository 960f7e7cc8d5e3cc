"""Simulated guides: where they lie, what colour they have, and how many there are."""

import numpy as np
import pytest

from inpainting.data.hints import GUIDED, draw_hints
from inpainting.seeding import generator_for


@pytest.fixture
def picture(rng) -> np.ndarray:
    return rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)


@pytest.fixture
def hole() -> np.ndarray:
    hole = np.zeros((48, 48), bool)
    hole[10:40, 5:44] = True
    return hole


def test_hints_are_a_function_of_the_generator(picture, hole):
    a, b, c = (draw_hints(picture, hole, generator_for(seed)) for seed in (3, 3, 4))
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_half_of_the_samples_have_none_and_none_lies_outside(picture, hole):
    guides = [draw_hints(picture, hole, generator_for(seed)) for seed in range(300)]
    shares = [(guide[..., 3] > 0).mean() for guide in guides]
    assert np.mean(np.array(shares) == 0) == pytest.approx(1 - GUIDED, abs=0.1)
    for guide in guides:
        assert set(np.unique(guide[..., 3])) <= {0, 255}
        assert not guide[~hole].any() and not guide[guide[..., 3] == 0].any()
    assert max(shares) < hole.mean()


def test_a_single_hint_has_the_mean_colour_of_what_it_covers(picture, hole):
    found = 0
    for seed in range(400):
        guide = draw_hints(picture, hole, generator_for(seed))
        given = guide[..., 3] > 0
        colours = np.unique(guide[given][:, :3], axis=0)
        if len(colours) != 1:
            continue
        found += 1
        assert np.array_equal(colours[0], picture[given].mean(axis=0).round())
    assert found > 10


def test_there_are_eight_on_average(picture):
    """Counted by their colours, which differ, in so large a hole that they seldom overlap."""
    everywhere = np.ones((48, 48), bool)
    counts = []
    for seed in range(400):
        guide = draw_hints(picture, everywhere, generator_for(seed))
        colours = np.unique(guide[guide[..., 3] > 0][:, :3], axis=0)
        counts += [len(colours)] if len(colours) else []
    assert 4 < np.mean(counts) < 9


def test_nothing_missing_has_no_hints(picture):
    assert not draw_hints(picture, np.zeros((48, 48), bool), generator_for(1)).any()
