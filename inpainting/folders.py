"""Fill many files: every picture of a folder, with one mask for all or one per name.

What is done is kept: a result is written under a temporary name and renamed, the report after
every picture, and a second run goes on where the first one stopped.
"""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from .errors import InpaintingError, InvalidImage, InvalidMask
from .facts import facts
from .images import decode
from .mask_edits import grown, inverted, read_mask_file
from .pipeline import InpaintingPipeline
from .whole_files import whole_file

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
REPORT = "report.json"

Record = dict[str, Any]


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
    pipe: InpaintingPipeline, jobs: Sequence[Job], out: Path, options: Options
) -> list[Record]:
    """Fill what has not been filled yet.

    Args:
        pipe: the network.
        jobs: of :func:`find_jobs`.
        out: folder of the report.
        options: see :class:`Options`.

    Returns:
        One record per job: ``image``, ``output`` and either ``error``, a sentence, or what was
        measured and run. The same is in ``out/report.json``.
    """
    out.mkdir(parents=True, exist_ok=True)
    settings = {**options._asdict(), "mask": str(options.mask)}
    earlier = {
        record["output"]: record
        for record in read_report(out)
        if "error" not in record and record["settings"] == settings
    }
    records: list[Record] = []
    with tqdm(jobs, unit="picture", desc="fill") as bar:
        for job in bar:
            record = earlier.pop(str(job.output), None)
            if record is None or not job.output.exists():
                record = {"image": str(job.image), "output": str(job.output)}
                try:
                    record |= {"settings": settings, **fill_one(pipe, job, options)}
                except InpaintingError as error:
                    record["error"] = str(error)
                    bar.write(f"skipped {job.image}: {error}")
            records.append(record)
            with whole_file(out / REPORT) as file:
                file.write(json.dumps([*records, *earlier.values()], indent=1).encode())
    return records


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


def _pictures(source: Path, out: Path) -> Iterator[Path]:
    if not source.is_dir():
        yield source
        return
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file() and out not in path.parents:
            yield path
