"""Data sets: folders, tables, streams, the Natural Images zip over HTTP, splits."""

import io
import threading
import zipfile
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import datasets
import numpy as np
import pytest
from PIL import Image

from inpainting.data import (
    DataSet,
    download_natural_images,
    load_split,
    load_splits,
    load_stream,
)
from inpainting.errors import DataError, InvalidImage


def labels(split) -> Counter:
    return Counter(split.features["label"].int2str(item["label"]) for item in split)


def test_folder_is_split_3_to_1_per_class(image_folder, tmp_path):
    folder = image_folder({"cat": 8, "dog": 12})
    splits = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"), seed=1)
    assert labels(splits["train"]) == {"cat": 6, "dog": 9}
    assert labels(splits["test"]) == {"cat": 2, "dog": 3}
    again = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"), seed=1)
    other = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"), seed=2)
    pixels = [[np.asarray(x["image"]).tobytes() for x in s["test"]] for s in (splits, again, other)]
    assert pixels[0] == pixels[1] != pixels[2]


def test_test_split_is_kept(image_folder, tmp_path):
    folder = image_folder({"train/cat": 3, "train/dog": 2, "test/cat": 1, "test/dog": 2})
    splits = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"))
    assert labels(splits["train"]) == {"cat": 3, "dog": 2}
    assert labels(splits["test"]) == {"cat": 1, "dog": 2}


@pytest.mark.parametrize("counts", [{"train": 3, "test": 2}, {".": 5}])
def test_pictures_without_classes_have_no_label(image_folder, tmp_path, counts):
    splits = load_splits(DataSet(image_folder(counts), cache_dir=tmp_path / "cache"))
    assert all(split.column_names == ["image"] for split in splits.values())
    assert len(splits["train"]) + len(splits["test"]) == 5


def test_pictures_come_upright_in_rgb(tmp_path):
    folder = tmp_path / "p"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    for i in range(4):
        Image.new("RGB", (6, 4)).save(folder / f"{i}.jpg", exif=exif)
    item = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"))["train"][0]
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
            load_splits(DataSet(name, cache_dir=tmp_path / "cache"))


def test_one_picture_is_refused(image_folder, tmp_path):
    with pytest.raises(DataError, match="1 picture cannot be split"):
        load_splits(DataSet(image_folder({".": 1}), cache_dir=tmp_path / "cache"))


def test_damaged_picture_is_refused_by_a_sentence(image_folder, tmp_path):
    folder = image_folder({".": 4})
    for path in folder.glob("*.jpg"):
        path.write_bytes(path.read_bytes()[:200])
    splits = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"))
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
    splits = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"))
    assert labels(splits["train"]) == {"cat": 3, "dog": 3}
    assert labels(splits["test"]) == {"cat": 1, "dog": 1}


def test_the_default_data_set_is_that_zip(zip_server, tmp_path, monkeypatch):
    url = zip_server([f"natural_images/car/{i}.jpg" for i in range(4)])
    monkeypatch.setattr("inpainting.data.NATURAL_IMAGES_URL", url)
    assert len(load_splits(DataSet(cache_dir=tmp_path / "cache"))["train"]) == 3


def test_foreign_zip_and_dead_server_are_refused(zip_server, tmp_path):
    with pytest.raises(DataError, match="no folder natural_images"):
        download_natural_images(zip_server(["pictures/1.jpg"]), tmp_path / "cache")
    with pytest.raises(DataError, match="could not be downloaded"):
        download_natural_images("http://127.0.0.1:9/archive", tmp_path / "other")
    assert not list((tmp_path / "other").iterdir())


def test_image_column_split_and_parts_are_chosen(image_folder, tmp_path):
    files = sorted(image_folder({".": 4}).glob("*.jpg"))
    cells = [{"bytes": file.read_bytes(), "path": None} for file in files]
    pictures = datasets.Features({"before": datasets.Image(), "after": datasets.Image()})
    rows = {"before": cells, "after": cells[::-1]}
    folder = tmp_path / "tables"
    folder.mkdir()
    for split in ("train", "validation"):
        datasets.Dataset.from_dict(rows, features=pictures).to_parquet(
            folder / f"{split}-0.parquet"
        )
    cache = tmp_path / "cache"
    first = load_split(DataSet(folder, cache_dir=cache), "validation")
    named = load_split(DataSet(folder, "after", cache_dir=cache), "validation")
    assert np.array_equal(first[0]["image"], named[3]["image"]) and len(first) == 4
    assert len(load_split(DataSet(folder, cache_dir=cache), "train[:50%]")) == 2
    for source, split, words in [
        (DataSet(folder, "middle", cache_dir=cache), "train", "'middle': the data set has"),
        (DataSet(folder, cache_dir=cache), "absent", "No pictures could be loaded"),
    ]:
        with pytest.raises(DataError, match=words):
            load_split(source, split)
    streamed = list(load_stream(DataSet(folder, "after"), "validation"))
    assert [row["image"]["bytes"] for row in streamed] == [cell["bytes"] for cell in cells[::-1]]
