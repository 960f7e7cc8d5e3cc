"""Pictures for training and evaluation, through Hugging Face ``datasets``."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import datasets
from PIL import Image

from inpainting.data.natural_images import NATURAL_IMAGES_URL, download_natural_images
from inpainting.errors import DataError, first_line
from inpainting.io.images import decode

TEST_SHARE = 0.25  # the report's 3:1
TABLES = {".parquet", ".arrow", ".tar"}
# What `datasets` raises for sets that are missing, empty, gated or unreachable.
LOAD_ERRORS = (OSError, ValueError, datasets.exceptions.DatasetsError)


class DataSet(NamedTuple):
    """Name of a data set, and which of its columns and versions.

    ``name``: a folder of pictures (``class/*.jpg`` or ``split/class/*.jpg``) or of Parquet, Arrow
    or WebDataset files, a Hub id, or None for Natural Images (Roy et al., arXiv:1807.10108) from
    its public zip. ``image_column``: None = the first with pictures. ``revision``: branch, tag or
    commit of a Hub data set. ``cache_dir``: where `datasets` keeps downloads and tables.
    """

    name: str | Path | None = None
    image_column: str | None = None
    revision: str | None = None
    cache_dir: str | Path | None = None


def load_splits(source: DataSet, seed: int = 0) -> datasets.DatasetDict:
    """Load a data set with a train and a test split.

    A set that has a test (or validation) split keeps it; any other is split 3:1, per class
    where there are classes.

    Args:
        source: which pictures.
        seed: decides a split that is made here.

    Returns:
        Splits ``train`` and ``test`` with ``image`` (upright 8-bit PIL image, see
        :func:`inpainting.io.images.decode`) and, if the set has classes, ``label`` (ClassLabel).

    Raises:
        DataError: when the set cannot be loaded, has no pictures, or cannot be split.
    """
    loaded = _load(source)
    splits = {name: _canonical(split, source) for name, split in loaded.items()}
    if any(_classes_used(split) < 2 for split in splits.values()):
        # A flat folder: what passes for a class is the name of the split.
        splits = {name: split.select_columns("image") for name, split in splits.items()}
    train, test = splits.get("train"), splits.get("test", splits.get("validation"))
    if test is None:
        only = train if train is not None else next(iter(splits.values()))
        parts = _split(only, seed)
        train, test = parts["train"], parts["test"]
    elif train is None:
        train = test.select([])
    return datasets.DatasetDict(train=decoded(train), test=decoded(test))


def load_split(source: DataSet, split: str | None) -> datasets.Dataset:
    """One split, as :func:`load_splits` gives it.

    Args:
        source: which pictures.
        split: a name, or a part such as ``train[:10%]``; None = the train split, made if need be.

    Raises:
        DataError: as :func:`load_splits`, and when there is no such split.
    """
    if split is None:
        return load_splits(source)["train"]
    return decoded(_canonical(_load(source, split=split), source))


def load_stream(source: DataSet, split: str) -> datasets.IterableDataset:
    """One split, read while it is used; column ``image`` alone, not decoded.

    Raises:
        DataError: when there is none, or no pictures in it.
    """
    return _canonical(_load(source, split=split, streaming=True), source).select_columns("image")


def decoded(pictures: datasets.Dataset) -> datasets.Dataset:
    """The same rows with column ``image`` (files) given as upright PIL images."""
    return pictures.with_transform(_decode_rows, columns=["image"], output_all_columns=True)


def read_cell(cell: dict[str, Any]) -> Image.Image:
    """The upright picture of a cell: ``bytes`` of a file, or ``path`` where that is None.

    Raises:
        InvalidImage: when it cannot be read.
    """
    return decode(cell["path"] if cell["bytes"] is None else cell["bytes"])


def _load(source: DataSet, **options: Any) -> Any:
    name, cache = source.name, source.cache_dir
    if name is None:
        name = download_natural_images(NATURAL_IMAGES_URL, cache)
    name = str(name)
    options["cache_dir"] = str(cache) if cache else None
    try:
        if Path(name).is_dir():
            return datasets.load_dataset(**_folder(name), **options)
        if Path(name).exists() or name.count("/") != 1 or name.startswith((".", "/", "~")):
            raise DataError(
                f"--data {name} is no folder: give a folder of pictures (class/*.jpg) or a Hub id "
                "such as user/dataset."
            )
        return datasets.load_dataset(name, revision=source.revision, **options)
    except LOAD_ERRORS as error:
        raise DataError(
            f"No pictures could be loaded from {name} ({first_line(error)}): give a folder with "
            "PNG or JPEG files (class/*.jpg or train/class/*.jpg) or the id of a Hub data set "
            "with an image column."
        ) from error


def _folder(name: str) -> dict[str, str]:
    """Arguments of `load_dataset` for a folder: its tables if there are any, else picture files."""
    tables = any(path.suffix in TABLES for path in Path(name).rglob("*"))
    return {"path": name} if tables else {"path": "imagefolder", "data_dir": name}


def _canonical(split: Any, source: DataSet) -> Any:
    """Name the columns ``image`` and ``label`` and leave decoding to :func:`read_cell`."""
    features = split.features or {}
    kinds = {name: type(feature).__name__ for name, feature in features.items()}
    pictures = [name for name, kind in kinds.items() if kind == "Image"]
    label = next((name for name, kind in kinds.items() if kind == "ClassLabel"), None)
    if source.image_column is not None:
        if source.image_column not in kinds:
            raise DataError(
                f"--image-column is {source.image_column!r}: the data set has {sorted(kinds)}."
            )
        pictures = [source.image_column]
    if not pictures:
        raise DataError(f"The data set has columns {sorted(kinds)}, none of them with pictures.")
    if isinstance(split, datasets.Dataset) and len(split) == 0:
        raise DataError("The data set has a split without pictures: add PNG or JPEG files.")
    names = {pictures[0]: "image"} | ({label: "label"} if label else {})
    # First of all: later, a stream would decode the files and encode them again, with loss.
    split = split.cast_column(pictures[0], datasets.Image(decode=False))
    split = split.select_columns(list(names))
    return split.rename_columns({old: new for old, new in names.items() if old != new})


def _classes_used(split: datasets.Dataset) -> int:
    return len(set(split["label"])) if "label" in split.features else 0


def _split(images: datasets.Dataset, seed: int) -> datasets.DatasetDict:
    stratify = "label" if "label" in images.features else None
    if len(images) < 2:
        raise DataError(f"{len(images)} picture cannot be split into train and test: add more.")
    if stratify:
        names = images.features["label"].names
        alone = [names[k] for k, n in Counter(images["label"]).items() if n < 2]
        if alone:
            raise DataError(
                f"Class {', '.join(sorted(alone))} has one picture, which cannot be in train and "
                "test: add pictures, merge classes, or give folders train/ and test/."
            )
    try:
        return images.train_test_split(TEST_SHARE, stratify_by_column=stratify, seed=seed)
    except ValueError as error:
        raise DataError(
            f"{len(images)} pictures cannot be split 3:1 per class ({first_line(error)}): add "
            "pictures, or give folders train/ and test/."
        ) from error


def _decode_rows(rows: dict[str, list]) -> dict[str, list]:
    return {"image": [read_cell(cell) for cell in rows["image"]]}
