"""Folders of picture files as data sets: paths, splits, classes, what is left out."""

import os
from collections import Counter
from pathlib import Path

import datasets
import pytest
from PIL import Image

from inpainting.data import folder as folders
from inpainting.data.sources import DataSet, load_split, load_splits, load_stream
from inpainting.errors import DataError
from inpainting.io.folders import picture_files


def lay(root: Path, *names: str) -> Path:
    """Small pictures of these names below a folder."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (number % 256, 0, 0)).save(path)
    return root


def read_folder(folder: Path) -> datasets.DatasetDict:
    return folders.read_folder(folder, picture_files(folder))


def numbered(folder: str, count: int) -> list[str]:
    return [f"{folder}/{number}.png" for number in range(count)]


def names(split) -> list[str]:
    return [Path(cell["path"]).name for cell in split["image"]]


def test_names_of_pictures_make_no_splits(tmp_path, caplog):
    folder = lay(tmp_path / "set", "train.png", "beach-test.png", "eval_1.png", "test/../dev.png")
    splits = read_folder(folder)
    assert list(splits) == ["train"] and len(splits["train"]) == 4 and not caplog.records
    both = load_splits(DataSet(folder))
    assert len(both["train"]) == 3 and len(both["test"]) == 1


def test_a_class_called_train_is_a_class(tmp_path, caplog):
    folder = lay(tmp_path, *numbered("train", 4), *numbered("car", 4), *numbered("test-boats", 4))
    splits = read_folder(folder)
    assert list(splits) == ["train"] and len(splits["train"]) == 12
    assert splits["train"].features["label"].names == ["car", "test-boats", "train"]
    assert "The folder train is taken for a class" in caplog.text


@pytest.mark.parametrize("other", ["test", "Test", "val", "validation"])
def test_two_top_level_folders_are_splits_and_the_rest_is_counted(tmp_path, caplog, other):
    folder = lay(tmp_path, *numbered("train/a", 3), *numbered("train/train", 2),
                 *numbered(f"{other}/a", 2), *numbered(f"{other}/test", 1),
                 "extras/x.png", "extras/y.png", "loose.png")  # fmt: skip
    splits = read_folder(folder)
    assert {name: len(split) for name, split in splits.items()} == {
        "train": 5, "test" if other.lower() == "test" else "validation": 3,
    }  # fmt: skip
    assert splits["train"].features["label"].names == ["a", "test", "train"]
    assert "3 pictures left out, in no folder, extras/: splits are" in caplog.text
    assert len(load_splits(DataSet(folder))["test"]) == 3


def test_a_lone_split_is_all_there_is(tmp_path):
    folder = lay(tmp_path, *numbered("test/a", 3), *numbered("test/b", 3))
    splits = load_splits(DataSet(folder))
    assert len(splits["train"]) == 0 and len(splits["test"]) == 6


@pytest.mark.parametrize("name", ["set[1]", "My photos [2024]", "a*", "{b}"])
@pytest.mark.parametrize("tables", [False, True])
def test_paths_are_literal(tmp_path, name, tables):
    for folder, count in ((name, 3), ("set1", 5), ("ab", 5), ("b", 5)):
        lay(tmp_path / folder, *(f"{number}.png" for number in range(count)))
        if tables:
            cells = [{"bytes": p.read_bytes(), "path": None}
                     for p in sorted((tmp_path / folder).iterdir())]  # fmt: skip
            rows = datasets.Dataset.from_dict(
                {"image": cells}, features=datasets.Features({"image": datasets.Image()})
            )
            rows.to_parquet(tmp_path / folder / "train-0.parquet")
    source = DataSet(tmp_path / name, cache_dir=tmp_path / "cache")
    for _ in range(2):
        assert len(load_split(source, "train")) == 3
    assert len(list(load_stream(source, "train"))) == 3
    assert load_splits(source)["train"][0]["image"].size == (4, 4)


def test_linked_class_folders_are_followed_once(tmp_path):
    lay(tmp_path / "far", *numbered("cats", 4), *numbered("dogs", 4))
    folder = lay(tmp_path / "set", *numbered("birds", 4))
    (folder / "cat").symlink_to(tmp_path / "far" / "cats")
    (folder / "dog").symlink_to(tmp_path / "far" / "dogs")
    (folder / "again").symlink_to(tmp_path / "far" / "dogs")
    (folder / "up").symlink_to(folder)
    train = read_folder(folder)["train"]
    assert len(train) == 12 and train.features["label"].names == ["again", "birds", "cat"]
    assert load_splits(DataSet(folder))["train"][0]["image"].size == (4, 4)


def test_labels_are_not_needed(tmp_path, caplog):
    folder = lay(tmp_path / "one", *numbered("cat", 7), "dog/0.png")
    splits = load_splits(DataSet(folder))
    assert len(splits["train"]) == 6 and len(splits["test"]) == 2
    assert "without regard to their 2 classes: 1 of them have one picture" in caplog.text
    caplog.clear()
    days = lay(tmp_path / "days", *(f"2024-01-{day:02}/{k}.png" for day in range(20) for k in "ab"))
    splits = load_splits(DataSet(days))
    assert len(splits["train"]) == 30 and len(splits["test"]) == 10
    assert "20 classes: there are too many of them" in caplog.text


def test_pictures_at_several_depths_have_no_classes(tmp_path):
    folder = lay(tmp_path, *numbered("a", 3), *numbered("b/c", 3), "d.png")
    assert list(read_folder(folder)["train"].features) == ["image"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_table_says_which_pictures_belong(tmp_path, caplog, kind):
    folder = lay(tmp_path, *numbered("train/a", 4), *numbered("test", 3))
    rows = ["a/0.png", "a/1.png", "./a/2.png", "a/gone.png", "gone.png"]
    table = folder / "train" / f"metadata.{kind}"
    if kind == "csv":
        table.write_text("\ufefffile_name,text\n" + "".join(f'{row},"a, b"\n' for row in rows))
    else:
        table.write_text("".join(f'{{"file_name": "{row}", "text": "x"}}\n' for row in rows))
    splits = read_folder(folder)
    assert names(splits["train"]) == ["0.png", "1.png", "2.png"] and len(splits["test"]) == 3
    assert "label" not in splits["train"].features
    assert "has 2 of 5 rows without a picture" in caplog.text
    assert "1 picture left out, which are not in" in caplog.text
    table.write_text("name\nx\n" if kind == "csv" else '{"name": 1}\n')
    with pytest.raises(DataError, match="rows without file_name"):
        load_splits(DataSet(folder))


def test_what_is_not_read_is_counted(tmp_path, caplog):
    folder = lay(tmp_path, *numbered(".", 4), "b.avif")
    for name in ("1.HEIC", "2.heic", "3.nef", "._0.png", ".hidden.png"):
        (folder / name).write_bytes(b"\0\5\x16\7")
    (folder / os.fsdecode(b"\xff\xfe.png")).write_bytes((folder / "0.png").read_bytes())
    assert len(read_folder(folder)["train"]) == 5
    assert "3 pictures left out, of kinds that are not read here: 2 HEIC, 1 camera" in caplog.text
    assert "1 picture left out, whose names are no UTF-8, such as '\\udcff" in caplog.text


def test_masks_beside_pictures_are_not_trained_on(tmp_path, caplog):
    folder = lay(tmp_path, "a.png", "b.png", "b_mask.png", "c.png")
    assert names(read_folder(folder)["train"]) == ["a.png", "b.png", "c.png"]
    assert "1 picture left out, which are masks of pictures beside them, such as b_mask" in (
        caplog.text
    )


def test_splits_parts_and_streams_of_a_folder(tmp_path):
    folder = lay(tmp_path, *numbered("train/a", 10), *numbered("train/b", 10),
                 *numbered("test/a", 4), *numbered("test/b", 4))  # fmt: skip
    source = DataSet(folder)
    assert len(load_split(source, "train[:25%]")) == 5
    assert len(load_split(source, "test+train[10:]")) == 18
    for words in ("absent", "train[:x]"):
        with pytest.raises(DataError, match="No pictures could be loaded"):
            load_split(source, words)
    stream = load_stream(source, "train")
    paths = [row["image"]["path"] for row in stream]
    assert paths == sorted(paths) and len(paths) == 20 and stream.num_shards == 20
    again = Counter(row["image"]["path"] for row in stream.shuffle(seed=1, buffer_size=1))
    assert again == Counter(paths)
