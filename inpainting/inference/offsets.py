"""Offsets that a missing pixel may copy along: how a picture repeats itself.

* :func:`repeats`: the most frequent offsets between similar known patches around the hole: a
  picture is best completed along the ones by which it repeats itself (He and Sun, "Statistics of
  patch offsets for image completion", ECCV 2012).
* :func:`alike`: from random missing pixels to the known one whose surroundings have the colours
  that the first guess has there.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from inpainting.inference.level import (
    Floats,
    Indices,
    Level,
    Offsets,
    blur_known,
    distances,
    slices,
)
from inpainting.types import Flags

RADIUS = 3  # of the patches compared, in blocks: 7×7
COMPONENTS = 16  # principal components that describe a patch
COMPARED = 600  # known patches around the hole whose best match is looked for
AT_ONCE = 128  # of them
APART = 9  # side of the square around a frequent offset that no other is taken from
NEARER = 0.5  # squared grey levels that a pixel of distance counts as, where colours are alike


class NothingToCopy(Exception):
    """There is no known patch to look at."""


def repeats(level: Level, count: int, generator: np.random.Generator) -> Offsets:
    """The ``count`` most frequent offsets from known patches near the hole to their best match.

    Matches nearer than a fifth of the hole's size are left out: they only say that a picture is
    smooth.

    Returns:
        Int (L, 2), L up to ``count``.

    Raises:
        NothingToCopy: where no whole patch is known.
    """
    import cv2

    square = np.ones((2 * RADIUS + 1,) * 2, np.uint8)
    whole = cv2.erode(level.known.astype(np.uint8), square, borderValue=0) > 0
    if not whole.any():
        raise NothingToCopy
    missing = np.count_nonzero(level.hole)
    depth = cv2.distanceTransform((~level.hole).astype(np.uint8), cv2.DIST_L2, 3)
    near = whole & (depth <= max(8, missing**0.5 / 2))
    sources = np.argwhere(whole)
    targets = np.argwhere(near if near.any() else whole)
    if len(targets) > COMPARED:
        targets = targets[np.sort(generator.choice(len(targets), COMPARED, replace=False))]
    described = describe(level.image, whole, RADIUS, COMPONENTS, generator)
    nearest = max(6.0, missing**0.5 / 5)
    found = _best_matches(described, sources, targets, nearest)
    return _most_frequent(found, count)


def alike(level: Level, count: int, sigma: float, generator: np.random.Generator) -> Offsets:
    """Offsets from ``count`` random missing pixels to known ones with the guess's colours.

    Args:
        level: in its hole stands the guess.
        count: of pixels.
        sigma: of the Gaussian over which known colours are averaged, in blocks.
        generator: draws the pixels.

    Returns:
        Int (L, 2), up to ``count`` different ones.
    """
    import cv2

    inner = cv2.erode(level.known.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    sources = np.argwhere(inner if inner.any() else level.known)
    missing = level.missing()
    targets = missing[generator.choice(len(missing), min(count, len(missing)), replace=False)]
    there = blur_known(level.image, level.known, sigma)[tuple(sources.T)]
    wanted = level.image[tuple(targets.T)]
    cost = (there * there).sum(1) - 2 * wanted @ there.T + NEARER * distances(targets, sources)
    return np.unique(sources[cost.argmin(1)] - targets, axis=0)


def describe(
    image: Floats, which: Flags, radius: int, components: int, generator: np.random.Generator
) -> Tensor:
    """Principal components of every pixel's patch.

    Args:
        image: float (H, W, 3).
        which: bool (H, W), patches that the components are computed from; at least one.
        radius: of the patches in pixels.
        components: how many.
        generator: draws 3,000 patches where there are more.

    Returns:
        Float (H, W, components) or fewer: squared distances are about those of the patches.
    """
    height, width = which.shape
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None]
    padded = F.pad(pixels, (radius,) * 4, mode="replicate")
    patches = F.unfold(padded, 2 * radius + 1)[0].T
    rows = np.flatnonzero(which)
    if len(rows) > 3000:
        rows = generator.choice(rows, 3000, replace=False)
    sample = patches[torch.from_numpy(rows)]
    mean = sample.mean(0)
    # In float32 this does not converge for some flat pictures with a few bright pixels.
    centred = (sample - mean).double()
    _, axes = torch.linalg.eigh(centred.T @ centred)
    return ((patches - mean) @ axes[:, -components:].float()).reshape(height, width, -1)


def _best_matches(described: Tensor, sources: Indices, targets: Indices, nearest: float) -> Offsets:
    """For every target that has sources not too near, the offset to the most similar one."""
    places, keys = (torch.from_numpy(x).float() for x in (sources, targets))
    there, here = (described[tuple(torch.from_numpy(x.T))] for x in (sources, targets))
    squares, transposed = (there * there).sum(1), there.T.contiguous()
    best = []
    for part in slices(len(targets), AT_ONCE):
        cost = torch.addmm(squares, here[part], transposed, alpha=-2)
        cost[torch.cdist(keys[part], places) < nearest] = torch.inf
        best.append(torch.where(cost.amin(1) < torch.inf, cost.argmin(1), -1))
    found = torch.cat(best).numpy()
    return (sources[found] - targets)[found >= 0]


def _most_frequent(offsets: Offsets, count: int) -> Offsets:
    """Peaks of the histogram of offsets and their opposites, the highest first."""
    import cv2

    reach = int(np.abs(offsets).max(initial=0)) + 1
    histogram = np.zeros((2 * reach + 1,) * 2, np.float32)
    for sign in (1, -1):
        np.add.at(histogram, tuple((sign * offsets + reach).T), 1)
    smooth = cv2.GaussianBlur(histogram, (0, 0), 1, borderType=cv2.BORDER_CONSTANT)
    peaks = smooth == cv2.dilate(smooth, np.ones((APART, APART), np.uint8))
    places = np.argwhere(peaks & (smooth > 0.05))
    order = np.argsort(-smooth[tuple(places.T)], kind="stable")[:count]
    return places[order] - reach
