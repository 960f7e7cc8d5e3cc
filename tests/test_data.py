"""Data sets: folders, the Natural Images zip over HTTP, splits, and what training sees."""

import io
import threading
import zipfile
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting.data import (
    HoledImages,
    TicketSampler,
    download_natural_images,
    load_splits,
    plain_view,
    turned_view,
)
from inpainting.errors import DataError, InvalidImage
from inpainting.random_masks import generator_for, sample_mix


def labels(split) -> Counter:
    return Counter(split.features["label"].int2str(item["label"]) for item in split)


def test_folder_is_split_3_to_1_per_class(image_folder, tmp_path):
    folder = image_folder({"cat": 8, "dog": 12})
    splits = load_splits(folder, seed=1, cache_dir=tmp_path / "cache")
    assert labels(splits["train"]) == {"cat": 6, "dog": 9}
    assert labels(splits["test"]) == {"cat": 2, "dog": 3}
    again = load_splits(folder, seed=1, cache_dir=tmp_path / "cache")
    other = load_splits(folder, seed=2, cache_dir=tmp_path / "cache")
    pixels = [[np.asarray(x["image"]).tobytes() for x in s["test"]] for s in (splits, again, other)]
    assert pixels[0] == pixels[1] != pixels[2]


def test_test_split_is_kept(image_folder, tmp_path):
    folder = image_folder({"train/cat": 3, "train/dog": 2, "test/cat": 1, "test/dog": 2})
    splits = load_splits(folder, cache_dir=tmp_path / "cache")
    assert labels(splits["train"]) == {"cat": 3, "dog": 2}
    assert labels(splits["test"]) == {"cat": 1, "dog": 2}


@pytest.mark.parametrize("counts", [{"train": 3, "test": 2}, {".": 5}])
def test_pictures_without_classes_have_no_label(image_folder, tmp_path, counts):
    splits = load_splits(image_folder(counts), cache_dir=tmp_path / "cache")
    assert all(split.column_names == ["image"] for split in splits.values())
    assert len(splits["train"]) + len(splits["test"]) == 5


def test_pictures_come_upright_in_rgb(tmp_path):
    folder = tmp_path / "p"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    for i in range(4):
        Image.new("RGB", (6, 4)).save(folder / f"{i}.jpg", exif=exif)
    item = load_splits(folder, cache_dir=tmp_path / "cache")["train"][0]
    assert item["image"].mode == "RGB" and item["image"].size == (4, 6)


def test_empty_missing_and_unsplittable_folders_are_refused(image_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    for name, words in [
        (tmp_path / "empty", "No pictures could be loaded"),
        (tmp_path / "missing", "is no folder"),
        ("nobody/nothing", "No pictures could be loaded from nobody/nothing"),
        (image_folder({"cat": 4, "dog": 1}), "Class dog has one picture"),
    ]:
        with pytest.raises(DataError, match=words):
            load_splits(name, cache_dir=tmp_path / "cache")


def test_one_picture_is_refused(image_folder, tmp_path):
    with pytest.raises(DataError, match="1 picture cannot be split"):
        load_splits(image_folder({".": 1}), cache_dir=tmp_path / "cache")


def test_damaged_picture_is_refused_by_a_sentence(image_folder, tmp_path):
    folder = image_folder({".": 4})
    for path in folder.glob("*.jpg"):
        path.write_bytes(path.read_bytes()[:200])
    splits = load_splits(folder, cache_dir=tmp_path / "cache")
    with pytest.raises(InvalidImage, match="could not be decoded"):
        splits["train"][0]


@pytest.fixture
def zip_server(tmp_path):
    """A function that serves a zip of the given names (each one a small picture)."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stream, "JPEG")
    root = tmp_path / "www"
    root.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def serve(names: list[str]) -> str:
        with zipfile.ZipFile(root / "archive", "w") as archive:
            for name in names:
                archive.writestr(name, stream.getvalue())
        return f"http://127.0.0.1:{server.server_address[1]}/archive"

    yield serve
    server.shutdown()
    server.server_close()
    thread.join()


def test_natural_images_zip_is_loaded_once(zip_server, tmp_path):
    names = [f"natural_images/{c}/{c}_{i:04}.jpg" for c in ("cat", "dog") for i in range(4)]
    url = zip_server(names + [f"data/{name}" for name in names])
    folder = download_natural_images(url, tmp_path / "cache")
    assert download_natural_images("http://127.0.0.1:9/gone", tmp_path / "cache") == folder
    splits = load_splits(folder, cache_dir=tmp_path / "cache")
    assert labels(splits["train"]) == {"cat": 3, "dog": 3}
    assert labels(splits["test"]) == {"cat": 1, "dog": 1}


def test_the_default_data_set_is_that_zip(zip_server, tmp_path, monkeypatch):
    url = zip_server([f"natural_images/car/{i}.jpg" for i in range(4)])
    monkeypatch.setattr("inpainting.data.NATURAL_IMAGES_URL", url)
    assert len(load_splits(cache_dir=tmp_path / "cache")["train"]) == 3


def test_foreign_zip_and_dead_server_are_refused(zip_server, tmp_path):
    with pytest.raises(DataError, match="no folder natural_images"):
        download_natural_images(zip_server(["pictures/1.jpg"]), tmp_path / "cache")
    with pytest.raises(DataError, match="could not be downloaded"):
        download_natural_images("http://127.0.0.1:9/archive", tmp_path / "other")
    assert not list((tmp_path / "other").iterdir())


def test_an_item_depends_on_seed_epoch_and_index_alone(image_folder, tmp_path):
    images = load_splits(image_folder({".": 12}), cache_dir=tmp_path / "cache")["train"]
    dataset = HoledImages(images, sample_mix, size=64, crop=32, seed=5)
    first, again = dataset[3, 2], dataset[3, 2]
    assert first["image"].shape == (3, 32, 32) and first["image"].dtype == torch.uint8
    assert first["hole"].shape == (1, 32, 32) and first["hole"].dtype == torch.bool
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first["image"], dataset[4, 2]["image"])
    other_seed = HoledImages(images, sample_mix, size=64, crop=32, seed=6)[3, 2]
    assert not torch.equal(first["hole"], other_seed["hole"])


def test_tickets_deal_every_picture_once_per_epoch_to_any_number_of_processes():
    alone = list(islice(TicketSampler(7, seed=2), 21))
    for epoch in range(3):
        assert sorted(i for e, i in alone if e == epoch) == list(range(7))
    assert alone[:7] != [(0, i) for _, i in alone[7:14]]
    shares = [list(islice(TicketSampler(7, seed=2, rank=r, world=3), 7)) for r in range(3)]
    assert [t for group in zip(*shares, strict=True) for t in group] == alone
    assert list(islice(TicketSampler(7, seed=2, start=10), 11)) == alone[10:]


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
