#!/usr/bin/env python
"""Train a PConv U-Net: ``python train.py --data FOLDER_OR_HUB_ID --output-dir runs/mine``.

Starts on one CPU, and on several GPUs by ``accelerate launch train.py …``. Writes into the output
directory, at every epoch and at the end, what ``InpaintingPipeline.from_pretrained`` reads.
"""

import argparse
import json
import math
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from inpainting import InpaintingError, PConvUNet, PConvUNetConfig, push_to_hub, save_pretrained
from inpainting.card import TrainingFacts, model_card
from inpainting.checkpoint import load_pretrained
from inpainting.data import HoledImages, TicketSampler, load_splits
from inpainting.ema import moving_average
from inpainting.errors import DataError, InvalidConfig
from inpainting.figures import loss_figure
from inpainting.losses import inpainting_loss
from inpainting.masks import valid_from_hole
from inpainting.precision import fast_dtype
from inpainting.random_masks import SAMPLERS
from inpainting.recipes import RECIPES, Recipe, lr_at
from inpainting.resume import load_state, save_state, state_path
from inpainting.validation import Validation, set_aside


@dataclass
class Progress:
    """Where a run stands; saved with it."""

    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    best_loss: float = math.inf


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])

    def add(flag: str, **options: Any) -> None:
        parser.add_argument(flag, *{flag[:2] + flag[2:].replace("-", "_")} - {flag}, **options)

    add("--data", help="folder of pictures or Hub id; default: download Natural Images")
    add("--output-dir", type=Path, default=Path("runs/train"))
    add("--recipe", choices=RECIPES, default="default")
    add("--init-from", help="folder or Hub id whose weights to start from: fine-tuning")
    add("--epochs", type=int, default=50)
    add("--max-steps", type=int, help="stop after this many steps")
    add("--max-minutes", type=float, help="stop after this many minutes of training")
    add("--batch-size", type=int, default=16, help="pictures per process and step")
    add("--size", type=int, default=256, help="pictures are resized to this side, in pixels")
    add("--crop", type=int, help="side of the window trained on, in pixels; default: --size")
    add("--lr", type=float, help="peak learning rate; default: the recipe's")
    add("--seed", type=int, default=0)
    add("--num-workers", type=int, default=2, help="processes that read pictures")
    add("--mixed-precision", choices=("auto", "no", "bf16", "fp16"), default="auto")
    add("--cpu", action="store_true", help="use the CPU even where there is a GPU")
    add("--resume", default="auto", help="auto, never, or the folder of an earlier run")
    add("--checkpointing-steps", type=int, default=500, help="steps between saved states")
    add("--validation-images", type=int, default=48, help="training pictures set aside")
    add("--push-to-hub", action="store_true", help="upload the result; needs --hub-model-id")
    add("--hub-model-id", help="user/repo on the Hub")
    add("--hub-private-repo", action="store_true")
    add("--license", default="cc-by-nc-sa-4.0", help="of the weights; follows the data's")
    args = parser.parse_args(argv)
    if args.push_to_hub and not args.hub_model_id:
        parser.error("--push-to-hub needs --hub-model-id user/repo")
    for name in ("epochs", "max_steps", "max_minutes", "batch_size", "checkpointing_steps"):
        if (value := getattr(args, name)) is not None and value <= 0:
            parser.error(f"--{name.replace('_', '-')} is {value}: it must be above 0")
    args.crop = args.crop or args.size
    return args


def precision(choice: str, cpu: bool) -> str:
    """accelerate's name for the fastest precision, unless one is chosen."""
    if choice != "auto":
        return choice
    device = torch.device("cuda" if torch.cuda.is_available() and not cpu else "cpu")
    return "bf16" if fast_dtype(device) == torch.bfloat16 else "no"


def make_loader(
    dataset: Dataset, args: argparse.Namespace, accelerator: Accelerator, start: int
) -> Iterator[dict[str, Tensor]]:
    """Endless batches that depend on the seed and on the samples seen, not on the processes."""
    sampler = TicketSampler(
        len(dataset), args.seed, start, accelerator.process_index, accelerator.num_processes
    )
    loader = DataLoader(
        dataset,
        args.batch_size,
        sampler=sampler,
        num_workers=args.num_workers,
        pin_memory=accelerator.device.type == "cuda",
    )
    for batch in loader:
        yield {name: x.to(accelerator.device, non_blocking=True) for name, x in batch.items()}


def train_step(
    model: torch.nn.Module,
    batch: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
    accelerator: Accelerator,
    recipe: Recipe,
) -> dict[str, float]:
    """One optimiser step; returns every loss term.

    Args:
        batch: ``image`` uint8 (B, 3, H, W) and ``hole`` bool (B, 1, H, W).

    Raises:
        InvalidConfig: when the loss is not finite; the weights are still those before the step.
    """
    target = batch["image"].float() / 255  # (B, 3, H, W)
    target = target.contiguous(memory_format=torch.channels_last)
    valid = valid_from_hole(batch["hole"])  # (B, 1, H, W)
    with accelerator.autocast():
        painted = model(target, valid)
    scale = painted.scale.float() if painted.scale is not None else None
    terms = inpainting_loss(painted.image.float(), target, valid, recipe.loss, scale)
    if not torch.isfinite(terms["loss"]):
        raise InvalidConfig(
            f"The loss became {terms['loss'].item()}: training stops before the weights are "
            "spoiled; resume with a smaller --lr."
        )
    accelerator.backward(terms["loss"])
    if recipe.clip:
        for part in clipped_apart(model):
            accelerator.clip_grad_norm_(part, recipe.clip)
    optimizer.step()
    optimizer.zero_grad()
    return {name: term.item() for name, term in terms.items()}


def clipped_apart(model: torch.nn.Module) -> tuple[list[torch.nn.Parameter], ...]:
    """What paints, and what says how sure it is: neither's gradient may shorten the other's."""
    named = list(model.named_parameters())
    doubt = [p for name, p in named if "doubt." in name]
    return [p for name, p in named if "doubt." not in name], doubt


@dataclass
class Run:
    """A training run: what it needs at every step."""

    args: argparse.Namespace
    recipe: Recipe
    accelerator: Accelerator
    model: torch.nn.Module
    ema: AveragedModel | None
    optimizer: torch.optim.Optimizer
    length: int  # pictures in an epoch
    validation: Validation
    progress: Progress = field(default_factory=Progress)
    losses: list[float] = field(default_factory=list)  # one per step of the epoch under way
    history: list[dict[str, float]] = field(default_factory=list)  # one record per epoch

    @property
    def done(self) -> float:
        """Share of the budget used, by the limit that is nearest: samples, steps or minutes."""
        args, progress = self.args, self.progress
        shares = [progress.samples / (args.epochs * self.length)]
        if args.max_steps:
            shares.append(progress.step / args.max_steps)
        if args.max_minutes:
            shares.append(progress.seconds / 60 / args.max_minutes)
        return max(shares)

    @property
    def published(self) -> PConvUNet:
        """The network to evaluate and save."""
        return self.ema.module if self.ema else self.accelerator.unwrap_model(self.model)

    def save(self) -> None:
        """The state to resume from."""
        state = {
            "recipe": self.args.recipe,
            "model": self.accelerator.unwrap_model(self.model).state_dict(),
            "ema": self.ema.state_dict() if self.ema else None,
            "optimizer": self.optimizer.state_dict(),
            "progress": asdict(self.progress),
            "losses": self.losses,
            "history": self.history,
        }
        save_state(self.args.output_dir, state)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state that :meth:`save` wrote."""
        self.accelerator.unwrap_model(self.model).load_state_dict(state["model"])
        if self.ema:
            self.ema.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])
        self.losses, self.history = state["losses"], state["history"]

    def end_epoch(self, loss: float) -> None:
        """Validate, draw, and save what the epoch brought."""
        args, model = self.args, self.published
        was_training, device = model.training, self.accelerator.device
        model.eval()
        record = {
            "epoch": self.progress.samples / self.length,
            "loss": loss,
            **self.validation.scores(model, device),
        }
        self.history.append(record)
        with (args.output_dir / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(record | asdict(self.progress)) + "\n")
        if grid := self.validation.grid(model, device):
            grid.save(args.output_dir / "samples.png")
        loss_figure(self.history, args.output_dir / "loss.png")
        if not self.recipe.keep_best or loss < self.progress.best_loss:
            self.progress.best_loss = min(loss, self.progress.best_loss)
            save_pretrained(model, args.output_dir, self.card(loss))
        model.train(was_training)
        self.save()

    def card(self, loss: float) -> str:
        args, progress = self.args, self.progress
        parameters = sum(p.numel() for p in self.published.parameters()) / 1e6
        return model_card(
            TrainingFacts(
                name=args.hub_model_id or str(args.output_dir),
                parameters=parameters,
                data=args.data or "Natural Images (Roy et al., arXiv:1807.10108)",
                command="python " + shlex.join(sys.argv),
                recipe=args.recipe,
                samples=progress.samples,
                minutes=progress.seconds / 60,
                device=self.accelerator.device.type,
                loss=loss,
                licence=args.license,
            )
        )


def prepare(args: argparse.Namespace) -> tuple[Run, HoledImages]:
    """Data, network, optimiser and, if there is one, the state of an earlier run."""
    recipe = RECIPES[args.recipe]
    accelerator = Accelerator(
        mixed_precision=precision(args.mixed_precision, args.cpu), cpu=args.cpu
    )
    set_seed(args.seed)
    network = initial_network(recipe, args.init_from)
    config = network.config
    if args.crop % config.multiple or args.crop > args.size:
        raise InvalidConfig(
            f"--crop is {args.crop}: the network needs a multiple of {config.multiple}, at most "
            f"--size {args.size}."
        )
    images = load_splits(args.data)["train"]
    if len(images) < 2:
        raise DataError("The data set has no training pictures: give a folder with train/.")
    images, validation = set_aside(images, args.validation_images, args.seed, args.size)
    dataset = HoledImages(images, SAMPLERS[recipe.holes], args.size, args.crop, args.seed)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = recipe.optimizer(network.parameters(), lr=args.lr or recipe.lr)
    model, optimizer = accelerator.prepare(network, optimizer)
    ema = moving_average(accelerator.unwrap_model(model), recipe.ema) if recipe.ema else None
    run = Run(args, recipe, accelerator, model, ema, optimizer, len(images), validation)
    if folder := resume_folder(args):
        run.restore(load_state(folder, args.recipe))
        accelerator.print(f"Resuming {folder} at step {run.progress.step}")
    return run, dataset


def initial_network(recipe: Recipe, init_from: str | None) -> PConvUNet:
    """The recipe's network with random weights, or any network with the weights of another run."""
    if init_from:
        return load_pretrained(init_from)
    return PConvUNet(PConvUNetConfig.preset(recipe.preset))


def resume_folder(args: argparse.Namespace) -> Path | None:
    """Whose state to go on from; None = start anew."""
    if args.resume == "never":
        return None
    if args.resume == "auto":
        return args.output_dir if state_path(args.output_dir).exists() else None
    return Path(args.resume)


def train(run: Run, dataset: HoledImages) -> None:
    args, progress, accelerator = run.args, run.progress, run.accelerator
    batches = make_loader(dataset, args, accelerator, progress.samples)
    bar = tqdm(
        total=100,
        initial=100 * run.done,
        bar_format="{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
        disable=not accelerator.is_main_process,
    )
    clock = time.perf_counter()
    run.model.train()
    while run.done < 1:
        rate = lr_at(run.recipe, args.lr or run.recipe.lr, progress.step, run.done)
        for group in run.optimizer.param_groups:
            group["lr"] = rate
        terms = train_step(run.model, next(batches), run.optimizer, accelerator, run.recipe)
        if run.ema:
            run.ema.update_parameters(accelerator.unwrap_model(run.model))
        run.losses.append(terms["loss"])
        epoch = progress.samples // run.length
        progress.step += 1
        progress.samples += args.batch_size * accelerator.num_processes
        now = time.perf_counter()
        seconds, clock = now - clock, now
        progress.seconds += seconds
        bar.n = min(100, 100 * run.done)
        bar.set_postfix(
            loss=f"{np.mean(run.losses[-50:]):.4f}",
            images=f"{args.batch_size * accelerator.num_processes / seconds:.1f}/s",
        )
        if progress.samples // run.length > epoch or run.done >= 1:
            loss, run.losses = float(np.mean(run.losses)), []
            if accelerator.is_main_process:
                run.end_epoch(loss)
            clock = time.perf_counter()
        elif progress.step % args.checkpointing_steps == 0 and accelerator.is_main_process:
            run.save()
    bar.close()


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    try:
        run, dataset = prepare(args)
        args.output_dir.mkdir(parents=True, exist_ok=True)
        if run.done >= 1:
            print(
                f"{args.output_dir} is finished already: raise --epochs, --max-steps or "
                "--max-minutes, or use another --output-dir."
            )
        train(run, dataset)
        if args.push_to_hub and run.accelerator.is_main_process:
            commit = push_to_hub(args.output_dir, args.hub_model_id, args.hub_private_repo)
            print(f"Pushed to {args.hub_model_id} at revision {commit}")
    except InpaintingError as error:
        sys.exit(f"error: {error}")
    print(
        f"Saved in {args.output_dir}: InpaintingPipeline.from_pretrained({str(args.output_dir)!r})"
    )


if __name__ == "__main__":
    main()
