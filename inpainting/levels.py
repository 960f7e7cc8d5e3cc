"""What a network is made of: blocks, residual units, and the levels of encoder and decoder."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import ACTIVATIONS, PConvUNetConfig
from .pconv import PartialConv2d


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

    def forward(self, x: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Float (B, C, H, W) and (B, G, H, W) to float (B, out, H', W') and (B, 1, H', W').

        Without ``valid`` everything is known: an ordinary convolution.
        """
        if valid is None:
            return self.activation(self.norm(self.conv.convolve_known(x))), None
        x, valid = self.conv.convolve(x, valid)
        return self.activation(self.norm(x)) * valid, valid


class ResidualUnit(nn.Module):
    """x + block(block(x)); the second block starts small, so that deep nets train without norm."""

    def __init__(self, channels: int, norm: str, activation: str, bias: bool) -> None:
        super().__init__()
        self.first = PConvBlock(channels, channels, 3, 1, norm, activation, bias)
        self.second = PConvBlock(channels, channels, 3, 1, norm, "none", bias)
        with torch.no_grad():
            self.second.conv.weight.mul_(0.1)

    def forward(self, x: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Float (B, C, H, W) and (B, 1, H, W) to the same."""
        change, valid = self.second(*self.first(x, valid))
        return x + change, valid


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
        self.full = c.residual  # nothing is unknown after the smooth fill has been seen

    def forward(self, x: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Float (B, C, H, W) and (B, G, H, W) to the same, one group, at the level's size."""
        x, valid = self.first(x, valid)
        if self.full:
            valid = None
        for unit in self.units:
            x, valid = unit(x, valid)
        return x, valid


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

    def forward(
        self, x: Tensor, valid: Tensor | None, skip: Tensor, skip_valid: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Float (B, C, h, w), (B, 1, h, w) and the skip's (B, S, H, W), (B, 1, H, W)."""
        x = self._enlarge(self.lift(x))
        if self.block is None:
            x = x + skip
        elif valid is not None and skip_valid is not None:
            valid = torch.cat([self._enlarge(valid), skip_valid], 1)
            x, valid = self.block(torch.cat([x, skip], 1), valid)
        for unit in self.units:
            x, valid = unit(x, valid)
        return x, valid

    def _enlarge(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=self.stride) if self.stride > 1 else x
