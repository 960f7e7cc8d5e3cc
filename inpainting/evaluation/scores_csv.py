"""Scores per picture and method as a CSV file."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from inpainting.errors import DataError
from inpainting.evaluation.statistics import MEASURES, TEXTURES, Row

TEXT_FIELDS = ("class", "protocol", "bucket", "key", "method", "model")
NUMBER_FIELDS = ("hole_ratio", "milliseconds", *MEASURES, *TEXTURES)
FIELDS = ("index", *TEXT_FIELDS, *NUMBER_FIELDS)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Rows as CSV, nan as nothing; :func:`read_rows` reads the same values back."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows({k: "" if v != v else v for k, v in row.items()} for row in rows)


def read_rows(path: Path) -> list[Row]:
    """The mirror of :func:`write_rows`; the ``scores.csv`` of an evaluation.

    Raises:
        DataError: when it is no such file.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows: list[Row] = list(csv.DictReader(file, strict=True))
        if not rows:
            raise ValueError("it has no rows")
        for row in rows:
            row["index"] = int(row["index"])
            row.update({name: float(row[name] or math.nan) for name in NUMBER_FIELDS})
            row.update({name: row[name] for name in TEXT_FIELDS})
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DataError(
            f"{path} is no scores.csv of eval.py ({type(error).__name__}: {error}): give the "
            "one that an earlier run has written."
        ) from error
    return rows
