"""Measure a checkpoint, and the classical fills beside it, on the same pictures and holes.

    python eval.py --data folder                      # the bundled checkpoint, the full table
    python eval.py --checkpoint runs/a --data folder --limit 64

The network is measured as users run it, through the pipeline (--strategy crop), or bare, in one
forward pass over the whole picture (--strategy network). The method "model" is its faithful fill,
"auto" and "natural" are the pipeline's other modes. With --object-masks holes are objects, too.
Writes into --output-dir: table.md, results.json, scores.csv (one row per picture and method) and
the report's pictures.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from inpainting.cli.args import dashed, device, positive
from inpainting.cli.terminal import print_anything
from inpainting.data.sources import DataSet
from inpainting.errors import InpaintingError
from inpainting.evaluation.config import (
    BARE,
    DEFAULT_METHODS,
    MEASURED_STRATEGIES,
    METHODS,
    EvalConfig,
)
from inpainting.evaluation.protocol import DRAWN_HOLES, PROTOCOLS
from inpainting.evaluation.runner import evaluate

PRECISIONS = {"auto": None, "float32": torch.float32, "bfloat16": torch.bfloat16}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, write the report, print its table.

    Exits with 1 and a sentence where that fails, and where pictures could not be read.
    """
    print_anything()
    argv = list(sys.argv[1:] if argv is None else argv)
    config = parse(argv)
    try:
        record = evaluate(config, shlex.join(["python", "eval.py", *argv]))
    except InpaintingError as error:
        sys.exit(f"eval.py: {error}")
    print((config.output_dir / "table.md").read_text(encoding="utf-8"))
    if skipped := record["skipped"]:
        sys.exit(
            f"eval.py: {len(skipped)} of {len(skipped) + record['pictures']} pictures could not be "
            f"read, see {config.output_dir}/results.json; the first: {skipped[0]['error']}"
        )


def parse(argv: Sequence[str]) -> EvalConfig:
    """Command-line options; ``--output_dir`` is read as ``--output-dir``."""
    parser = argparse.ArgumentParser(
        "eval.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--checkpoint", help="folder or Hub id; default: the bundled checkpoint")
    add("--revision", help="branch, tag or commit of a Hub checkpoint")
    add("--data", help="folder of pictures or Hub id, as for train.py; default: Natural Images")
    add("--image-column", help="default: the first column with pictures")
    add("--data-revision", help="branch, tag or commit of a Hub data set")
    add("--split", default="test", help="which split to measure on (default: test)")
    add("--limit", type=positive, help="at most so many pictures, spread over the split")
    add("--object-masks", type=Path,
        help="folder of PNG masks, white = repaint, named like the pictures")  # fmt: skip
    add("--vgg-weights", type=Path,
        help="safetensors file of VGG-19, normalised: two distances of texture")  # fmt: skip
    add("--protocols", nargs="+", choices=PROTOCOLS,
        help="default: lines and irregular; with --object-masks all")  # fmt: skip
    add("--methods", nargs="+", choices=METHODS,
        help="default: all but natural; patchmatch where pypatchmatch is installed")  # fmt: skip
    add("--seed", type=int, default=0, help="of holes, subset and bootstrap; never of the split")
    add("--size", type=positive, default=256, help="side of the pictures (default: 256)")
    add("--strategy", choices=MEASURED_STRATEGIES, default=MEASURED_STRATEGIES[0],
        help="of the pipeline, or 'network': the bare network (default: crop)")  # fmt: skip
    add("--precision", choices=PRECISIONS, default="auto",
        help="of the network (default: the pipeline's own choice)")  # fmt: skip
    add("--output-dir", type=Path, default=Path("runs/eval"))
    workers = max(0, (os.cpu_count() or 1) - 1)
    add("--workers", type=int, default=workers, help="processes for the classical fills; 0 = none")
    add("--reuse", type=Path, help="scores.csv of an earlier run: take the classical rows from it")
    add("--device", type=device, help="such as cpu or cuda; default: the GPU if there is one")
    given = vars(parser.parse_args([dashed(argument) for argument in argv]))
    data = DataSet(given.pop("data"), given.pop("image_column"), given.pop("data_revision"))
    dtype = PRECISIONS[given.pop("precision")]
    if given["protocols"] is None:
        given["protocols"] = PROTOCOLS if given["object_masks"] else DRAWN_HOLES
    if given["methods"] is None:  # the bare network has one mode
        bare = given["strategy"] == BARE
        given["methods"] = [m for m in DEFAULT_METHODS if m != "auto" or not bare]
    for name in ("protocols", "methods"):  # each once, in the order given
        given[name] = tuple(dict.fromkeys(given[name]))
    return EvalConfig(data=data, dtype=dtype, **given)
