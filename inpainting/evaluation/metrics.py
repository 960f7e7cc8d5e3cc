"""MSE, L1, PSNR and SSIM of a result, on the whole picture or inside the hole only.

Everything here takes RGB pictures as uint8 arrays (H, W, 3), data range 255, and optionally a
hole, bool (H, W), True = missing; with a hole only its pixels count. The definitions at the edges:

* equal pictures: MSE and L1 0, PSNR infinite, SSIM 1;
* a hole without a pixel: every measure is nan, there is nothing to measure;
* a side below 11 pixels, SSIM's window: see :func:`ssim`.

When only hole pixels differ, as after compositing, the two PSNRs are one number in two units:
``psnr = hole_psnr - 10 log10(hole ratio)``. A small hole alone lifts the PSNR of the whole
picture, which therefore says nothing without the hole ratio.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from inpainting.errors import InvalidImage, SizeMismatch
from inpainting.types import DATA_RANGE, Hole, Pixels

# The highest PSNR an average takes in, in dB: an rms error of 0.26 grey levels. Flat backgrounds do
# get filled exactly, and one infinite (or 80 dB) picture would outweigh all others.
PSNR_CAP = 60.0

SSIM_WINDOW = 11  # scikit-image's Gaussian of sigma 1.5, truncated at 3.5 sigma
SSIM_REACH = SSIM_WINDOW // 2  # pixels
TILE = 256  # side of the squares that a picture is scored in, in pixels


@dataclass(frozen=True)
class Scores:
    """All measures of one result; PSNR in dB, MSE in squared grey levels, L1 in % of the range."""

    psnr: float
    ssim: float
    mse: float
    l1: float
    hole_psnr: float
    hole_ssim: float
    hole_mse: float
    hole_l1: float


def mse(original: Pixels, result: Pixels, hole: Hole | None = None) -> float:
    """Mean squared error over pixels and channels, in squared grey levels (0 … 65025)."""
    return _mean(_difference(original, result) ** 2, _checked(hole, original))


def l1(original: Pixels, result: Pixels, hole: Hole | None = None) -> float:
    """Mean absolute error over pixels and channels, in % of the data range (0 … 100)."""
    error = _mean(np.abs(_difference(original, result)), _checked(hole, original))
    return 100 * error / DATA_RANGE


def psnr(original: Pixels, result: Pixels, hole: Hole | None = None) -> float:
    """Peak signal-to-noise ratio, ``10 log10(255² / MSE)``, in dB; infinite for equal pixels."""
    return _psnr_from_mse(mse(original, result, hole))


def ssim(original: Pixels, result: Pixels, hole: Hole | None = None) -> float:
    """Structural similarity (Wang et al. 2004), mean over pixels and channels, at most 1.

    scikit-image's, set to the paper's Gaussian window of sigma 1.5 (11×11) and population
    covariance. Over the whole picture the mean leaves out the 5 pixels next to the border, where
    the window would need mirrored pixels. With a hole it is the mean of the full map over the
    hole's pixels, mirrored border included, so that a hole at the border counts in full.

    On a picture with a side below 11 the window mirrors everywhere, and the border left out of
    the mean shrinks so that at least one pixel per side remains.
    """
    mean, similarity = _ssim_and_map(original, result)
    return mean if hole is None else _mean(similarity, _checked(hole, original))


def score(original: Pixels, result: Pixels, hole: Hole) -> Scores:
    """All measures at once, each equal to its own function's answer.

    Raises:
        InvalidImage: when a picture is not uint8 (H, W, 3) or the two differ in size.
        SizeMismatch: when the hole has another size.
    """
    _check_pair(original, result)
    inside = _checked(hole, original)
    everywhere, inner = np.ones_like(inside), np.zeros_like(inside)
    border = _window(original) // 2
    inner[border : len(inner) - border, border : inner.shape[1] - border] = True
    sums, counts = np.zeros((3, 3)), np.zeros(3)
    # A photo's squares that nobody touched cost nothing, and its float copies no memory.
    for rows, columns in product(*map(_strips, inside.shape)):
        tile, around, middle = zip(rows, columns, strict=True)
        wheres = [where[tile] for where in (everywhere, inside, inner)]
        counts += [np.count_nonzero(where) for where in wheres]
        if not np.array_equal(original[around], result[around]):
            planes = _error_planes(original[around], result[around])[(..., *middle)]
            sums += [planes[:, where].sum(axis=1) for where in wheres]
    whole, hole_only, whole_inner = sums / np.where(counts, counts, math.nan)[:, None]
    return Scores(
        psnr=_psnr_from_mse(whole[0]),
        ssim=float(1 - whole_inner[2]),
        mse=float(whole[0]),
        l1=float(100 * whole[1] / DATA_RANGE),
        hole_psnr=_psnr_from_mse(hole_only[0]),
        hole_ssim=float(1 - hole_only[2]),
        hole_mse=float(hole_only[0]),
        hole_l1=float(100 * hole_only[1] / DATA_RANGE),
    )


def _strips(side: int) -> Iterator[tuple[slice, slice, slice]]:
    """Strips of ``TILE`` pixels; each with its SSIM surroundings, and where it lies in them."""
    for start in range(0, side, TILE):
        stop = min(start + TILE, side)
        low, high = max(0, start - SSIM_REACH), min(side, stop + SSIM_REACH)
        yield slice(start, stop), slice(low, high), slice(start - low, stop - low)


def _error_planes(original: Pixels, result: Pixels) -> NDArray[np.float64]:
    """Squared error, absolute error and 1 - SSIM, means over channels: float (3, H, W)."""
    error = _difference(original, result)
    planes = error**2, np.abs(error), 1 - _ssim_and_map(original, result)[1]
    return np.stack([plane.mean(axis=2) for plane in planes])


def _check_pair(original: Pixels, result: Pixels) -> None:
    for image in (original, result):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise InvalidImage(
                f"A metric was given {image.dtype} of shape {image.shape}: "
                "pass RGB pictures as uint8 arrays (height, width, 3)."
            )
    if original.shape != result.shape:
        raise InvalidImage(
            f"The original is {original.shape[1]}×{original.shape[0]} pixels but the result is "
            f"{result.shape[1]}×{result.shape[0]}: compare pictures of one size."
        )


def _difference(original: Pixels, result: Pixels) -> NDArray[np.float64]:
    _check_pair(original, result)
    return original.astype(np.float64) - result


def _checked(hole: Hole | None, original: Pixels) -> Hole:
    height, width = original.shape[:2]
    if hole is None:
        return np.ones((height, width), dtype=np.bool_)
    if hole.shape != (height, width):
        raise SizeMismatch((width, height), (hole.shape[-1], hole.shape[-2]))
    return hole


def _mean(values: NDArray[np.float64], hole: Hole) -> float:
    return float(values[hole].mean()) if hole.any() else math.nan


def _psnr_from_mse(error: float) -> float:
    return 10 * math.log10(DATA_RANGE**2 / error) if error else math.inf


def _ssim_and_map(original: Pixels, result: Pixels) -> tuple[float, NDArray[np.float64]]:
    from skimage.metrics import structural_similarity  # loads scipy: only who measures waits

    _check_pair(original, result)
    mean, similarity = structural_similarity(
        original,
        result,
        # With a Gaussian it no longer sets the window: only the border left out of the mean.
        win_size=_window(original),
        channel_axis=-1,
        data_range=DATA_RANGE,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return float(mean), similarity


def _window(original: Pixels) -> int:
    shortest = min(original.shape[:2])
    return min(SSIM_WINDOW, shortest - (shortest + 1) % 2)
