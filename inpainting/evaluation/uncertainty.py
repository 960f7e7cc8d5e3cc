"""Quality of the expected error on missing pixels: sparsification and calibration.

* **Sparsification** (Ilg et al., "Uncertainty Estimates and Multi-Hypotheses Networks for Optical
  Flow", ECCV 2018): leave out a growing share of pixels, those of largest expected error first,
  and take the mean error of the rest. The oracle leaves out those of largest error. The
  area between both curves (AUSE), in units of the mean error, is 0 for perfect ranking.
* **Calibration**: pixels are cut into ten equal groups by expected error; in each the measured mean
  error should be what was expected.

Errors are mean absolute differences over R, G and B, in grey levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PIXELS = 500  # of each picture, so that large holes do not outvote small ones
SHARES = np.linspace(0, 0.95, 20)  # of pixels left out
GROUPS = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PixelSample:
    """Missing pixels of one picture: measured and expected error, float (n,) each."""

    protocol: str
    error: Floats
    scale: Floats


def sample_pixels(
    protocol: str,
    original: NDArray[np.uint8],
    filled: NDArray[np.uint8],
    scale: NDArray[np.float32],
    hole: NDArray[np.bool_],
    seed: int,
) -> PixelSample:
    """At most ``PIXELS`` random missing pixels of a picture.

    Args:
        protocol: whose hole it is.
        original, filled: uint8 (H, W, 3).
        scale: float (H, W), expected mean absolute error in grey levels.
        hole: bool (H, W), True = missing.
        seed: of the choice.
    """
    at = np.flatnonzero(hole)
    if len(at) > PIXELS:
        at = np.random.default_rng(seed).choice(at, PIXELS, replace=False)
    difference = np.abs(original.astype(float) - filled).mean(axis=2)
    return PixelSample(protocol, difference.ravel()[at], scale.astype(float).ravel()[at])


def times_too_large(samples: Sequence[PixelSample]) -> float:
    """Mean expected ÷ mean measured error: the geometric mean over the protocols; 1 is right."""
    ratios = []
    for protocol in dict.fromkeys(sample.protocol for sample in samples):
        own = [sample for sample in samples if sample.protocol == protocol]
        expected, measured = (
            float(np.concatenate([getattr(sample, name) for sample in own]).mean())
            for name in ("scale", "error")
        )
        ratios.append(max(expected, 1e-6) / max(measured, 1e-6))
    return float(np.exp(np.mean(np.log(ratios))))


def sparsification(error: Floats, order: Floats) -> Floats:
    """Mean error of what is left when the pixels of largest ``order`` go, in units of the mean.

    Returns:
        Float, one per share of ``SHARES``; the first is 1.
    """
    kept = error[np.argsort(order, kind="stable")]
    means = np.cumsum(kept) / np.arange(1, len(kept) + 1)
    left = np.maximum(1, np.round((1 - SHARES) * len(kept))).astype(int)
    return means[left - 1] / max(means[-1], 1e-12)


def summarise_uncertainty(samples: Sequence[PixelSample]) -> dict[str, dict[str, Any]]:
    """Per protocol: both sparsification curves, AUSE, and the ten groups."""
    summary = {}
    for protocol in dict.fromkeys(sample.protocol for sample in samples):
        own = [sample for sample in samples if sample.protocol == protocol]
        error = np.concatenate([sample.error for sample in own])
        scale = np.concatenate([sample.scale for sample in own])
        curve, oracle = sparsification(error, scale), sparsification(error, error)
        groups = np.array_split(np.argsort(scale, kind="stable"), GROUPS)
        summary[protocol] = {
            "pixels": len(error),
            "curve": curve.tolist(),
            "oracle": oracle.tolist(),
            "ause": float(np.trapezoid(curve - oracle, SHARES)),
            "ause_random": float(np.trapezoid(1 - oracle, SHARES)),
            "expected": [float(scale[group].mean()) for group in groups],
            "measured": [float(error[group].mean()) for group in groups],
        }
    return summary
