"""Data sets: folders, tables, streams, splits."""

from collections import Counter

import datasets
import numpy as np
import pytest
from PIL import Image

from inpainting.data.sources import DataSet, file_stems, load_split, load_splits, load_stream
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


def test_pictures_have_the_names_of_their_files(image_folder, tmp_path):
    folder = image_folder({"train": 3, "test": 1})
    (folder / "test" / "a photo.v2.png").write_bytes(b"read by nobody")
    splits = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"))
    assert file_stems(splits["train"]) == ["0", "1", "2"]
    assert file_stems(splits["test"]) == ["0", "a photo.v2"]
    assert file_stems(splits["train"].select([2, 0])) == ["2", "0"]


def test_a_table_of_pixels_alone_has_no_names(tmp_path):
    pixels = {"image": [Image.new("RGB", (6, 4))] * 4}
    folder = tmp_path / "tables"
    folder.mkdir()
    features = datasets.Features({"image": datasets.Image()})
    table = datasets.Dataset.from_dict(pixels, features=features)
    table.to_parquet(folder / "train-0.parquet")
    pictures = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"))["train"]
    with pytest.raises(DataError, match="has no file name, .* give --data a folder of picture fil"):
        file_stems(pictures)


def test_empty_missing_and_unsplittable_folders_are_refused(image_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    for name, words in [
        (tmp_path / "empty", "No pictures could be loaded"),
        (tmp_path / "missing", "is no folder"),
        ("nobody/nothing", "No pictures could be loaded from nobody/nothing"),
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


def test_a_flat_set_from_elsewhere_has_no_classes(image_folder, tmp_path):
    """What the library makes of ``train/*.jpg`` and ``test/*.jpg`` on the Hub."""
    files = sorted(image_folder({".": 4}).glob("*.jpg"))
    cells = [{"bytes": file.read_bytes(), "path": None} for file in files]
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["test", "train"])}
    )
    folder = tmp_path / "tables"
    folder.mkdir()
    for label, split in enumerate(("test", "train")):
        rows = {"image": cells, "label": [label] * len(cells)}
        datasets.Dataset.from_dict(rows, features=features).to_parquet(
            folder / f"{split}-0.parquet"
        )
    splits = load_splits(DataSet(folder, cache_dir=tmp_path / "cache"))
    assert all(split.column_names == ["image"] for split in splits.values())
