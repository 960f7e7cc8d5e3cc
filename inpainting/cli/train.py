"""Train a network to fill holes in pictures.

    python train.py --data FOLDER_OR_HUB_ID --output-dir runs/mine

Starts on one CPU, and on several GPUs by ``accelerate launch train.py …``. Killed at any moment,
the same command goes on. The output folder holds what ``InpaintingPipeline.from_pretrained`` reads.
"""

import argparse
import logging
import shlex
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from inpainting.cli.args import dashed
from inpainting.cli.config_file import read_config
from inpainting.cli.terminal import print_anything
from inpainting.distributed import LAUNCHED_ALONE, launched_alone
from inpainting.errors import InpaintingError, InvalidConfig
from inpainting.training.config import TrainConfig
from inpainting.training.loop import train
from inpainting.training.recipes import RECIPES
from inpainting.training.signals import StopSignal

TRACKERS = ("none", "tensorboard", "trackio")
TOKEN = "--hub-token"  # appears in no file, no log and no card


def main(argv: Sequence[str] | None = None) -> None:
    """Train, and end with an exit code: 0, 1 after an error, 128 + signal when asked to stop."""
    print_anything()
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("inpainting").setLevel(logging.INFO)
    if launched_alone():
        print(LAUNCHED_ALONE, file=sys.stderr)
    try:
        with StopSignal() as stop:
            train(parse(argv), stop)
        if stop.signal:
            sys.exit(stop.exit_code)
    except InpaintingError as error:
        sys.exit(f"error: {error}")


def parse(argv: Sequence[str] | None = None) -> TrainConfig:
    """Flags over the file of ``--config`` over defaults; names with dashes or underscores.

    Raises:
        InvalidConfig: when the file cannot be read or holds an unknown name.
    """
    typed = [dashed(argument) for argument in (sys.argv[1:] if argv is None else argv)]
    parser = _parser()
    file = parser.parse_known_args(typed)[0].config
    given = vars(parser.parse_args([*(read_config(file, parser) if file else []), *typed]))
    given.pop("config", None)
    try:
        words = sys.argv if argv is None else ["train.py", *argv]
        return TrainConfig(**given, command=command(words))
    except InvalidConfig as error:
        parser.error(str(error))


def command(argv: Sequence[str]) -> str:
    """The command line for people to repeat, without the token."""
    words = list(argv)
    for place, word in enumerate(words):
        if dashed(word) == TOKEN and place + 1 < len(words):
            words[place + 1] = "TOKEN"
        elif dashed(word).startswith(f"{TOKEN}="):
            words[place] = f"{TOKEN}=TOKEN"
    return "python " + shlex.join(words)


# fmt: off
def _parser() -> argparse.ArgumentParser:
    """Every flag; its destination is a field of ``TrainConfig``, which has the defaults."""
    parser = argparse.ArgumentParser(
        prog="train.py",
        description="Train a network to fill holes in pictures.",
        epilog="On several GPUs or machines: accelerate launch train.py … (docs/training.md).",
        allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=30, width=100),
    )
    group = parser.add_argument_group("data")
    add = group.add_argument
    add("--data", "--dataset-name", "--train-data-dir", metavar="FOLDER_OR_ID",
        help="folder of pictures or Hub data set; default: download Natural Images")
    add("--image-column", metavar="NAME", help="default: the first column with pictures")
    add("--split", metavar="NAME",
        help="to train on, such as train or train[:10%%]; default: train")
    add("--revision", help="branch, tag or commit of a Hub data set")
    add("--streaming", action="store_true", help="read while training: sets larger than the disk")
    add("--max-train-samples", type=int, metavar="N", help="train on the first N pictures only")
    add("--max-corrupt", type=float, metavar="SHARE",
        help="unreadable files are skipped, up to this share of an epoch (default: %(default)s)")
    add("--mask-dir", type=Path, metavar="FOLDER",
        help="PNG mask images, white = repaint, used beside generated holes")
    add("--mask-share", type=float, metavar="SHARE",
        help="of holes taken from --mask-dir (default: %(default)s)")
    add("--invert-masks", action="store_true", help="in --mask-dir black = repaint")
    add("--size", "--resolution", type=int, metavar="PX",
        help="pictures are resized to this side (default: %(default)s)")
    add("--crop", type=int, metavar="PX",
        help="side of the window trained on; default: the recipe's")
    add("--num-workers", "--dataloader-num-workers", type=int, metavar="N",
        help="processes that read pictures (default: %(default)s)")
    add("--picture-memory", type=float, metavar="SHARE",
        help="of the machine's memory: pictures stay there, decoded (default: %(default)s)")

    group = parser.add_argument_group("what is trained, and how")
    add = group.add_argument
    add("--recipe", choices=RECIPES, metavar="NAME",
        help=f"one of {', '.join(RECIPES)} (docs/systems.md); error: what --init-from fills stays, "
        "only its expected error learns; guide: only how it follows what is given "
        "(default: %(default)s)")
    add("--init-from", metavar="FOLDER_OR_ID", help="start from these weights: fine-tuning")
    add("--loss", nargs="+", metavar="NAME=WEIGHT",
        help="instead of the recipe's: log_mse, hole, valid, mse, ssim, tv, perceptual, style, fft")
    add("--vgg-weights", type=Path, metavar="FILE",
        help="of VGG-16, for perceptual and style; default: download")
    add("--lr", "--learning-rate", type=float, help="peak learning rate; default: the recipe's")
    add("--lr-warmup-steps", type=int, metavar="N", help="default: the recipe's")
    add("--max-grad-norm", type=float, metavar="X", help="0 = no limit; default: the recipe's")
    add("--average", type=float, metavar="SHARE",
        help="of the steps so far that the published weights are averaged over: 1 for weights that "
        "fill well already, 0 = not at all; default: the recipe's")
    add("--batch-size", "--train-batch-size", type=int, metavar="N",
        help="pictures per process and forward pass; default: the recipe's")
    add("--gradient-accumulation-steps", type=int, metavar="N",
        help="forward passes per step (default: %(default)s)")
    add("--mixed-precision", choices=("auto", "no", "bf16", "fp16"),
        help="(default: bf16 where it is fast)")
    add("--cpu", action="store_true", help="use the CPU even where there is a GPU")
    add("--seed", type=int)

    group = parser.add_argument_group("how long: whichever comes first; the cosine ends there")
    add = group.add_argument
    add("--epochs", "--num-train-epochs", type=int, metavar="N",
        help="default: 50, or no limit where steps or minutes are given")
    add("--max-steps", "--max-train-steps", type=int, metavar="N")
    add("--max-minutes", type=float, metavar="X", help="of training, over all restarts")

    group = parser.add_argument_group("keeping and watching")
    add = group.add_argument
    add("--output-dir", type=Path, help="(default: %(default)s)")
    add("--resume", "--resume-from-checkpoint", metavar="auto|never|FOLDER",
        help="auto (or latest): go on where the run in --output-dir stopped")
    add("--checkpointing-steps", type=int, metavar="N",
        help="steps between states to resume from (default: %(default)s)")
    add("--checkpoints-total-limit", type=int, metavar="N",
        help="states kept (default: %(default)s)")
    add("--validation-steps", type=int, metavar="N",
        help="steps between validations, sample grids and uploads; default: an epoch")
    add("--validation-images", type=int, metavar="N",
        help="training pictures set aside (default: %(default)s)")
    add("--logging-steps", type=int, metavar="N",
        help="steps between lines of metrics.jsonl (default: %(default)s)")
    add("--report-to", choices=TRACKERS, help="a tracker beside metrics.jsonl")
    add("--dry-run", action="store_true", help="print the plan (steps, memory, minutes) and stop")
    add("--config", type=Path, metavar="FILE", help="YAML with any of these names; flags win")

    group = parser.add_argument_group("the Hub")
    add = group.add_argument
    add("--push-to-hub", action="store_true", help="upload while training and at the end")
    add("--hub-model-id", metavar="USER/NAME", help="default: the name of --output-dir")
    add("--hub-private-repo", action="store_true")
    add("--hub-token", help="better: hf auth login, or the variable HF_TOKEN")
    add("--license",
        help="of the weights; follows the data's (default: %(default)s)")
    defaults = {field.name: field.default for field in fields(TrainConfig)}
    del defaults["command"]  # no flag
    parser.set_defaults(**defaults)
    return parser
# fmt: on
