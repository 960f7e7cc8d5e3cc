"""Fill the holes of picture files.

    inpaint fill photo.jpg --mask mask.png --out filled
    inpaint fill photos/ --mask masks/ --out filled     # one mask per name
    inpaint fill photo.jpg --mask mask.png --guide colours.png --out filled
    accelerate launch --multi_gpu --num_processes 2 -m inpainting fill photos/ ...

Results are PNG files under the pictures' names, with filled/report.json beside them. Run again, it
goes on where it stopped, and fills again what was made from another picture, mask, checkpoint or
option. Nothing that was given is ever written to. Several processes share the list, each on its own
GPU or all on the CPU. Which mask belongs to which picture: docs/masks.md, or --dry-run.
Exit code: 0 = everything was filled, 1 = something was skipped, 2 = wrong usage, or nothing could
be written.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from inpainting.cli.args import device, positive, seed
from inpainting.cli.folders import Options, Outcome, fill_all
from inpainting.cli.pairs import Found, Job, find_jobs, find_pictures
from inpainting.cli.terminal import print_anything
from inpainting.distributed import (
    LAUNCHED_ALONE,
    LostProcess,
    SingleProcess,
    launched_alone,
    processes,
)
from inpainting.errors import InpaintingError, InvalidConfig
from inpainting.inference.parts import MODES
from inpainting.inference.pipeline import STRATEGIES, InpaintingPipeline
from inpainting.io.folders import SUFFIXES
from inpainting.models.checkpoint import weights_digest
from inpainting.models.passes import check_passes

DRAWN = ("guide", "lines")  # options that name what somebody has drawn for a hole


def main(argv: Sequence[str] | None = None) -> int:
    """Fill, print what was skipped, and return the exit code, the same in all processes."""
    print_anything()
    with processes() as team:  # first: then --device cuda is this process's own GPU
        args = parse(argv)
        if launched_alone():
            print(f"inpainting: {LAUNCHED_ALONE}", file=sys.stderr)
        try:
            jobs = team.in_main(lambda: find_work(args))
            words, failed = (
                plan(jobs) if args.dry_run else summary(fill(args, jobs, team), args.out)
            )
        except LostProcess as error:
            print(f"inpainting: {error}", file=sys.stderr)
            return 2
        except (InpaintingError, OSError) as error:
            if team.is_main:
                print(f"inpainting: {error}", file=sys.stderr)
            team.close()
            return 2
        if team.is_main:
            print("\n".join(words))
        team.close()
    return int(failed)


def fill(args: argparse.Namespace, jobs: Sequence[Job], team: SingleProcess) -> list[Outcome]:
    """From options to the outcomes of all jobs.

    Raises:
        InpaintingError: in all processes, when nothing could be filled or written.
    """
    pipe, weights = team.in_all(
        lambda: (
            InpaintingPipeline.from_pretrained(
                args.checkpoint, args.revision, args.device or team.device
            ),
            weights_digest(args.checkpoint, args.revision),
        )
    )
    check_passes(pipe.predictor.model, args.passes)
    options = Options(
        args.invert_mask,
        args.grow,
        args.strategy,
        args.feather,
        args.mode,
        args.seed,
        args.passes,
    )
    return fill_all(pipe, jobs, args.out, options, weights, team)


def find_work(args: argparse.Namespace) -> list[Job]:
    """The pictures with their masks; at least one.

    Raises:
        InpaintingError: when there is none, or no mask, or no folder for the results.
    """
    if args.out.is_file() or args.out.suffix.lower() in SUFFIXES and not args.out.exists():
        raise InvalidConfig(
            f"--out {args.out} names a file: give a folder; every result is written into it under "
            "its picture's name."
        )
    if not args.mask.exists():
        raise InpaintingError(f"There is no mask file or folder {args.mask}: check the path.")
    drawn = {name: path for name in DRAWN if (path := getattr(args, name))}
    for name, path in drawn.items():
        if not path.exists():
            raise InpaintingError(f"There is no {name} file or folder {path}: check the path.")
    found = find_pictures(args.image, args.mask, args.out, drawn)
    if not found.pictures:
        words = ["There is no picture in what was given: name files or folders.", *left_out(found)]
        raise InpaintingError(" ".join(words))
    for note in left_out(found):
        print(f"note: {note}", file=sys.stderr)
    jobs = find_jobs(found, args.mask, args.out, drawn)
    for name, path in drawn.items():
        if not any(name in job.drawn for job in jobs):
            raise InpaintingError(
                f"--{name} {path} has no file for any of the pictures: name one like its picture, "
                "or give one file."
            )
    return jobs


def left_out(found: Found) -> list[str]:
    """A sentence about results of earlier runs, where a search has met some."""
    if not found.results:
        return []
    return [
        f"{_several(found.results)} left out: results of earlier runs. To fill one of them again, "
        "name it."
    ]


def plan(jobs: Sequence[Job]) -> tuple[list[str], bool]:
    """Lines on which picture is filled with which mask into which file, and whether one is not."""
    lines = [
        f"skipped {job.image}: {job.error}" if job.error
        else f"{' + '.join(map(str, job.given.values()))} -> {job.output}"
        for job in jobs
    ]  # fmt: skip
    return lines, any(job.error for job in jobs)


def summary(outcomes: Sequence[Outcome], out: Path) -> tuple[list[str], bool]:
    """Lines on how many pictures were filled, which were not, and what people should know.

    Returns:
        The lines, and whether a picture was skipped.
    """
    skipped = [outcome.record for outcome in outcomes if "error" in outcome.record]
    kept = sum(outcome.kept for outcome in outcomes)
    stand = f", {kept} of them before" if kept else ""
    filled = len(outcomes) - len(skipped)
    lines = [f"{filled} of {len(outcomes)} filled{stand}, see {out}/report.json"]
    notes: dict[str, list[str]] = defaultdict(list)
    for record, was_kept, again in outcomes:
        if again:
            changed = " and ".join(again)
            notes[f"Filled again, {changed} being another than before."].append(record["image"])
        for note in () if was_kept else record.get("notes", ()):
            notes[note].append(record["image"])
    lines += [f"note: {_several(images)}: {note}" for note, images in notes.items()]
    lines += [f"skipped {record['image']}: {record['error']}" for record in skipped]
    return lines, bool(skipped)


def _several(names: Sequence[object]) -> str:
    return f"{names[0]}" + (f" and {len(names) - 1} more" if names[1:] else "")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command-line options."""
    parser = argparse.ArgumentParser(
        "inpaint fill", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("image", nargs="+", type=Path, help="files, or folders that are searched at any depth")
    add("--mask", type=Path, required=True, help="white = repaint; a file, or a folder of one each")
    add("--guide", type=Path, help="colours wanted in the hole, painted on transparent; a file, or "
        "a folder of one for each picture that has one")  # fmt: skip
    add("--lines", type=Path, help="borders wanted in the hole, drawn dark on transparent; the "
        "same; for networks trained with lines")  # fmt: skip
    add("--dry-run", action="store_true", help="print which mask each picture has, and fill none")
    add("--out", type=Path, required=True, help="folder for the results")
    add("--invert-mask", action="store_true", help="black = repaint")
    add("--grow", type=int, default=0, help="pixels added around the hole; negative: taken away")
    add("--feather", type=int, default=0, help="pixels, inside the hole, of a fade into the fill")
    add("--strategy", choices=STRATEGIES, default=STRATEGIES[0])
    add("--mode", choices=MODES, default=MODES[0],
        help="auto: deep holes get the picture's own texture, thin ones the network's fill; "
        "natural: all get texture; faithful: none does (default: auto)")  # fmt: skip
    add("--seed", type=seed, default=0, help="another one is another try where texture is copied")
    add("--passes", type=positive, help="how often the network looks; default: as often as it was "
        "trained for")  # fmt: skip
    add("--checkpoint", help="folder or Hub id; default: the bundled checkpoint")
    add("--revision", help="branch, tag or commit of a Hub checkpoint")
    add("--device", type=device, help="such as cpu or cuda; default: the GPU if there is one")
    return parser.parse_args(argv)
