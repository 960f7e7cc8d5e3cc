"""Texture of a fill: is it as sharp, as grainy and as seamless as what it stands in or for?

PSNR rewards the mean of all that might be there, which is a smear; these measures do not. All of
them look at the hole of the result. Some compare it with the truth, the others with its
surroundings: the *ring*, the known pixels within ``RING`` pixels (Euclidean) of the hole. Grey is
the mean of R, G and B; a gradient is the length of the two forward differences (0 beyond the last
column and row), in grey levels. A ratio without anything to be relative to is nan.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inpainting.types import Flags, Hole, Pixels

if TYPE_CHECKING:  # it loads torch
    from inpainting.evaluation.vgg19n import Vgg19n

RING = 16  # pixels
SIGMAS = (0, 1, 2, 4)  # of the Gaussians whose differences are the bands, in pixels
NOTHING = 1e-9  # what rounding leaves of a flat picture's detail lies below

Grey = NDArray[np.float64]  # (H, W)


@dataclass(frozen=True)
class Texture:
    """All measures of one result.

    ``sharpness``: mean gradient in the hole ÷ the truth's there; ``ring_sharpness``: ÷ the ring's.
    ``band_1``, ``band_2``, ``band_4``: mean square in the hole of an octave of detail, ÷ the
    truth's; the number is the coarser Gaussian's sigma in pixels. All five are 1 where the fill is
    as sharp. ``grid``: see :func:`grid`, in grey levels, 0 = none. ``seam``: mean absolute step
    between neighbours across the hole's edge ÷ that between neighbours in the ring, about 1 where
    nothing shows. ``texture_distance``: Wasserstein-1 distance of the gradients in the hole and
    in the ring, in grey levels. ``vgg``, ``gram``: of :class:`~.vgg19n.Vgg19n`, 0 = equal.
    """

    sharpness: float
    ring_sharpness: float
    band_1: float
    band_2: float
    band_4: float
    grid: float
    seam: float
    texture_distance: float
    vgg: float
    gram: float


def texture(
    result: Pixels, hole: Hole, original: Pixels | None = None, vgg: "Vgg19n | None" = None
) -> Texture:
    """All measures at once.

    Args:
        result: uint8 (H, W, 3), RGB, the original's pixels outside the hole.
        hole: bool (H, W), True = was missing; with at least one pixel.
        original: the truth, uint8 (H, W, 3); without it what needs one is nan.
        vgg: without it, or without a truth, ``vgg`` and ``gram`` are nan.
    """
    filled = _levels(result)
    truth = None if original is None else _levels(original)
    slopes, around = gradient(filled), ring(hole)
    inside = _mean(slopes[hole])
    bands = _band_ratios(filled, truth, hole) if truth is not None else [math.nan] * 3
    distances = math.nan, math.nan
    if original is not None and vgg is not None:
        distances = vgg.distances(original, result, hole)
    return Texture(
        sharpness=_ratio(inside, math.nan if truth is None else _mean(gradient(truth)[hole])),
        ring_sharpness=_ratio(inside, _mean(slopes[around])),
        band_1=bands[0],
        band_2=bands[1],
        band_4=bands[2],
        grid=grid(filled, hole),
        seam=seam(filled, hole, around),
        texture_distance=_wasserstein(slopes[hole], slopes[around]),
        vgg=distances[0],
        gram=distances[1],
    )


def ring(hole: Hole) -> Flags:
    """Bool (H, W): the known pixels within ``RING`` pixels of the hole, centre to centre."""
    from scipy.ndimage import distance_transform_edt

    return ~hole & (distance_transform_edt(~hole) <= RING)


def gradient(grey: Grey) -> Grey:
    """Length of the forward differences, float (H, W), in grey levels."""
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, :-1] = np.diff(grey, axis=1)
    down[:-1] = np.diff(grey, axis=0)
    return np.hypot(across, down)


def grid(grey: Grey, hole: Hole) -> float:
    """Amplitude of a pattern that repeats every 2 pixels, such as a checkerboard, in grey levels.

    A local mean of weights (1, 2, 1) / 4 along both axes is taken away, and of what is left in the
    hole the variance explained by a pixel's place in its cell of 2×2; the answer is its root: a
    for a checkerboard, or stripes, of ±a. n pixels of noise have about the noise times √(3 / n).
    """
    from scipy.ndimage import correlate1d

    mean = grey
    for axis in (0, 1):
        mean = correlate1d(mean, (0.25, 0.5, 0.25), axis=axis, mode="mirror")
    y, x = np.nonzero(hole)
    values, places = (grey - mean)[hole], y % 2 * 2 + x % 2
    counts = np.bincount(places, minlength=4)
    means = np.bincount(places, values, minlength=4) / np.maximum(counts, 1)
    return float(np.sqrt(counts @ (means - values.mean()) ** 2 / counts.sum()))


def seam(grey: Grey, hole: Hole, around: Flags) -> float:
    """Mean absolute step across the hole's edge ÷ that inside the ring ``around`` it.

    Steps are between the four direct neighbours: one missing and one known, or both in the ring.
    """
    across, beside = [], []
    for first, second in (_LEFT_RIGHT, _UP_DOWN):
        steps = np.abs(grey[first] - grey[second])
        across.append(steps[hole[first] != hole[second]])
        beside.append(steps[around[first] & around[second]])
    return _ratio(_mean(np.concatenate(across)), _mean(np.concatenate(beside)))


class _Pair(NamedTuple):
    """Indices of every pixel that has a neighbour on one side, and of that neighbour."""

    first: tuple[slice, slice]
    second: tuple[slice, slice]


_ALL, _FRONT, _BACK = slice(None), slice(None, -1), slice(1, None)
_LEFT_RIGHT = _Pair((_ALL, _FRONT), (_ALL, _BACK))
_UP_DOWN = _Pair((_FRONT, _ALL), (_BACK, _ALL))


def _levels(picture: Pixels) -> Grey:
    return picture.mean(axis=2, dtype=np.float64)


def _band_ratios(filled: Grey, truth: Grey, hole: Hole) -> list[float]:
    energies = zip(_band_energies(filled, hole), _band_energies(truth, hole), strict=True)
    return [_ratio(ours, theirs) for ours, theirs in energies]


def _band_energies(grey: Grey, hole: Hole) -> list[float]:
    from scipy.ndimage import gaussian_filter

    blurred = [gaussian_filter(grey, sigma) if sigma else grey for sigma in SIGMAS]
    bands = [fine - coarse for fine, coarse in zip(blurred, blurred[1:], strict=False)]
    return [_mean(band[hole] ** 2) for band in bands]


def _wasserstein(inside: Grey, outside: Grey) -> float:
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(inside, outside)) if len(outside) else math.nan


def _mean(values: Grey) -> float:
    return float(values.mean()) if len(values) else math.nan


def _ratio(value: float, reference: float) -> float:
    """``value / reference``; ``math.nan`` where the reference is nothing or nan."""
    return value / reference if reference > NOTHING and not math.isnan(value) else math.nan
