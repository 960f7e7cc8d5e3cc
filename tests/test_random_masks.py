"""Random holes: reproducible, of the promised size, at the promised place."""

import numpy as np
import pytest
import torch

from inpainting import InpaintingError
from inpainting.errors import InvalidConfig
from inpainting.random_masks import (
    BUCKETS,
    DAMAGE,
    SAMPLERS,
    generator_for,
    sample_bucket,
    sample_damage,
    sample_lines,
    touches_border,
)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("size", [(64, 64), (48, 80)])
def test_samplers_give_holes_that_depend_on_the_seed_alone(name, size):
    sample = SAMPLERS[name]
    holes = [sample(size, generator_for(3, i)) for i in range(8)]
    assert all(h.dtype == torch.bool and h.shape == (1, *size) for h in holes)
    again = [sample(size, generator_for(3, i)) for i in reversed(range(8))]
    assert all(torch.equal(a, b) for a, b in zip(holes, reversed(again), strict=True))
    assert len({h.numpy().tobytes() for h in holes}) > 1


@pytest.mark.parametrize("border", [True, False])
@pytest.mark.parametrize("bucket", range(len(BUCKETS)))
@pytest.mark.parametrize("size", [(256, 256), (32, 32)])
def test_buckets_hold_what_they_promise(size, bucket, border):
    low, high = BUCKETS[bucket]
    for i in range(4):
        hole = sample_bucket(size, generator_for(0, i), bucket, border)
        assert low < hole.float().mean() <= high
        assert touches_border(hole) == border


def test_away_from_the_border_means_a_sixteenth():
    hole = sample_bucket((64, 64), generator_for(0), 5, border=False)[0]
    assert not (hole[:4].any() or hole[-4:].any() or hole[:, :4].any() or hole[:, -4:].any())


def test_impossible_bucket_is_refused():
    with pytest.raises(InpaintingError, match="at least 32×32"):
        sample_bucket((2, 2), generator_for(0), 0, border=True)


def test_lines_have_the_reports_width():
    """One line: its area over its length is between 3 and 12 px (clipped ends allow a margin)."""
    for i in range(200):
        generator = generator_for(1, i)
        hole = sample_lines((256, 256), generator)[0].numpy()
        if np.random.default_rng((1, i)).integers(1, 11) == 1:
            ys, xs = np.nonzero(hole)
            length = np.hypot(np.ptp(ys), np.ptp(xs))
            if length > 60:
                assert 2 <= hole.sum() / length <= 14


def test_mix_is_never_empty_nor_full():
    holes = [SAMPLERS["mix"]((32, 32), generator_for(0, i)) for i in range(200)]
    assert all(h.any() and not h.all() for h in holes)
    ratios = np.array([h.float().mean() for h in holes])
    assert all(((low < ratios) & (ratios <= high)).any() for low, high in BUCKETS)


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("share", [0.03, 0.1, 0.3, 0.6])
def test_damage_has_the_share_asked_for(kind, share):
    hole = sample_damage((180, 256), generator_for(5), kind, share)
    assert hole.shape == (1, 180, 256) and hole.dtype == torch.bool
    assert 0.94 * share < hole.float().mean() <= share
    assert torch.equal(hole, sample_damage((180, 256), generator_for(5), kind, share))
    assert not torch.equal(hole, sample_damage((180, 256), generator_for(6), kind, share))


@pytest.mark.parametrize(("kind", "share"), [("dust", 0.1), ("lines", 0), ("lines", 1)])
def test_damage_without_a_meaning_is_refused(kind, share):
    with pytest.raises(InvalidConfig, match=kind if kind == "dust" else f"{share}"):
        sample_damage((32, 32), generator_for(0), kind, share)
