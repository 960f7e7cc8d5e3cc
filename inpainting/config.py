"""The shape of a network, and the two that have names."""

import math
from dataclasses import dataclass

from torch import nn

from .errors import InvalidConfig

# In place: what they are given is the fresh result of a convolution or a norm.
ACTIVATIONS = {
    "relu": nn.ReLU(inplace=True),
    "leaky_relu": nn.LeakyReLU(0.2, inplace=True),
    "none": nn.Identity(),
}

MOST_LEVELS = 16
RANGES = {  # a configuration may come from anywhere, and must not ask for a network without end
    "channels": (1, 8192), "kernels": (1, 31), "strides": (1, 8), "units": (0, 16),
    "fold": (1, 16), "smooth_steps": (0, 1000),
}  # fmt: skip


@dataclass(frozen=True)
class PConvUNetConfig:
    """Shape of a :class:`~inpainting.unet.PConvUNet`; the defaults are the preset ``default``.

    The tuples have one entry per encoder level, from the picture downwards.

    Raises:
        InvalidConfig: when the tuples differ in length, a name is unknown or a number absurd.
    """

    channels: tuple[int, ...] = (48, 64, 96, 160, 256)
    kernels: tuple[int, ...] = (3, 3, 3, 3, 3)
    strides: tuple[int, ...] = (1, 2, 2, 2, 2)
    units: tuple[int, ...] = (1, 1, 1, 1, 1)  # residual units, on the way down and up again
    residual: bool = True  # correct the smooth fill instead of painting pixels
    fold: int = 2  # side of the squares of pixels that become channels; residual only
    smooth_steps: int = 6  # of conjugate gradients for the smooth fill; see there
    norm: str = "none"  # or "batch"
    norm_first: bool = True  # the paper leaves its first encoder layer without norm
    encoder_activation: str = "leaky_relu"
    decoder_activation: str = "leaky_relu"
    bias: bool = False  # of layers that a norm follows; the others always have one

    def __post_init__(self) -> None:
        levels = ("channels", "kernels", "strides", "units")
        for name in levels:
            object.__setattr__(self, name, tuple(getattr(self, name)))  # JSON gives lists
        for name, (low, high) in RANGES.items():
            numbers = getattr(self, name)
            for number in numbers if isinstance(numbers, tuple) else (numbers,):
                if type(number) is not int or not low <= number <= high:
                    raise InvalidConfig(
                        f"{name} has {number!r}: whole numbers from {low} to {high} are needed."
                    )
        lengths = [len(getattr(self, name)) for name in levels]
        if len(set(lengths)) != 1 or not 1 <= len(self.channels) <= MOST_LEVELS:
            raise InvalidConfig(
                f"{', '.join(levels)} have {lengths} entries: each needs one per encoder level, of "
                f"which there may be {MOST_LEVELS}."
            )
        if self.norm not in ("batch", "none"):
            raise InvalidConfig(f"norm is {self.norm!r}: use 'batch' or 'none'.")
        for activation in (self.encoder_activation, self.decoder_activation):
            if activation not in ACTIVATIONS:
                raise InvalidConfig(f"activation {activation!r}: use one of {list(ACTIVATIONS)}.")

    @property
    def multiple(self) -> int:
        """Height and width of the input must be multiples of this."""
        return math.prod(self.strides) * (self.fold if self.residual else 1)

    @property
    def inputs(self) -> tuple[int, ...]:
        """Channels of the first layer, one number per group with a mask of its own."""
        if not self.residual:
            return (3,)
        # Every pixel of a square is a group; smooth fill and hole are known in all of them.
        return (3,) * self.fold**2 + (4 * self.fold**2,)

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
        residual=False,
        norm="batch",
        norm_first=False,
        encoder_activation="relu",
    ),
}
