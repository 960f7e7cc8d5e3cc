"""The biharmonic fill that the residual U-Net corrects; it has no learned weights.

The fill minimises the energy Σ (Δu)² with the known pixels fixed, the thin plate or biharmonic
equation of classical inpainting (Damelin & Hoang, "On surface completion and image inpainting by
biharmonic functions", 2018). It is solved from coarse to fine: each coarser picture is the mean of
the known pixels in 2×2 (a partial convolution with equal weights), its fill is the first guess of
the finer one, and a few steps of conjugate gradients bend that guess into place. The coarsest is
solved exactly. The steps are preconditioned by three scales (Bramble, Pasciak & Xu, "Parallel
multilevel preconditioners", 1990): six do what takes 48 without.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from inpainting.models.pconv import zero_holes

COARSEST = 8  # side in pixels up to which a dense solution takes less time than the steps
OWN_WEIGHT = 20.0  # of a pixel in Δ²: 4² + 4·1²
SCALES = (1.0, 0.5)  # weights of corrections 2 and 4 pixels wide, measured; wider ones slow it down


def smooth_fill(image: Tensor, valid: Tensor, steps: int) -> Tensor:
    """Fill holes smoothly from all around them.

    Args:
        image: float (B, C, H, W), any range; hole content is ignored, NaN included.
        valid: float (B, 1, H, W), 1 = known.
        steps: of conjugate gradients on the finest level, and half as many on each coarser one,
            which loses 0.005 dB; 0 leaves the finer levels as in the push-pull fill of Gortler et
            al., "The Lumigraph", 1996.

    Returns:
        Float (B, C, H, W): ``image`` where known; 0 everywhere if nothing is known. Values may
        overshoot the known ones.
    """
    image = zero_holes(image, valid).contiguous()  # channels_last takes twice the time here
    if max(image.shape[-2:]) <= COARSEST:
        return _solve(image, valid)
    total = F.avg_pool2d(image, 2, ceil_mode=True, divisor_override=1)  # (B, C, H/2, W/2)
    count = F.avg_pool2d(valid, 2, ceil_mode=True, divisor_override=1)  # (B, 1, H/2, W/2)
    known = (count > 0).to(valid.dtype)
    coarse = smooth_fill(total / count.clamp(min=1), known, (steps + 1) // 2)
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
    rows = missing.mT * operator * missing + torch.diag_embed((1 - missing)[:, 0])
    # Where nothing is known any constant would do: a little weight on u² picks 0.
    rows = rows + 1e-9 * torch.diag_embed(missing[:, 0])
    known = image.double().flatten(2)
    pull = known - (known @ operator) * missing  # the operator is symmetric
    # Not linalg.solve: on CPUs its threads disturb each other over a batch (pytorch#142815).
    # Not `cholesky`: a GPU would be waited for, to look at an error that cannot occur.
    factor = torch.linalg.cholesky_ex(rows).L
    return torch.cholesky_solve(pull.mT, factor).mT.to(image).reshape_as(image)


def _relax(u: Tensor, missing: Tensor, steps: int) -> Tensor:
    """Conjugate gradients on Δ²u = 0 over the missing pixels; every channel on its own.

    Works in place: allocating a picture per operation took twice the time of the arithmetic.
    """
    product, half = torch.empty_like(u), torch.empty_like(u)
    residual = -_bilaplacian(u, half, product) * missing
    weights = _scale_weights(missing)
    direction, norm = torch.zeros_like(u), u.new_ones(())
    for _ in range(steps):
        change = _over_scales(residual, weights)
        previous, norm = norm, _dot(residual, change)
        direction.mul_(norm / previous.clamp(min=1e-20)).add_(change)
        _bilaplacian(direction, half, product).mul_(missing)
        length = norm / _dot(direction, product).clamp(min=1e-12)
        u.addcmul_(length, direction)
        residual.addcmul_(length, product, value=-1)
    return u


def _scale_weights(missing: Tensor) -> list[Tensor]:
    """How much of the residual each scale corrects, from fine to coarse: (B, 1, H/2^l, W/2^l).

    A spline that reaches over known pixels would be cut there, and a cut costs more energy than
    the correction saves: only what lies inside the hole counts.
    """
    weights, inside = [missing / OWN_WEIGHT], missing
    for weight in SCALES:
        inside = _halve(inside) / 4  # share of the spline that is inside
        weights.append(weight * inside**8)
    return weights


def _over_scales(residual: Tensor, weights: list[Tensor]) -> Tensor:
    """The preconditioner: the residual as a sum of splines of each width; 0 where known.

    A bilinear enlargement of a bilinear enlargement is nearly a quadratic B-spline: as smooth as
    Δ² needs it.
    """
    sums = [residual]
    for _ in SCALES:
        sums.append(_halve(sums[-1]))
    change = sums.pop() * weights[-1]
    for finer, weight in zip(reversed(sums), reversed(weights[:-1]), strict=True):
        change = F.interpolate(change, scale_factor=2, mode="bilinear", align_corners=False)
        change = change[..., : finer.shape[-2], : finer.shape[-1]].addcmul_(finer, weight)
    return change.mul_(weights[0] > 0)


def _halve(x: Tensor) -> Tensor:
    """The transpose of a bilinear enlargement: float (B, C, H, W) to (B, C, ⌈H/2⌉, ⌈W/2⌉)."""
    height, width = x.shape[-2:]
    if height % 2 or width % 2:
        x = F.pad(x, (0, width % 2, 0, height % 2))
    rows = _weigh(x[..., 0::2, :], x[..., 1::2, :], -2)
    return _weigh(rows[..., 0::2], rows[..., 1::2], -1)


def _weigh(even: Tensor, odd: Tensor, dim: int) -> Tensor:
    """Sums over four neighbours with the weights ¼, ¾, ¾, ¼ of a quadratic B-spline."""
    last = even.shape[dim] - 1
    out = (even + odd).mul_(0.75)
    out.narrow(dim, 1, last).add_(odd.narrow(dim, 0, last), alpha=0.25)
    out.narrow(dim, 0, last).add_(even.narrow(dim, 1, last), alpha=0.25)
    return out


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
