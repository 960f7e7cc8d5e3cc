"""A hole filled with the picture's own texture: every missing pixel copies a known one.

A network trained on squared errors answers deep inside a hole with the mean of all that might
stand there: the right colours, and no texture. Here its fill is only the first guess. An offset to
a known pixel is chosen for every missing one, from coarse to fine (:mod:`.shift_map`, among the
candidates of :mod:`.offsets`), on block means, so that the work does not grow with the picture;
pixels of full resolution are copied along the offsets; and their colours are adapted so that no
seam shows (:mod:`.blending`).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from inpainting.inference.blending import TOWARDS_GUESS, blend
from inpainting.inference.guess import towards_known
from inpainting.inference.level import Floats, Level, Offsets
from inpainting.inference.offsets import NothingToCopy, alike, repeats
from inpainting.inference.opponents import from_opponents, to_opponents
from inpainting.inference.shift_map import Weights, choose_offsets
from inpainting.io.tensors import padded
from inpainting.types import Flags, Hole, Pixels

MOST_MISSING = 3000  # blocks of the hole on the finest level
MOST_SEEN = 90_000  # blocks of the box on it
REPEATS, ALIKE = 40, 20  # offsets of each kind to choose from, at most
MOST_OFFSETS = 64  # altogether: the work grows with the square
COARSE = Weights(guess=1.0, sigma=2.0, fit=4.0)
FINE = Weights(guess=3.0, sigma=3.0, fit=4.0)
LAST_STEPS = 8, 60  # of conjugate gradients at full resolution, which start from the blocks'
LAST_WORK = 15_000_000  # steps times pixels, where that many steps take longer
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
    error: NDArray[np.uint8] | None = None,
    given: Flags | None = None,
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
        error: uint8 (H, W), the absolute error in grey levels expected of the guess, if known: the
            surer it is, the less may be copied that it does not look like.
        given: bool (H, W), where the guess has a colour that somebody has asked for.
        on_step: is called before each part of the work; what it raises ends the call.

    Returns:
        Uint8 (N, 3), in reading order.

    Raises:
        NothingToCopy: where hardly anything is known, or all of it has one colour.
    """
    scale = _scale(hole, most_missing)
    picture = padded(_without_hidden(picture, known, hole), 4 * scale, mode="edge")
    known, hole = (padded(flags, 4 * scale) for flags in (known, hole))
    error, given = (x if x is None else padded(x, 4 * scale) for x in (error, given))
    picture = _in_known_colours(picture, known, hole, 4 * scale)
    fine = Level.shrunk(picture, known, hole, scale, error, given)
    seen = fine.image[fine.known]
    if not len(seen) or np.ptp(seen, axis=0).max() < LEAST_CONTRAST:
        raise NothingToCopy
    fine = replace(fine, image=to_opponents(fine.image))
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
    return _copied(picture, known, hole, fine, chosen, colours, scale, on_step)


def _scale(hole: Hole, most_missing: int) -> int:
    missing = np.count_nonzero(hole)
    return max(1, int(np.ceil(max(missing / most_missing, hole.size / MOST_SEEN) ** 0.5)))


def _without_hidden(picture: Pixels, known: Flags, hole: Hole) -> Pixels:
    """The mean colour in place of what is neither known nor missing, such as transparent pixels.

    Blocks and patches reach into it.
    """
    hidden = ~(known | hole)
    if not hidden.any() or not known.any():
        return picture
    mean = picture[known].mean(axis=0).round().astype(np.uint8)
    return np.where(hidden[..., None], mean, picture)


def _in_known_colours(picture: Pixels, known: Flags, hole: Hole, scale: int) -> Pixels:
    """The picture with its guess moved, block by block, to colours that are there."""
    import cv2

    level = Level.shrunk(picture, known, hole, scale)
    if not level.known.any():
        return picture
    height, width = hole.shape
    change = cv2.resize(towards_known(level), (width, height), interpolation=cv2.INTER_LINEAR)
    moved = picture.copy()
    moved[hole] = (picture[hole] + change[hole]).clip(0, 255).round()
    return moved


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
    on_step: Callable[[], object] = lambda: None,
) -> Pixels:
    """Pixels of full resolution along the level's offsets, blended from its colours on.

    ``level`` and ``colours`` are opponents, the picture RGB.
    """
    index, found = level.look_up(level.missing() + offsets)
    change = np.zeros_like(level.image)
    change[level.hole] = np.where(found[:, None], colours - level.image[index], 0)
    change = from_opponents(change)
    field = np.zeros((*level.hole.shape, 2), np.intp)
    field[level.hole] = np.where(found[:, None], scale * offsets, 0)

    missing = np.argwhere(hole)
    block = tuple((missing // scale).T)
    sources, usable = Level(picture, known, hole).look_up(missing + field[block])
    filled = picture[hole]
    if usable.any():
        kept = hole.copy()  # what has no source stays as guessed
        kept[tuple(missing[usable].T)] = False
        few, many = LAST_STEPS
        steps = min(many, max(few, LAST_WORK // int(usable.sum())))
        start = picture[sources].astype(np.float32) + change[block]
        blended = blend(
            Level(picture, known | kept, hole & ~kept), field[block][usable], picture,
            start[usable], TOWARDS_GUESS / scale**2, steps, on_step,
        )  # fmt: skip
        filled[usable] = blended.clip(0, 255).round()
    return filled
