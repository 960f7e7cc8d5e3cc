"""A hole filled with the picture's own texture: every missing pixel copies a known one.

A network trained on squared errors answers deep inside a hole with the mean of all that might
stand there: the right colours, and no texture. Here its fill is only the first guess. An offset to
a known pixel is chosen for every missing one, from coarse to fine (:mod:`.shift_map`, among the
candidates of :mod:`.offsets`), on block means, so that the work does not grow with the picture;
pixels of full resolution are copied along the offsets; and their colours are adapted so that no
seam shows (:mod:`.blending`).
"""

from collections.abc import Callable

import numpy as np
import torch

from inpainting.inference.blending import blend
from inpainting.inference.level import Floats, Level, Offsets
from inpainting.inference.offsets import NothingToCopy, alike, repeats
from inpainting.inference.shift_map import Weights, choose_offsets
from inpainting.types import Flags, Hole, Pixels

MOST_MISSING = 3000  # blocks of the hole on the finest level
MOST_SEEN = 90_000  # blocks of the box on it
REPEATS, ALIKE = 40, 20  # offsets of each kind to choose from, at most
MOST_OFFSETS = 64  # altogether: the work grows with the square
COARSE = Weights(guess=1.0, sigma=2.0, fit=4.0)
FINE = Weights(guess=3.0, sigma=3.0, fit=4.0)
LEAST_CONTRAST = 2.0  # grey levels between the known pixels: with less there is no texture
HANDICAP = 600.0  # of the tries after the first, in squared grey levels


def fill_with_texture(
    picture: Pixels,
    known: Flags,
    hole: Hole,
    generator: np.random.Generator,
    device: torch.device,
    vary: bool = False,
    most_missing: int = MOST_MISSING,
    on_step: Callable[[], object] = lambda: None,
) -> Pixels:
    """Colours for the missing pixels.

    Args:
        picture: uint8 (H, W, 3), RGB; in the hole stands the first guess.
        known: bool (H, W), what may be copied.
        hole: bool (H, W), True = missing.
        generator: draws patches and pixels to compare, and how the fill varies.
        device: where offsets are chosen.
        vary: whether offsets get random handicaps: another try.
        most_missing: blocks of the hole on the finest level; memory grows with it.
        on_step: is called some twenty times; what it raises ends the call.

    Returns:
        Uint8 (N, 3), in reading order.

    Raises:
        NothingToCopy: where hardly anything is known, or all of it has one colour.
    """
    scale = _scale(hole, most_missing)
    picture, known, hole = (_padded(array, 2 * scale) for array in (picture, known, hole))
    fine = Level.shrunk(picture, known, hole, scale)
    if np.ptp(fine.image[fine.known], axis=0).max(initial=0) < LEAST_CONTRAST:
        raise NothingToCopy
    coarse = fine.halved()
    handicap = HANDICAP if vary else 0.0

    on_step()
    often = repeats(fine, REPEATS, generator)
    halved = np.unique(np.rint(often / 2).astype(np.intp), axis=0)
    among = _united(halved, alike(coarse, ALIKE, COARSE.sigma, generator))
    chosen = choose_offsets(coarse, among, COARSE, generator, device, handicap, on_step)
    guess = _enlarged(coarse, blend(coarse, chosen, coarse.image), fine)

    on_step()
    used = 2 * np.unique(chosen[chosen.any(axis=1)], axis=0)
    guided = fine.with_guess(guess)
    among = _united(used, alike(guided, ALIKE, FINE.sigma, generator), often)
    chosen = choose_offsets(guided, among, FINE, generator, device, handicap, on_step)
    colours = blend(guided, chosen, fine.image)

    on_step()
    return _copied(picture, known, hole, fine, chosen, colours, scale)


def _scale(hole: Hole, most_missing: int) -> int:
    missing = np.count_nonzero(hole)
    return max(1, int(np.ceil(max(missing / most_missing, hole.size / MOST_SEEN) ** 0.5)))


def _padded(array: np.ndarray, multiple: int) -> np.ndarray:
    """Zeros, unknown and not missing, at the right and below, up to a multiple."""
    ends = [(0, -side % multiple) for side in array.shape[:2]] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, ends)


def _united(*offsets: Offsets) -> Offsets:
    """Each once, as they come."""
    together = np.concatenate(offsets)
    _, first = np.unique(together, axis=0, return_index=True)
    return together[np.sort(first)][:MOST_OFFSETS]


def _enlarged(coarse: Level, colours: Floats, fine: Level) -> Floats:
    """The coarse fill at twice the size, float (H, W, 3)."""
    import cv2

    image = coarse.image.copy()
    image[coarse.hole] = colours
    height, width = fine.hole.shape
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


def _copied(
    picture: Pixels,
    known: Flags,
    hole: Hole,
    level: Level,
    offsets: Offsets,
    colours: Floats,
    scale: int,
) -> Pixels:
    """Full-resolution pixels along the level's offsets, with the level's change of colour."""
    index, found = level.look_up(level.missing() + offsets)
    change = np.zeros_like(level.image)
    change[level.hole] = np.where(found[:, None], colours - level.image[index], 0)
    weight = np.zeros(level.hole.shape, np.float32)
    weight[level.hole] = found
    field = np.zeros((*level.hole.shape, 2), np.intp)
    field[level.hole] = offsets

    missing = np.argwhere(hole)
    block = tuple((missing // scale).T)
    sources = missing + scale * field[block]
    source = tuple(sources.T)
    usable = (weight[block] > 0) & known[source]
    # Interpolated over the hole's own blocks only.
    at = ((missing + 0.5) / scale - 0.5).astype(np.float32)
    share = _sampled(weight, at)[:, None]
    adapted = picture[source] + _sampled(change, at) / np.maximum(share, 1e-3)
    guess = picture[tuple(missing.T)]
    return np.where(usable[:, None], adapted.clip(0, 255).round(), guess).astype(np.uint8)


def _sampled(image: Floats, at: Floats) -> Floats:
    """Bilinear values at rows and columns (N, 2): (N,) or (N, C)."""
    (top, left), (down, right) = np.floor(at).astype(np.intp).T, (at % 1).T
    height, width = image.shape[:2]
    rows = top.clip(0), (top + 1).clip(max=height - 1)
    columns = left.clip(0), (left + 1).clip(max=width - 1)
    shape = (-1,) + (1,) * (image.ndim - 2)
    weights = (1 - down, down), (1 - right, right)
    return sum(
        (weights[0][i] * weights[1][j]).reshape(shape) * image[rows[i], columns[j]]
        for i in (0, 1)
        for j in (0, 1)
    )
