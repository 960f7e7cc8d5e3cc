"""Runs of the trainer in this process, on tiny networks, and what they left behind."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from inpainting import load_pretrained
from inpainting.cli import train
from inpainting.data.dataset import Batch
from inpainting.data.sampler import ShuffledSampler
from inpainting.models.base import Network
from inpainting.models.pconv_unet import PConvUNetConfig
from inpainting.training.ema import moving_average
from inpainting.training.loader import TrainingLoader
from inpainting.training.recipes import recipe_of
from inpainting.training.step import Stepper
from inpainting.training.trainer import Trainer
from inpainting.training.validation import Validation
from tests.conftest import TINY

QUICK = ["--size=64", "--crop=32", "--batch-size=2", "--num-workers=0", "--cpu"]
QUICK += ["--mixed-precision=no"]  # one process has one precision, and not every CPU has bf16
TINY_PLAIN = PConvUNetConfig(channels=(8, 12), kernels=(3, 3), strides=(2, 2), units=(0, 0))
NETWORKS = {"default": TINY, "classic": TINY_PLAIN}


class Killed(BaseException):
    """Ends a run as a kill would: nothing may catch it."""


def run(pictures: Path, output: Path, *flags: str) -> None:
    train.main(["--data", str(pictures), "--output-dir", str(output), *QUICK, *flags])


def exits_with(words: str, *arguments) -> None:
    """A :func:`run` that ends with an error of one sentence."""
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert words in str(caught.value) and str(caught.value).startswith("error: ")


def records(output: Path) -> list[dict]:
    """The lines of ``metrics.jsonl``."""
    return [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]


def same(a: Path, b: Path) -> bool:
    """Whether two runs have published the same weights, bit for bit."""
    one, other = (load_pretrained(folder).state_dict() for folder in (a, b))
    return all(torch.equal(one[name], other[name]) for name in one)


def make_trainer(model: Network, flags: tuple[str, ...] = (), recipe: str = "default") -> Trainer:
    """A run without data: batches are given."""
    config = train.parse(["--max-steps=1000", f"--recipe={recipe}", *QUICK, *flags])
    passes = config.gradient_accumulation_steps
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=passes)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, fused=True)
    model, optimizer = accelerator.prepare(model.train(), optimizer)
    quick = replace(recipe_of(config), lr=3e-3, warmup=1)
    ema = moving_average(model, 1 / 9)
    stepper = Stepper(quick, accelerator, model, ema, optimizer, passes)
    loader = TrainingLoader(None, ShuffledSampler(8), 8, quick.batch_size, 0)
    return Trainer(config, quick, accelerator, stepper, loader, Validation([]))


def batch(holes: float = 0.3, errors: tuple[str, ...] = ()) -> Batch:
    """Two pictures of squares and slopes with random holes."""
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    image = torch.stack([x * 8, y * 8, (x // 4 + y // 4) % 2 * 255]).byte()[None]
    hole = torch.rand(2, 1, 32, 32) < holes
    return Batch(image.repeat(2, 1, 1, 1), hole, torch.tensor(1.0), errors)
