"""The numbers of one fill: scores, hole ratio, whether all other pixels are untouched."""

from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from inpainting.evaluation.metrics import Scores, score
from inpainting.inference.parts import Part
from inpainting.inference.restore import hidden_in
from inpainting.inference.result import InpaintingResult
from inpainting.types import Hole


class Measured(NamedTuple):
    """Scores of a fill, share of missing pixels in [0, 1], whether all others are as they were.

    ``scores``: None where no pixel of the hole was visible before: there is nothing to compare
    with.
    """

    scores: Scores | None
    hole_ratio: float
    untouched: bool


def measure(result: InpaintingResult) -> Measured:
    """A fill against the picture as it was given, where that showed something."""
    before, after = (np.asarray(x.convert("RGB")) for x in (result.original, result.image))
    hole, hidden = result.hole, hidden_in(result.original, result.hole)
    if hidden is not None:
        after = np.where(hidden[..., None], before, after)
        hole = hole & ~hidden
    scores = score(before, after, hole) if hole.any() else None
    same = untouched(result.original, result.image, result.hole)
    return Measured(scores, float(result.hole.mean()), same)


def fill_report(result: InpaintingResult) -> dict[str, Any]:
    """The numbers of one fill, ready for JSON.

    Returns:
        ``width`` and ``height`` in pixels, ``hole_ratio`` in [0, 1], ``untouched_pixels_equal``,
        ``scores`` with the names of :class:`inpainting.evaluation.metrics.Scores`, ``mode`` and
        ``seed`` as asked for, ``parts`` of the hole, each with its ``box`` (left, top, right,
        bottom), its missing ``pixels`` and what it was ``filled`` with ("natural" or "faithful"),
        and ``passes``, see :class:`inpainting.inference.result.Pass`. An infinite PSNR is null:
        the fill equals the original. ``scores`` is null where the picture had nothing visible in
        the hole.
    """
    measured = measure(result)
    scores = measured.scores and {
        name: round(value, 5) if np.isfinite(value) else None
        for name, value in asdict(measured.scores).items()
    }
    return {
        "width": result.original.width,
        "height": result.original.height,
        "hole_ratio": round(measured.hole_ratio, 6),
        "untouched_pixels_equal": measured.untouched,
        "scores": scores,
        "mode": result.mode,
        "seed": result.seed,
        "parts": [_part(part) for part in result.parts],
        "passes": [run._asdict() for run in result.passes],
    }


def _part(part: Part) -> dict[str, Any]:
    filled = "natural" if part.natural else "faithful"
    return {"box": list(part.box), "pixels": part.pixels, "filled": filled}


def untouched(original: Image.Image, result: Image.Image, hole: Hole) -> bool:
    """Whether every pixel outside the hole is the original's, alpha included."""
    same = np.asarray(original) == np.asarray(result)
    return bool(same[~hole].all())
