"""Detail, scale by scale: a network that adds one octave to the enlarged fill of half the size.

What stands for the smooth fill is then a fill, as in a second pass (:mod:`passes`), but of the
coarser scale. Training shows it two of them: the picture's own half size, to whose detail the known
pixels around are the key, and the network's own fill of that.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpainting.masks.convert import composite
from inpainting.models.base import Before


def halved(image: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Means of the known pixels in squares of 2×2, and which squares have any.

    Args:
        image: float (B, 3, H, W), H and W even.
        valid: float (B, 1, H, W), 1 = known.

    Returns:
        Float (B, 3, H/2, W/2), 0 where nothing is known, and (B, 1, H/2, W/2).
    """
    share = F.avg_pool2d(valid, 2)
    return F.avg_pool2d(image * valid, 2) / share.clamp(min=0.25), (share > 0).to(valid.dtype)


def continued(coarser: Tensor, image: Tensor, valid: Tensor) -> Before:
    """What the finer scale sees of a coarser fill.

    Args:
        coarser: float (B, 3, H/2, W/2).
        image, valid: of the finer scale, float (B, 3, H, W) and (B, 1, H, W).
    """
    large = F.interpolate(coarser, scale_factor=2, mode="bicubic", align_corners=False)
    return Before(composite(image, large.clamp(0, 1), valid), 1 - valid)


@torch.no_grad()
def own_start(network: nn.Module, image: Tensor, valid: Tensor) -> Before:
    """What a network sees of its own fill at half the size.

    Args:
        network: as accelerate may have wrapped it.
        image, valid: of the finer scale.
    """
    small, known = halved(image, valid)
    fill = network(small, known).image.float().clamp(0, 1)
    return continued(composite(small, fill, known), image, valid)


def true_start(image: Tensor, valid: Tensor) -> Before:
    """What a network sees of a coarser fill without an error."""
    return continued(F.avg_pool2d(image, 2), image, valid)


class Finish(nn.Module):
    """Full-resolution layers after squares of pixels were unfolded, which would show as a grid.

    They look at the features, enlarged bilinearly, and at the known pixels; they begin as nothing.

    Args:
        features: channels of the features, one place per square of ``fold``² pixels.
        channels: of the layers.
        fold: side of a square.
    """

    def __init__(self, features: int, channels: int, fold: int) -> None:
        super().__init__()
        self.fold = fold
        self.narrow = nn.Conv2d(features, channels, 1)
        self.near = nn.Conv2d(channels + 3, channels, 3, padding=1)
        self.out = nn.Conv2d(channels, 3, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Float (B, features, h, w) and (B, 3, H, W), 0 in holes, to (B, 3, H, W)."""
        x = F.interpolate(
            self.narrow(x), scale_factor=self.fold, mode="bilinear", align_corners=False
        )
        x = F.leaky_relu(self.near(torch.cat([x, known], 1)), 0.2)
        return self.out(x)
