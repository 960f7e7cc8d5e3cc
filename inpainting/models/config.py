"""Shape of a U-Net: what both of them have in common."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import nn

from inpainting.errors import InvalidConfig

# In place: what they are given is the fresh result of a convolution or a norm.
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": partial(nn.ReLU, inplace=True),
    "leaky_relu": partial(nn.LeakyReLU, 0.2, inplace=True),
    "none": nn.Identity,
}

MOST_LEVELS = 16
# A configuration may come from anywhere, and must not ask for a network without end.
RANGES = {
    "channels": (1, 8192), "kernels": (1, 31), "strides": (1, 8), "units": (0, 16),
    "fold": (1, 16), "smooth_steps": (0, 1000), "error_channels": (0, 1024),
    "passes": (1, 4), "structure": (1, 8192), "finish": (0, 1024),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class UNetConfig:
    """Numbers of a U-Net; the tuples have one entry per encoder level, from the picture downwards.

    Raises:
        InvalidConfig: when the tuples differ in length, a name is unknown or a number absurd.
    """

    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    units: tuple[int, ...]  # residual units, in the encoder and again in the decoder
    norm: str  # "batch" or "none"
    norm_first: bool  # the paper leaves its first encoder layer without norm
    encoder_activation: str
    decoder_activation: str
    bias: bool = False  # of layers that a norm follows; the others always have one

    def __post_init__(self) -> None:
        levels = ("channels", "kernels", "strides", "units")
        for name in levels:
            object.__setattr__(self, name, tuple(getattr(self, name)))  # JSON gives lists
        for name, (low, high) in RANGES.items():
            numbers = getattr(self, name, ())
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
        return math.prod(self.strides)
