"""Random holes of a given share of the picture, and at the promised place."""

import numpy as np
import pytest

from inpainting import InpaintingError
from inpainting.errors import InvalidConfig
from inpainting.masks.ratios import BUCKETS, DAMAGE, sample_bucket, sample_damage, touches_border
from inpainting.seeding import generator_for


@pytest.mark.parametrize("border", [True, False])
@pytest.mark.parametrize("bucket", range(len(BUCKETS)))
@pytest.mark.parametrize("size", [(256, 256), (32, 32)])
def test_buckets_hold_what_they_promise(size, bucket, border):
    low, high = BUCKETS[bucket]
    for i in range(4):
        hole = sample_bucket(size, generator_for(0, i), bucket, border)
        assert hole.shape == size and hole.dtype == bool
        assert low < hole.mean() <= high
        assert touches_border(hole) == border


def test_away_from_the_border_means_a_sixteenth():
    hole = sample_bucket((64, 64), generator_for(0), 5, border=False)
    assert not (hole[:4].any() or hole[-4:].any() or hole[:, :4].any() or hole[:, -4:].any())


@pytest.mark.parametrize("place", [(0, 3), (5, 2), (2, 0), (3, 6)])
def test_the_border_is_the_outermost_rows_and_columns(place):
    hole = np.zeros((6, 7), bool)
    hole[1:-1, 1:-1] = True
    assert not touches_border(hole)
    hole[place] = True
    assert touches_border(hole)


def test_impossible_bucket_is_refused():
    with pytest.raises(InpaintingError, match="at least 32×32"):
        sample_bucket((2, 2), generator_for(0), 0, border=True)


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("share", [0.03, 0.1, 0.3, 0.6])
def test_damage_has_the_share_asked_for(kind, share):
    hole = sample_damage((180, 256), generator_for(5), kind, share)
    assert hole.shape == (180, 256) and hole.dtype == bool
    assert 0.94 * share < hole.mean() <= share
    assert np.array_equal(hole, sample_damage((180, 256), generator_for(5), kind, share))
    assert not np.array_equal(hole, sample_damage((180, 256), generator_for(6), kind, share))


@pytest.mark.parametrize(("kind", "share"), [("dust", 0.1), ("lines", 0), ("lines", 1)])
def test_damage_without_a_meaning_is_refused(kind, share):
    with pytest.raises(InvalidConfig, match=kind if kind == "dust" else f"{share}"):
        sample_damage((32, 32), generator_for(0), kind, share)
