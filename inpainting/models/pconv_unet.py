"""The partial-convolution U-Net of arXiv:1804.07723, section 3.2: it paints every pixel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpainting.models.base import Network, Prediction, Window
from inpainting.models.blocks import (
    EncoderLevel,
    MaskPlan,
    PConvBlock,
    ResidualUnits,
    encoder,
)
from inpainting.models.config import UNetConfig
from inpainting.models.pconv import MaskUpdate


@dataclass(frozen=True, kw_only=True)
class PConvUNetConfig(UNetConfig):
    """Shape of a :class:`PConvUNet`; the defaults are the paper's, with 7 levels for 256 px."""

    channels: tuple[int, ...] = (64, 128, 256, 512, 512, 512, 512)
    kernels: tuple[int, ...] = (7, 5, 5, 3, 3, 3, 3)
    strides: tuple[int, ...] = (2,) * 7
    units: tuple[int, ...] = (0,) * 7  # the paper has none
    norm: str = "batch"
    norm_first: bool = False
    encoder_activation: str = "relu"
    decoder_activation: str = "leaky_relu"


class UNetPlan(NamedTuple):
    """Mask updates of every level, in the order of the forward pass."""

    encoder: list[MaskPlan]
    decoder: list[MaskPlan]


class PConvUNet(Network):
    """Encoder levels of partial convolutions, mirrored by a decoder that concatenates skips."""

    config_class = PConvUNetConfig
    config: PConvUNetConfig
    encoder: Sequence[EncoderLevel]
    decoder: Sequence["ConcatLevel"]

    def __init__(self, config: PConvUNetConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or PConvUNetConfig()
        self.encoder = encoder(c, in_channels=3)  # type: ignore[assignment]
        self.decoder = nn.ModuleList(
            ConcatLevel(c, level) for level in reversed(range(len(c.channels)))
        )  # type: ignore[assignment]

    def predict(self, image: Tensor, valid: Tensor) -> Prediction:
        plan = self.plan(valid)
        x = (2 * image - 1) * valid  # centred, zero in holes
        x = x.contiguous(memory_format=torch.channels_last)
        skips = [x]
        for level, updates in zip(self.encoder, plan.encoder, strict=True):
            x = level(x, updates)  # (B, C, H/2^l, W/2^l)
            skips.append(x)
        skips.pop()
        for wider, updates in zip(self.decoder, plan.decoder, strict=True):
            x = wider(x, skips.pop(), updates)  # (B, C, H/2^l, W/2^l)
        return Prediction((x.float() + 1) / 2, None)

    def plan(self, valid: Tensor) -> UNetPlan:
        """Mask updates of all layers, from ``valid``, float (B, 1, H, W).

        Where a mask has become full it is carried no further. One look tells for all layers: on a
        GPU each look waits for everything that was started before.
        """
        encoder: list[MaskPlan] = []
        decoder: list[MaskPlan] = []
        skips = [valid]
        for level in self.encoder:
            steps, valid = level.plan(valid)
            encoder.append(steps)
            skips.append(valid)
        skips.pop()
        for wider in self.decoder:
            steps, valid = wider.plan(valid, skips.pop())
            decoder.append(steps)
        levels = [*encoder, *decoder]
        least = torch.stack([u.known.amin() for steps in levels for u in steps]).tolist()  # type: ignore[union-attr]
        full = iter(value > 0 for value in least)
        dropped = [
            [MaskUpdate(u.ratio, None) if next(full) else u for u in steps] for steps in levels
        ]
        return UNetPlan(dropped[: len(encoder)], dropped[len(encoder) :])

    @property
    def windows(self) -> tuple[Window, ...]:
        c = self.config
        return tuple(Window(k, s) for k, s in zip(c.kernels, c.strides, strict=True))


class ConcatLevel(nn.Module):
    """Up-sample (nearest), concatenate the encoder's features and masks, convolve, units.

    The last level joins with the picture and paints: three channels, no norm, no activation.
    """

    def __init__(self, config: PConvUNetConfig, level: int) -> None:
        super().__init__()
        c = config
        self.stride = c.strides[level]
        below, channels = c.channels[level], c.channels[level - 1] if level else 3
        norm, activation = (c.norm, c.decoder_activation) if level else ("none", "none")
        self.block = PConvBlock((below, channels), channels, 3, 1, norm, activation, c.bias)
        units = c.units[level - 1] if level else 0
        self.units = ResidualUnits(units, channels, c.norm, c.decoder_activation, c.bias)

    def plan(self, valid: Tensor, skip: Tensor) -> tuple[MaskPlan, Tensor]:
        """Float (B, 1, h, w) and the skip's (B, 1, H, W) to updates and the latter's size."""
        first, valid = self.block.plan(torch.cat([self._enlarge(valid), skip], 1))
        rest, valid = self.units.plan(valid)
        return first + rest, valid

    def forward(self, x: Tensor, skip: Tensor, updates: MaskPlan) -> Tensor:
        """Float (B, C, h, w) and the skip's (B, S, H, W) to (B, S, H, W)."""
        x = torch.cat([self._enlarge(x), skip], 1)
        return self.units(self.block(x, updates[0]), updates[1:])

    def _enlarge(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=self.stride) if self.stride > 1 else x
