"""From a batch to what a network makes of it, and to what that costs."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from inpainting.data.dataset import Batch
from inpainting.losses.stages import WEIGHT, stages_loss
from inpainting.losses.structure import structure_losses
from inpainting.losses.terms import inpainting_loss
from inpainting.losses.vgg import VggFeatures
from inpainting.losses.weights import LossWeights
from inpainting.masks.convert import valid_from_hole
from inpainting.models.base import Before, Network, Prediction
from inpainting.models.guide import Guide
from inpainting.models.octaves import own_start, true_start
from inpainting.models.passes import SCHEDULES, after

STARTS = 3  # kinds of them for a network that continues coarser fills
BESIDE = ("uncertainty", "smooth", "line", "stages")  # terms that do not look at the output

Autocast = Callable[[], AbstractContextManager[Any]]


class Given(NamedTuple):
    """Originals, float (B, 3, H, W), RGB in [0, 1], valid, float (B, 1, H, W), and a guide.

    ``lines``: of the originals, float (B, 1, H, W), 0 or 1, where samples have a guide.
    """

    target: Tensor
    valid: Tensor
    guide: Guide | None
    lines: Tensor | None

    def shown(self, network: Network) -> Guide | None:
        """What critics see beside the pictures: the guide; all lines if the network predicts them.

        Of original and fill the same lines, so that they tell whether the fill has them too.
        """
        if self.guide and network.predicts_lines:
            return self.guide._replace(line=self.lines)
        return self.guide


class Found(NamedTuple):
    """A prediction in float32, its picture by itself, and what the loss looks at most.

    ``output``: the picture, from which gradients may go another way; ``focus``: see
    :func:`~inpainting.losses.terms.inpainting_loss`.
    """

    output: Tensor
    prediction: Prediction
    focus: Tensor | None


def read(batch: Batch) -> Given:
    """A batch as networks take it."""
    target = batch.image.float() / 255
    target = target.contiguous(memory_format=torch.channels_last)
    guide, lines = None, None
    if batch.guide is not None:
        colour, given, lines, told = (batch.guide.float() / 255).split([3, 1, 1, 1], 1)
        guide = Guide(colour, given, torch.where(told > 0, lines, -1))
    return Given(target, valid_from_hole(batch.hole), guide, lines)


def predict(
    model: nn.Module, network: Network, given: Given, looks: int, autocast: Autocast
) -> Found:
    """The last of several passes; only that one has gradients.

    Args:
        model: the network as accelerate has wrapped it.
        network: without the wrapper.
        given: the batch.
        looks: number of passes, or of the kind of start, see :func:`_coarser`.
        autocast: gives the context that the model runs in.
    """
    target, valid, guide = given.target, given.valid, given.guide
    before, focus = None, None
    if network.continues:
        with autocast():
            before, looks = _coarser(model, given, looks), 1
    doubtful = SCHEDULES[network.schedule]
    for number in range(1, looks):
        with torch.no_grad(), autocast():
            earlier = model(target, valid, guide, before).map(Tensor.float)
        before = after(earlier, target, valid, doubtful, number, guide)
        share = before.doubt.sum((1, 2, 3), True) / (1 - valid).sum((1, 2, 3), True).clamp(1)
        focus = 1 + before.doubt / share.clamp(min=1e-6)
    with autocast():
        found = model(target, valid, guide, before).map(Tensor.float)
    return Found(found.image, found, focus)


def terms_of(
    given: Given, found: Found, weights: LossWeights, features: VggFeatures | None
) -> dict[str, Tensor]:
    """The terms of the loss and, under ``loss``, their sum; scalars.

    Where a network predicts structure or has a recurrence, what these should give comes on top.
    """
    target, valid, prediction = given.target, given.valid, found.prediction
    terms = inpainting_loss(
        found.output, target, valid, weights, prediction.scale, features, found.focus
    )
    more: dict[str, Tensor] = {}
    smooth, line, contrast = prediction.smooth, prediction.line, prediction.contrast
    if smooth is not None and line is not None and contrast is not None:
        if given.lines is not None:  # else a recipe without guides goes on with such a network
            more |= structure_losses(smooth, line, contrast, target, given.lines, valid)
    if prediction.stages is not None:
        more["stages"] = WEIGHT * stages_loss(prediction.stages, target, valid)
    return {**terms, **more, "loss": terms["loss"] + sum(more.values())}


def _coarser(model: nn.Module, given: Given, start: int) -> Before | None:
    """Of so many ``STARTS``: no coarser fill, the network's own one, the true picture's."""
    if start == 1:
        return None
    if start == 2:
        return own_start(model, given.target, given.valid)
    return true_start(given.target, given.valid)
