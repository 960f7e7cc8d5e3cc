"""A first guess in colours that are there.

Deep in a hole the network answers with a mean, which may be a colour that is nowhere near: a grey
between green leaves and brown wood, and the most similar known pixels are those of a blue sleeve.
The guess is moved to the mean of the known colours around it that are like it: one step of mean
shift (Comaniciu and Meer, "Mean shift", PAMI 2002), with weights that fall with the distance in
colour and in place.
"""

import numpy as np

from inpainting.inference.level import Floats, Level, distances, slices

ALIKE = 20.0  # grey levels: standard deviation of the weight by colour
FARTHER = 0.7  # of the distance to the nearest known block, by which the weight falls to 1 / e
AT_ONCE = 64  # missing blocks


def towards_known(level: Level) -> Floats:
    """How much the guess changes, float (H, W, 3), 0 outside the hole.

    Args:
        level: in its hole stands the guess; with at least one known block.
    """
    places, missing = np.argwhere(level.known), level.missing()
    known, guess = level.image[level.known], level.image[level.hole]
    squares = (known * known).sum(1)
    change = np.zeros_like(level.image)
    moved = np.empty_like(guess)
    for part in slices(len(guess), AT_ONCE):
        unlike = (squares - 2 * guess[part] @ known.T) / (2 * ALIKE**2)
        away = distances(missing[part], places)
        price = unlike + away / (FARTHER * away.min(1, keepdims=True))
        weight = np.exp(price.min(1, keepdims=True) - price)
        moved[part] = weight @ known / weight.sum(1, keepdims=True)
    change[level.hole] = moved - guess
    return change
