"""The losses of a predicted structure: what its lines and its colours without texture should be."""

import torch.nn.functional as F
from torch import Tensor

from inpainting.losses.terms import masked_means

RADIUS = 8  # of the window, in pixels
FLATNESS = 0.3  # steps well below it, in standard deviations of the picture, are texture


def smooth_colours(image: Tensor) -> Tensor:
    """A picture without its texture: the guided filter of itself, colour by colour.

    He, Sun, Tang, "Guided Image Filtering", ECCV 2010, eq. 5, 6 and 8, with ε = (``FLATNESS`` · the
    picture's standard deviation)² and windows of 2 · ``RADIUS`` + 1 pixels, at the sides as much of
    them as there is. A plain picture stays as it is.

    Args:
        image: float (B, C, H, W).
    """
    spread = image.flatten(1).var(1, unbiased=False)[:, None, None, None]
    mean = _mean(image)
    variance = (_mean(image * image) - mean * mean).clamp(min=0)
    slope = variance / (variance + FLATNESS**2 * spread + 1e-8)
    return _mean(slope) * image + _mean(mean * (1 - slope))


def structure_losses(
    smooth: Tensor, line: Tensor, contrast: Tensor, target: Tensor, lines: Tensor, valid: Tensor
) -> dict[str, Tensor]:
    """Means over missing pixels, picture by picture; 0 where nothing is missing.

    ``smooth``: mean absolute error of the colours ÷ contrast. ``line``: binary cross-entropy.

    Args:
        smooth: predicted colours, float (B, 3, H, W), RGB.
        line: predicted logits, float (B, 1, H, W).
        contrast: float (B, 1, H, W) > 0, as in :class:`inpainting.models.base.Prediction`.
        target: originals, float (B, 3, H, W), RGB in [0, 1].
        lines: float (B, 1, H, W), 1 on a line of the original, else 0.
        valid: float (B, 1, H, W), 1 = known.
    """
    missing = 1 - valid
    apart = (smooth - smooth_colours(target)).abs() / contrast
    wrong = F.binary_cross_entropy_with_logits(line, lines, reduction="none")
    return {
        "smooth": masked_means(apart, missing).mean(),
        "line": masked_means(wrong, missing).mean(),
    }


def _mean(x: Tensor) -> Tensor:
    window = 2 * RADIUS + 1
    return F.avg_pool2d(x, window, 1, RADIUS, count_include_pad=False)
