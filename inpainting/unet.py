"""The partial-convolution U-Net of arXiv:1804.07723, section 3.2, and a network that corrects.

Both are one class: a list of encoder levels, mirrored by the decoder. A ``residual`` network does
not paint pixels, it corrects the smooth fill (:mod:`inpainting.correction`): it works on squares
of pixels folded into channels, so that detail costs little, and, as the smooth fill knows
something everywhere, its mask is full after the first layer and is carried no further.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .config import PConvUNetConfig
from .correction import fold, surroundings, unfold
from .errors import InvalidConfig
from .levels import DecoderLevel, EncoderLevel
from .pconv import check_valid, zero_holes
from .smooth_fill import smooth_fill


class Painted(NamedTuple):
    """What a network makes of a batch.

    ``image``: float (B, 3, H, W), RGB, about [0, 1] and not clamped; known pixels are painted
    too, see :func:`inpainting.masks.composite`. ``scale``: float (B, 1, H, W) > 0, in units of
    ``image``, how far the fill is expected to be off: the scale b of a Laplace distribution, which
    is its mean absolute error; None from a network that paints without a smooth start.
    """

    image: Tensor
    scale: Tensor | None


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
        encoder = [EncoderLevel(config, level) for level in levels]
        self.encoder = nn.ModuleList(encoder)
        lowest = 1 if config.residual else 0
        self.decoder = nn.ModuleList(DecoderLevel(config, i) for i in reversed(levels[lowest:]))
        if config.residual:
            features, pixels = config.channels[0], config.fold**2
            self.head = nn.Conv2d(features, 3 * pixels, 3, padding=1)
            self.doubt = nn.Conv2d(features, pixels, 3, padding=1)
            for level in encoder[1:]:  # deep features start small too
                nn.init.kaiming_uniform_(level.first.conv.weight, a=math.sqrt(5))
            # Training starts at the smooth fill.
            for parameter in (*self.head.parameters(), *self.doubt.parameters()):
                nn.init.zeros_(parameter)

    def train(self, mode: bool = True) -> "PConvUNet":
        """As in ``nn.Module``, but honours ``freeze_encoder_norm``."""
        super().train(mode)
        if self.freeze_encoder_norm:
            for module in self.encoder.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def forward(self, image: Tensor, valid: Tensor) -> Painted:
        """Paint the whole picture from its known pixels.

        Args:
            image: float (B, 3, H, W), RGB in [0, 1]; hole content is ignored, NaN included.
            valid: float (B, 1, H, W), 1 = known.

        Raises:
            InvalidMask: when ``valid`` is not float with one channel.
            InvalidConfig: when H or W is not a multiple of ``config.multiple``.
        """
        check_valid(valid, channels=1)
        self._check_size(image)
        image = zero_holes(image, valid)  # (B, 3, H, W)
        return self._correct(image, valid) if self.config.residual else self._paint(image, valid)

    def _paint(self, image: Tensor, valid: Tensor) -> Painted:
        picture = (2 * image - 1) * valid  # centred, zero in holes
        x, _ = self._body(picture, valid, [(picture, valid)])
        return Painted((x + 1) / 2, None)

    def _correct(self, image: Tensor, valid: Tensor) -> Painted:
        start = smooth_fill(image, valid, self.config.smooth_steps).clamp(0, 1)
        mean, contrast = surroundings(image, valid, start)
        known = (image - mean) / contrast * valid  # (B, 3, H, W)
        factor = self.config.fold
        groups = fold(valid, factor)  # (B, factor², H/factor, W/factor)
        smooth = torch.cat([(start - mean) / contrast, 1 - valid], 1)  # (B, 4, H, W)
        x = torch.cat([fold(known, factor), fold(smooth, factor)], 1)
        x = x.contiguous(memory_format=torch.channels_last)
        x, _ = self._body(x, torch.cat([groups, torch.ones_like(groups[:, :1])], 1), [])
        change = unfold(self.head(x), factor)  # (B, 3, H, W)
        # Detached: being asked how sure it is must not change what the network paints.
        doubt = unfold(self.doubt(x.detach()), factor)  # (B, 1, H, W)
        # Within e⁻³ … e³ of the contrast: one surprise in a flat sky must not outweigh a batch.
        return Painted(start + contrast * change, contrast * (3 * torch.tanh(doubt / 3)).exp())

    def _body(
        self, x: Tensor, valid: Tensor | None, skips: list[tuple[Tensor, Tensor | None]]
    ) -> tuple[Tensor, Tensor | None]:
        """All levels down and up; ``skips`` is what the last decoder level joins with, if any."""
        for level in self.encoder:
            x, valid = level(x, valid)  # (B, C, H/2^l, W/2^l)
            skips.append((x, valid))
        skips.pop()
        for level in self.decoder:
            x, valid = level(x, valid, *skips.pop())  # (B, C, H/2^l, W/2^l)
        return x, valid

    def _check_size(self, image: Tensor) -> None:
        height, width = image.shape[-2:]
        multiple = self.config.multiple
        if height % multiple or width % multiple:
            raise InvalidConfig(
                f"The input is {height}×{width} pixels but this network needs multiples of "
                f"{multiple} (it halves the size {int(math.log2(multiple))} times): pad it with "
                "images.pad_to_multiple, or use InpaintingPipeline, which does."
            )
