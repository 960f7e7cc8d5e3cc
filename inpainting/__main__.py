"""Fill pictures from the command line.

    python -m inpainting fill photo.jpg --mask mask.png --out filled
    python -m inpainting fill photos/ --mask masks/ --out filled     # one mask per name
    accelerate launch --multi_gpu --num_processes 2 -m inpainting fill photos/ ...

Results are PNG files under the pictures' names, with filled/report.json beside them. Run again, it
goes on where it stopped. Several processes share the list, each on its own GPU or all on the CPU.
Exit code: 0 = everything was filled, 1 = something was skipped, 2 = wrong usage, or nothing could
be written.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .devices import device
from .errors import InpaintingError
from .folders import Job, Options, Record, fill_all, find_jobs
from .pipeline import STRATEGIES, InpaintingPipeline
from .processes import LAUNCHED_ALONE, Alone, LostProcess, launched_alone, processes


def main(argv: Sequence[str] | None = None) -> int:
    """Fill, say what was skipped, and return the exit code, the same in all processes."""
    with processes() as team:  # first: then --device cuda is this process' own GPU
        args = parse(argv)
        if launched_alone():
            print(f"inpainting: {LAUNCHED_ALONE}", file=sys.stderr)
        try:
            records = fill(args, team)
        except LostProcess as error:
            print(f"inpainting: {error}", file=sys.stderr)
            return 2
        except (InpaintingError, OSError) as error:
            records = None
            if team.is_main:
                print(f"inpainting: {error}", file=sys.stderr)
        if records is not None and team.is_main:
            tell(records, args.out)
        team.leave()
    if records is None:
        return 2
    return int(any("error" in record for record in records))


def fill(args: argparse.Namespace, team: Alone) -> list[Record]:
    """From options to the records of all pictures.

    Raises:
        InpaintingError: in all processes, when nothing could be filled or written.
    """
    jobs = team.from_main(lambda: find_work(args))
    pipe = team.together(
        lambda: InpaintingPipeline.from_pretrained(
            args.checkpoint, args.revision, args.device or team.device
        )
    )
    options = Options(args.mask, args.invert_mask, args.grow, args.strategy, args.feather)
    return fill_all(pipe, jobs, args.out, options, team)


def find_work(args: argparse.Namespace) -> list[Job]:
    """The pictures; at least one.

    Raises:
        InpaintingError: when there is none, or no mask.
    """
    jobs = find_jobs(args.image, args.out)
    if not jobs:
        raise InpaintingError("There is no picture in what was given: name files or folders.")
    if not args.mask.exists():
        raise InpaintingError(f"There is no mask file or folder {args.mask}: check the path.")
    return jobs


def tell(records: Sequence[Record], out: Path) -> None:
    """How many were filled, and which were not."""
    skipped = [record for record in records if "error" in record]
    print(f"{len(records) - len(skipped)} of {len(records)} filled, see {out}/report.json")
    for record in skipped:
        print(f"skipped {record['image']}: {record['error']}")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command-line options."""
    parser = argparse.ArgumentParser(
        "python -m inpainting", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = parser.add_subparsers(required=True, metavar="fill")
    fill = commands.add_parser("fill", help="fill the holes of pictures")
    add = fill.add_argument
    add("image", nargs="+", type=Path, help="files, or folders that are searched at any depth")
    add("--mask", type=Path, required=True, help="white = repaint; a file, or a folder of one each")
    add("--out", type=Path, required=True, help="folder for the results")
    add("--invert-mask", action="store_true", help="black = repaint")
    add("--grow", type=int, default=0, help="pixels added around the hole; negative: taken away")
    add("--feather", type=int, default=0, help="pixels, inside the hole, of a fade into the fill")
    add("--strategy", choices=STRATEGIES, default=STRATEGIES[0])
    add("--checkpoint", help="folder or Hub id; default: the bundled checkpoint")
    add("--revision", help="branch, tag or commit of a Hub checkpoint")
    add("--device", type=device, help="such as cpu or cuda; default: the GPU if there is one")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
