"""Random generators that depend on a seed and an index, never on what was drawn before."""

import numpy as np
from numpy.random import Generator


def generator_for(seed: int, *index: int) -> Generator:
    """NumPy generator of (seed, index): equal arguments, equal draws."""
    return np.random.default_rng((seed, *index))
