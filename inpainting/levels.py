"""What a network is made of: blocks, residual units, and the levels of encoder and decoder.

Masks depend on no feature, so they come first: every part has a :meth:`plan`, which follows a mask
through it and appends what it makes of each partial convolution, and a :meth:`forward`, which takes
these from an iterator in the same order. None from the iterator is an ordinary convolution.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import ACTIVATIONS, PConvUNetConfig
from .pconv import PartialConv2d

Steps = list[tuple[Tensor, Tensor]]  # what PartialConv2d.renormalise gives, layer by layer
Plan = Iterator[tuple[Tensor, Tensor | None] | None]  # the same; a mask that is full is None


class PConvBlock(nn.Module):
    """Partial convolution, norm, activation; features come and go with zeros where unknown.

    Args:
        in_channels, out_channels, kernel_size, stride: see :class:`PartialConv2d`.
        norm: "batch" or "none".
        activation: a name of ``ACTIVATIONS``.
        bias: whether the convolution has one; always, when no norm follows.
    """

    def __init__(
        self,
        in_channels: int | tuple[int, ...],
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        norm: str = "batch",
        activation: str = "relu",
        bias: bool = False,
    ) -> None:
        super().__init__()
        bias = bias or norm == "none"
        self.conv = PartialConv2d(in_channels, out_channels, kernel_size, stride, bias)
        self.norm = nn.BatchNorm2d(out_channels) if norm == "batch" else nn.Identity()
        self.activation = ACTIVATIONS[activation]

    def plan(self, valid: Tensor, steps: Steps) -> Tensor:
        """Float (B, G, H, W) to (B, 1, H', W')."""
        steps.append(self.conv.renormalise(valid))
        return steps[-1][1]

    def forward(self, x: Tensor, plan: Plan) -> Tensor:
        """Float (B, C, H, W) to float (B, out, H', W')."""
        ratio, known = next(plan) or (None, None)
        x = self.norm(self.conv.convolve(x, ratio))
        if known is not None:
            x = x.mul_(known.to(x.dtype))  # every activation keeps zeros
        return self.activation(x)


class ResidualUnit(nn.Module):
    """x + block(block(x)); the second block starts small, so that deep nets train without norm."""

    def __init__(self, channels: int, norm: str, activation: str, bias: bool) -> None:
        super().__init__()
        self.first = PConvBlock(channels, channels, 3, 1, norm, activation, bias)
        self.second = PConvBlock(channels, channels, 3, 1, norm, "none", bias)
        with torch.no_grad():
            self.second.conv.weight.mul_(0.1)

    def plan(self, valid: Tensor, steps: Steps) -> Tensor:
        """Float (B, 1, H, W) to the same."""
        return self.second.plan(self.first.plan(valid, steps), steps)

    def forward(self, x: Tensor, plan: Plan) -> Tensor:
        """Float (B, C, H, W) to the same."""
        return self.second(self.first(x, plan), plan).add_(x)


class EncoderLevel(nn.Module):
    """One :class:`PConvBlock`, then residual units that keep the size."""

    def __init__(self, config: PConvUNetConfig, level: int) -> None:
        super().__init__()
        c = config
        in_channels = c.channels[level - 1] if level else c.inputs
        channels, norm = c.channels[level], c.norm if level or c.norm_first else "none"
        act = c.encoder_activation
        self.first = PConvBlock(
            in_channels, channels, c.kernels[level], c.strides[level], norm, act, c.bias
        )
        self.units = nn.ModuleList(
            ResidualUnit(channels, c.norm, act, c.bias) for _ in range(c.units[level])
        )

    def plan(self, valid: Tensor, steps: Steps) -> Tensor:
        """Float (B, G, H, W) to (B, 1, H', W')."""
        for part in (self.first, *self.units):
            valid = part.plan(valid, steps)
        return valid

    def forward(self, x: Tensor, plan: Plan) -> Tensor:
        """Float (B, C, H, W) to the level's size."""
        x = self.first(x, plan)
        for unit in self.units:
            x = unit(x, plan)
        return x


class DecoderLevel(nn.Module):
    """Up-sample (nearest), join with the encoder's features of that size, residual units.

    The paper concatenates and convolves, masks and all, and its last level joins with the picture
    and paints. The network that corrects has no masks left to join: it adds, after a 1×1
    convolution before the up-sampling, which trains in two thirds of the time.
    """

    def __init__(self, config: PConvUNetConfig, level: int) -> None:
        super().__init__()
        c = config
        self.stride = c.strides[level]
        below, channels = c.channels[level], c.channels[level - 1] if level else 3
        norm, act = (c.norm, c.decoder_activation) if level else ("none", "none")
        self.lift = nn.Conv2d(below, channels, 1) if c.residual else nn.Identity()
        self.block = (
            None if c.residual else PConvBlock((below, channels), channels, 3, 1, norm, act, c.bias)
        )
        self.units = nn.ModuleList(
            ResidualUnit(channels, c.norm, c.decoder_activation, c.bias)
            for _ in range(c.units[level - 1] if level else 0)
        )

    def plan(self, valid: Tensor, skip: Tensor, steps: Steps) -> Tensor:
        """Float (B, 1, h, w) and the skip's (B, 1, H, W) to the latter's size."""
        valid = torch.cat([self._enlarge(valid), skip], 1)
        for part in (self.block, *self.units):
            valid = part.plan(valid, steps)
        return valid

    def forward(self, x: Tensor, skip: Tensor, plan: Plan) -> Tensor:
        """Float (B, C, h, w) and the skip's (B, S, H, W) to (B, S, H, W)."""
        x = self._enlarge(self.lift(x))
        x = x.add_(skip) if self.block is None else self.block(torch.cat([x, skip], 1), plan)
        for unit in self.units:
            x = unit(x, plan)
        return x

    def _enlarge(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=self.stride) if self.stride > 1 else x
