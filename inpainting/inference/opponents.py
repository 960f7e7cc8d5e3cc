"""Colours as offsets are chosen by: lightness, and twice the two differences of colour.

A dark blue and a dark green are near each other in red, green and blue, and a piece of the one in
the other is seen at a glance.
"""

import numpy as np

from inpainting.inference.level import Floats

COLOUR = 2.0  # what a difference of colour counts beside one of lightness

# Orthonormal: lightness, red against green, yellow against blue.
_AXES = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]]) / np.sqrt([[3], [2], [6]])
_TO = (_AXES.T * [1, COLOUR, COLOUR]).astype(np.float32)
_FROM = (_AXES / [[1], [COLOUR], [COLOUR]]).astype(np.float32)


def to_opponents(image: Floats) -> Floats:
    """Float (..., 3): of RGB in grey levels; distances are in grey levels, too."""
    return np.ascontiguousarray(image @ _TO)


def from_opponents(image: Floats) -> Floats:
    """Float (..., 3): RGB again. Both are linear: differences may be given."""
    return image @ _FROM
