"""How to train: everything that ``train.py --recipe`` decides."""

import math
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch

from inpainting.losses import CLASSIC, LossWeights, parse_losses

FINAL_LR = 0.01  # of the peak, where the cosine ends


@dataclass(frozen=True)
class Recipe:
    """Network, holes, loss and optimisation that belong together."""

    preset: str  # of PConvUNetConfig
    holes: str  # a name of random_masks.SAMPLERS
    loss: LossWeights
    optimizer: Callable[..., torch.optim.Optimizer]
    lr: float  # peak learning rate
    schedule: bool  # warm-up and cosine; else the rate is constant
    warmup: int  # steps of a schedule until the peak
    ema: float  # decay of the averaged weights, which are the ones published; 0 = none
    clip: float  # largest norm of the gradient; 0 = no limit
    keep_best: bool  # publish the epoch of least loss instead of the last one


RECIPES = {
    "default": Recipe(
        preset="default",
        holes="mix",
        loss=LossWeights(),
        optimizer=partial(torch.optim.AdamW, betas=(0.9, 0.99), weight_decay=1e-4),
        lr=5e-4,
        schedule=True,
        warmup=200,
        ema=0.999,
        clip=1.0,
        keep_best=False,
    ),
    # The report's: the paper's network, MSE, Adam, random lines, best loss kept.
    "classic": Recipe(
        preset="classic",
        holes="lines",
        loss=CLASSIC,
        optimizer=torch.optim.Adam,
        lr=2e-4,
        schedule=False,
        warmup=0,
        ema=0.0,
        clip=0.0,
        keep_best=True,
    ),
}


def adjusted(args: Namespace) -> Recipe:
    """The recipe of ``--recipe`` with what other flags change in it.

    Raises:
        InvalidConfig: for losses that do not exist.
    """
    changes = {"lr": args.lr, "warmup": args.lr_warmup_steps, "clip": args.max_grad_norm}
    if args.loss:
        changes["loss"] = parse_losses(args.loss)
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(RECIPES[args.recipe], **given)


def lr_at(recipe: Recipe, step: int, done: float) -> float:
    """Learning rate at a step: linear warm-up, then half a cosine that ends with the budget.

    Args:
        recipe: its peak and its warm-up, and whether there is a schedule.
        step: optimiser steps taken.
        done: share of the budget used, in [0, 1].
    """
    if not recipe.schedule:
        return recipe.lr
    warmup = min(1.0, (step + 1) / max(1, recipe.warmup))
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    return recipe.lr * warmup * (FINAL_LR + (1 - FINAL_LR) * cosine)
