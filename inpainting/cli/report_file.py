"""The report of filled folders: a log per process, merged into ``report.json``.

A result is written under a temporary name and renamed, then its process appends a record to its
log. At the end, or when the next run begins, the logs become the report: a second run goes on where
the first one stopped, with any number of processes.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from inpainting.io.files import Record, atomic_write, read_records

REPORT = "report.json"
LOGS = "report-*.jsonl"  # one per process, by rank


def log_of(out: Path, rank: int) -> Path:
    """The log of a process."""
    return out / LOGS.replace("*", str(rank))


def read_report(out: Path) -> list[Record]:
    """The records of an earlier run; none if there was none or its report is damaged."""
    try:
        return list(json.loads((out / REPORT).read_text()))
    except (OSError, ValueError):
        return []


def merge_logs(out: Path) -> list[Record]:
    """The records of earlier runs, after logs of a stopped one have been put into the report.

    Logs are removed once the report is on disk. A line that a kill cut off is skipped.
    """
    records = {record["output"]: record for record in read_report(out)}
    logs = sorted(out.glob(LOGS))
    for log in logs:
        records |= {record["output"]: record for record in read_records(log)}
    if logs:
        write_report(out, list(records.values()))
    return list(records.values())


def write_report(out: Path, records: Sequence[Record]) -> None:
    """Write ``report.json`` and remove the logs, which are in it."""
    with atomic_write(out / REPORT) as file:
        file.write(json.dumps(records, indent=1).encode())
    for log in out.glob(LOGS):
        log.unlink()
