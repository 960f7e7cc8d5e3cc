"""U-Nets of our shapes and other convolutions: without masks, and with masks as usually published.

They do the same multiplications as ours; what their pictures look like does not matter.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inpainting.models.base import NetworkConfig
from inpainting.models.config import ACTIVATIONS, UNetConfig
from inpainting.models.normalize import depth_to_space, space_to_depth
from inpainting.models.pconv_unet import PConvUNetConfig
from inpainting.models.residual_unet import ResidualUNetConfig

MakeConv = Callable[..., nn.Module]


class UsualPartialConv(nn.Module):
    """As in the published implementations: the mask has every channel and meets a ones-kernel."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.feature = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_channels))
        ones = torch.ones_like(self.feature.weight)
        self.register_buffer("ones", ones, persistent=False)
        self.window = in_channels * kernel**2

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        y = self.feature(x * mask)
        with torch.no_grad():
            count = F.conv2d(mask, self.ones, None, self.feature.stride, self.feature.padding)
        empty = count == 0
        y = y / count.masked_fill(empty, 1.0) * self.window + self.bias.view(1, -1, 1, 1)
        return y.masked_fill(empty, 0.0), torch.ones_like(y).masked_fill(empty, 0.0)


class PlainConv(nn.Conv2d):
    """An ordinary convolution; the mask passes by."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, kernel // 2)

    def forward(self, x: Tensor, mask: None) -> tuple[Tensor, None]:
        return super().forward(x), None


class Block(nn.Module):
    def __init__(
        self, make: MakeConv, sizes: tuple[int, int, int, int], norm: bool, activation: str
    ) -> None:
        super().__init__()
        self.conv = make(*sizes)
        self.norm = nn.BatchNorm2d(sizes[1]) if norm else nn.Identity()
        self.activation = ACTIVATIONS[activation]()

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        x, mask = self.conv(x, mask)
        return self.activation(self.norm(x)), mask


class Unit(nn.Module):
    def __init__(self, make: MakeConv, channels: int, norm: bool, activation: str) -> None:
        super().__init__()
        self.first = Block(make, (channels, channels, 3, 1), norm, activation)
        self.second = Block(make, (channels, channels, 3, 1), norm, "none")

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        y, mask = self.second(*self.first(x, mask))
        return y.add_(x), mask


class PlainUNet(nn.Module):
    """Encoder of a U-Net; subclasses have its decoder.

    Args:
        config: shape of one of our networks.
        make: a class of convolutions that take and give features and mask.
        in_channels: of the first layer.
    """

    def __init__(self, config: UNetConfig, make: MakeConv, in_channels: int) -> None:
        super().__init__()
        self.make = make
        self.norm = config.norm == "batch"
        self.encoder = nn.ModuleList()
        for i, channels in enumerate(config.channels):
            sizes = (in_channels, channels, config.kernels[i], config.strides[i])
            norm = self.norm and (i > 0 or config.norm_first)
            first = Block(make, sizes, norm, config.encoder_activation)
            units = self.units(channels, config.units[i], config.encoder_activation)
            self.encoder.append(nn.ModuleList([first, *units]))
            in_channels = channels

    def units(self, channels: int, count: int, activation: str) -> list[Unit]:
        return [Unit(self.make, channels, self.norm, activation) for _ in range(count)]

    def encode(self, x: Tensor, mask: Tensor | None) -> list[tuple[Tensor, Tensor | None]]:
        """Features and mask of every level, the input's first."""
        skips = [(x, mask)]
        for level in self.encoder:
            for part in level:
                x, mask = part(x, mask)
            skips.append((x, mask))
        return skips

    def fused(self) -> "PlainUNet":
        """Norms in the convolutions, as in ours."""
        for block in self.modules():
            if isinstance(block, Block) and isinstance(block.norm, nn.BatchNorm2d):
                fused = fuse_conv_bn_eval(block.conv, block.norm)
                block.conv.weight, block.conv.bias, block.norm = (
                    fused.weight, fused.bias, nn.Identity(),
                )  # fmt: skip
        return self


class PlainConcatUNet(PlainUNet):
    """Of the shape of a :class:`PConvUNet`: the decoder concatenates skips."""

    def __init__(self, config: PConvUNetConfig, make: MakeConv) -> None:
        super().__init__(config, make, in_channels=3)
        c = self.config = config
        self.decoder = nn.ModuleList()
        for i in reversed(range(len(c.channels))):
            channels = c.channels[i - 1] if i else 3
            sizes = (c.channels[i] + channels, channels, 3, 1)
            join = Block(make, sizes, self.norm and i > 0, c.decoder_activation if i else "none")
            units = self.units(channels, c.units[i - 1] if i else 0, c.decoder_activation)
            self.decoder.append(nn.ModuleList([join, *units]))

    def forward(self, picture: Tensor, mask: Tensor | None = None) -> Tensor:
        """Float (B, 3, H, W); ``mask`` float (B, 3, H, W), for usual partial convolutions only."""
        skips = self.encode(picture, mask)
        x, mask = skips.pop()
        for stride, (join, *units) in zip(reversed(self.config.strides), self.decoder, strict=True):
            skip, skip_mask = skips.pop()
            x = torch.cat([F.interpolate(x, scale_factor=stride), skip], 1)
            if mask is not None:
                mask = torch.cat([F.interpolate(mask, scale_factor=stride), skip_mask], 1)
            x, mask = join(x, mask)
            for unit in units:
                x, mask = unit(x, mask)
        return x


class PlainAddUNet(PlainUNet):
    """Of the shape of a :class:`ResidualUNet`, without its smooth fill: the decoder adds skips."""

    def __init__(self, config: ResidualUNetConfig, make: MakeConv) -> None:
        super().__init__(config, make, in_channels=sum(config.inputs))
        c = self.config = config
        self.decoder = nn.ModuleList()
        for i in reversed(range(1, len(c.channels))):
            lift = nn.Conv2d(c.channels[i], c.channels[i - 1], 1)
            units = self.units(c.channels[i - 1], c.units[i - 1], c.decoder_activation)
            self.decoder.append(nn.ModuleList([lift, *units]))
        self.head = nn.Conv2d(c.channels[0], 4 * c.fold**2, 3, padding=1)

    def forward(self, picture: Tensor, mask: Tensor | None = None) -> Tensor:
        """As of :class:`PlainConcatUNet`, with a fourth channel for the log-scale."""
        fold = self.config.fold
        # Our network's other inputs are a second picture and the hole.
        x = space_to_depth(torch.cat([picture, picture, picture[:, :1]], 1), fold)
        x = x.contiguous(memory_format=torch.channels_last)
        if mask is not None:
            known = torch.ones_like(picture[:, :1]).expand(-1, 4, -1, -1)
            mask = space_to_depth(torch.cat([mask, known], 1), fold)
        skips = self.encode(x, mask)[1:]
        x, _ = skips.pop()
        for stride, (lift, *units) in zip(
            reversed(self.config.strides), self.decoder, strict=False
        ):
            skip, mask = skips.pop()
            x = F.interpolate(lift(x), scale_factor=stride).add_(skip)
            for unit in units:
                x, mask = unit(x, mask)
        return depth_to_space(self.head(x), fold)


def plain_net(config: NetworkConfig, make: MakeConv) -> PlainUNet:
    """The network of a configuration's shape."""
    if isinstance(config, ResidualUNetConfig):
        return PlainAddUNet(config, make)
    assert isinstance(config, PConvUNetConfig)
    return PlainConcatUNet(config, make)
