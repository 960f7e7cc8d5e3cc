"""A smooth fill without learned weights: where the network's correction starts.

The fill minimises the energy Σ (Δu)² with the known pixels fixed, the thin plate or biharmonic
equation of classical inpainting (Damelin & Hoang, "On surface completion and image inpainting by
biharmonic functions", 2018). It is solved from coarse to fine: each coarser picture is the mean of
the known pixels in 2×2 (a partial convolution with equal weights), its fill is the first guess of
the finer one, and some steps of conjugate gradients bend that guess into place.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from .pconv import zero_holes


def smooth_fill(image: Tensor, valid: Tensor, steps: int) -> Tensor:
    """Fill holes smoothly from all around them.

    Args:
        image: float (B, C, H, W), any range; hole content is ignored, NaN included.
        valid: float (B, 1, H, W), 1 = known.
        steps: of conjugate gradients per level; 0 gives the push-pull fill of Gortler et al.,
            "The Lumigraph", 1996.

    Returns:
        Float (B, C, H, W): ``image`` where known; 0 everywhere if nothing is known. Values may
        overshoot the known ones.
    """
    image = zero_holes(image, valid)
    if max(image.shape[-2:]) == 1:
        return image
    total = F.avg_pool2d(image, 2, ceil_mode=True, divisor_override=1)  # (B, C, H/2, W/2)
    count = F.avg_pool2d(valid, 2, ceil_mode=True, divisor_override=1)  # (B, 1, H/2, W/2)
    coarse = smooth_fill(total / count.clamp(min=1), (count > 0).to(valid.dtype), steps)
    guess = F.interpolate(coarse, size=image.shape[-2:], mode="bilinear", align_corners=False)
    return _relax(torch.where(valid > 0, image, guess), 1 - valid, steps)


def _relax(u: Tensor, missing: Tensor, steps: int) -> Tensor:
    """Conjugate gradients on Δ²u = 0 over the missing pixels; every channel on its own."""
    residual = -_laplacian(_laplacian(u)) * missing
    direction, norm = residual, _dot(residual, residual)
    for _ in range(steps):
        image = _laplacian(_laplacian(direction)) * missing
        length = norm / _dot(direction, image).clamp(min=1e-12)
        u, residual = u + length * direction, residual - length * image
        previous, norm = norm, _dot(residual, residual)
        direction = residual + norm / previous.clamp(min=1e-20) * direction
    return u


def _laplacian(u: Tensor) -> Tensor:
    """Sum of the four differences to the neighbours; none across the picture's border."""
    p = F.pad(u, (1, 1, 1, 1), mode="replicate")
    return p[..., :-2, 1:-1] + p[..., 2:, 1:-1] + p[..., 1:-1, :-2] + p[..., 1:-1, 2:] - 4 * u


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=(-2, -1), keepdim=True)
