"""Folders of picture files as data sets: which picture is in which split and class.

``datasets`` guesses splits from every name on a path, takes brackets for patterns and follows no
links; here paths are literal, and whatever is left out is said.
"""

import csv
import json
import logging
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import datasets

from inpainting.io.folders import PictureFiles
from inpainting.io.foreign import SUFFIXES as FOREIGN

SPLITS = {"train": "train", "test": "test", "validation": "validation", "val": "validation"}
METADATA = ("metadata.csv", "metadata.jsonl")
FILE_NAME = "file_name"  # the column that tells a row's picture, relative to its table

log = logging.getLogger(__name__)


def read_folder(folder: Path, found: PictureFiles) -> datasets.DatasetDict:
    """The pictures of a folder, not decoded; empty if there are none.

    Top-level folders named train, test and validation (or val) are splits, if there are two of
    them or nothing else; otherwise all pictures are one split, "train". The folder that a picture
    lies in is its class, where there are several, all at one depth. A table ``metadata.csv`` or
    ``metadata.jsonl`` says which pictures of its folder belong to the set; there are no classes
    then.

    Args:
        folder: a literal path.
        found: of :func:`inpainting.io.folders.picture_files`.

    Returns:
        Splits with ``image`` (files, not decoded) and, if there are classes, ``label``
        (ClassLabel).

    Raises:
        OSError, ValueError: when a table cannot be read.
    """
    _tell_left_out(found)
    tables = [path for path in found.others if path.name in METADATA]
    splits = _splits(folder, _in_tables(tables, _with_names(found.pictures)))
    names = [] if tables else _classes(splits)
    features = datasets.Features({"image": datasets.Image(decode=False)})
    if names:
        features["label"] = datasets.ClassLabel(names=names)
    return datasets.DatasetDict(
        {
            split: datasets.Dataset.from_dict(_columns(files, bool(names)), features=features)
            for split, files in splits.items()
        }
    )


def _columns(files: Sequence[Path], classes: bool) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "image": [{"path": os.path.abspath(path), "bytes": None} for path in files]
    }
    if classes:
        columns["label"] = [path.parent.name for path in files]
    return columns


def _splits(folder: Path, pictures: Sequence[Path]) -> dict[str, list[Path]]:
    tops: dict[str, list[Path]] = defaultdict(list)
    for path in pictures:
        parts = path.relative_to(folder).parts
        tops[parts[0] if len(parts) > 1 else ""].append(path)
    named = {top: SPLITS[top.lower()] for top in tops if top.lower() in SPLITS}
    others = sorted(tops.keys() - named)
    if not named or others and len(set(named.values())) < 2:
        for top in named:
            log.warning(
                "The folder %s is taken for a class: a split has train/ and test/ beside it.", top
            )
        return {"train": list(pictures)} if pictures else {}
    if others:
        log.warning(
            "%s left out, in %s: splits are the folders %s.",
            _count(sum(len(tops[top]) for top in others)),
            ", ".join(f"{top}/" if top else "no folder" for top in others),
            ", ".join(f"{top}/" for top in sorted(named)),
        )
    splits: dict[str, list[Path]] = defaultdict(list)
    for top, split in sorted(named.items()):
        splits[split] += tops[top]
    return dict(splits)


def _classes(splits: dict[str, list[Path]]) -> list[str]:
    """Names of the folders that pictures lie in; none where they are no classes."""
    files = [path for split in splits.values() for path in split]
    depths = {len(path.parts) for path in files}
    names = {path.parent.name for path in files}
    return sorted(names) if len(depths) == 1 and len(names) > 1 else []


def _with_names(pictures: Sequence[Path]) -> list[Path]:
    """Those whose paths are text, which columns of `datasets` need."""
    kept = [path for path in pictures if _is_text(str(path))]
    left_out = [ascii(path.name) for path in pictures if not _is_text(str(path))]
    if left_out:
        log.warning(
            "%s left out, whose names are no UTF-8, such as %s: rename them.",
            _count(len(left_out)), left_out[0],
        )  # fmt: skip
    return kept


def _is_text(name: str) -> bool:
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


def _in_tables(tables: Sequence[Path], pictures: list[Path]) -> list[Path]:
    """The pictures, of those in a folder with a table only the ones that it names."""
    for table in tables:
        below = {os.path.normpath(p): p for p in pictures if p.is_relative_to(table.parent)}
        rows = [os.path.normpath(table.parent / name) for name in _file_names(table)]
        absent = sum(row not in below for row in rows)
        extra = below.keys() - rows
        if absent:
            log.warning("%s has %d of %d rows without a picture.", table, absent, len(rows))
        if extra:
            log.warning("%s left out, which are not in %s.", _count(len(extra)), table)
        gone = {below[path] for path in extra}
        pictures = [path for path in pictures if path not in gone]
    return pictures


def _file_names(table: Path) -> list[str]:
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows: Iterable[Any] = (
            csv.DictReader(file) if table.suffix == ".csv" else map(json.loads, file)
        )
        names = [row.get(FILE_NAME) for row in rows]
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"{table} has rows without {FILE_NAME}, the column that names pictures")
    return names


def _tell_left_out(found: PictureFiles) -> None:
    if found.masks:
        log.warning(
            "%s left out, which are masks of pictures beside them, such as %s.",
            _count(len(found.masks)), found.masks[0].name,
        )  # fmt: skip
    kinds = Counter(FOREIGN[path.suffix.lower()] for path in found.foreign)
    if kinds:
        log.warning(
            "%s left out, of kinds that are not read here: %s. Save them as JPEG.",
            _count(kinds.total()), ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
        )  # fmt: skip


def _count(pictures: int) -> str:
    return f"{pictures} picture{'s' if pictures != 1 else ''}"
