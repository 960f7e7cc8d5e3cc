"""What training sees: samples that depend on their index alone, and how they become a batch."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inpainting.data.dataset import ENCLOSED, LEAST, MARGIN, MOST, HoledImages, Sample, collate
from inpainting.data.sampler import SampleIndex
from inpainting.data.sources import DataSet, load_splits
from inpainting.masks.random import sample_lines, sample_mix
from inpainting.seeding import generator_for


@pytest.fixture
def images(image_folder, tmp_path):
    return load_splits(DataSet(image_folder({".": 12}), cache_dir=tmp_path / "cache"))["train"]


def test_a_sample_depends_on_seed_epoch_and_index_alone(images):
    dataset = HoledImages(images, sample_mix, size=64, crop=32, seed=5)
    first, again = dataset[SampleIndex(3, 2)], dataset[SampleIndex(3, 2)]
    assert first.picture.shape == (32, 32, 3) and first.picture.dtype == np.uint8
    assert first.hole.shape == (32, 32) and first.hole.dtype == np.bool_
    assert same(first, again)
    assert not np.array_equal(first.picture, dataset[SampleIndex(4, 2)].picture)
    other_seed = HoledImages(images, sample_mix, size=64, crop=32, seed=6)[SampleIndex(3, 2)]
    assert not np.array_equal(first.hole, other_seed.hole)


def test_a_sample_is_the_same_whether_its_picture_was_kept_or_not(images):
    reads_again = HoledImages(images, sample_mix, size=64, crop=32, seed=5)
    keeps = HoledImages(images, sample_mix, size=64, crop=32, seed=5, room=10**7)
    for epoch in range(3):
        for number in range(len(images)):
            index = SampleIndex(epoch, number)
            assert same(reads_again[index], keeps[index])


def test_an_index_with_a_file_gives_what_the_pictures_index_gives(images):
    cell = images.with_format(None)[2]["image"]
    mapped = HoledImages(images, sample_mix, size=64, seed=5)[SampleIndex(1, 2)]
    streamed = HoledImages(None, sample_mix, size=64, seed=5)[SampleIndex(1, 2, cell)]
    assert same(mapped, streamed)


def test_cuts_show_enough_missing_and_known_and_most_of_them_a_known_margin(images):
    dataset = HoledImages(images, sample_mix, size=256, crop=64, seed=5)
    holes = np.stack([dataset[SampleIndex(epoch, 0)].hole for epoch in range(300)])
    shares = holes.mean(axis=(1, 2))
    assert np.mean((shares > LEAST) & (shares < MOST)) > 0.95
    inner = holes[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    enclosed = holes.sum(axis=(1, 2)) == inner.sum(axis=(1, 2))
    assert ENCLOSED - 0.1 < np.mean(enclosed) < 0.97


def test_a_hole_that_is_not_cut_is_the_samplers_own(images):
    dataset = HoledImages(images, sample_lines, size=64, seed=5)
    for epoch in range(5):
        drawn = sample_lines((64, 64), generator_for(5, epoch, 1))
        np.testing.assert_array_equal(dataset[SampleIndex(epoch, 1)].hole, drawn)


def test_a_cut_of_an_empty_hole_is_empty(images):
    dataset = HoledImages(images, lambda size, _: np.zeros(size, np.bool_), size=64, crop=32)
    assert not dataset[SampleIndex(0, 0)].hole.any()


def same(one: Sample, other: Sample) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def sample(level: int) -> Sample:
    return Sample(np.full((4, 4, 3), level, np.uint8), np.ones((4, 4), np.bool_))


def test_a_batch_shows_its_samples():
    rng = np.random.default_rng(0)
    given = [
        Sample(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8), rng.random((8, 8)) < 0.5)
        for _ in range(3)
    ]
    batch = collate(given, crop=8)
    assert batch.image.is_contiguous(memory_format=torch.channels_last)
    for k, each in enumerate(given):
        assert np.array_equal(batch.image[k].permute(1, 2, 0), each.picture)
        assert np.array_equal(batch.hole[k, 0], each.hole)


def test_in_the_place_of_an_unreadable_file_a_good_sample_stands_twice():
    batch = collate([sample(1), "one is bad", sample(2)], crop=4)
    assert batch.image.shape == (3, 3, 4, 4) and batch.errors == ("one is bad",)
    assert batch.image[:, 0, 0, 0].tolist() == [1, 2, 1] and batch.weight == 1


def test_a_batch_without_a_readable_file_weighs_nothing():
    batch = collate(["a", "b"], crop=8)
    assert batch.image.shape == (2, 3, 8, 8) and not batch.hole.any() and batch.weight == 0


def test_damaged_file_is_a_sentence_and_no_crash(tmp_path, images):
    cell = images.with_format(None)[0]["image"]
    data = cell["bytes"] or Path(cell["path"]).read_bytes()
    torn = {"bytes": data[: len(data) // 2], "path": None}
    found = HoledImages(None, sample_mix, size=64)[SampleIndex(2, 7, torn)]
    assert isinstance(found, str) and found.startswith("picture 7 of epoch 2: ")


def test_guides_come_with_the_batch_where_they_are_wanted(images):
    """And change nothing else of a sample."""
    plain, guided = (
        HoledImages(images, sample_mix, size=64, crop=32, seed=5, guided=on) for on in (False, True)
    )
    indices = [SampleIndex(0, number % len(images)) for number in range(3)]
    one, other = collate([plain[i] for i in indices], 32), collate([guided[i] for i in indices], 32)
    assert torch.equal(one.image, other.image) and torch.equal(one.hole, other.hole)
    assert one.guide is None and one.to(torch.device("cpu")).guide is None
    assert other.guide.shape == (3, 6, 32, 32) and other.guide.dtype == torch.uint8
    told = other.guide[:, [3, 5]].amax(1, keepdim=True)  # colours, lines
    assert not told[~other.hole].any()
    assert torch.equal(other.to(torch.device("cpu")).guide, other.guide)
    assert collate([guided[indices[0]], "one is bad"], 32).guide.shape == (2, 6, 32, 32)
