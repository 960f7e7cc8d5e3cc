"""Structure: the lines of what is missing and its colours without texture, predicted first.

A small U-Net beside the large one predicts both, and the large one fills by what was predicted, as
it does by what somebody has given, which replaces what was predicted. After Nazeri et al.,
"EdgeConnect", ICCV Workshops 2019, arXiv:1901.00212 (lines), and Ren et al., "StructureFlow", ICCV
2019, arXiv:1908.03852 (colours).

Departures: both are learned at once, and no gradient of the fill reaches the structure, so that it
stays what its own loss says it is; no appearance flow.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from inpainting.models.blocks import AddLevel, encoder
from inpainting.models.config import UNetConfig

FEW = -2.0  # the logit of a line before training: one pixel in eight


class Found(NamedTuple):
    """A predicted structure: ``colours``, float (B, 3, H, W), relative to local mean and contrast,
    and ``line``, float (B, 1, H, W), logits; None of a network that predicts none.
    """

    colours: Tensor | None
    line: Tensor | None

    def beside(self, drawn: Tensor, missing: Tensor) -> Tensor:
        """Features of a guide, with what was predicted where nobody has given anything.

        Args:
            drawn: of :meth:`inpainting.models.guide.Guide.features`.
            missing: float (B, 1, H, W), 1 = missing.
        """
        assert self.colours is not None and self.line is not None
        colour, where, line, told = drawn.split([3, 1, 1, 1], 1)
        colour = torch.where(where > 0, colour, self.colours.detach() * missing)
        line = torch.where(told > 0, line, self.line.detach().sigmoid() * missing)
        return torch.cat([colour, where, line, told], 1)


class StructureNet(nn.Module):
    """Predicts lines and colours of squares of pixels.

    Args:
        channels: of its levels, each but the first of half the size.
        inputs: channels of the features that it looks at.
        pixels: of a square.
    """

    def __init__(self, channels: Sequence[int], inputs: int, pixels: int) -> None:
        super().__init__()
        levels = len(channels)
        config = UNetConfig(
            channels=tuple(channels), kernels=(3,) * levels, strides=(1,) + (2,) * (levels - 1),
            units=(1,) * levels, norm="none", norm_first=True,
            encoder_activation="leaky_relu", decoder_activation="leaky_relu",
        )  # fmt: skip
        self.encoder = encoder(config, inputs)
        self.decoder = nn.ModuleList(AddLevel(config, k) for k in reversed(range(1, levels)))
        self.head = nn.Conv2d(channels[0], 4 * pixels, 3, padding=1)
        self.pixels = pixels
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            assert self.head.bias is not None
            self.head.bias.copy_(torch.tensor([0.0] * 3 * pixels + [FEW] * pixels))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Float (B, inputs, h, w) to (B, 3·pixels, h, w), what is to be added to the smooth fill,
        and (B, pixels, h, w), the logits of lines.
        """
        skips = []
        for level in self.encoder:
            x = level(x)
            skips.append(x)
        skips.pop()
        for wider in self.decoder:
            x = wider(x, skips.pop())
        colours, lines = self.head(x).split([3 * self.pixels, self.pixels], 1)
        return colours, lines
