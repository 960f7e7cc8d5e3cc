"""Which picture meets which hole: the same in every run, whatever else is measured."""

import datasets
import numpy as np
import pytest
from PIL import Image

from inpainting.errors import InvalidConfig
from inpainting.evaluation.object_masks import ObjectMasks
from inpainting.evaluation.protocol import (
    BUCKET_NAMES,
    DRAWN_HOLES,
    PROTOCOLS,
    Pair,
    class_counts,
    hole_for,
    pairs,
    prepare,
    spread_subset,
)
from inpainting.masks.ratios import BUCKETS
from tests.evaluation.samples import SIZE, a_pair, noise


def split(count: int, labels: bool = True) -> datasets.Dataset:
    columns = {"image": [Image.fromarray(noise(70, 90, seed)) for seed in range(count)]}
    features = {"image": datasets.Image()}
    if labels:
        columns["label"] = [i % 2 for i in range(count)]
        features["label"] = datasets.ClassLabel(names=["cat", "dog"])
    return datasets.Dataset.from_dict(columns, datasets.Features(features))


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


@pytest.mark.parametrize("protocol", DRAWN_HOLES)
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
        "inpainting.evaluation.protocol.generator_for",
        lambda *key: seen.append(key) or np.random.default_rng(key),
    )
    for protocol in DRAWN_HOLES:
        hole_for(protocol, 5, seed=3, size=SIZE)
    assert seen == [(3, 0, 5), (3, 1, 5)]
    assert PROTOCOLS[:2] == DRAWN_HOLES  # a place is part of the seed


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


def test_objects_keep_their_pictures_size_and_say_whether_there_is_a_truth(tmp_path):
    for i in range(2):
        mask_image = Image.new("L", (90, 70))
        mask_image.paste(255, (10 * i, 0, 10 * i + 30, 20))
        mask_image.save(tmp_path / f"{i}.png")
    masks = ObjectMasks(tmp_path, ["0", "1", "none"])
    images = split(3)
    transplanted, removed = (
        list(pairs(images, masks.indices(name), name, 0, SIZE, masks))
        for name in ("objects", "removal")
    )
    for group, truth in ((transplanted, True), (removed, False)):
        assert [(pair.index, pair.label, pair.bucket) for pair in group] == [
            (0, "cat", ""), (1, "dog", ""),
        ]  # fmt: skip
        assert all(pair.truth is truth and pair.original.shape == (70, 90, 3) for pair in group)
        for pair in group:
            np.testing.assert_array_equal(pair.original, noise(70, 90, pair.index))
    np.testing.assert_array_equal(transplanted[0].hole, removed[1].hole)
    np.testing.assert_array_equal(transplanted[1].hole, removed[0].hole)
    assert removed[0].hole[:20, :30].all() and removed[0].hole.sum() == 600


def test_drawn_holes_do_not_need_masks_and_do_not_change_with_them(tmp_path):
    Image.new("L", (90, 70)).save(tmp_path / "other.png")
    mask_image = Image.new("L", (90, 70))
    mask_image.paste(255, (0, 0, 9, 9))
    mask_image.save(tmp_path / "0.png")
    masks = ObjectMasks(tmp_path, ["0"])
    [alone], [beside] = (list(pairs(split(1), [0], "lines", 0, SIZE, m)) for m in (None, masks))
    assert alone.key == beside.key and alone.truth
    with pytest.raises(InvalidConfig, match="'objects'"):
        next(pairs(split(1), [0], "objects", 0, SIZE))
