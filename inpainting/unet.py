"""The partial-convolution U-Net of arXiv:1804.07723, section 3.2, and a small faster cousin.

Both are one class: a list of encoder levels, mirrored by the decoder. Every decoder block
concatenates its up-sampled input with the encoder's features of that size, and likewise the two
masks; the last one sees the picture itself.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .errors import InvalidConfig
from .pconv import PartialConv2d, check_valid, zero_holes
from .smooth_fill import smooth_fill

ACTIVATIONS = {"relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(0.2), "none": nn.Identity()}


@dataclass(frozen=True)
class PConvUNetConfig:
    """Shape of a :class:`PConvUNet`; the defaults are the preset ``default``.

    The tuples have one entry per encoder level, from the picture downwards.

    Raises:
        InvalidConfig: when the tuples differ in length or a name is unknown.
    """

    channels: tuple[int, ...] = (16, 24, 48, 96, 160, 256)
    kernels: tuple[int, ...] = (5, 3, 3, 3, 3, 3)
    # The first level stays at full resolution: thin holes need detail that a stride would drop.
    strides: tuple[int, ...] = (1, 2, 2, 2, 2, 2)
    units: tuple[int, ...] = (0, 1, 1, 2, 2, 2)  # residual units after the level's first layer
    head: int = 16  # channels before the last layer; 0 = the last decoder block paints itself
    residual: bool = True  # paint a correction of the smooth fill instead of the pixels
    smooth_steps: int = 48  # of conjugate gradients; 12 instead lose 0.5 dB in the hole
    norm: str = "batch"  # or "none"
    norm_first: bool = True  # the paper leaves its first encoder layer without norm
    encoder_activation: str = "relu"
    decoder_activation: str = "leaky_relu"
    bias: bool = False  # of layers that a norm follows; the others always have one

    def __post_init__(self) -> None:
        levels = ("channels", "kernels", "strides", "units")
        for name in levels:
            object.__setattr__(self, name, tuple(getattr(self, name)))  # JSON gives lists
        lengths = [len(getattr(self, name)) for name in levels]
        if len(set(lengths)) != 1 or not self.channels:
            raise InvalidConfig(
                f"{', '.join(levels)} have {lengths} entries: each needs one per encoder level."
            )
        if self.norm not in ("batch", "none"):
            raise InvalidConfig(f"norm is {self.norm!r}: use 'batch' or 'none'.")
        for activation in (self.encoder_activation, self.decoder_activation):
            if activation not in ACTIVATIONS:
                raise InvalidConfig(f"activation {activation!r}: use one of {list(ACTIVATIONS)}.")

    @property
    def multiple(self) -> int:
        """Height and width of the input must be multiples of this."""
        return math.prod(self.strides)

    @property
    def first_skip(self) -> int:
        """Channels that the last decoder block sees beside its own: the picture, or smooth fill
        and hole."""
        return 4 if self.residual else 3

    @classmethod
    def preset(cls, name: str) -> "PConvUNetConfig":
        """A named shape: ``default``, or ``classic``, the paper's with 7 levels for 256 px.

        Raises:
            InvalidConfig: for any other name.
        """
        if name not in PRESETS:
            raise InvalidConfig(f"There is no preset {name!r}: use one of {list(PRESETS)}.")
        return PRESETS[name]


PRESETS = {
    "default": PConvUNetConfig(),
    "classic": PConvUNetConfig(
        channels=(64, 128, 256, 512, 512, 512, 512),
        kernels=(7, 5, 5, 3, 3, 3, 3),
        strides=(2,) * 7,
        units=(0,) * 7,
        head=0,
        residual=False,
        norm_first=False,
    ),
}


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

    def forward(self, x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Float (B, C, H, W) and (B, G, H, W) to float (B, out, H', W') and (B, 1, H', W')."""
        x, valid = self.conv.convolve(x, valid)
        return self.activation(self.norm(x)) * valid, valid


class EncoderLevel(nn.Module):
    """One :class:`PConvBlock`, then residual units that keep the size."""

    def __init__(self, config: PConvUNetConfig, level: int) -> None:
        super().__init__()
        c = config
        in_channels = c.channels[level - 1] if level else 3
        out_channels = c.channels[level]
        norm = c.norm if level or c.norm_first else "none"
        act = c.encoder_activation
        self.first = PConvBlock(
            in_channels, out_channels, c.kernels[level], c.strides[level], norm, act, c.bias
        )
        self.units = nn.ModuleList(
            PConvBlock(out_channels, out_channels, 3, 1, c.norm, act, c.bias)
            for _ in range(c.units[level])
        )

    def forward(self, x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Float (B, C, H, W) and (B, 1, H, W) to the same at the level's size."""
        x, valid = self.first(x, valid)
        for unit in self.units:
            change, valid = unit(x, valid)
            x = x + change
        return x, valid


class DecoderLevel(nn.Module):
    """Up-sample (nearest), join with the encoder's features of that size, :class:`PConvBlock`."""

    def __init__(self, config: PConvUNetConfig, level: int) -> None:
        super().__init__()
        c = config
        skip = c.channels[level - 1] if level else c.first_skip
        paints = level == 0 and not c.head
        self.stride = c.strides[level]
        self.block = PConvBlock(
            (c.channels[level], skip),
            3 if paints else skip if level else c.head,
            kernel_size=3,
            norm="none" if paints else c.norm,
            activation="none" if paints else c.decoder_activation,
            bias=c.bias,
        )

    def forward(
        self, x: Tensor, valid: Tensor, skip: Tensor, skip_valid: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Float (B, C, h, w), (B, 1, h, w) and the skip's (B, S, H, W), (B, 1, H, W)."""
        if self.stride > 1:
            x = F.interpolate(x, scale_factor=self.stride)  # (B, C, H, W)
            valid = F.interpolate(valid, scale_factor=self.stride)  # (B, 1, H, W)
        return self.block(torch.cat([x, skip], 1), torch.cat([valid, skip_valid], 1))


class PConvUNet(nn.Module):
    """Fills holes in a batch of pictures.

    ``freeze_encoder_norm`` is the paper's second phase: while it is True, :meth:`train` leaves
    the encoder's batch norms in evaluation mode, so that their statistics, and the share of
    holes in them, stop moving.
    """

    def __init__(self, config: PConvUNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or PConvUNetConfig()
        self.freeze_encoder_norm = False
        levels = range(len(config.channels))
        self.encoder = nn.ModuleList(EncoderLevel(config, level) for level in levels)
        self.decoder = nn.ModuleList(DecoderLevel(config, level) for level in reversed(levels))
        self.head = PartialConv2d(config.head, 3, kernel_size=3) if config.head else None
        if config.residual:  # training starts at the smooth fill
            nn.init.zeros_(self._last_layer().weight)

    def _last_layer(self) -> PartialConv2d:
        if self.head is not None:
            return self.head
        level = self.decoder[-1]
        assert isinstance(level, DecoderLevel)
        return level.block.conv

    def train(self, mode: bool = True) -> "PConvUNet":
        """As in ``nn.Module``, but honours ``freeze_encoder_norm``."""
        super().train(mode)
        if self.freeze_encoder_norm:
            for module in self.encoder.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def forward(self, image: Tensor, valid: Tensor) -> Tensor:
        """Paint the whole picture from its known pixels.

        Args:
            image: float (B, 3, H, W), RGB in [0, 1]; hole content is ignored, NaN included.
            valid: float (B, 1, H, W), 1 = known.

        Returns:
            Float (B, 3, H, W), RGB, about [0, 1] and not clamped. Known pixels are painted
            too: see :func:`inpainting.masks.composite`.

        Raises:
            InvalidMask: when ``valid`` is not float with one channel.
            InvalidConfig: when H or W is not a multiple of ``config.multiple``.
        """
        check_valid(valid, channels=1)
        self._check_size(image)
        image = zero_holes(image, valid)  # (B, 3, H, W)
        x = (2 * image - 1) * valid  # centred, zero in holes
        start, skip = None, (x, valid)
        if self.config.residual:
            smooth = smooth_fill(image, valid, self.config.smooth_steps)
            start = 2 * smooth.clamp(0, 1) - 1  # (B, 3, H, W)
            skip = torch.cat([start, 1 - valid], 1), torch.ones_like(valid)
        skips = [skip]
        for level in self.encoder:
            x, valid = level(x, valid)  # (B, C, H/2^l, W/2^l)
            skips.append((x, valid))
        skips.pop()
        for level in self.decoder:
            x, valid = level(x, valid, *skips.pop())  # (B, C, H/2^l, W/2^l)
        if self.head is not None:
            x, valid = self.head.convolve(x, valid)  # (B, 3, H, W)
        if start is not None:
            x = start + x
        return (x + 1) / 2

    def _check_size(self, image: Tensor) -> None:
        height, width = image.shape[-2:]
        multiple = self.config.multiple
        if height % multiple or width % multiple:
            raise InvalidConfig(
                f"The input is {height}×{width} pixels but this network needs multiples of "
                f"{multiple} (it halves the size {int(math.log2(multiple))} times): pad it with "
                "images.pad_to_multiple, or use InpaintingPipeline, which does."
            )
