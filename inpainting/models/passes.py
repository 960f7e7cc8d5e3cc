"""Filling in passes: a network looks again at its own fill, and at what of it is in doubt.

One loop for feedback and for progress from the rim inwards, which differ in what counts as doubtful
in the next pass. The last composite stands where the smooth fill stood, and the channel that says
what is missing says how doubtful it is. After Ma et al., "Uncertainty-aware image inpainting with
adaptive feedback network", Expert Systems with Applications 235, 2024 (doubt), and Li et al.,
"Recurrent Feature Reasoning for Image Inpainting", CVPR 2020, arXiv:2008.03737 (ring).

Departures from both: passes go through pictures, not through features; all of them share their
weights, and the first one is the network's usual one, bit for bit.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from inpainting.errors import InvalidConfig
from inpainting.masks.convert import composite
from inpainting.models.base import Before, Network, Prediction
from inpainting.models.guide import Guide

RING = 8  # pixels that each pass of the schedule "ring" trusts more of

Schedule = Callable[[Prediction, Tensor, Tensor, int], Tensor]


def by_error(prediction: Prediction, fill: Tensor, valid: Tensor, number: int) -> Tensor:
    """Doubt e / (1 + e), e = expected error ÷ contrast: what the network itself is unsure of.

    Args:
        prediction: of a network that expects its error.
        fill: float (B, 3, H, W), the composite; not looked at.
        valid: float (B, 1, H, W), 1 = known.
        number: of passes so far; not looked at.

    Returns:
        Float (B, 1, H, W) in [0, 1), 0 where known. A fill of half the contrast is as doubtful.
    """
    assert prediction.scale is not None and prediction.contrast is not None
    relative = prediction.scale / prediction.contrast
    return (1 - valid) * relative / (1 + relative)


def by_ring(prediction: Prediction, fill: Tensor, valid: Tensor, number: int) -> Tensor:
    """Doubt 0 within ``number`` · ``RING`` pixels of what is known, along rows and columns, else 1.

    Args, returns: as :func:`by_error`.
    """
    reach = number * RING
    return 1 - F.max_pool2d(valid, 2 * reach + 1, 1, reach)


SCHEDULES: dict[str, Schedule] = {"doubt": by_error, "ring": by_ring}


def in_passes(
    network: Network,
    image: Tensor,
    valid: Tensor,
    guide: Guide | None = None,
    passes: int | None = None,
    schedule: str | None = None,
) -> list[Prediction]:
    """What a network predicts in each pass.

    Args:
        network: any.
        image, valid, guide: as for its forward.
        passes: 1 to as many as it was trained for, which is the default.
        schedule: a name of ``SCHEDULES``; the default is the one that it was trained with.

    Raises:
        InvalidConfig: for more passes than the network was trained for, or fewer than 1.
    """
    passes = check_passes(network, passes)
    doubtful = SCHEDULES[schedule or network.schedule]
    predictions = [network(image, valid, guide)]
    while len(predictions) < passes:
        before = after(predictions[-1], image, valid, doubtful, len(predictions), guide)
        predictions.append(network(image, valid, None, before))
    return predictions


def after(
    prediction: Prediction,
    image: Tensor,
    valid: Tensor,
    doubtful: Schedule,
    number: int,
    guide: Guide | None = None,
) -> Before:
    """What the next pass sees of the last one, its ``number`` from 1; without gradients."""
    with torch.no_grad():
        fill = composite(image, prediction.image.clamp(0, 1), valid)
        return Before(fill, doubtful(prediction, fill, valid, number), guide)


def check_passes(network: Network, passes: int | None) -> int:
    """The number of passes, where a network can have so many.

    Raises:
        InvalidConfig: where it cannot.
    """
    most = network.passes
    if passes is None:
        return most
    if type(passes) is not int or not 1 <= passes <= most:
        trained = "1 pass" if most == 1 else f"1 to {most}"
        raise InvalidConfig(f"passes is {passes!r}: this network was trained for {trained}.")
    return passes
