"""What training sees: samples that depend on their ticket alone, and how they become a batch."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting.data import DataSet, load_splits
from inpainting.errors import DataError, EmptyHole
from inpainting.random_masks import generator_for, sample_lines, sample_mix
from training.order import Ticket
from training.samples import (
    FileHoles,
    HoledImages,
    Sample,
    mask_files,
    plain_view,
    stack,
    turned_view,
)


@pytest.fixture
def images(image_folder, tmp_path):
    return load_splits(DataSet(image_folder({".": 12}), cache_dir=tmp_path / "cache"))["train"]


def test_a_sample_depends_on_seed_epoch_and_index_alone(images):
    dataset = HoledImages(images, sample_mix, size=64, crop=32, seed=5)
    first, again = dataset[Ticket(3, 2)], dataset[Ticket(3, 2)]
    assert first.image.shape == (3, 32, 32) and first.image.dtype == torch.uint8
    assert first.hole.shape == (1, 32, 32) and first.hole.dtype == torch.bool
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.image, dataset[Ticket(4, 2)].image)
    other_seed = HoledImages(images, sample_mix, size=64, crop=32, seed=6)[Ticket(3, 2)]
    assert not torch.equal(first.hole, other_seed.hole)


def test_a_ticket_with_a_file_gives_what_the_pictures_index_gives(images):
    cell = images.with_format(None)[2]["image"]
    mapped = HoledImages(images, sample_mix, size=64, seed=5)[Ticket(1, 2)]
    streamed = HoledImages(None, sample_mix, size=64, seed=5)[Ticket(1, 2, cell)]
    assert torch.equal(mapped.image, streamed.image) and torch.equal(mapped.hole, streamed.hole)


def sample(level: int) -> Sample:
    return Sample(
        torch.full((3, 4, 4), level, dtype=torch.uint8), torch.ones(1, 4, 4, dtype=torch.bool)
    )


def test_in_the_place_of_an_unreadable_file_a_good_sample_stands_twice():
    batch = stack([sample(1), "one is bad", sample(2)], crop=4)
    assert batch.image.shape == (3, 3, 4, 4) and batch.errors == ("one is bad",)
    assert batch.image[:, 0, 0, 0].tolist() == [1, 2, 1] and batch.weight == 1


def test_a_batch_without_a_readable_file_weighs_nothing():
    batch = stack(["a", "b"], crop=8)
    assert batch.image.shape == (2, 3, 8, 8) and not batch.hole.any() and batch.weight == 0


def test_damaged_file_is_a_sentence_and_no_crash(tmp_path, images):
    cell = images.with_format(None)[0]["image"]
    data = cell["bytes"] or Path(cell["path"]).read_bytes()
    torn = {"bytes": data[: len(data) // 2], "path": None}
    found = HoledImages(None, sample_mix, size=64)[Ticket(2, 7, torn)]
    assert isinstance(found, str) and found.startswith("picture 7 of epoch 2: ")


def test_masks_from_files_are_turned_flipped_and_shared_with_drawn_ones(tmp_path):
    picture = Image.new("L", (32, 32))
    picture.paste(255, (0, 0, 8, 4))
    picture.save(tmp_path / "a.png")
    files = mask_files(tmp_path)
    drawn = 0
    seen = set()
    holes = FileHoles(files, 0.5, sample_lines)
    for i in range(60):
        hole = holes((64, 64), generator_for(0, i))
        assert hole.shape == (1, 64, 64) and hole.dtype == torch.bool
        box = torch.nonzero(hole[0])
        if hole.sum() == 16 * 8 and (box.amax(0) - box.amin(0) + 1).prod() == 16 * 8:
            seen.add(hole.numpy().tobytes())
        else:
            drawn += 1
    assert len(seen) == 8 and 15 < drawn < 45  # every turn and flip; about half of each
    turned = FileHoles(files, 1.0, sample_lines, invert=True)((64, 64), generator_for(0))
    assert turned.sum() == 64 * 64 - 16 * 8


def test_mask_files_that_cannot_serve_are_named(tmp_path):
    with pytest.raises(DataError, match="holds no PNG file"):
        mask_files(tmp_path)
    Image.new("L", (8, 8)).save(tmp_path / "black.png")
    with pytest.raises(EmptyHole, match="black.png"):
        FileHoles(mask_files(tmp_path), 1.0, sample_lines)((16, 16), generator_for(0))


def test_a_plain_view_of_a_fitting_picture_is_not_resampled(noise):
    picture = noise(96, 64)
    pixels = np.asarray(picture)
    for i in range(6):
        view = np.asarray(plain_view(picture, 64, (8, 4, 32), generator_for(0, i)))
        places = [pixels[4:36, x + 8 : x + 40] for x in range(33)]
        mirrored = [pixels[4:36, ::-1][:, x + 8 : x + 40] for x in range(33)]
        assert any(np.array_equal(view, place) for place in places + mirrored)


@pytest.mark.parametrize("size", [(300, 92), (40, 40), (500, 700)])
@pytest.mark.parametrize("view", [plain_view, turned_view])
def test_views_stay_inside_the_picture(size, view):
    """No empty corner: a white picture stays white however it is turned and cut."""
    white = Image.new("RGB", size, "white")
    for i in range(20):
        picture = view(white, 64, (0, 0, 64), generator_for(0, i))
        assert picture.size == (64, 64) and np.asarray(picture).min() == 255


@pytest.mark.parametrize("view", [plain_view, turned_view])
def test_window_of_a_view_is_a_part_of_the_whole(noise, view):
    picture = noise(50, 70).resize((200, 280), Image.Resampling.BICUBIC)
    for i in range(6):
        whole = np.asarray(view(picture, 64, (0, 0, 64), generator_for(0, i))).astype(int)
        part = np.asarray(view(picture, 64, (20, 8, 32), generator_for(0, i))).astype(int)
        assert np.abs(whole[8:40, 20:52] - part).max() <= 1
