"""What a user may ask of ``train.py``: flags, and a YAML file of the same names."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inpainting.flags import dashed

from .config_file import read_config
from .recipes import RECIPES

SECRET = "hub_token"  # appears in no file, no log and no card
TRACKERS = ("none", "tensorboard", "trackio")
POSITIVE = (
    "epochs", "max_steps", "max_minutes", "batch_size", "gradient_accumulation_steps", "size",
    "crop", "lr", "checkpointing_steps", "checkpoints_total_limit", "validation_steps",
    "logging_steps", "max_train_samples",
)  # fmt: skip
# Options, by how they begin, that may change between restarts: they decide no number of a run, or,
# as its length does, are meant to.
QUIET = (
    "output-dir", "resume", "num-workers", "checkpoint", "logging", "report-to", "license", "hub",
    "push", "epochs", "max-steps", "max-minutes", "max-corrupt", "cpu", "vgg-weights",
)  # fmt: skip
SHARES = ("max_corrupt", "mask_share")


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Flags over the file of ``--config`` over defaults; names with dashes or underscores.

    Raises:
        InvalidConfig: when the file cannot be read or holds an unknown name.
    """
    argv = [dashed(argument) for argument in (sys.argv[1:] if argv is None else argv)]
    parser = _parser()
    first, _ = parser.parse_known_args(argv)
    if first.config:
        parser.set_defaults(**read_config(first.config, parser))
    args = parser.parse_args(argv)
    _check(args, parser)
    args.crop = args.crop or args.size
    return args


def resolved(args: argparse.Namespace) -> dict[str, Any]:
    """Every option with its value, as ``--config`` reads it; without the token."""
    plain = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in sorted(vars(args).items())
        if name not in (SECRET, "config", "dry_run")
    }
    return {name.replace("_", "-"): value for name, value in plain.items()}


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Options of a run that goes on which decide its numbers and are not what they were."""
    return [
        f"--{name} {now.get(name)} (was {before.get(name)})"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name) and not name.startswith(QUIET)
    ]


def command(argv: Sequence[str]) -> str:
    """The command line for people to repeat, without the token."""
    words = list(argv)
    for place, word in enumerate(words):
        if dashed(word) == "--hub-token" and place + 1 < len(words):
            words[place + 1] = "TOKEN"
        elif dashed(word).startswith("--hub-token="):
            words[place] = "--hub-token=TOKEN"
    return "python " + shlex.join(words)


# fmt: off
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="train.py",
        description="Train a PConv U-Net to fill holes in pictures.",
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
    add("--max-corrupt", type=float, default=0.05, metavar="SHARE",
        help="unreadable files are skipped, up to this share of an epoch (default: %(default)s)")
    add("--mask-dir", type=Path, metavar="FOLDER",
        help="PNG mask images, white = repaint, used beside generated holes")
    add("--mask-share", type=float, default=0.5, metavar="SHARE",
        help="of holes taken from --mask-dir (default: %(default)s)")
    add("--invert-masks", action="store_true", help="in --mask-dir black = repaint")
    add("--size", "--resolution", type=int, default=256, metavar="PX",
        help="pictures are resized to this side (default: %(default)s)")
    add("--crop", type=int, metavar="PX", help="side of the window trained on; default: --size")
    add("--num-workers", "--dataloader-num-workers", type=int, default=2, metavar="N",
        help="processes that read pictures (default: %(default)s)")

    group = parser.add_argument_group("what is trained, and how")
    add = group.add_argument
    add("--recipe", choices=RECIPES, default="default", help="(default: %(default)s)")
    add("--init-from", metavar="FOLDER_OR_ID", help="start from these weights: fine-tuning")
    add("--loss", nargs="+", metavar="NAME=WEIGHT",
        help="instead of the recipe's: log_mse, hole, valid, mse, ssim, tv, perceptual, style, fft")
    add("--vgg-weights", type=Path, metavar="FILE",
        help="of VGG-16, for perceptual and style; default: download")
    add("--lr", "--learning-rate", type=float, help="peak learning rate; default: the recipe's")
    add("--lr-warmup-steps", type=int, metavar="N", help="default: the recipe's")
    add("--max-grad-norm", type=float, metavar="X", help="0 = no limit; default: the recipe's")
    add("--batch-size", "--train-batch-size", type=int, default=16, metavar="N",
        help="pictures per process and forward pass (default: %(default)s)")
    add("--gradient-accumulation-steps", type=int, default=1, metavar="N",
        help="forward passes per step (default: %(default)s)")
    add("--mixed-precision", choices=("auto", "no", "bf16", "fp16"), default="auto",
        help="(default: bf16 where it is fast)")
    add("--cpu", action="store_true", help="use the CPU even where there is a GPU")
    add("--seed", type=int, default=0)

    group = parser.add_argument_group("how long: whichever comes first; the cosine ends there")
    add = group.add_argument
    add("--epochs", "--num-train-epochs", type=int, metavar="N",
        help="default: 50, or no limit where steps or minutes are given")
    add("--max-steps", "--max-train-steps", type=int, metavar="N")
    add("--max-minutes", type=float, metavar="X", help="of training, over all restarts")

    group = parser.add_argument_group("keeping and watching")
    add = group.add_argument
    add("--output-dir", type=Path, default=Path("runs/train"), help="(default: %(default)s)")
    add("--resume", "--resume-from-checkpoint", default="auto", metavar="auto|never|FOLDER",
        help="auto (or latest): go on where the run in --output-dir stopped")
    add("--checkpointing-steps", type=int, default=500, metavar="N",
        help="steps between states to resume from (default: %(default)s)")
    add("--checkpoints-total-limit", type=int, default=3, metavar="N",
        help="states kept (default: %(default)s)")
    add("--validation-steps", type=int, metavar="N",
        help="steps between validations, sample grids and uploads; default: an epoch")
    add("--validation-images", type=int, default=48, metavar="N",
        help="training pictures set aside (default: %(default)s)")
    add("--logging-steps", type=int, default=50, metavar="N",
        help="steps between lines of metrics.jsonl (default: %(default)s)")
    add("--report-to", choices=TRACKERS, default="none", help="a tracker beside metrics.jsonl")
    add("--dry-run", action="store_true", help="print the plan (steps, memory, minutes) and stop")
    add("--config", type=Path, metavar="FILE", help="YAML with any of these names; flags win")

    group = parser.add_argument_group("the Hub")
    add = group.add_argument
    add("--push-to-hub", action="store_true", help="upload while training and at the end")
    add("--hub-model-id", metavar="USER/NAME", help="default: the name of --output-dir")
    add("--hub-private-repo", action="store_true")
    add("--hub-token", help="better: hf auth login, or the variable HF_TOKEN")
    add("--license", default="cc-by-nc-sa-4.0",
        help="of the weights; follows the data's (default: %(default)s)")
    return parser
# fmt: on


def _check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    for name in POSITIVE:
        if (value := getattr(args, name)) is not None and not value > 0:
            parser.error(f"{_flag(name)} is {value}: it must be above 0")
    for name in ("num_workers", "validation_images", "lr_warmup_steps", "max_grad_norm"):
        if (value := getattr(args, name)) is not None and not value >= 0:
            parser.error(f"{_flag(name)} is {value}: it must not be below 0")
    for name in SHARES:
        if not 0 <= getattr(args, name) <= 1:
            parser.error(f"{_flag(name)} is {getattr(args, name)}: it must be from 0 to 1")
    if args.streaming and args.data is None:
        parser.error("--streaming needs --data: Natural Images are downloaded whole")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
