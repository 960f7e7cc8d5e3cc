"""Scores of one method on one pair.

The fill is put into the hole only, rounded to uint8, and then scored: known pixels are the
original's whatever a method makes of them. :mod:`inpainting.evaluation.statistics` averages the
rows.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from inpainting.classical.diffusion import Fill
from inpainting.classical.registry import CLASSICAL
from inpainting.evaluation.config import BARE
from inpainting.evaluation.metrics import score
from inpainting.evaluation.protocol import Pair
from inpainting.evaluation.statistics import MEASURES, MODEL, NETWORK_MODES, Row
from inpainting.evaluation.texture import texture
from inpainting.evaluation.uncertainty import PixelSample, sample_pixels
from inpainting.evaluation.vgg19n import Vgg19n
from inpainting.inference.pipeline import STRATEGIES, InpaintingPipeline
from inpainting.models.base import Network
from inpainting.types import Hole, Pixels

# Picture and hole to a picture, uint8 (H, W, 3), and the expected absolute error in grey levels,
# float (H, W), or None.
NetworkFill = Callable[[Pixels, Hole], tuple[Pixels, NDArray[np.float32] | None]]


def network_fill(
    model: Network,
    strategy: str = STRATEGIES[0],
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    mode: str = NETWORK_MODES[MODEL],
) -> NetworkFill:
    """A network as users run it: through the pipeline.

    Args:
        model, device, dtype: of the :class:`~inpainting.inference.pipeline.InpaintingPipeline`.
        strategy: of the pipeline, or ``BARE``, which knows no modes.
        mode: of the pipeline.
    """
    pipe = InpaintingPipeline(model, device, dtype)
    if strategy == BARE:
        return pipe.predictor.fill

    def fill(image: Pixels, hole: Hole) -> tuple[Pixels, NDArray[np.float32] | None]:
        result = pipe.fill_hole(Image.fromarray(image), hole, strategy, mode=mode)
        error = result.expected_error
        return np.asarray(result.image), None if error is None else np.asarray(error, np.float32)

    return fill


def without_error(fill: NetworkFill) -> Fill:
    """A network's fill without its expected error: a method like the classical ones."""
    return lambda image, hole: fill(image, hole)[0]


def composited(pair: Pair, filled: Pixels) -> Pixels:
    """The original's known pixels and the fill's others: uint8 (H, W, 3)."""
    return np.where(pair.hole[..., None], filled, pair.original)


def score_fill(
    method: str, fill: Fill, pair: Pair, vgg: Vgg19n | None = None, textured: bool = True
) -> Row:
    """Fill, composite, score.

    Args:
        method, fill: name and function of it.
        pair: what is filled.
        vgg: of :func:`~inpainting.evaluation.texture.texture`.
        textured: whether to measure the texture too, which takes as long as the scores.

    Returns:
        A row: ``index``, ``class``, ``protocol``, ``bucket``, ``key``, ``hole_ratio`` (measured),
        ``method``, ``milliseconds`` (the fill alone), every measure of
        :class:`~inpainting.evaluation.metrics.Scores`, nan where the pair has no truth, and, if
        ``textured``, of :class:`~inpainting.evaluation.texture.Texture`.
    """
    start = time.perf_counter()
    filled = fill(pair.original, pair.hole)
    row = _row(method, pair, filled, time.perf_counter() - start)
    return row | _texture(pair, filled, vgg) if textured else row


def score_network(
    fill: NetworkFill,
    pair: Pair,
    vgg: Vgg19n | None = None,
    method: str = MODEL,
    textured: bool = True,
) -> tuple[Row, PixelSample | None]:
    """:func:`score_fill` of a network, and pixels to judge its expected error by, if any.

    The expected error is that of ``MODEL``, and needs a truth.
    """
    start = time.perf_counter()
    filled, error = fill(pair.original, pair.hole)
    row = _row(method, pair, filled, time.perf_counter() - start)
    if textured:
        row |= _texture(pair, filled, vgg)
    if error is None or method != MODEL or not pair.truth:
        return row, None
    pixels = pair.protocol, pair.original, composited(pair, filled), error, pair.hole, pair.index
    return row, sample_pixels(*pixels)


def score_classical(
    methods: Sequence[str], pair: Pair, vgg_weights: Path | None = None
) -> list[Row]:
    """One row per classical fill; picklable, so that any process can run it."""
    vgg = vgg_of(vgg_weights)
    return [score_fill(method, CLASSICAL[method].fill, pair, vgg) for method in methods]


@lru_cache(maxsize=1)
def vgg_of(weights: Path | None) -> Vgg19n | None:
    """The network of a file, read once per process; None of None.

    Raises:
        CheckpointError: when it cannot be read.
    """
    return None if weights is None else Vgg19n(weights)


def _row(method: str, pair: Pair, filled: Pixels, seconds: float) -> Row:
    scores = dict.fromkeys(MEASURES, math.nan)
    if pair.truth:
        scores = asdict(score(pair.original, composited(pair, filled), pair.hole))
    return {
        "index": pair.index,
        "class": pair.label,
        "protocol": pair.protocol,
        "bucket": pair.bucket,
        "key": pair.key,
        "hole_ratio": float(pair.hole.mean()),
        "method": method,
        "milliseconds": 1000 * seconds,
        **scores,
    }


def _texture(pair: Pair, filled: Pixels, vgg: Vgg19n | None) -> Row:
    truth = pair.original if pair.truth else None
    return asdict(texture(composited(pair, filled), pair.hole, truth, vgg))
