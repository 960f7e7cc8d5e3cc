"""Folders of pictures: what is to be filled, with which mask, by which process."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from inpainting.cli.report_file import log_of, merge_logs, write_report
from inpainting.distributed import SingleProcess
from inpainting.errors import InpaintingError, InvalidImage, InvalidMask, first_line
from inpainting.evaluation.fill_report import fill_report
from inpainting.inference.pipeline import InpaintingPipeline
from inpainting.io.files import Record, append_record, atomic_write
from inpainting.io.images import decode
from inpainting.masks.convert import hole_from_mask_image
from inpainting.masks.edit import grow, invert
from inpainting.masks.files import read_mask_file

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")


class Job(NamedTuple):
    """A picture, and where its result goes: under the same name, as PNG."""

    image: Path
    output: Path


class Options(NamedTuple):
    """How masks are read and pictures filled; see :meth:`InpaintingPipeline.fill`.

    ``mask``: a file for all pictures, or a folder with one mask per name, whatever its suffix.
    ``invert``: black is repainted. ``grow``: pixels by which what is repainted is dilated.
    """

    mask: Path
    invert: bool = False
    grow: int = 0
    strategy: str = "crop"
    feather: int = 0

    @property
    def settings(self) -> Record:
        """The options as the report has them."""
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
    team: SingleProcess | None = None,
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
    team = team or SingleProcess()
    done, others = team.in_main(lambda: _earlier(jobs, out, options.settings))
    todo = [job for job in jobs if str(job.output) not in done]
    share = team.in_all(lambda: _fill_share(pipe, todo, out, options, team))
    for record in team.gather(share):
        done[record["output"]] = record
    records = [done[str(job.output)] for job in jobs]
    team.in_main(lambda: write_report(out, [*records, *others]))
    return records


def fill_one(pipe: InpaintingPipeline, job: Job, options: Options) -> Record:
    """Fill one picture, write it as PNG, and measure it against what was given.

    Raises:
        InpaintingError: when the picture or its mask cannot be used.
    """
    picture = decode(job.image)
    path = mask_for(job.image, options.mask)
    mask_image, notes = read_mask_file(path, picture.size)
    if options.invert:
        mask_image, notes = invert(mask_image), ()
    hole = hole_from_mask_image(grow(mask_image, options.grow), picture.size)
    start = time.perf_counter()
    result = pipe.fill_hole(picture, hole, options.strategy, options.feather)
    seconds = time.perf_counter() - start
    with atomic_write(job.output) as file:
        result.image.save(file, "PNG")
    return {
        "mask": str(path), "notes": notes, "seconds": round(seconds, 3), **fill_report(result),
    }  # fmt: skip


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


def _earlier(
    jobs: Sequence[Job], out: Path, settings: Record
) -> tuple[dict[str, Record], list[Record]]:
    """Records that still hold, by output: those of the jobs, and those of other pictures."""
    out.mkdir(parents=True, exist_ok=True)
    others = {
        record["output"]: record
        for record in merge_logs(out)
        if "error" not in record and record["settings"] == settings
    }
    done = {}
    for job in jobs:
        record = others.pop(str(job.output), None)
        if record is not None and job.output.exists():
            done[str(job.output)] = record
    return done, list(others.values())


def _fill_share(
    pipe: InpaintingPipeline, todo: Sequence[Job], out: Path, options: Options, team: SingleProcess
) -> list[Record]:
    """Fill this process's part of the jobs; the main process shows its own progress."""
    log = log_of(out, team.rank)
    records: list[Record] = []
    own = todo[team.rank :: team.size]
    skipped = 0
    with tqdm(own, unit="picture", desc="fill", disable=not team.is_main) as bar:
        for job in bar:
            try:
                records.append(_record(pipe, job, options))
                append_record(log, records[-1])
            except OSError as error:
                raise InpaintingError(
                    f"{job.image} could not be filled into {job.output} ({first_line(error)}): "
                    "what is filled is kept, mend this and run it again to go on."
                ) from error
            if "error" in records[-1]:
                skipped += 1
                bar.set_postfix(skipped=skipped, refresh=False)
    return records


def _record(pipe: InpaintingPipeline, job: Job, options: Options) -> Record:
    """The report's record of one picture, filled or refused."""
    record: Record = {"image": str(job.image), "output": str(job.output)}
    try:
        filled = fill_one(pipe, job, options)
    except InpaintingError as error:
        return record | {"error": str(error)}
    return record | {"settings": options.settings, **filled}


def _pictures(source: Path, out: Path) -> Iterator[Path]:
    if not source.is_dir():
        yield source
        return
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file() and out not in path.parents:
            yield path
