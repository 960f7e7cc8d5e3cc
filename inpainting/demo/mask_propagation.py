"""Mask propagation for the eye: how a hole closes inside a network, level by level."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from inpainting.demo.comparison import Captioned, Window
from inpainting.demo.images import preview
from inpainting.evaluation.grids import HOLE_COLOUR
from inpainting.io.tensors import to_image, to_tensor
from inpainting.masks.convert import batch_of, is_white, valid_from_hole
from inpainting.masks.edit import resize
from inpainting.models.base import Network
from inpainting.models.base import Window as Step

SIDE = 220  # pixels, of a level as it is shown


def levels(model: Network, window: Window) -> list[Captioned]:
    """A small view of a hole's surroundings at every level until nothing is missing.

    Known regions grow as in a partial convolution of equal weights (arXiv:1804.07723, eq. 1 and 2)
    with the network's windows: a pixel is the mean of the known ones under its window.
    """
    small = preview(window.original, SIDE)
    hole = is_white(resize(window.mask_image, small.size))
    if not hole.any() or hole.all():
        return []
    return [
        (
            picture.resize(small.size, Image.Resampling.NEAREST),
            f"{picture.width} × {picture.height}: {known:.0%} known",
        )
        for picture, known in propagate(model.windows, small, hole)
    ]


def propagate(
    windows: Sequence[Step], picture: Image.Image, hole: np.ndarray
) -> Iterator[tuple[Image.Image, float]]:
    """Pictures from fine to coarse, "RGB", grey where nothing is known, and their known share.

    Args:
        windows: of a network.
        picture: "RGB", any size.
        hole: bool (H, W), True = missing; not all of it.

    The first is the picture as given, the last the first without a hole, or the network's last.
    """
    image, valid = to_tensor(picture), valid_from_hole(batch_of(hole))
    yield _shown(image, valid)
    for step in windows:
        if valid.all():
            return
        image, valid = _partial_mean(image, valid, step)
        yield _shown(image, valid)


def _partial_mean(image: Tensor, valid: Tensor, step: Step) -> tuple[Tensor, Tensor]:
    """Float (B, C, H, W) and (B, 1, H, W) to the same at the next level."""
    odd = step.size % 2 == 1  # as a network's convolutions are, which pad; even windows tile
    padding = step.size // 2 if odd else 0
    total, count = (
        F.avg_pool2d(x, step.size, step.stride, padding, ceil_mode=not odd, divisor_override=1)
        for x in (image * valid, valid)
    )
    return total / count.clamp(min=1), (count > 0).float()


def _shown(image: Tensor, valid: Tensor) -> tuple[Image.Image, float]:
    grey = torch.tensor(HOLE_COLOUR).view(1, 3, 1, 1) / 255
    return to_image(torch.where(valid > 0, image, grey)), float(valid.mean())
