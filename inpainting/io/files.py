"""Files written atomically, and logs of JSON records that survive a kill."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

Record = dict[str, Any]
LONGEST_NAME = 255  # bytes, of a file on all common file systems


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """A binary file to write to; a kill at any moment leaves the old or the new one complete.

    It is written beside its place, synced, and renamed. The folder is synced too, so that a loss of
    power does not undo it.

    Args:
        path: of the file; its folder is created if need be.

    Raises:
        OSError: when it cannot be written; an older file of that name stays as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(_partial_name(path.name))
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal.

    Raises:
        OSError: when it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def to_line(record: Record) -> bytes:
    """A record as one line of JSON."""
    return json.dumps(record).encode() + b"\n"


def append_record(path: Path, record: Record) -> None:
    """Add one line of JSON to a file; it is on disk when this returns.

    Raises:
        OSError: when it cannot be written.
    """
    with path.open("ab") as file:
        file.write(to_line(record))
        file.flush()
        os.fsync(file.fileno())


def read_records(path: Path) -> Iterator[Record]:
    """The records of a file of JSON lines; none without a file. A line cut by a kill is skipped."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _partial_name(name: str) -> str:
    """Of what is being written, beside ``name``; short where a suffix would make it too long."""
    partial = name + ".partial"
    if len(os.fsencode(partial)) <= LONGEST_NAME:
        return partial
    return hashlib.sha256(os.fsencode(name)).hexdigest() + ".partial"


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
