"""Local normalization: pixels relative to the mean, and in units of the contrast, around them.

The residual U-Net sees how far pixels are from the local mean, in units of the local contrast, and
its output is scaled by the same contrast: a flat sky and a crowd then need corrections of one size
and weigh the same in training. Both come from known pixels, by partial averages as in a partial
convolution. Also here: squares of pixels as channels.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 16  # side in pixels of the squares that mean and contrast are taken over
LEAST_CONTRAST = 3 / 255  # so that noise of a flat picture is not blown up
PRIOR = 0.02  # weight of the whole picture's contrast where a square knows nothing


class LocalStatistics(NamedTuple):
    """``mean`` (B, 3, H, W) and ``contrast`` (B, 1, H, W) > 0 of a picture, in its own units."""

    mean: Tensor
    contrast: Tensor


def local_statistics(image: Tensor, valid: Tensor, start: Tensor) -> LocalStatistics:
    """Local mean of the smooth fill and local contrast of the known pixels around it.

    Args:
        image: float (B, 3, H, W) in [0, 1], zero in holes.
        valid: float (B, 1, H, W), 1 = known.
        start: float (B, 3, H, W), the smooth fill.
    """
    size = image.shape[-2:]
    mean = _enlarge(_blur(F.avg_pool2d(start, BLOCK, ceil_mode=True)), size)
    square = ((image - mean) * valid).pow(2).mean(1, keepdim=True)
    energy, known = (
        F.avg_pool2d(x, BLOCK, ceil_mode=True, divisor_override=BLOCK**2) for x in (square, valid)
    )
    whole = energy.mean((2, 3), keepdim=True) / known.mean((2, 3), keepdim=True).clamp(min=1e-3)
    near, weight = (F.avg_pool2d(F.pad(x, (2, 2, 2, 2)), 5, 1) for x in (energy, known))
    variance = (near + PRIOR * whole) / (weight + PRIOR)
    return LocalStatistics(mean, _enlarge((variance + LEAST_CONTRAST**2).sqrt(), size))


def space_to_depth(x: Tensor, factor: int) -> Tensor:
    """Move the pixels of ``factor``×``factor`` squares into channels, square by square.

    Args:
        x: (B, C, H, W), H and W multiples of ``factor``.

    Returns:
        (B, factor²·C, H/factor, W/factor): all channels of a square's first pixel, then all of
        its second: each pixel is a group of channels with a mask of its own.
    """
    phases = [x[..., i::factor, j::factor] for i in range(factor) for j in range(factor)]
    return torch.cat(phases, dim=1)


def depth_to_space(x: Tensor, factor: int) -> Tensor:
    """The inverse of :func:`space_to_depth`."""
    b, c, h, w = x.shape
    x = x.reshape(b, factor, factor, c // factor**2, h, w)
    return x.permute(0, 3, 4, 1, 5, 2).reshape(b, -1, h * factor, w * factor)


def _blur(x: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)


def _enlarge(x: Tensor, size: torch.Size) -> Tensor:
    """Bilinear enlargement of one value per ``BLOCK``; a block that sticks out is cut."""
    x = F.interpolate(x, scale_factor=BLOCK, mode="bilinear", align_corners=False)
    return x[..., : size[0], : size[1]]
