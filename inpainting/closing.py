"""How a hole closes inside the network, level by level: for the eye."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from .canvas import Canvas, Flags
from .figures import HOLE_COLOUR
from .levels import Steps
from .masks import valid_from_hole
from .unet import PConvUNet


class Level(NamedTuple):
    """``picture``: "RGB", grey where nothing is known; ``known``: share of known pixels."""

    picture: Image.Image
    known: float


def closing(model: PConvUNet, picture: Image.Image, hole: NDArray[np.bool_]) -> list[Level]:
    """The picture at every level until nothing is missing.

    A network that starts from a smooth fill halves the picture, each pixel the mean of the known
    ones among four: a partial convolution of equal weights. Any other passes its mask through the
    encoder's partial convolutions (arXiv:1804.07723, eq. 2).

    Args:
        model: the network.
        picture: "RGB", any size; a view of a few hundred pixels is enough.
        hole: bool (H, W), True = missing; not all of it.

    Returns:
        Levels from fine to coarse, the first as given, the last the first without a hole, or the
        network's last.
    """
    canvas = Canvas(picture, ~hole, hole)
    levels = _halvings(canvas) if model.config.residual else _encoder_levels(model, canvas)
    shown = []
    for small, known in levels:
        pixels = np.where(known[..., None], np.asarray(small), np.array(HOLE_COLOUR, np.uint8))
        shown.append(Level(Image.fromarray(pixels), float(known.mean())))
        if known.all():
            break
    return shown


def _halvings(canvas: Canvas) -> Iterator[tuple[Image.Image, Flags]]:
    while True:
        yield canvas.picture, canvas.known
        if max(canvas.picture.size) == 1:
            return
        canvas = canvas.halved()


@torch.no_grad()
def _encoder_levels(model: PConvUNet, canvas: Canvas) -> Iterator[tuple[Image.Image, Flags]]:
    yield canvas.picture, canvas.known
    valid = valid_from_hole(torch.from_numpy(~canvas.known)[None, None])
    valid = valid.to(next(model.parameters()).device)
    steps: Steps = []
    for level in model.encoder:
        valid = level.plan(valid, steps)
        known = valid[0, 0].cpu().numpy() > 0
        height, width = known.shape
        yield canvas.picture.resize((width, height), Image.Resampling.BOX), known
