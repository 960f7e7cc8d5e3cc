"""Random holes: reproducible, and of the promised kind."""

import numpy as np
import pytest

from inpainting.masks.random import SAMPLERS, sample_lines
from inpainting.masks.ratios import BUCKETS
from inpainting.seeding import generator_for


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("size", [(64, 64), (48, 80)])
def test_samplers_give_holes_that_depend_on_the_seed_alone(name, size):
    sample = SAMPLERS[name]
    holes = [sample(size, generator_for(3, i)) for i in range(8)]
    assert all(h.dtype == bool and h.shape == size for h in holes)
    again = [sample(size, generator_for(3, i)) for i in reversed(range(8))]
    assert all(np.array_equal(a, b) for a, b in zip(holes, reversed(again), strict=True))
    assert len({h.tobytes() for h in holes}) > 1


def test_lines_have_the_reports_width():
    """One line: its area over its length is between 3 and 12 px (clipped ends allow a margin)."""
    measured = 0
    for i in range(200):
        if generator_for(1, i).integers(1, 11) == 1:
            hole = sample_lines((256, 256), generator_for(1, i))
            ys, xs = np.nonzero(hole)
            length = np.hypot(np.ptp(ys), np.ptp(xs))
            if length > 60:
                assert 2 <= hole.sum() / length <= 14
                measured += 1
    assert measured > 5


def test_mix_is_never_empty_nor_full():
    holes = [SAMPLERS["mix"]((32, 32), generator_for(0, i)) for i in range(200)]
    assert all(h.any() and not h.all() for h in holes)
    ratios = np.array([h.mean() for h in holes])
    assert all(((low < ratios) & (ratios <= high)).any() for low, high in BUCKETS)
