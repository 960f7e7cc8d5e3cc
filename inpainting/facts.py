"""What is known about a fill, ready for JSON: sizes, shares, scores, what was run."""

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .masks import hole_from_mask_image
from .metrics import score
from .pipeline import Filled


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
    hole = hole_from_mask_image(mask_image, original.size)[0, 0].numpy()
    before, after = (np.asarray(image.convert("RGB")) for image in (original, filled.image))
    scores = {
        name: round(value, 5) if np.isfinite(value) else None
        for name, value in asdict(score(before, after, hole)).items()
    }
    return {
        "width": original.width,
        "height": original.height,
        "hole_ratio": round(float(hole.mean()), 6),
        "untouched_pixels_equal": untouched(original, filled.image, hole),
        "scores": scores,
        "passes": [run._asdict() for run in filled.passes],
    }


def untouched(original: Image.Image, result: Image.Image, hole: NDArray[np.bool_]) -> bool:
    """Whether every pixel outside the hole is the original's, alpha included."""
    same = np.asarray(original) == np.asarray(result)
    return bool(same[~hole].all())
