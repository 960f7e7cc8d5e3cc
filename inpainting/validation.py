"""Pictures set aside from training: how good the network is now, and what its fills look like."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from .evaluation import Pair, composited, model_fill, pairs, score_fill
from .figures import GridRow, five_column_grid
from .masks import mask_image_from_hole
from .metrics import PSNR_CAP
from .unet import PConvUNet


@dataclass(frozen=True)
class Validation:
    """Pairs that training never sees; they are of the training split, not of the test split."""

    pairs: list[Pair]

    def psnr(self, model: PConvUNet, device: torch.device) -> float:
        """Mean PSNR of the composited fills in dB, each capped; NaN where nothing is set aside."""
        fill = model_fill(model, device)
        scores = [min(score_fill("model", fill, pair)["psnr"], PSNR_CAP) for pair in self.pairs]
        return float(np.mean(scores)) if scores else math.nan

    def grid(self, model: PConvUNet, device: torch.device) -> Image.Image | None:
        """Six pairs, filled, as a five-column grid; None where nothing is set aside."""
        fill = model_fill(model, device)
        rows = [
            GridRow(
                pair.original,
                mask_image_from_hole(torch.from_numpy(pair.hole)),
                composited(pair, fill(pair.original, pair.hole)),
                pair.label,
            )
            for pair in self.pairs[:3] + self.pairs[3:][-3:]
        ]
        return five_column_grid(rows) if rows else None


def set_aside(images: Any, count: int, seed: int, size: int) -> tuple[Any, Validation]:
    """Split off pictures for validation, half with lines and half with irregular holes.

    Args:
        images: a training split.
        count: how many, at most a tenth.
        seed: decides which, and their holes.
        size: side of the square pictures, in pixels.

    Returns:
        The pictures left for training, and the others.
    """
    count = min(count, len(images) // 10)
    if not count:
        return images, Validation([])
    order = np.random.default_rng(seed).permutation(len(images))
    held, half = images.select(order[:count]), count // 2
    chosen = [
        *pairs(held, range(half), "lines", seed, size),
        *pairs(held, range(half, count), "irregular", seed, size),
    ]
    return images.select(order[count:]), Validation(chosen)
