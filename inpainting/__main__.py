"""Fill pictures from the command line.

    python -m inpainting fill photo.jpg --mask mask.png --out filled
    python -m inpainting fill photos/ --mask masks/ --out filled     # one mask per name

Results are PNG files under the pictures' names, with filled/report.json beside them. Run again, it
goes on where it stopped. Exit code: 0 = everything was filled, 1 = something was skipped, 2 = wrong
usage, or nothing could be written.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .devices import device
from .errors import InpaintingError
from .folders import Options, fill_all, find_jobs
from .pipeline import STRATEGIES, InpaintingPipeline


def main(argv: Sequence[str] | None = None) -> int:
    """Fill, say what was skipped, and return the exit code."""
    args = parse(argv)
    try:
        jobs = find_jobs(args.image, args.out)
        if not jobs:
            raise InpaintingError("There is no picture in what was given: name files or folders.")
        if not args.mask.exists():
            raise InpaintingError(f"There is no mask file or folder {args.mask}: check the path.")
        pipe = InpaintingPipeline.from_pretrained(args.checkpoint, args.revision, args.device)
        options = Options(args.mask, args.invert_mask, args.grow, args.strategy, args.feather)
        records = fill_all(pipe, jobs, args.out, options)
    except (InpaintingError, OSError) as error:
        print(f"inpainting: {error}", file=sys.stderr)
        return 2
    skipped = [record for record in records if "error" in record]
    print(f"{len(records) - len(skipped)} of {len(records)} filled, see {args.out}/report.json")
    for record in skipped:
        print(f"skipped {record['image']}: {record['error']}")
    return 1 if skipped else 0


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
