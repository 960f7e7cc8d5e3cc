"""The training recipes: network, holes, loss and optimisation that belong together."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import nn

from inpainting.losses.weights import LossWeights, parse_losses
from inpainting.models.base import Network, NetworkConfig
from inpainting.models.context import CONTEXTS
from inpainting.models.context_encoder import ContextEncoderConfig
from inpainting.models.pconv_unet import PConvUNetConfig
from inpainting.models.residual_unet import ResidualUNetConfig
from inpainting.seeding import generator_for
from inpainting.training.adversary import Phase
from inpainting.training.config import TrainConfig

FINAL_LR = 0.01  # of the peak, where the cosine ends


@dataclass(frozen=True)
class Recipe:
    """Everything that ``train.py --recipe`` decides."""

    network: NetworkConfig
    holes: str  # a name of masks.random.SAMPLERS
    crop: int | None  # side of the window trained on, in pixels; None = the whole picture
    batch_size: int  # windows per process and forward pass
    loss: LossWeights
    optimizer: Callable[..., torch.optim.Optimizer]  # fused, so that it can leave out a step
    lr: float  # peak learning rate
    schedule: bool  # warm-up and cosine; else the rate is constant
    warmup: int  # steps of a schedule until the peak
    average: float  # share of the steps so far that published weights are averaged over; 0 = none
    clip: float  # largest norm of the gradient; 0 = no limit
    keep_best: bool  # publish the epoch of least loss instead of the last one

    only: str = ""  # the one part that learns: "error", "guide"; nothing here: everything does
    critics: tuple[str, ...] = ("patch",)  # forms, where the loss has critics
    critic_rate: float = 1.0  # their learning rate ÷ the network's
    alone: tuple[float, float] = (
        0.2,
        0.22,
    )  # shares of the budget: the network learns, its critics

    @property
    def guided(self) -> bool:
        """Whether the network learns from guides."""
        network = self.network
        return isinstance(network, ResidualUNetConfig) and network.guides

    def part_of(self, network: Network) -> list[nn.Parameter]:
        """What learns, where ``only`` says that not everything does."""
        if self.only == "guide":
            return network.guide_parameters()
        return network.error_parameters()


RECIPES = {
    "default": Recipe(
        network=ResidualUNetConfig(),
        holes="mix",
        crop=64,
        batch_size=64,
        loss=LossWeights(),
        optimizer=partial(torch.optim.AdamW, betas=(0.9, 0.99), weight_decay=1e-4, fused=True),
        lr=1e-3,
        schedule=True,
        warmup=200,
        average=1 / 9,
        clip=1.0,
        keep_best=False,
    ),
    # The report's: the paper's network, MSE, Adam, random lines, best loss kept.
    "classic": Recipe(
        network=PConvUNetConfig(),
        holes="lines",
        crop=None,
        batch_size=16,
        loss=LossWeights(log_mse=0, mse=1),
        optimizer=partial(torch.optim.Adam, fused=True),
        lr=2e-4,
        schedule=False,
        warmup=0,
        average=0.0,
        clip=0.0,
        keep_best=True,
    ),
}
# Twice the parameters, where they cost least; weights of `default` grow into it (initial.py).
RECIPES["deep"] = replace(RECIPES["default"], network=ResidualUNetConfig(units=(1, 1, 2, 3, 2)))
# The context encoder's, arXiv:1604.07379: regions anywhere, squared error and one critic from the
# first step on, which learns at a tenth of the network's rate.
RECIPES["context-encoder"] = replace(
    RECIPES["classic"],
    network=ContextEncoderConfig(),
    holes="medium",
    crop=128,
    batch_size=64,
    loss=LossWeights(log_mse=0, hole_mse=0.999, adversarial=0.001),
    optimizer=partial(torch.optim.Adam, betas=(0.5, 0.999), fused=True),
    lr=2e-3,
    keep_best=False,
    critics=("global",),
    critic_rate=0.1,
    alone=(0.0, 0.0),
)
# After Iizuka et al., SIGGRAPH 2017, and Zhang et al., arXiv:1705.02999: half of the samples have
# hints, and what is painted is judged as a whole and where most is missing, beside its guide.
RECIPES["guided"] = replace(
    RECIPES["default"],
    network=ResidualUNetConfig(guides=True),
    loss=LossWeights(log_mse=0, hole=1, adversarial=0.01, matching=1),
    critics=("global", "local"),
)
# After EdgeConnect, arXiv:1901.00212, and StructureFlow, arXiv:1908.03852: lines, colours without
# texture are predicted first (models/structure.py); a critic sees picture and lines together.
RECIPES["structure"] = replace(
    RECIPES["guided"],
    network=ResidualUNetConfig(structure=(16, 24, 32, 48, 64)),
    critics=("patch",),
)
# Feedback and progress (models/passes.py), from weights of `default` or from none: the same network
# looks up to three times. Each pass but the last is without gradients: a third more for each.
RECIPES["feedback"] = replace(RECIPES["default"], network=ResidualUNetConfig(passes=3))
RECIPES["rings"] = replace(
    RECIPES["default"], network=ResidualUNetConfig(passes=3, schedule="ring")
)
# Detail: from an enlarged coarser fill to this scale's (models/octaves.py), judged by a critic; for
# the strategy "scales". Half the size of a cut must be a multiple of what the network needs.
RECIPES["detail"] = replace(
    RECIPES["default"],
    network=ResidualUNetConfig(finish=16, octaves=True),
    crop=128,
    batch_size=16,
    loss=LossWeights(log_mse=0, hole=4, adversarial=0.05, matching=0.5),
    alone=(0.1, 0.12),
)
# Progress in features, by the module of models/recurrence.py.
RECIPES["progressive"] = replace(RECIPES["default"], network=ResidualUNetConfig(recurrent=True))
# The report's wish for attention, and what the literature has beside it (models/context.py).
for _form in CONTEXTS:
    RECIPES[_form] = replace(RECIPES["default"], network=ResidualUNetConfig(context=_form))
# For weights that fill well: what they fill stays as it is; and so it does without a guide.
RECIPES["error"] = replace(RECIPES["default"], loss=LossWeights(log_mse=0), only="error")
RECIPES["guide"] = replace(
    RECIPES["default"], network=ResidualUNetConfig(guides=True), only="guide"
)


def recipe_of(config: TrainConfig) -> Recipe:
    """The recipe of ``--recipe`` with what other flags change in it.

    Raises:
        InvalidConfig: for losses that do not exist.
    """
    recipe = RECIPES[config.recipe]
    changes: dict[str, Any] = {
        "crop": config.crop or (recipe.crop and min(recipe.crop, config.size)),
        "batch_size": config.batch_size,
        "lr": config.lr,
        "warmup": config.lr_warmup_steps,
        "clip": config.max_grad_norm,
        "average": config.average,
        "loss": parse_losses(config.loss) if config.loss else None,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(recipe, **given)


def phase_at(recipe: Recipe, done: float) -> Phase:
    """Who learns at that share of the budget, in [0, 1]."""
    network, critics = recipe.alone
    if not recipe.loss.has_critics or done < network:
        return Phase.NETWORK
    return Phase.CRITICS if done < critics else Phase.BOTH


def looks_at(passes: int, seed: int, step: int) -> int:
    """How often the network looks in a step: 1 to ``passes``, drawn from (seed, step) alone."""
    return int(generator_for(seed, step).integers(1, passes + 1)) if passes > 1 else 1


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
