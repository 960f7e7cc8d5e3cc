"""The report of filled folders: a log per process, merged into ``report.json``.

A process appends a result's record to its log, then writes the result under a temporary name and
renames it. At the end, or when the next run begins, the logs become the report: a second run goes
on where the first one stopped, with any number of processes.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from inpainting.errors import InvalidConfig
from inpainting.io.files import Record, atomic_write, read_records

REPORT = "report.json"
LOGS = "report-*.jsonl"  # one per process, by rank


def log_of(out: Path, rank: int) -> Path:
    """The log of a process."""
    return out / LOGS.replace("*", str(rank))


def file_of(record: Record, out: Path) -> str:
    """Where a record's result lies below ``out``, wherever that has been moved since."""
    if "file" in record:
        return str(record["file"])
    output = Path(record["output"])  # of a version before it was written down
    return output.relative_to(out).as_posix() if output.is_relative_to(out) else str(output)


def earlier_records(out: Path) -> list[Record]:
    """The records of earlier runs, after logs of a stopped one have been put into the report.

    A line that a kill cut off is skipped.

    Raises:
        InvalidConfig: when ``out/report.json`` is somebody else's.
    """
    out.mkdir(parents=True, exist_ok=True)
    records = {record["image"]: record for record in _read_report(out)}
    logs = sorted(out.glob(LOGS))
    for log in logs:
        records |= {record["image"]: record for record in read_records(log)}
    filled = [record for record in records.values() if "error" not in record]
    if logs:
        write_report(out, filled)
    return filled


def write_report(out: Path, records: Sequence[Record], earlier: Sequence[Record] = ()) -> None:
    """Write ``report.json`` and remove the logs, which are in it.

    Args:
        out: its folder.
        records: of this run.
        earlier: of other runs; those whose result or picture is not in ``records`` are kept.
    """
    now = {file_of(record, out) for record in records} | {record["image"] for record in records}
    others = [r for r in earlier if file_of(r, out) not in now and r["image"] not in now]
    with atomic_write(out / REPORT) as file:
        file.write(json.dumps([*records, *others], indent=1).encode())
    for log in out.glob(LOGS):
        log.unlink()


def _read_report(out: Path) -> list[Record]:
    """The records of an earlier run; none if there was none or its report is damaged."""
    try:
        found = json.loads((out / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(found, list) or not all(
        isinstance(record, dict) and {"image", "output"} <= record.keys() for record in found
    ):
        raise InvalidConfig(
            f"{out / REPORT} is no report of this command, and would be written over: move it "
            "away, or choose another folder for --out."
        )
    return found
