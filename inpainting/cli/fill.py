"""Fill the holes of picture files.

    inpaint fill photo.jpg --mask mask.png --out filled
    inpaint fill photos/ --mask masks/ --out filled     # one mask per name
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

from inpainting.cli.args import device
from inpainting.cli.folders import Job, Options, fill_all, find_jobs
from inpainting.distributed import (
    LAUNCHED_ALONE,
    LostProcess,
    SingleProcess,
    launched_alone,
    processes,
)
from inpainting.errors import InpaintingError
from inpainting.inference.pipeline import STRATEGIES, InpaintingPipeline
from inpainting.io.files import Record


def main(argv: Sequence[str] | None = None) -> int:
    """Fill, print what was skipped, and return the exit code, the same in all processes."""
    with processes() as team:  # first: then --device cuda is this process's own GPU
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
            summarise(records, args.out)
        team.close()
    if records is None:
        return 2
    return int(any("error" in record for record in records))


def fill(args: argparse.Namespace, team: SingleProcess) -> list[Record]:
    """From options to the records of all pictures.

    Raises:
        InpaintingError: in all processes, when nothing could be filled or written.
    """
    jobs = team.in_main(lambda: find_work(args))
    pipe = team.in_all(
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


def summarise(records: Sequence[Record], out: Path) -> None:
    """Print how many pictures were filled, and which were not."""
    skipped = [record for record in records if "error" in record]
    print(f"{len(records) - len(skipped)} of {len(records)} filled, see {out}/report.json")
    for record in skipped:
        print(f"skipped {record['image']}: {record['error']}")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command-line options."""
    parser = argparse.ArgumentParser(
        "inpaint fill", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
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
