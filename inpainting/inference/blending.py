"""Seams hidden: the colours of copied pixels are adapted, their differences stay.

Poisson image editing (Pérez, Gangnet and Blake, SIGGRAPH 2003) of a shift map: the result has the
copied pixels' differences between neighbours, the mean of both where two offsets meet, and the
known colours at the hole's edge.
"""

import numpy as np

from inpainting.inference.level import Floats, Level, Offsets

TOWARDS_GUESS = 0.05  # its weight: it sets mean colours beyond 1 / sqrt(0.05) = 4.5 pixels


def blend(level: Level, offsets: Offsets, guess: Floats) -> Floats:
    """Colours of the missing pixels, float (N, 3), in the order of ``level.missing()``.

    Args:
        level: the known pixels.
        offsets: int (N, 2), one per missing pixel.
        guess: float (H, W, 3), what the mean colours are drawn to in the hole.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import spsolve

    missing = level.missing()
    count = len(missing)
    number = np.full(level.hole.shape, -1)
    number[tuple(missing.T)] = np.arange(count)
    centre = np.full(count, TOWARDS_GUESS)
    right_side = TOWARDS_GUESS * guess[tuple(missing.T)].astype(np.float64)
    own, _ = level.look_up(missing + offsets)
    pairs = []
    for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        beside, known = level.look_up(missing + step)
        inside = (beside[0] == missing[:, 0] + step[0]) & (beside[1] == missing[:, 1] + step[1])
        other = np.where(inside, number[beside], -1)
        unknown = other >= 0
        # The difference to the neighbour as this pixel's source has it, and as the neighbour's has.
        next_to_own, is_known = level.look_up(missing + offsets + step)
        mine = np.where(is_known[:, None], level.image[own] - level.image[next_to_own], 0)
        theirs_at = missing + step + offsets[other]
        theirs, theirs_known = level.look_up(theirs_at)
        before, before_known = level.look_up(theirs_at - step)
        both = unknown & theirs_known & before_known
        difference = level.image[before] - level.image[theirs]
        wanted = np.where(both[:, None], (mine + difference) / 2, mine)
        linked = unknown | known
        centre += linked
        right_side[linked] += wanted[linked]
        right_side[known] += level.image[beside[0][known], beside[1][known]]
        pairs.append((np.flatnonzero(unknown), other[unknown]))
    rows, columns = (np.concatenate(x) for x in zip(*pairs, strict=True))
    everyone = np.arange(count)
    values = np.concatenate([-np.ones(len(rows)), centre])
    index = np.concatenate([rows, everyone]), np.concatenate([columns, everyone])
    matrix = coo_array((values, index), shape=(count, count)).tocsc()
    return spsolve(matrix, right_side).reshape(count, 3).astype(np.float32)
