"""Folders of pictures, filled by one process or several; what stands is kept."""

import errno
import hashlib
import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from inpainting.cli.made_from import (
    is_in_place,
    lies_at,
    made_from,
    refusal_to_replace,
    what_changed,
)
from inpainting.cli.pairs import Job
from inpainting.cli.report_file import earlier_records, file_of, log_of, write_report
from inpainting.distributed import SingleProcess
from inpainting.errors import InpaintingError, first_line
from inpainting.evaluation.fill_report import fill_report
from inpainting.inference.guide_image import read_guide
from inpainting.inference.line_image import read_lines
from inpainting.inference.pipeline import InpaintingPipeline
from inpainting.io.files import Record, append_record, atomic_write
from inpainting.io.images import read_picture
from inpainting.io.png import write_png
from inpainting.masks.convert import hole_from_mask_image
from inpainting.masks.edit import grow
from inpainting.masks.files import read_mask_file

# What is wrong with one file's name or place; the rest of the folder can be filled all the same.
OF_ONE_FILE = {
    errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EACCES, errno.EPERM,
    errno.ELOOP, errno.EILSEQ, errno.EINVAL, errno.ENOENT,
}  # fmt: skip


class Options(NamedTuple):
    """How masks are read and pictures filled; see :meth:`InpaintingPipeline.fill`.

    ``invert``: black is repainted. ``grow``: pixels by which what is repainted is dilated.
    """

    invert: bool = False
    grow: int = 0
    strategy: str = "crop"
    feather: int = 0
    mode: str = "auto"
    seed: int = 0
    passes: int | None = None


class Outcome(NamedTuple):
    """What became of a job: ``kept``: an earlier result stands; ``again``: why it does not."""

    record: Record
    kept: bool = False
    again: tuple[str, ...] = ()


class Fill(NamedTuple):
    """A result that is not written yet: the content of its file, and what was measured."""

    content: bytes
    record: Record


def fill_all(
    pipe: InpaintingPipeline,
    jobs: Sequence[Job],
    out: Path,
    options: Options,
    weights: str = "",
    team: SingleProcess | None = None,
) -> list[Outcome]:
    """Fill what has not been filled yet, and what was filled from something else.

    Args:
        pipe: the network.
        jobs: of :func:`inpainting.cli.pairs.find_jobs`; the same in all processes.
        out: folder of the report.
        options: see :class:`Options`.
        weights: digest of the network's weights.
        team: the processes that share the jobs; each calls this.

    Returns:
        One outcome per job, the same in all processes. Its record has ``image``, ``output`` and
        either ``error``, a sentence, or what was measured and run; all are in ``out/report.json``.

    Raises:
        InpaintingError: in all processes, when one cannot write.
    """
    team = team or SingleProcess()
    earlier = team.in_main(lambda: earlier_records(out))
    work = _Work(pipe, out, options, weights, {file_of(r, out): r for r in earlier})
    share = team.in_all(lambda: work.fill_share(jobs, team))
    outcomes = dict(team.gather(share))
    team.in_main(lambda: write_report(out, [outcomes[job.image].record for job in jobs], earlier))
    return [outcomes[job.image] for job in jobs]


def fill_one(pipe: InpaintingPipeline, job: Job, options: Options) -> Fill:
    """Fill one picture and measure it against what was given.

    Raises:
        InpaintingError: when the picture, its mask or what was drawn for it cannot be used.
    """
    assert job.mask is not None
    picture, about_picture = read_picture(job.image)
    mask_image, about_mask = read_mask_file(job.mask, picture.size, options.invert, picture)
    hole = hole_from_mask_image(grow(mask_image, options.grow), picture.size)
    guide, about_guide = read_guide(path, hole) if (path := job.drawn.get("guide")) else (None, ())
    lines = read_lines(path, hole) if (path := job.drawn.get("lines")) else None
    start = time.perf_counter()
    result = pipe.fill_hole(
        picture, hole, options.strategy, options.feather,
        mode=options.mode, seed=options.seed, guide=guide, lines=lines, passes=options.passes,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    file = io.BytesIO()
    write_png(result.image, file, result=True)
    notes = [*about_picture, *about_mask, *about_guide, *result.notes]
    record = {"notes": notes, "seconds": round(seconds, 3), **fill_report(result)}
    return Fill(file.getvalue(), record)


class _Work(NamedTuple):
    """What all jobs share; ``earlier``: records by file below ``out``."""

    pipe: InpaintingPipeline
    out: Path
    options: Options
    weights: str
    earlier: dict[str, Record]

    def fill_share(self, jobs: Sequence[Job], team: SingleProcess) -> list[tuple[Path, Outcome]]:
        """Fill this process's part of the jobs; the main process shows its own progress."""
        log = log_of(self.out, team.rank)
        outcomes = []
        own = jobs[team.rank :: team.size]
        skipped = 0
        with tqdm(own, unit="picture", desc="fill", disable=not team.is_main) as bar:
            for job in bar:
                try:
                    outcome = self._outcome(job, log)
                except OSError as error:
                    raise InpaintingError(
                        f"{job.image} could not be filled into {job.output} ({first_line(error)}): "
                        "what is filled is kept, mend this and run it again to go on."
                    ) from error
                outcomes.append((job.image, outcome))
                if "error" in outcome.record:
                    skipped += 1
                    bar.set_postfix(skipped=skipped, refresh=False)
        return outcomes

    def _outcome(self, job: Job, log: Path) -> Outcome:
        """Keep an earlier result, or fill and write, or say why not."""
        file = job.output.relative_to(self.out).as_posix()
        record: Record = {"image": str(job.image), "output": str(job.output), "file": file}
        try:
            return self._fill(job, record, log)
        except InpaintingError as error:
            record["error"] = str(error)
        except OSError as error:
            if error.errno not in OF_ONE_FILE:
                raise
            record["error"] = (
                f"{job.image} could not be filled into {job.output} ({first_line(error)})."
            )
        append_record(log, record)
        return Outcome(record)

    def _fill(self, job: Job, record: Record, log: Path) -> Outcome:
        if job.error or job.mask is None:
            raise InpaintingError(job.error)
        sources = made_from(job.given, self.weights, self.options._asdict())
        earlier, found = self.earlier.get(record["file"]), lies_at(job.output)
        changed: list[str] = []
        if earlier and "sha256" in earlier:
            changed = what_changed(earlier, sources)
            if not changed and is_in_place(earlier, found):
                return Outcome({**earlier, **record, "mask": str(job.mask)}, kept=True)
        if refusal := refusal_to_replace(job.output, found, earlier):
            raise InpaintingError(refusal)
        filled = fill_one(self.pipe, job, self.options)
        sha256 = hashlib.sha256(filled.content).hexdigest()
        written = {
            **record, "mask": str(job.mask), "made_from": sources, **filled.record,
            "sha256": sha256, "replaces": found,
        }  # fmt: skip
        # First the record, then the file: one that was killed in between is known as half done.
        append_record(log, written)
        with atomic_write(job.output) as file:
            file.write(filled.content)
        return Outcome(written, again=tuple(changed))
