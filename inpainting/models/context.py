"""Context: what lets a place of the features look farther than convolutions do.

Each form takes features (B, C, h, w) and says what is to be added to them: nothing, before it has
been trained, so that weights of a network without it can be gone on from. ``known`` is the share of
known pixels in each place, float (B, 1, h, w) in [0, 1].
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KEY = 32  # channels that places are compared by
SHARPNESS = 10.0  # cosines are multiplied by it, as in arXiv:1801.07892
WHOLE = 1 - 1e-3  # share of known pixels from which a place is known
RATES = (1, 2, 4, 8)  # of dilation


class KnownAttention(nn.Module):
    """Every place takes from those known places that look like it.

    The contextual attention of Yu et al., "Generative Image Inpainting with Contextual Attention",
    CVPR 2018, arXiv:1801.07892, on single places instead of patches. A place is known if all of its
    pixels are; unknown ones have a weight of exactly 0 (there: a score of 0 before the softmax).
    Where nothing is known nothing is added.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, KEY, 1)
        self.key = nn.Conv2d(channels, KEY, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.out = _silent(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Float (B, C, h, w) and (B, 1, h, w) to (B, C, h, w)."""
        query, key, whole = self._compared(x, known)
        some = whole.any(1)[:, None]
        value = _places(self.value(x)).float()
        seen = (whole | ~some)[:, None]
        taken = F.scaled_dot_product_attention(query, key, value, seen, scale=SHARPNESS)
        taken = taken * some[:, None]
        return self.out(taken.mT.reshape(x.shape).to(x.dtype))

    def sources(self, x: Tensor, known: Tensor) -> Tensor:
        """From which place each one takes most: long (B, h, w), row · w + column.

        Args:
            x, known: of :meth:`forward`; something is known.
        """
        query, key, whole = self._compared(x, known)
        alike = (query @ key.mT).masked_fill(~whole[:, None], -torch.inf)
        return alike.argmax(2).reshape(len(x), *x.shape[-2:])

    def _compared(self, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Float (B, h·w, KEY) twice, and bool (B, h·w), which places are known."""
        whole = (known.flatten(2) > WHOLE)[:, 0]
        query, key = (F.normalize(_places(y(x)).float(), dim=2) for y in (self.query, self.key))
        return query, key, whole


class Dilated(nn.Module):
    """Convolutions that leave out ever more: 1, 2, 4 and 8 places apart, a quarter of the channels.

    The block of AOT-GAN (Zeng et al., arXiv:2104.01431, section 3.2) without its gate: what is
    added is small at first anyway.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        part = max(1, channels // len(RATES))
        self.branches = nn.ModuleList(
            nn.Conv2d(channels, part, 3, padding=rate, dilation=rate) for rate in RATES
        )
        self.out = _silent(nn.Conv2d(part * len(RATES), channels, 3, padding=1))

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Float (B, C, h, w) to the same; ``known`` is not looked at."""
        return self.out(F.leaky_relu(torch.cat([branch(x) for branch in self.branches], 1), 0.2))


class Fourier(nn.Module):
    """A convolution of 1×1 on the spectrum: each of its numbers is of all places.

    The spectral transform of LaMa (Suvorov et al., arXiv:2109.07161, section 2.1; Chi et al., "Fast
    Fourier Convolution", NeurIPS 2020). To it the picture goes on beyond its border from the other
    side.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        part = max(1, channels // 2)
        self.first = nn.Conv2d(channels, part, 1)
        self.spectrum = nn.Conv2d(2 * part, 2 * part, 1)
        self.out = _silent(nn.Conv2d(part, channels, 1))

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Float (B, C, h, w) to the same; ``known`` is not looked at."""
        y = F.leaky_relu(self.first(x), 0.2).float()
        waves = torch.fft.rfft2(y, norm="ortho")
        both = torch.cat([waves.real, waves.imag], 1)
        real, imaginary = F.leaky_relu(self.spectrum(both).float(), 0.2).chunk(2, 1)
        y = torch.fft.irfft2(torch.complex(real, imaginary), s=y.shape[-2:], norm="ortho")
        return self.out(y.to(x.dtype))


CONTEXTS: dict[str, type[nn.Module]] = {
    "attention": KnownAttention, "dilated": Dilated, "fourier": Fourier,
}  # fmt: skip


def _silent(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with weights of 0: before training it adds nothing."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def _places(x: Tensor) -> Tensor:
    """(B, C, h, w) to (B, h·w, C)."""
    return x.flatten(2).mT
