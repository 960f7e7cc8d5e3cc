"""Progress in features: one module closes the hole from its rim inwards, as often as it takes.

After Li et al., "Recurrent Feature Reasoning for Image Inpainting", CVPR 2020, arXiv:2008.03737
(one shared module with partial convolutions; what its passes give is merged by the mean of those in
which a place was known), and Zhu et al., "Image Inpainting by End-to-End Cascaded Refinement with
Mask Awareness", IEEE TIP 30, 2021, arXiv:2104.13743 (features are told the mask).

Departures: two convolutions in place of a U-Net in the module, as a U-Net surrounds it; the mask
sets a scale and a bias per place, and no filters; what each pass gives is supervised as the colours
of places, not as whole pictures.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpainting.models.context import WHOLE
from inpainting.models.pconv import PartialConv2d

MOST_REPEATS = 6  # as many as in arXiv:2008.03737
GROWTH = 2  # places by which the known region grows in each
TOLD = 16  # channels in which the mask's say is computed


class Recurrence(nn.Module):
    """Says what is to be added to features: nothing, before it has been trained."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = PartialConv2d(channels, channels, 3)
        self.second = PartialConv2d(channels, channels, 3)
        self.told = nn.Sequential(
            nn.Conv2d(2, TOLD, 1), nn.LeakyReLU(0.2), nn.Conv2d(TOLD, 2 * channels, 1)
        )
        self.colour = nn.Conv2d(channels, 3, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        for layer in (self.told[2], self.out):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
        """Features and the mask to what is to be added, and what each pass gives.

        Args:
            x: float (B, C, h, w).
            share: of known pixels in each place, float (B, 1, h, w) in [0, 1].

        Returns:
            Float (B, C, h, w), and (B, P, 4, h, w) of P passes, as many as close the deepest hole
            of the batch, at least 1 and at most ``MOST_REPEATS``: three colours relative to local
            mean and contrast, and 1 where the place is known by now and was not at first.
        """
        known = (share > WHOLE).to(x.dtype)
        first, features = known, x * known
        total, times = features, known
        stages = []
        for number in range(1, MOST_REPEATS + 1):
            after, reached = self._pass(features, known, share, number / MOST_REPEATS)
            features = torch.where(known > 0, features + after, after)
            known = reached
            total, times = total + features, times + known
            stages.append(torch.cat([self.colour(features), known * (1 - first)], 1))
            if bool(known.all()):
                break
        return self.out(total / times.clamp(min=1)), torch.stack(stages, 1)

    def _pass(self, x: Tensor, known: Tensor, share: Tensor, time: float) -> tuple[Tensor, Tensor]:
        """Features, 0 where unknown, and their mask to what is new of them, and a wider mask."""
        ratio, known = self.first.update(known)
        x = F.leaky_relu(self.first.convolve(x, ratio), 0.2) * known
        ratio, known = self.second.update(known)
        x = self.second.convolve(x, ratio)
        said = torch.cat([share, torch.full_like(share, time)], 1)
        scale, bias = self.told(said.to(x.dtype)).chunk(2, 1)
        return F.leaky_relu(x * (1 + scale) + bias, 0.2) * known, known
