"""Seams hidden: the colours of copied pixels are adapted, their differences stay.

Poisson image editing (Pérez, Gangnet and Blake, SIGGRAPH 2003) of a shift map: the result has the
copied pixels' differences between neighbours, the larger of both where two offsets meet (their mean
would be softer than either), and the known colours at the hole's edge.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inpainting.inference.level import Floats, Indices, Level, Offsets

TOWARDS_GUESS = 0.05  # weight of the guess: it sets mean colours beyond 1 / sqrt(0.05) = 4.5 blocks
STEPS = 500  # of conjugate gradients, at most
ACCURACY = 1e-4  # of the residual, relative


def blend(
    level: Level,
    offsets: Offsets,
    guess: NDArray,
    start: Floats | None = None,
    towards_guess: float = TOWARDS_GUESS,
    steps: int = STEPS,
    on_step: Callable[[], object] = lambda: None,
) -> Floats:
    """Colours of the missing pixels, float (N, 3), in the order of ``level.missing()``.

    Args:
        level: the known pixels.
        offsets: int (N, 2), one per missing pixel.
        guess: (H, W, 3), grey levels that the mean colours are drawn to in the hole.
        start: float (N, 3), colours near the solution; default: those copied.
        towards_guess: weight of the guess.
        steps: of conjugate gradients, at most.
        on_step: is called before each part of the work; what it raises ends the call.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import cg

    def colours(index: tuple[Indices, Indices]) -> Floats:
        return level.image[index].astype(np.float32)

    missing = level.missing()
    count = len(missing)
    number = np.full(level.hole.shape, -1)
    number[tuple(missing.T)] = np.arange(count)
    centre = np.full(count, towards_guess)
    right_side = towards_guess * guess[tuple(missing.T)].astype(np.float64)
    own, _ = level.look_up(missing + offsets)
    pairs = []
    for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        on_step()
        beside, known = level.look_up(missing + step)
        inside = (beside[0] == missing[:, 0] + step[0]) & (beside[1] == missing[:, 1] + step[1])
        other = np.where(inside, number[beside], -1)
        unknown = other >= 0
        # The difference to the neighbour as this pixel's source has it, and as the neighbour's has.
        next_to_own, is_known = level.look_up(missing + offsets + step)
        mine = np.where(is_known[:, None], colours(own) - colours(next_to_own), 0)
        theirs_at = missing + step + offsets[other]
        theirs, theirs_known = level.look_up(theirs_at)
        before, before_known = level.look_up(theirs_at - step)
        both = unknown & theirs_known & before_known
        difference = colours(before) - colours(theirs)
        larger = both & ((difference**2).sum(1) > (mine**2).sum(1))
        wanted = np.where(larger[:, None], difference, mine)
        linked = unknown | known
        centre += linked
        right_side[linked] += wanted[linked]
        right_side[known] += colours((beside[0][known], beside[1][known]))
        pairs.append((np.flatnonzero(unknown), other[unknown]))
    rows, columns = (np.concatenate(x) for x in zip(*pairs, strict=True))
    everyone = np.arange(count)
    values = np.concatenate([-np.ones(len(rows)), centre])
    index = np.concatenate([rows, everyone]), np.concatenate([columns, everyone])
    matrix = coo_array((values, index), shape=(count, count)).tocsr()
    first = colours(own) if start is None else start
    solved = [
        cg(
            matrix, right_side[:, c], first[:, c], rtol=ACCURACY, maxiter=steps,
            callback=lambda _: on_step(),
        )[0]
        for c in range(3)
    ]  # fmt: skip
    return np.stack(solved, axis=1).astype(np.float32)
