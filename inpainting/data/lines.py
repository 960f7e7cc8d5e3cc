"""The lines of a picture, and those of them that somebody might draw into a hole.

Lines are Canny's edges (IEEE TPAMI 8, 1986) of the grey picture blurred with a σ of 2 pixels, as in
Nazeri et al., "EdgeConnect", ICCV Workshops 2019, arXiv:1901.00212, section 3.1; here their
thresholds are relative to the picture's contrast, and they are 3 pixels wide, as people draw them.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from inpainting.types import Flags, Hole, Pixels

SIGMA = 2.0  # of the blur, in pixels
LOW, HIGH = 0.1, 0.25  # thresholds of the gradient: standard deviations of the picture per pixel
LEAST_CONTRAST = 4.0  # grey levels: what has less has no lines, but noise
WIDTH = 3  # pixels
ALL, SOME = 0.25, 0.25  # shares of samples in which all lines of the hole are shown, or some
KEPT = 0.5  # of some, each line is shown with this probability


def lines_in(picture: Pixels) -> NDArray[np.uint8]:
    """The lines of a picture.

    Args:
        picture: uint8 (H, W, 3), RGB.

    Returns:
        Uint8 (H, W), 255 on a line, else 0.
    """
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), SIGMA, borderType=cv2.BORDER_REFLECT)
    scale = 1024 / (8 * max(LEAST_CONTRAST, float(grey.std())))  # Sobel's weights sum up to 8
    steps = (
        cv2.Sobel(grey, cv2.CV_32F, x, 1 - x, scale=scale, borderType=cv2.BORDER_REFLECT)
        for x in (1, 0)
    )
    across, down = (np.clip(step, -32768, 32767).astype(np.int16) for step in steps)
    edges = cv2.Canny(across, down, 1024 * LOW, 1024 * HIGH, L2gradient=True)
    return cv2.dilate(edges, np.ones((WIDTH, WIDTH), np.uint8))


def draw_lines(picture: Pixels, hole: Hole, generator: Generator) -> NDArray[np.uint8]:
    """The lines of a sample, and where they are shown.

    Args:
        picture: uint8 (S, S, 3), RGB.
        hole: bool (S, S), True = missing.
        generator: decides which are shown.

    Returns:
        Uint8 (S, S, 2): 255 on a line of the picture, everywhere; and 255 where the network is
        told whether there is one, which is inside the hole: nowhere, everywhere, or along some of
        the lines.
    """
    lines = lines_in(picture)
    told = np.zeros_like(lines)
    choice = generator.random()
    if choice < ALL:
        told[hole] = 255
    elif choice < ALL + SOME:
        told[some_of((lines > 0) & hole, KEPT, generator)] = 255
    return np.stack([lines, told], axis=-1)


def some_of(lines: Flags, share: float, generator: Generator) -> Flags:
    """Lines, bool (H, W), each of which is shown whole, with a probability, or not at all."""
    import cv2

    count, labels = cv2.connectedComponents(lines.astype(np.uint8), connectivity=8)
    shown = generator.random(count) < share
    shown[0] = False  # what is on no line
    return shown[labels]
