"""Records in a file that only grows, one JSON line each, whole or not there."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def to_line(record: Record) -> bytes:
    """A record as a line of a file."""
    return json.dumps(record).encode() + b"\n"


def append_line(path: Path, record: Record) -> None:
    """One more line, on disk before this returns.

    Raises:
        OSError: when it cannot be written.
    """
    with path.open("ab") as file:
        file.write(to_line(record))
        file.flush()
        os.fsync(file.fileno())


def read_lines(path: Path) -> Iterator[Record]:
    """The records of a file; none where there is no file. A line that a kill cut off is none."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
