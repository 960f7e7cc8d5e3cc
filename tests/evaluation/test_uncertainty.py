"""The judge of certainty: perfect, useless and honest claims get the figures they deserve."""

import numpy as np
import pytest

from inpainting.evaluation.uncertainty import (
    PIXELS,
    SHARES,
    PixelSample,
    sample_pixels,
    sparsification,
    summarise_uncertainty,
    times_too_large,
)


@pytest.fixture
def laplace(rng):
    scale = rng.uniform(1, 20, 50_000)
    return np.abs(rng.laplace(0, scale)), scale


def test_leaving_out_the_worst_pixels_by_hand():
    error = np.array([4.0, 1.0, 2.0, 1.0])
    kept = sparsification(error, error)
    assert kept[0] == 1
    half = int(np.flatnonzero(np.isclose(SHARES, 0.5))[0])
    assert kept[half] == pytest.approx(1.0 / 2.0)  # 1 and 1 are left of a mean of 2


def test_the_oracle_has_no_area_and_chance_has_all(laplace, rng):
    error, _ = laplace
    perfect = summarise_uncertainty([PixelSample("lines", error, error)])["lines"]
    chance = summarise_uncertainty([PixelSample("lines", error, rng.permutation(error))])["lines"]
    assert perfect["ause"] == 0
    assert chance["ause"] == pytest.approx(chance["ause_random"], rel=0.03)


def test_a_true_scale_is_calibrated_and_a_wrong_one_is_not(laplace):
    error, scale = laplace
    honest = summarise_uncertainty([PixelSample("lines", error, scale)])["lines"]
    np.testing.assert_allclose(honest["measured"], honest["expected"], rtol=0.06)
    boastful = summarise_uncertainty([PixelSample("lines", error, scale / 3)])["lines"]
    assert boastful["ause"] == pytest.approx(honest["ause"])  # the order is the same
    assert min(np.divide(boastful["measured"], boastful["expected"])) > 2.7


def test_what_is_expected_is_compared_with_what_was_measured(laplace):
    error, scale = laplace
    assert times_too_large([PixelSample("lines", error, scale)]) == pytest.approx(1, rel=0.02)
    two = [PixelSample("lines", error, 2 * error), PixelSample("irregular", error, 8 * error)]
    assert times_too_large(two) == pytest.approx(4)
    assert times_too_large([*two, two[0]]) == pytest.approx(4)  # protocols count, not pictures


def test_protocols_are_judged_apart(laplace):
    error, scale = laplace
    both = summarise_uncertainty(
        [PixelSample("lines", error, scale), PixelSample("irregular", error, error)]
    )
    assert list(both) == ["lines", "irregular"] and both["lines"]["ause"] > 0.1


def test_pixels_come_from_the_hole_and_are_bounded(rng):
    original = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    hole = rng.random((40, 50)) < 0.5
    filled = np.where(hole[..., None], original // 2, original)
    scale = np.where(hole, 3, -1).astype(np.float32)
    sample = sample_pixels("lines", original, filled, scale, hole, seed=1)
    assert len(sample.error) == len(sample.scale) == PIXELS
    assert (sample.scale == 3).all() and sample.error.mean() == pytest.approx(64, rel=0.1)
    hole[:] = False
    hole[3, 4] = True
    one = sample_pixels("lines", original, filled, scale, hole, seed=1)
    difference = original[3, 4].astype(float) - filled[3, 4]
    assert one.error.tolist() == [pytest.approx(np.abs(difference).mean())]
