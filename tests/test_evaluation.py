"""Pairs, scores and their means: what makes a table trustworthy."""

import math

import datasets
import numpy as np
import pytest
import torch
from PIL import Image

from inpainting.config import PConvUNetConfig
from inpainting.errors import DataError, InvalidConfig
from inpainting.evaluation import (
    BUCKET_NAMES,
    PROTOCOLS,
    Pair,
    class_counts,
    examples,
    hole_for,
    model_fill,
    pairs,
    prepare,
    score_baselines,
    score_fill,
    spread_subset,
)
from inpainting.metrics import PSNR_CAP
from inpainting.random_masks import BUCKETS
from inpainting.score_file import read_rows, write_rows
from inpainting.summary import MEASURES, bootstrap_interval, summarise
from inpainting.tables import interval, markdown, report
from inpainting.unet import PConvUNet

SIZE = 64


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def split(count: int, labels: bool = True) -> datasets.Dataset:
    columns = {"image": [Image.fromarray(noise(70, 90, seed)) for seed in range(count)]}
    features = {"image": datasets.Image()}
    if labels:
        columns["label"] = [i % 2 for i in range(count)]
        features["label"] = datasets.ClassLabel(names=["cat", "dog"])
    return datasets.Dataset.from_dict(columns, datasets.Features(features))


def a_pair(seed: int = 0) -> Pair:
    hole, bucket = hole_for("irregular", 7, seed, SIZE)
    return Pair(7, "irregular", bucket, "cat", noise(SIZE, SIZE), hole)


def rows_with(method: str, hole_psnrs: list[float], **head: str) -> list[dict]:
    return [
        {
            "index": i, "class": "", "protocol": "lines", "bucket": "", "key": str(i),
            "hole_ratio": 0.25, "method": method, "milliseconds": 1.0,
            **dict.fromkeys(MEASURES, 0.5), "hole_psnr": value, **head,
        }
        for i, value in enumerate(hole_psnrs)
    ]  # fmt: skip


# Which picture meets which hole


def test_prepare_cuts_the_centre_after_resizing_the_short_side():
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (100, 0, 200, 100))  # the middle third, a square
    square = prepare(image, 50)
    assert square.shape == (50, 50, 3) and square.dtype == np.uint8
    np.testing.assert_array_equal(square[:, 3:-3], np.broadcast_to((0, 0, 255), (50, 44, 3)))


def test_prepare_averages_what_it_shrinks():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(prepare(Image.fromarray(stripes), 16)[:, 2:-2].astype(int) - 127.5).max() < 8


def test_prepare_keeps_a_picture_of_the_right_size():
    picture = noise(SIZE, SIZE)
    np.testing.assert_array_equal(prepare(Image.fromarray(picture), SIZE), picture)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_hole_depends_on_seed_protocol_and_index_alone(protocol):
    hole, bucket = hole_for(protocol, 5, seed=3, size=SIZE)
    hole_for("irregular", 11, seed=3, size=SIZE)
    again, again_bucket = hole_for(protocol, 5, seed=3, size=SIZE)
    np.testing.assert_array_equal(hole, again)
    assert bucket == again_bucket
    for other in (hole_for(protocol, 17, 3, SIZE), hole_for(protocol, 5, 4, SIZE)):
        assert (other[0] != hole).any()


def test_protocols_do_not_share_random_numbers(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "inpainting.evaluation.generator_for",
        lambda *key: seen.append(key) or np.random.default_rng(key),
    )
    for protocol in PROTOCOLS:
        hole_for(protocol, 5, seed=3, size=SIZE)
    assert seen == [(3, 0, 5), (3, 1, 5)]


def test_irregular_holes_go_through_buckets_and_borders():
    for index in range(24):
        hole, bucket = hole_for("irregular", index, seed=0, size=SIZE)
        low, high = BUCKETS[index % 6]
        assert low < hole.mean() <= high and bucket == BUCKET_NAMES[index % 6]
        edges = hole[0].any() or hole[-1].any() or hole[:, 0].any() or hole[:, -1].any()
        assert edges == (index // 6 % 2 == 1)


def test_line_holes_are_never_empty_and_have_no_bucket():
    for index in range(30):
        hole, bucket = hole_for("lines", index, seed=0, size=SIZE)
        assert hole.any() and not hole.all() and bucket == ""


def test_an_unknown_protocol_is_refused():
    with pytest.raises(InvalidConfig, match="'boxes'.*lines"):
        hole_for("boxes", 0, 0, SIZE)


def test_pairs_are_the_same_in_every_run_and_subset():
    images = split(8)
    whole = {pair.index: pair.key for pair in pairs(images, range(8), "irregular", 0, SIZE)}
    part = {pair.index: pair.key for pair in pairs(images, [2, 5], "irregular", 0, SIZE)}
    assert part == {i: whole[i] for i in (2, 5)}
    assert len(set(whole.values())) == 8
    other_seed = next(iter(pairs(images, [2], "irregular", 1, SIZE)))
    assert other_seed.key != whole[2]


def test_pairs_carry_the_class_name_if_there_is_one():
    assert [p.label for p in pairs(split(3), range(3), "lines", 0, SIZE)] == ["cat", "dog", "cat"]
    assert [p.label for p in pairs(split(2, False), range(2), "lines", 0, SIZE)] == ["", ""]


def test_class_counts():
    assert class_counts(split(5)) == {"cat": 3, "dog": 2}
    assert class_counts(split(5, labels=False)) == {}


def test_a_key_changes_with_picture_and_hole():
    pair, other = a_pair(0), a_pair(1)
    touched = pair.original.copy()
    touched[0, 0, 0] ^= 1
    keys = {pair.key, other.key, Pair(7, "irregular", "", "", touched, pair.hole).key}
    assert len(keys) == 3


def test_subsets_are_spread_over_classes_and_buckets():
    chosen = spread_subset(1724, 60, seed=0)
    assert chosen == sorted(set(chosen)) and len(chosen) == 60
    assert np.bincount([i % 6 for i in chosen]).tolist() == [10] * 6
    assert np.histogram(chosen, bins=6, range=(0, 1724))[0].tolist() == [10] * 6
    assert spread_subset(1724, 60, seed=0) == chosen != spread_subset(1724, 60, seed=1)


@pytest.mark.parametrize("limit", [None, 5, 9])
def test_a_subset_of_everything_is_everything(limit):
    assert spread_subset(5, limit, seed=0) == [0, 1, 2, 3, 4]


def test_any_limit_gives_so_many_different_pictures():
    for count in range(1, 30):
        for limit in range(1, count + 1):
            assert len(set(spread_subset(count, limit, seed=0))) == limit


# What is scored


def test_known_pixels_are_the_originals_whatever_a_fill_does():
    pair = a_pair()

    def inverted(image, hole):
        return 255 - image

    def careful(image, hole):
        return np.where(hole[..., None], 255 - image, image)

    honest, vandal = score_fill("a", careful, pair), score_fill("a", inverted, pair)
    assert {k: honest[k] for k in MEASURES} == {k: vandal[k] for k in MEASURES}
    ratio = 10 * math.log10(pair.hole.mean())
    assert honest["psnr"] == pytest.approx(honest["hole_psnr"] - ratio)


def test_a_row_says_what_was_measured():
    pair = a_pair()
    row = score_fill("copy", lambda image, hole: image, pair)
    found = [row[name] for name in ("index", "class", "bucket", "method")]
    assert found == [7, "cat", "0.1-0.2", "copy"]
    assert row["hole_ratio"] == pair.hole.mean() and row["key"] == pair.key
    assert row["milliseconds"] >= 0 and row["hole_psnr"] == math.inf


def test_every_baseline_scores_the_same_pair():
    rows = score_baselines(["mean", "telea", "ns", "biharmonic"], a_pair())
    assert [row["method"] for row in rows] == ["mean", "telea", "ns", "biharmonic"]
    assert len({row["key"] for row in rows}) == 1
    assert all(math.isfinite(row[measure]) for row in rows for measure in MEASURES)


@pytest.mark.parametrize("size", [(32, 32), (30, 45)])
def test_model_fill_is_the_network_on_the_padded_picture(size):
    torch.manual_seed(0)
    config = PConvUNetConfig(
        channels=(8, 8), kernels=(3, 3), strides=(2, 2), units=(0, 0), residual=False
    )
    model = PConvUNet(config)
    hole = np.zeros(size, bool)
    hole[4:9, 5:20] = True
    image = noise(*size)
    result = model_fill(model)(image, hole)
    assert result.shape == image.shape and result.dtype == np.uint8
    changed = np.where(hole[..., None], 255 - image, image)
    np.testing.assert_array_equal(model_fill(model)(changed, hole), result)

    height, width = 32, size[1] + -size[1] % 4
    padded, valid = torch.zeros(1, 3, height, width), torch.zeros(1, 1, height, width)
    padded[..., : size[0], : size[1]] = torch.from_numpy(image).permute(2, 0, 1) / 255
    valid[..., : size[0], : size[1]] = torch.from_numpy(~hole)
    with torch.no_grad():
        output = model.eval()(padded, valid).image[0, :, : size[0], : size[1]]
    expected = (output.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(result, expected)


def test_examples_are_chosen_by_rank():
    def row(index: int, value: float, bucket: str = "") -> dict:
        return {
            "index": index,
            "hole_psnr": value,
            "bucket": bucket,
            "method": "model",
            "protocol": "lines",
        }

    lines = [row(i, value) for i, value in enumerate(np.random.default_rng(0).permutation(60))]
    chosen = [r["hole_psnr"] for r in examples(lines, "lines", "model")]
    assert chosen == [5, 15, 25, 35, 45, 55]
    buckets = [row(0, 1, "a"), row(1, 9, "a"), row(2, 5, "a"), row(3, 7, "b")]
    assert [r["index"] for r in examples(buckets, "lines", "model")] == [2, 3]
    assert [r["index"] for r in examples(lines[:2], "lines", "model")] == sorted(
        (0, 1), key=lambda i: lines[i]["hole_psnr"]
    )


# How far to trust a mean


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


# Files and tables


def test_rows_come_back_from_a_file_as_they_were(tmp_path):
    rows = [{**row, "model": ""} for row in score_baselines(["mean"], a_pair())]
    rows[0]["hole_psnr"] = math.inf
    write_rows(tmp_path / "scores.csv", rows)
    assert read_rows(tmp_path / "scores.csv") == rows


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n", "index\nx\n"])
def test_a_foreign_file_is_refused(content, tmp_path):
    path = tmp_path / "scores.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=r"is no scores\.csv"):
        read_rows(path)


def test_intervals_are_written_with_true_minus_signs():
    value = {"mean": -0.251, "low": -1, "high": 0.5}
    assert interval(value, 2, "+") == "−0.25 [−1.00, +0.50]"
    assert interval({"mean": 27.314, "low": 26.9, "high": 27.72}, 2) == "27.31 [26.90, 27.72]"


def test_markdown_is_padded():
    lines = markdown(["a", "long"], [["xyz", "1"]]).splitlines()
    assert lines == ["| a   | long |", "|-----|------|", "| xyz | 1    |"]


def test_the_report_names_the_checkpoint_and_the_cap():
    rows = rows_with("model", [20.0, 22.0]) + rows_with("telea", [19.0, 21.0])
    rows = [{**row, "class": "cat"} for row in rows]
    text = report(*summarise(rows), model="mine")
    assert "| lines    | all (0.250) | 2 | model (mine) | " in text
    assert "+1.00 [+1.00, +1.00]" in text
    assert "hole PSNR (dB) per class" in text and "60 dB" in text
