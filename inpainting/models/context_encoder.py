"""The context encoder: the whole picture through one narrow place, without skips.

Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016, arXiv:1604.07379: the
first network trained to inpaint, kept here as the baseline that later ones are measured against.
The encoder is the authors' for holes anywhere; between it and the decoder a channel-wise linear
layer, the paper's section 3.1, lets every place look at every other one.

Departures from the paper: up-sampling and 3×3 convolutions in place of transposed convolutions,
which draw checkerboards; pictures of any size, whose features are averaged to 4×4 places and
enlarged again.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpainting.errors import InvalidConfig
from inpainting.models.base import Network, Prediction
from inpainting.models.config import MOST_LEVELS, RANGES

MEAN_COLOUR = (117 / 255, 104 / 255, 123 / 255)  # what the authors' code fills holes with, RGB
PLACES = 4  # on a side of the map that the linear layer works on: 128 pixels after five levels


@dataclass(frozen=True, kw_only=True)
class ContextEncoderConfig:
    """Shape of a :class:`ContextEncoder`; each level halves the picture."""

    channels: tuple[int, ...] = (64, 64, 128, 256, 512)

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))  # JSON gives lists
        low, high = RANGES["channels"]
        for number in self.channels:
            if type(number) is not int or not low <= number <= high:
                raise InvalidConfig(
                    f"channels has {number!r}: whole numbers from {low} to {high} are needed."
                )
        if not 1 <= len(self.channels) <= MOST_LEVELS:
            raise InvalidConfig(f"channels has {len(self.channels)} entries: 1 to {MOST_LEVELS}.")

    @property
    def multiple(self) -> int:
        """Height and width of the input must be multiples of this."""
        return 2 ** len(self.channels)


class ContextEncoder(Network):
    """Strided convolutions, a channel-wise linear layer, and the mirror of the convolutions."""

    config_class = ContextEncoderConfig
    config: ContextEncoderConfig

    def __init__(self, config: ContextEncoderConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or ContextEncoderConfig()
        down, up = (3, *c.channels), (*reversed(c.channels), c.channels[0])
        self.encoder = nn.ModuleList(
            _down(down[k], down[k + 1], norm=k > 0) for k in range(len(c.channels))
        )
        self.across = ChannelwiseLinear(c.channels[-1], PLACES)
        self.mix = nn.Conv2d(c.channels[-1], c.channels[-1], 1)
        self.decoder = nn.ModuleList(_up(up[k], up[k + 1]) for k in range(len(c.channels)))
        self.paint = nn.Conv2d(up[-1], 3, 3, padding=1)

    def predict(self, image: Tensor, valid: Tensor) -> Prediction:
        mean = image.new_tensor(MEAN_COLOUR).view(1, 3, 1, 1)
        x = 2 * (image + mean * (1 - valid)) - 1
        for level in self.encoder:
            x = level(x)  # (B, C, H/2^l, W/2^l)
        size = x.shape[-2:]
        x = F.adaptive_avg_pool2d(x, PLACES)
        x = F.leaky_relu(self.mix(self.across(x)), 0.2)
        x = F.interpolate(x, size=size)
        for level in self.decoder:
            x = level(F.interpolate(x, scale_factor=2))
        return Prediction((torch.tanh(self.paint(x).float()) + 1) / 2, None)


class ChannelwiseLinear(nn.Module):
    """Every place of a channel from every other place of it: C·n⁴ weights instead of C²·n⁴.

    Args:
        channels: C.
        side: n, of the square map.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        places = side * side
        self.weight = nn.Parameter(torch.empty(channels, places, places))
        self.bias = nn.Parameter(torch.zeros(channels, places))
        nn.init.uniform_(self.weight, -1 / math.sqrt(places), 1 / math.sqrt(places))

    def forward(self, x: Tensor) -> Tensor:
        """Float (B, C, n, n) to the same."""
        y = torch.einsum("bci,coi->bco", x.flatten(2), self.weight) + self.bias
        return y.unflatten(2, x.shape[-2:])


def _down(inputs: int, outputs: int, norm: bool) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not norm),
        nn.BatchNorm2d(outputs) if norm else nn.Identity(),
        nn.LeakyReLU(0.2, inplace=True),
    )


def _up(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
