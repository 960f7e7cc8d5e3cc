"""What people with and without a colour vision deficiency see of two colours' difference."""

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

Values = NDArray[np.float64]

# Machado, Oliveira and Fernandes 2009, table 1, severity 1.0; in linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def seen(pixels: Values, vision: str) -> Values:
    """CIELAB (..., 3) of sRGB pixels (..., 3) in [0, 255], as seen with one of ``VISIONS``."""
    share = pixels / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ VISIONS[vision].T, 0, 1)
    return rgb2lab(
        np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    )


def differences(one: Values, other: Values, vision: str) -> Values:
    """CIEDE2000 (...) of sRGB pixels (..., 3) in [0, 255]: 1 is just seen, 100 black to white."""
    return deltaE_ciede2000(seen(one, vision), seen(other, vision))
