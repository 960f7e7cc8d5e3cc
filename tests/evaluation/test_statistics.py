"""How far to trust a mean: intervals, paired differences, groups."""

import math

import numpy as np
import pytest

from inpainting.evaluation.metrics import PSNR_CAP
from inpainting.evaluation.statistics import bootstrap_interval, summarise
from tests.evaluation.samples import rows_with


def test_the_interval_of_a_constant_is_that_constant():
    low, high = bootstrap_interval(np.full((7, 2), 3.25), resamples=200)
    assert low.tolist() == high.tolist() == [3.25, 3.25]


def test_the_interval_of_one_picture_is_its_score():
    low, high = bootstrap_interval(np.array([[2.0]]), resamples=50)
    assert (low, high) == (2, 2)


def test_the_interval_has_the_width_of_the_normal_approximation():
    values = np.random.default_rng(0).normal(10, 3, (400, 1))
    low, high = bootstrap_interval(values)
    error = values.std() / math.sqrt(400)
    assert low[0] == pytest.approx(values.mean() - 1.96 * error, abs=0.1 * error)
    assert high[0] == pytest.approx(values.mean() + 1.96 * error, abs=0.1 * error)


def test_the_interval_covers_the_true_mean_about_95_times_in_100():
    generator = np.random.default_rng(0)
    samples = generator.exponential(1.0, (60, 300))  # 300 experiments of 60 pictures, mean 1
    low, high = bootstrap_interval(samples, resamples=1000)
    assert 0.90 <= ((low <= 1) & (high >= 1)).mean() <= 0.98


def test_the_interval_is_the_same_however_it_is_cut_into_pieces():
    """More pictures than fit at once: pieces must not repeat or drop resamples."""
    values = np.random.default_rng(0).normal(size=(3000, 1))
    low, high = bootstrap_interval(values, resamples=3000)  # 1333 at once
    error = values.std() / math.sqrt(3000)
    assert high[0] - low[0] == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert bootstrap_interval(values, resamples=3000) == (low, high)


def test_means_cap_an_infinite_psnr():
    results, _ = summarise(rows_with("mean", [math.inf, 20.0]))
    assert results[0]["hole_psnr"]["mean"] == (PSNR_CAP + 20) / 2
    assert results[0]["n"] == 2


def test_differences_are_paired():
    """Pictures differ by 30 dB, methods by 1: only a paired interval can tell."""
    easy = list(np.linspace(15, 45, 20))
    rows = rows_with("model", [e + 1 for e in easy]) + rows_with("telea", easy)
    _, differences = summarise(rows)
    assert len(differences) == 1 and differences[0]["baseline"] == "telea"
    assert differences[0]["hole_psnr"] == pytest.approx({"mean": 1, "low": 1, "high": 1})
    assert differences[0]["ssim"] == {"mean": 0, "low": 0, "high": 0}


def test_medians_stand_beside_the_means():
    results, _ = summarise(rows_with("mean", [1.0, 2.0, 9.0]))
    assert (results[0]["hole_psnr"]["mean"], results[0]["hole_psnr"]["median"]) == (4, 2)
    assert results[0]["gram"] == {"mean": 0.5, "median": 0.5, "low": 0.5, "high": 0.5}


def test_unknown_scores_are_left_out():
    """The interval of what is known is that of the same pictures alone."""
    rows = rows_with("mean", [10.0, 20.0, 40.0])
    for row, sharpness in zip(rows, (0.25, math.nan, 0.75), strict=True):
        row |= {"sharpness": sharpness, "vgg": math.nan, "ssim": math.nan}
    [record], _ = summarise(rows)
    [alone], _ = summarise([rows[0], rows[2]])
    assert record["sharpness"] == alone["sharpness"] and record["sharpness"]["median"] == 0.5
    for unknown in ("vgg", "ssim"):
        assert all(map(math.isnan, record[unknown].values()))
    [complete], _ = summarise(rows_with("mean", [10.0, 20.0, 40.0]))
    assert record["hole_psnr"] == complete["hole_psnr"] and record["n"] == 3


def test_without_the_model_there_are_no_differences():
    assert summarise(rows_with("telea", [20.0]))[1] == []


def test_summaries_by_protocol_bucket_and_class():
    rows = rows_with("mean", [10.0, 30.0], protocol="irregular")
    rows[0] |= {"bucket": "0.1-0.2", "class": "dog"}
    rows[1] |= {"bucket": "0.01-0.1", "class": "cat"}
    rows += rows_with("mean", [5.0])
    results, _ = summarise(rows)
    found = {
        (r["protocol"], r["bucket"], r["class"]): (r["n"], r["hole_psnr"]["mean"]) for r in results
    }
    assert found == {
        ("irregular", "", ""): (2, 20),
        ("irregular", "0.01-0.1", ""): (1, 30),
        ("irregular", "0.1-0.2", ""): (1, 10),
        ("irregular", "", "cat"): (1, 30),
        ("irregular", "", "dog"): (1, 10),
        ("lines", "", ""): (1, 5),
    }


def test_methods_on_different_pairs_are_not_averaged():
    rows = rows_with("model", [20.0]) + rows_with("telea", [20.0], key="another")
    with pytest.raises(AssertionError, match="different pairs"):
        summarise(rows)
