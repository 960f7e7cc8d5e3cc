"""Fill many files: every picture of a folder, with one mask for all or one per name.

What is done is kept: a result is written under a temporary name and renamed, then its process adds
a line to its journal. At the end, or when the next run begins, the journals become the report: a
second run goes on where the first one stopped, with as many processes as it likes.
"""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from .errors import InpaintingError, InvalidImage, InvalidMask, first_line
from .facts import facts
from .images import decode
from .json_lines import Record, append_line, read_lines
from .mask_edits import grown, inverted, read_mask_file
from .pipeline import InpaintingPipeline
from .processes import Alone
from .whole_files import whole_file

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
REPORT = "report.json"
JOURNALS = "report-*.jsonl"  # of each process, by rank


class Job(NamedTuple):
    """A picture, and where its result goes: under the same name, as PNG."""

    image: Path
    output: Path


class Options(NamedTuple):
    """How masks are read and pictures filled; see :meth:`InpaintingPipeline.fill`.

    ``mask``: a file for all pictures, or a folder with one mask per name, whatever its suffix.
    ``invert``: black is repainted. ``grow``: pixels added around what is repainted.
    """

    mask: Path
    invert: bool = False
    grow: int = 0
    strategy: str = "crop"
    feather: int = 0

    @property
    def settings(self) -> Record:
        """What a result depends on beside its picture, as the report has it."""
        return {**self._asdict(), "mask": str(self.mask)}


def find_jobs(sources: Sequence[Path], out: Path) -> list[Job]:
    """The pictures named or found in folders, at any depth, in order.

    Args:
        sources: files and folders; a folder's structure is kept below ``out``.
        out: folder for the results; what lies in it is no source.

    Raises:
        InvalidImage: when a source is missing, or two results would have one name.
    """
    jobs: dict[Path, Job] = {}
    for source in sources:
        if not source.exists():
            raise InvalidImage(f"There is no file or folder {source}: check the path.")
        for image in _pictures(source, out):
            below = image.relative_to(source) if source.is_dir() else Path(image.name)
            job = Job(image, out / below.with_suffix(".png"))
            other = jobs.setdefault(job.output, job)
            if other.image != image:
                raise InvalidImage(
                    f"{other.image} and {image} would both be written to {job.output}: rename one, "
                    "or fill them into different folders."
                )
    return list(jobs.values())


def fill_all(
    pipe: InpaintingPipeline,
    jobs: Sequence[Job],
    out: Path,
    options: Options,
    team: Alone | None = None,
) -> list[Record]:
    """Fill what has not been filled yet.

    Args:
        pipe: the network.
        jobs: of :func:`find_jobs`; the same in all processes.
        out: folder of the report.
        options: see :class:`Options`.
        team: the processes that share the jobs; each calls this.

    Returns:
        One record per job: ``image``, ``output`` and either ``error``, a sentence, or what was
        measured and run; the same in all processes. The same is in ``out/report.json``.

    Raises:
        InpaintingError: in all processes, when one cannot write.
    """
    team = team or Alone()
    done, others = team.from_main(lambda: _earlier(jobs, out, options.settings))
    todo = [job for job in jobs if str(job.output) not in done]
    bar = tqdm(
        total=len(jobs), initial=len(done), unit="picture", desc="fill", disable=not team.is_main
    )
    with bar:
        share = team.together(lambda: _fill_share(pipe, todo, out, options, team, bar))
        for record in team.gather(share):
            done[record["output"]] = record
        bar.update(len(done) - bar.n)
    records = [done[str(job.output)] for job in jobs]
    team.from_main(lambda: _write_report(out, [*records, *others]))
    return records


def _earlier(
    jobs: Sequence[Job], out: Path, settings: Record
) -> tuple[dict[str, Record], list[Record]]:
    """Records that still hold, by output: those of the jobs, and those of other pictures."""
    out.mkdir(parents=True, exist_ok=True)
    others = {
        record["output"]: record
        for record in merge_journals(out)
        if "error" not in record and record["settings"] == settings
    }
    done = {}
    for job in jobs:
        record = others.pop(str(job.output), None)
        if record is not None and job.output.exists():
            done[str(job.output)] = record
    return done, list(others.values())


def _fill_share(
    pipe: InpaintingPipeline, todo: Sequence[Job], out: Path, options: Options,
    team: Alone, bar: tqdm,
) -> list[Record]:  # fmt: skip
    """Fill this process' part of the jobs, unless another process has failed meanwhile."""
    journal = out / JOURNALS.replace("*", str(team.rank))
    records: list[Record] = []
    before = bar.n
    for job in todo[team.rank :: team.size]:
        if team.failed:
            break
        try:
            records.append(_record(pipe, job, options))
            append_line(journal, records[-1])
        except OSError as error:
            raise InpaintingError(
                f"{job.image} could not be filled into {job.output} ({first_line(error)}): what is "
                "filled is kept, mend this and run it again to go on."
            ) from error
        bar.update(before + team.count("seen", 1) - bar.n)
        if skipped := team.count("skipped", "error" in records[-1]):
            bar.set_postfix(skipped=skipped, refresh=False)
    return records


def _record(pipe: InpaintingPipeline, job: Job, options: Options) -> Record:
    """What is to be told of one picture, filled or refused."""
    record: Record = {"image": str(job.image), "output": str(job.output)}
    try:
        filled = fill_one(pipe, job, options)
    except InpaintingError as error:
        return record | {"error": str(error)}
    return record | {"settings": options.settings, **filled}


def fill_one(pipe: InpaintingPipeline, job: Job, options: Options) -> Record:
    """Fill one picture, write it as PNG, and measure it against what was given.

    Raises:
        InpaintingError: when the picture or its mask cannot be used.
    """
    original = decode(job.image)
    path = mask_for(job.image, options.mask)
    mask_image, notes = read_mask_file(path, original.size)
    if options.invert:
        mask_image, notes = inverted(mask_image), ()
    mask_image = grown(mask_image, options.grow)
    start = time.perf_counter()
    filled = pipe.fill(original, mask_image, options.strategy, options.feather)
    seconds = time.perf_counter() - start
    with whole_file(job.output) as file:
        filled.image.save(file, "PNG")
    return {"mask": str(path), "notes": notes, "seconds": round(seconds, 3),
            **facts(original, mask_image, filled)}  # fmt: skip


def mask_for(image: Path, mask: Path) -> Path:
    """The mask of a picture: ``mask`` itself, or the file of the picture's name in it.

    Raises:
        InvalidMask: when there is none, or more than one.
    """
    if not mask.is_dir():
        return mask
    found = [mask / (image.stem + suffix) for suffix in SUFFIXES]
    found = [path for path in found if path.is_file()]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "nothing"
        raise InvalidMask(
            f"The mask of {image.name} was looked for in {mask} as {image.stem}.png or another "
            f"picture file of that name, and {names} was found: one file is needed."
        )
    return found[0]


def read_report(out: Path) -> list[Record]:
    """The records of an earlier run; none if there was none or its report is damaged."""
    try:
        return list(json.loads((out / REPORT).read_text()))
    except (OSError, ValueError):
        return []


def merge_journals(out: Path) -> list[Record]:
    """The records of earlier runs, after what a stopped one left in journals is in the report.

    Journals are removed once the report is on disk. A line that a kill cut off is no record.
    """
    records = {record["output"]: record for record in read_report(out)}
    journals = sorted(out.glob(JOURNALS))
    for journal in journals:
        records |= {record["output"]: record for record in read_lines(journal)}
    if journals:
        _write_report(out, list(records.values()))
    return list(records.values())


def _write_report(out: Path, records: Sequence[Record]) -> None:
    with whole_file(out / REPORT) as file:
        file.write(json.dumps(records, indent=1).encode())
    for journal in out.glob(JOURNALS):
        journal.unlink()


def _pictures(source: Path, out: Path) -> Iterator[Path]:
    if not source.is_dir():
        yield source
        return
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file() and out not in path.parents:
            yield path
