"""Weights of the loss terms, and their spelling on a command line."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

from inpainting.errors import InvalidConfig


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term; 0 leaves it out."""

    log_mse: float = 1.0  # of the hole: the measured PSNR, but for a factor
    hole: float = 0.0  # L1 per hole pixel: small holes count as much as large ones
    hole_mse: float = 0.0  # the squares of that
    ssim: float = 0.0
    mse: float = 0.0  # the report's only term
    valid: float = 0.0  # L1 per known pixel, which the composite does not show
    tv: float = 0.0  # total variation in and around the hole
    fft: float = 0.0  # L1 of spectra
    perceptual: float = 0.0  # L1 of VGG-16 features
    style: float = 0.0  # L1 of their Gram matrices
    adversarial: float = 0.0  # how real critics find the fill, who learn beside it
    matching: float = 0.0  # L1 of these critics' features

    @property
    def has_critics(self) -> bool:
        """Whether there is an adversary."""
        return any(getattr(self, name) for name in OF_CRITICS)


OF_CRITICS = ("adversarial", "matching")  # computed by whoever trains the critics
NAMES = tuple(field.name for field in fields(LossWeights))


def parse_losses(items: Sequence[str]) -> LossWeights:
    """``["hole=6", "valid=1"]`` to weights; a term that is not named gets 0.

    Raises:
        InvalidConfig: for an unknown name, one given twice, a weight that is no finite number of at
            least 0, or no weight above 0.
    """
    weights: dict[str, float] = {}
    for item in items:
        name, equals, number = item.partition("=")
        if not equals:
            raise _unreadable(items, f"{item!r} has no =")
        if name not in NAMES:
            raise _unreadable(items, f"{name!r} is no loss")
        if name in weights:
            raise _unreadable(items, f"{name} is given twice")
        weights[name] = _weight(number)
        if not 0 <= weights[name] < math.inf:
            raise _unreadable(items, f"the weight {number!r} is no finite number of at least 0")
    if not any(weights.values()):
        raise _unreadable(items, "no weight is above 0")
    return LossWeights(**(dict.fromkeys(NAMES, 0.0) | weights))


def _weight(number: str) -> float:
    try:
        return float(number)
    except ValueError:
        return math.nan


def _unreadable(items: Sequence[str], problem: str) -> InvalidConfig:
    return InvalidConfig(
        f"The losses {' '.join(items)!r} cannot be used, {problem}: give NAME=WEIGHT, such as "
        f"hole=6, once for each term wanted of {', '.join(NAMES)}."
    )
