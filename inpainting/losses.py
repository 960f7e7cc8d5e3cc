"""What training minimises: a weighted sum of named terms.

``output`` is the network's raw picture, ``target`` the original, both float (B, 3, H, W) in
[0, 1]; ``valid`` float (B, 1, H, W), 1 = known.
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .masks import composite


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term; 0 leaves it out."""

    log_mse: float = 1.0  # of the hole: the measured PSNR, but for a factor
    hole: float = 0.0  # L1 per hole pixel: small holes count as much as large ones
    ssim: float = 0.0
    mse: float = 0.0  # the report's only term


CLASSIC = LossWeights(log_mse=0, mse=1)
FLOOR = (5 / 255) ** 2  # errors far below it, at 34 dB, do not pull harder


def inpainting_loss(
    output: Tensor,
    target: Tensor,
    valid: Tensor,
    weights: LossWeights,
    scale: Tensor | None = None,
) -> dict[str, Tensor]:
    """All terms with a weight, and their weighted sum under ``loss``; scalars.

    A network that gives a ``scale``, float (B, 1, H, W) > 0, is also held to it, by the term
    ``doubt``; that trains nothing but the scale.
    """
    compute = {"log_mse": log_mse, "hole": hole_l1, "ssim": ssim_loss, "mse": _mse}
    used = {name: weight for name, weight in asdict(weights).items() if weight}
    terms = {name: compute[name](output, target, valid) for name in used}
    total = sum((weight * terms[name] for name, weight in used.items()), output.new_zeros(()))
    if scale is not None:
        terms["doubt"] = laplace_loss(output, target, valid, scale)
        total = total + terms["doubt"]
    return {"loss": total, **terms}


def log_mse(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean over pictures of the logarithm of the error inside the hole: 4.3 dB of PSNR per unit.

    0 where nothing is missing. A picture whose error is below ``FLOOR`` weighs less.
    """
    return torch.log1p(_masked_means((output - target) ** 2, 1 - valid) / FLOOR).mean()


def laplace_loss(output: Tensor, target: Tensor, valid: Tensor, scale: Tensor) -> Tensor:
    """−log likelihood of the error in the hole under a Laplace distribution of that scale.

    Its minimum is where ``scale`` is the expected absolute error (Kendall & Gal, "What
    Uncertainties Do We Need in Bayesian Deep Learning for Computer Vision?", 2017, with L1). The
    error is detached: only the scale learns.
    """
    error = (output.detach() - target).abs().mean(dim=1, keepdim=True)
    return _masked_means(error / scale + torch.log(scale), 1 - valid).mean()


def hole_l1(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean absolute error over missing pixels, picture by picture; 0 where nothing is missing."""
    return _masked_means((output - target).abs(), 1 - valid).mean()


def ssim_loss(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Sum of 1 − SSIM over the composite, per missing pixel.

    Windows without a hole add nothing, so dividing by the hole's area makes the term as
    independent of the hole's size as :func:`hole_l1`.
    """
    loss = 1 - ssim_map(composite(target, output, valid), target)
    return (loss.mean(dim=1).sum(dim=(1, 2)) / _area(1 - valid)).mean()


def ssim_map(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity, Wang et al. 2004: float (B, C, H, W) in [0, 1] to (B, C, H−10, W−10).

    Gaussian window 11×11, sigma 1.5, without padding, as in the authors' code and scikit-image.
    """
    x = torch.arange(11, dtype=torch.float32, device=a.device) - 5
    window = torch.exp(-(x**2) / (2 * 1.5**2))
    window = window / window.sum()
    a, b = a.float(), b.float()  # variances are small differences of large numbers

    def blur(z: Tensor) -> Tensor:
        flat = z.flatten(0, 1)[:, None]
        flat = F.conv2d(F.conv2d(flat, window.view(1, 1, 1, -1)), window.view(1, 1, -1, 1))
        return flat[:, 0].unflatten(0, z.shape[:2])

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    numerator = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return numerator / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))


def _mse(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    return F.mse_loss(output, target)


def _masked_means(error: Tensor, weight: Tensor) -> Tensor:
    """Mean of each picture where its ``weight`` is 1: (B, C, H, W) and (B, 1, H, W) to (B,)."""
    return (error * weight).mean(dim=1).sum(dim=(1, 2)) / _area(weight)


def _area(weight: Tensor) -> Tensor:
    """Number of pixels per picture, at least 1: (B, 1, H, W) to (B,)."""
    return weight.sum(dim=(1, 2, 3)).clamp(min=1)
