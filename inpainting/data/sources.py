"""Pictures for training and evaluation, through Hugging Face ``datasets``."""

import glob
import logging
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import datasets
from PIL import Image

from inpainting.data.folder import read_folder
from inpainting.data.natural_images import NATURAL_IMAGES_URL, download_natural_images
from inpainting.errors import DataError, first_line
from inpainting.io.folders import picture_files
from inpainting.io.images import decode

TEST_SHARE = 0.25  # the report's 3:1
TABLES = {".parquet": "parquet", ".arrow": "arrow", ".tar": "webdataset"}  # and the library's name
# What `datasets` raises for sets that are missing, empty, gated or unreachable.
LOAD_ERRORS = (OSError, ValueError, datasets.exceptions.DatasetsError)
SHARDS = 64  # parts of a folder that is streamed: shuffled as wholes, shared out to processes

log = logging.getLogger(__name__)


class DataSet(NamedTuple):
    """Name of a data set, and which of its columns and versions.

    ``name``: a folder of pictures (``class/*.jpg`` or ``split/class/*.jpg``, see
    :func:`inpainting.data.folder.read_folder`) or of Parquet, Arrow or WebDataset files, a Hub id,
    or None for Natural Images (Roy et al., arXiv:1807.10108) from its public zip.
    ``image_column``: None = the first with pictures. ``revision``: branch, tag or commit of a Hub
    data set. ``cache_dir``: where `datasets` keeps downloads and tables.
    """

    name: str | Path | None = None
    image_column: str | None = None
    revision: str | None = None
    cache_dir: str | Path | None = None


def load_splits(source: DataSet, seed: int = 0) -> datasets.DatasetDict:
    """Load a data set with a train and a test split.

    A set that has a test (or validation) split keeps it; any other is split 3:1, per class where
    there are classes with enough pictures.

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


def refuse_output_in_data(output: Path, data: str | Path | None, option: str = "--data") -> None:
    """A folder for results must not lie in the folder of pictures, where it would be read as data.

    Args:
        output: the folder for results.
        data: the folder of pictures; a Hub id or None is none.
        option: that ``data`` was given with.

    Raises:
        DataError: with both names.
    """
    if data is None or not Path(data).is_dir():
        return
    folder, place = Path(data).resolve(), output.resolve()
    if place.is_relative_to(folder):
        raise DataError(
            f"--output-dir {output} lies in {option} {data}: pictures written there would be taken "
            "for data. Choose a folder outside of it."
        )


def decoded(pictures: datasets.Dataset) -> datasets.Dataset:
    """The same rows with column ``image`` (files) given as upright PIL images."""
    return pictures.with_transform(_decode_rows, columns=["image"], output_all_columns=True)


def file_stems(pictures: datasets.Dataset) -> list[str]:
    """The names of the pictures' files, without folder and suffix, in the set's order.

    Args:
        pictures: a split of :func:`load_splits`.

    Raises:
        DataError: when a picture has none: tables may hold the pixels alone.
    """
    stems: list[str] = []
    for cell in pictures.with_format(None).select_columns("image")["image"]:
        if not cell["path"]:
            raise DataError(
                f"Picture {len(stems)} of the data set has no file name, as those of Parquet files "
                "and of the Hub may have none: give --data a folder of picture files."
            )
        stems.append(Path(cell["path"]).stem)
    return stems


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
            return _load_folder(Path(name), **options)
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


def _load_folder(
    folder: Path, cache_dir: str | None, split: str | None = None, streaming: bool = False
) -> Any:
    """A folder's tables if there are any, else its picture files."""
    found = picture_files(folder)
    for path in found.others:
        if kind := TABLES.get(path.suffix):
            files = _literal(folder, kind)
            options = {"split": split, "streaming": streaming, "cache_dir": cache_dir}
            return datasets.load_dataset(**files, **options)
    splits = read_folder(folder, found)
    if not splits:
        raise ValueError("there is no picture file in it")
    if split is None:
        return splits
    chosen = _part(splits, split)
    return chosen.to_iterable_dataset(min(SHARDS, len(chosen))) if streaming else chosen


def _part(splits: datasets.DatasetDict, words: str) -> datasets.Dataset:
    """A split or a part of it, in the library's words, such as ``train[:10%]``."""
    lengths = {name: len(split) for name, split in splits.items()}
    parts = datasets.ReadInstruction.from_spec(words).to_absolute(lengths)
    return datasets.concatenate_datasets(
        [splits[part.splitname].select(range(part.from_, part.to)) for part in parts]
    )


def _literal(folder: Path, kind: str) -> dict[str, Any]:
    """Arguments of `load_dataset` for a folder of tables, whatever characters are in its path.

    The library takes brackets and stars for patterns.
    """
    path = str(folder.absolute())
    escaped = glob.escape(path)
    if escaped == path:
        return {"path": path}
    found = datasets.data_files.get_data_patterns(escaped)
    files = {split: [f"{escaped}/{each}" for each in some] for split, some in found.items()}
    return {"path": kind, "data_files": files}


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
    if len(images) < 2:
        raise DataError(f"{len(images)} picture cannot be split into train and test: add more.")
    classes = Counter(images["label"]) if "label" in images.features else Counter()
    enough = min(classes.values(), default=0) > 1 and len(classes) <= round(
        TEST_SHARE * len(images)
    )
    if classes and not enough:
        alone = sum(count == 1 for count in classes.values())
        log.warning(
            "The %d pictures are split 3:1 without regard to their %d classes: %s.",
            len(images), len(classes),
            f"{alone} of them have one picture" if alone else "there are too many of them",
        )  # fmt: skip
    by = "label" if enough else None
    return images.train_test_split(TEST_SHARE, stratify_by_column=by, seed=seed)


def _decode_rows(rows: dict[str, list]) -> dict[str, list]:
    return {"image": [read_cell(cell) for cell in rows["image"]]}
