"""How a network follows a guide: its features are scaled and shifted where something is given.

The spatial feature transform of Wang et al., "Recovering Realistic Texture in Image
Super-resolution by Deep Spatial Feature Transform", CVPR 2018, arXiv:1804.02815, at every level of
the encoder, from features of the guide at that size; beside a network that stays as it is, as in
Mou et al., "T2I-Adapter", AAAI 2024, arXiv:2302.08453.

Departure from both: no layer has a bias. What sees nothing given is exactly 0, so that the network
fills there as it does without a guide.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 32  # channels of the features of a guide


class Transform(NamedTuple):
    """What is done to features at each place: ``scale``, ``shift``, float (B, C, h, w)."""

    scale: Tensor
    shift: Tensor

    def of(self, x: Tensor) -> Tensor:
        """Float (B, C, h, w) to the same: x where nothing is given."""
        return torch.addcmul(x + self.shift, self.scale, x)


class GuideEncoder(nn.Module):
    """From a guide to a transform for each level of a U-Net's encoder; at first it changes nothing.

    Args:
        inputs: channels of the guide in squares of pixels.
        channels, strides: of the network's levels.
    """

    def __init__(self, inputs: int, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        widths = [inputs, *[WIDTH] * len(channels)]
        self.steps = nn.ModuleList(
            nn.Conv2d(widths[level], WIDTH, 3, stride, padding=1, bias=False)
            for level, stride in enumerate(strides)
        )
        self.units = nn.ModuleList(
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False) for _ in channels
        )
        self.heads = nn.ModuleList(nn.Conv2d(WIDTH, 2 * c, 1, bias=False) for c in channels)
        for head in self.heads:
            nn.init.zeros_(head.weight)  # type: ignore[arg-type]

    def forward(self, guide: Tensor) -> list[Transform]:
        """Float (B, inputs, h, w), 0 where nothing is given, to one per level."""
        transforms = []
        x = guide
        for step, unit, head in zip(self.steps, self.units, self.heads, strict=True):
            x = F.leaky_relu(step(x), 0.2)
            x = x + F.leaky_relu(unit(x), 0.2)
            transforms.append(Transform(*head(x).chunk(2, dim=1)))
        return transforms
