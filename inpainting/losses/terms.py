"""The loss terms of training, each a function, and their weighted sum.

``output`` is the network's raw picture, ``target`` the original, both float (B, 3, H, W) in
[0, 1]; ``valid`` float (B, 1, H, W), 1 = known.
"""

from collections.abc import Sequence
from dataclasses import asdict

import torch
import torch.nn.functional as F
from torch import Tensor

from inpainting.errors import InvalidConfig
from inpainting.losses.vgg import VggFeatures
from inpainting.losses.weights import LossWeights
from inpainting.masks.convert import composite

FLOOR = (5 / 255) ** 2  # errors far below it, at 34 dB, do not pull harder


def inpainting_loss(
    output: Tensor,
    target: Tensor,
    valid: Tensor,
    weights: LossWeights,
    scale: Tensor | None = None,
    features: VggFeatures | None = None,
    focus: Tensor | None = None,
) -> dict[str, Tensor]:
    """All terms with a weight but the critics', and their weighted sum under ``loss``; scalars.

    A network that predicts its error, ``scale``, float (B, 1, H, W) > 0, gets the term
    ``uncertainty`` on top; it trains nothing but the scale.

    ``focus``, float (B, 1, H, W) >= 0, is how much each missing pixel weighs in the terms
    ``log_mse``, ``hole`` and ``hole_mse``; 1 where there is none.

    Raises:
        InvalidConfig: when ``perceptual`` or ``style`` has a weight and there are no ``features``.
    """
    of_pixels = {
        "log_mse": log_mse,
        "hole": hole_l1,
        "hole_mse": hole_mse,
        "ssim": ssim_loss,
        "mse": _mse,
        "valid": valid_l1,
        "tv": tv_loss,
        "fft": fft_loss,
    }
    of_features = {"perceptual": perceptual_loss, "style": style_loss}
    used = {name: weight for name, weight in asdict(weights).items() if weight}
    # In these terms 1 − valid is the weight of a pixel.
    weighed = valid if focus is None else 1 - (1 - valid) * focus
    focused = dict.fromkeys(("log_mse", "hole", "hole_mse"), weighed)
    terms = {n: of_pixels[n](output, target, focused.get(n, valid)) for n in used if n in of_pixels}
    if used.keys() & of_features.keys():
        seen, wanted = _features(output, target, valid, features)
        terms |= {n: of_features[n](seen, wanted) for n in used if n in of_features}
    total = sum((used[name] * term for name, term in terms.items()), output.new_zeros(()))
    if scale is not None:
        terms["uncertainty"] = laplace_loss(output, target, valid, scale)
        total = total + terms["uncertainty"]
    return {"loss": total, **terms}


def log_mse(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean over pictures of the logarithm of the error inside the hole: 4.3 dB of PSNR per unit.

    0 where nothing is missing. A picture whose error is below ``FLOOR`` weighs less.
    """
    return torch.log1p(masked_means((output - target) ** 2, 1 - valid) / FLOOR).mean()


def laplace_loss(output: Tensor, target: Tensor, valid: Tensor, scale: Tensor) -> Tensor:
    """−log likelihood of the error in the hole under a Laplace distribution of that scale.

    Its minimum is where ``scale`` is the expected absolute error (Kendall & Gal, "What
    Uncertainties Do We Need in Bayesian Deep Learning for Computer Vision?", 2017, with L1). The
    error is detached: only the scale learns.
    """
    error = (output.detach() - target).abs().mean(dim=1, keepdim=True)
    return masked_means(error / scale + torch.log(scale), 1 - valid).mean()


def hole_l1(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean absolute error over missing pixels, picture by picture; 0 where nothing is missing."""
    return masked_means((output - target).abs(), 1 - valid).mean()


def hole_mse(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean squared error over missing pixels, picture by picture; 0 where nothing is missing.

    L_rec of arXiv:1604.07379, eq. 1.
    """
    return masked_means((output - target) ** 2, 1 - valid).mean()


def valid_l1(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean absolute error over known pixels, picture by picture; 0 where nothing is known.

    L_valid of arXiv:1804.07723, section 3.3, but for the divisor: there it is the size of the whole
    picture, so that a picture weighs less the more of it is missing. Here, as in :func:`hole_l1`,
    it is the number of pixels compared.
    """
    return masked_means((output - target).abs(), valid).mean()


def tv_loss(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Total variation of the composite on the hole and the pixels that touch it, corners too.

    arXiv:1804.07723, eq. 6: absolute steps from a pixel to its right and its lower neighbour, where
    both lie in that region. Divided by the region's size and not the picture's, so that its share
    beside :func:`hole_l1` does not depend on the hole's size. 0 where nothing is missing.
    """
    picture = composite(target, output, valid)
    region = F.max_pool2d(1 - valid, kernel_size=3, stride=1, padding=1)
    steps = _steps(picture, region) + _steps(picture.mT, region.mT)
    return (steps / _area(region)).mean()


def fft_loss(output: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean absolute difference of the spectra of composite and target.

    Cho et al., "Rethinking Coarse-to-Fine Approach in Single Image Deblurring", ICCV 2021, at full
    resolution: each colour's orthonormal, real, two-dimensional FFT, (B, 3, H, W) to complex
    (B, 3, H, W // 2 + 1). The modulus of the complex difference is taken, so that it does not
    matter where in the picture an error lies. 0 where nothing is missing.
    """
    error = (output - target) * (1 - valid)  # of the composite; the transform is linear
    return torch.fft.rfft2(error, norm="ortho").abs().mean()


def perceptual_loss(seen: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """L1 between features, arXiv:1804.07723, eq. 3: mean of each level, summed over levels.

    Args:
        seen: of each level the features of several pictures, float (N, B, C, H, W): the output's
            and the composite's. What each of them adds is summed.
        wanted: of each level the target's, float (B, C, H, W).
    """
    return _distance(seen, wanted)


def style_loss(seen: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """L1 between the features' Gram matrices, arXiv:1804.07723, eq. 4 and 5.

    Args:
        seen, wanted: as for :func:`perceptual_loss`.
    """
    return _distance([_gram(level) for level in seen], [_gram(level) for level in wanted])


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


def _features(
    output: Tensor, target: Tensor, valid: Tensor, features: VggFeatures | None
) -> tuple[list[Tensor], list[Tensor]]:
    """Of each level: output's and composite's, (2, B, C, H, W), and the target's, (B, C, H, W)."""
    if features is None:
        raise InvalidConfig(
            "The losses perceptual and style have a weight but there is no VGG-16 to compute them "
            "with: give features=VggFeatures(), or both the weight 0."
        )
    with torch.no_grad():
        wanted = features(target)
    seen = features(torch.cat([output, composite(target, output, valid)]))
    return [level.unflatten(0, (2, -1)) for level in seen], wanted


def _distance(seen: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference, summed over levels and over the first dimension of ``seen``."""
    means = [(a - b).abs().flatten(1).mean(dim=1) for a, b in zip(seen, wanted, strict=True)]
    return torch.stack(means).sum()


def _gram(level: Tensor) -> Tensor:
    """Mean products of channels, divided by their number: (…, C, H, W) to (…, C, C)."""
    flat = level.flatten(-2)
    return flat @ flat.mT / (flat.shape[-2] * flat.shape[-1])


def _steps(picture: Tensor, region: Tensor) -> Tensor:
    """Sum of the absolute steps along rows between pixels of the region, mean of colours: (B,)."""
    both = region[..., 1:] * region[..., :-1]
    return (picture.diff(dim=-1).abs() * both).mean(dim=1).sum(dim=(1, 2))


def masked_means(error: Tensor, weight: Tensor) -> Tensor:
    """Mean of each picture where its ``weight`` is 1: (B, C, H, W) and (B, 1, H, W) to (B,)."""
    return (error * weight).mean(dim=1).sum(dim=(1, 2)) / _area(weight)


def _area(weight: Tensor) -> Tensor:
    """Number of pixels per picture, at least 1: (B, 1, H, W) to (B,)."""
    return weight.sum(dim=(1, 2, 3)).clamp(min=1)
