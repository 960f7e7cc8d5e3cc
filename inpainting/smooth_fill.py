"""A smooth fill without learned weights: where the network's correction starts.

The fill minimises the energy Σ (Δu)² with the known pixels fixed, the thin plate or biharmonic
equation of classical inpainting (Damelin & Hoang, "On surface completion and image inpainting by
biharmonic functions", 2018). It is solved from coarse to fine: each coarser picture is the mean of
the known pixels in 2×2 (a partial convolution with equal weights), its fill is the first guess of
the finer one, and some steps of conjugate gradients bend that guess into place. The coarsest is
solved exactly.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from .pconv import zero_holes

COARSEST = 16  # side in pixels up to which a dense solution takes less time than the steps


def smooth_fill(image: Tensor, valid: Tensor, steps: int) -> Tensor:
    """Fill holes smoothly from all around them.

    Args:
        image: float (B, C, H, W), any range; hole content is ignored, NaN included.
        valid: float (B, 1, H, W), 1 = known.
        steps: of conjugate gradients per level; 0 leaves the finer levels as in the push-pull
            fill of Gortler et al., "The Lumigraph", 1996.

    Returns:
        Float (B, C, H, W): ``image`` where known; 0 everywhere if nothing is known. Values may
        overshoot the known ones.
    """
    image = zero_holes(image, valid).contiguous()  # channels_last takes twice the time here
    if max(image.shape[-2:]) <= COARSEST:
        return _solve(image, valid)
    total = F.avg_pool2d(image, 2, ceil_mode=True, divisor_override=1)  # (B, C, H/2, W/2)
    count = F.avg_pool2d(valid, 2, ceil_mode=True, divisor_override=1)  # (B, 1, H/2, W/2)
    coarse = smooth_fill(total / count.clamp(min=1), (count > 0).to(valid.dtype), steps)
    guess = F.interpolate(coarse, size=image.shape[-2:], mode="bilinear", align_corners=False)
    return _relax(torch.where(valid > 0, image, guess), 1 - valid, steps)


def _solve(image: Tensor, valid: Tensor) -> Tensor:
    """Δ²u = 0 over the missing pixels, by elimination; float (B, C, H, W), zero in holes."""
    pixels = image.shape[-2] * image.shape[-1]
    basis = torch.eye(pixels, dtype=torch.float64, device=image.device)
    basis = basis.reshape(pixels, 1, *image.shape[-2:])
    operator = _bilaplacian(basis, torch.empty_like(basis), torch.empty_like(basis))
    operator = operator.reshape(pixels, pixels)
    missing = (1 - valid.double()).flatten(2)  # (B, 1, H·W)
    rows = missing.transpose(1, 2) * operator * missing + torch.diag_embed((1 - missing)[:, 0])
    # Where nothing is known any constant would do: a little weight on u² picks 0.
    rows = rows + 1e-9 * torch.diag_embed(missing[:, 0])
    known = image.double().flatten(2)
    pull = known - (known @ operator) * missing  # the operator is symmetric
    return (
        torch.linalg.solve(rows, pull.transpose(1, 2)).transpose(1, 2).to(image).reshape_as(image)
    )


def _relax(u: Tensor, missing: Tensor, steps: int) -> Tensor:
    """Conjugate gradients on Δ²u = 0 over the missing pixels; every channel on its own.

    Works in place: allocating a picture per operation took twice the time of the arithmetic.
    """
    image, half = torch.empty_like(u), torch.empty_like(u)
    residual = -_bilaplacian(u, half, image) * missing
    direction, norm = residual.clone(), _dot(residual, residual)
    for _ in range(steps):
        _bilaplacian(direction, half, image).mul_(missing)
        length = norm / _dot(direction, image).clamp(min=1e-12)
        u.addcmul_(length, direction)
        residual.addcmul_(length, image, value=-1)
        previous, norm = norm, _dot(residual, residual)
        direction.mul_(norm / previous.clamp(min=1e-20)).add_(residual)
    return u


def _bilaplacian(u: Tensor, half: Tensor, out: Tensor) -> Tensor:
    return _laplacian(_laplacian(u, half), out)


def _laplacian(u: Tensor, out: Tensor) -> Tensor:
    """Sum of the four differences to the neighbours; none across the picture's border."""
    torch.mul(u, -4, out=out)
    for dim in (-2, -1):
        last = u.shape[dim] - 1
        out.narrow(dim, 1, last).add_(u.narrow(dim, 0, last))
        out.narrow(dim, 0, last).add_(u.narrow(dim, 1, last))
        for edge in (0, last):  # one neighbour fewer
            out.select(dim, edge).add_(u.select(dim, edge))
    return out


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=(-2, -1), keepdim=True)
