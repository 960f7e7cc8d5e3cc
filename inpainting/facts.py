"""What is known about a fill, ready for JSON: sizes, shares, scores, what was run."""

from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .masks import hole_from_mask_image
from .metrics import Scores, score
from .pipeline import Filled


class Measured(NamedTuple):
    """Scores of a fill, share of missing pixels in [0, 1], whether all others are as they were."""

    scores: Scores
    hole_ratio: float
    untouched: bool


def measure(original: Image.Image, mask_image: Image.Image, result: Image.Image) -> Measured:
    """A fill against the picture as it was given; three PIL pictures of one size."""
    hole = hole_from_mask_image(mask_image, original.size)[0, 0].numpy()
    before, after = (np.asarray(image.convert("RGB")) for image in (original, result))
    scores = score(before, after, hole)
    return Measured(scores, float(hole.mean()), untouched(original, result, hole))


def facts(original: Image.Image, mask_image: Image.Image, filled: Filled) -> dict[str, Any]:
    """Numbers of one fill against the picture as it was given.

    Args:
        original: PIL, as given to :meth:`inpainting.InpaintingPipeline.fill`.
        mask_image: of the same size, white = repaint.
        filled: what came back.

    Returns:
        ``width`` and ``height`` in pixels, ``hole_ratio`` in [0, 1], ``untouched_pixels_equal``,
        ``scores`` with the names of :class:`inpainting.metrics.Scores`, and ``passes``, see
        :class:`inpainting.pipeline.Pass`. An infinite PSNR is null: the fill equals the original.
    """
    measured = measure(original, mask_image, filled.image)
    scores = {
        name: round(value, 5) if np.isfinite(value) else None
        for name, value in asdict(measured.scores).items()
    }
    return {
        "width": original.width,
        "height": original.height,
        "hole_ratio": round(measured.hole_ratio, 6),
        "untouched_pixels_equal": measured.untouched,
        "scores": scores,
        "passes": [run._asdict() for run in filled.passes],
    }


def untouched(original: Image.Image, result: Image.Image, hole: NDArray[np.bool_]) -> bool:
    """Whether every pixel outside the hole is the original's, alpha included."""
    same = np.asarray(original) == np.asarray(result)
    return bool(same[~hole].all())
