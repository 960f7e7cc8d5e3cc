"""The loss of what comes before the picture: every pass of a recurrence is supervised."""

import torch.nn.functional as F
from torch import Tensor

WEIGHT = 0.5  # beside the loss of the picture


def stages_loss(stages: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean absolute error of the colours of places that were missing, mean of passes.

    The "intermediate outputs" of Zhu et al., arXiv:2104.13743, section 3.4, as means of squares of
    pixels.

    Args:
        stages: float (B, P, 4, h, w): RGB of places, and 1 where a pass has reached them.
        target: originals, float (B, 3, H, W), RGB in [0, 1].
        valid: float (B, 1, H, W), 1 = known.

    Returns:
        A scalar; 0 where no place was missing. A place weighs as much as is missing of it.
    """
    side = target.shape[-1] // stages.shape[-1]
    wanted = F.avg_pool2d(target, side)[:, None]
    weight = stages[:, :, 3:] * F.avg_pool2d(1 - valid, side)[:, None]
    error = (stages[:, :, :3] - wanted).abs().mean(2, keepdim=True)
    return ((error * weight).sum((2, 3, 4)) / weight.sum((2, 3, 4)).clamp(min=1e-6)).mean()
