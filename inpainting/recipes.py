"""How to train: everything that ``train.py --recipe`` decides."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from .losses import CLASSIC, LossWeights

WARMUP_STEPS = 200
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
        ema=0.0,
        clip=0.0,
        keep_best=True,
    ),
}


def lr_at(recipe: Recipe, peak: float, step: int, done: float) -> float:
    """Learning rate at a step: linear warm-up, then half a cosine that ends with the budget.

    Args:
        recipe: decides whether there is a schedule.
        peak: the largest rate.
        step: optimiser steps taken.
        done: share of the budget used, in [0, 1].
    """
    if not recipe.schedule:
        return peak
    warmup = min(1.0, (step + 1) / WARMUP_STEPS)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    return peak * warmup * (FINAL_LR + (1 - FINAL_LR) * cosine)
