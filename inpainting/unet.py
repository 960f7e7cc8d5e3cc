"""The partial-convolution U-Net of arXiv:1804.07723, section 3.2, and a network that corrects.

Both are one class: a list of encoder levels, mirrored by the decoder. A ``residual`` network does
not paint pixels, it corrects the smooth fill (:mod:`inpainting.correction`): it works on squares
of pixels folded into channels, so that detail costs little, and, as the smooth fill knows
something everywhere, its mask is full after the first layer and is carried no further.
"""

import math
from collections.abc import Sequence
from itertools import chain, repeat
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import PConvUNetConfig
from .correction import fold, surroundings, unfold
from .errors import InvalidConfig
from .levels import DecoderLevel, EncoderLevel, Plan, Steps
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

    encoder: Sequence[EncoderLevel]
    decoder: Sequence[DecoderLevel]

    def __init__(self, config: PConvUNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or PConvUNetConfig()
        self.freeze_encoder_norm = False
        levels = range(len(config.channels))
        encoder = [EncoderLevel(config, level) for level in levels]
        lowest = 1 if config.residual else 0
        decoder = [DecoderLevel(config, level) for level in reversed(levels[lowest:])]
        self.encoder = nn.ModuleList(encoder)  # type: ignore[assignment]
        self.decoder = nn.ModuleList(decoder)  # type: ignore[assignment]
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
            for name, module in self.named_modules():
                if name.startswith("encoder.") and isinstance(module, nn.BatchNorm2d):
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
        picture = picture.contiguous(memory_format=torch.channels_last)
        x = self._body(picture, [picture], self.plan(valid))
        return Painted((x.float() + 1) / 2, None)

    def plan(self, valid: Tensor) -> Plan:
        """What a mask makes of every layer of a network that paints; see :mod:`levels`.

        Where a mask has become full it is carried no further. One look tells for all layers: on a
        GPU each would wait for all that was started before.
        """
        steps: Steps = []
        skips = [valid]
        for level in self.encoder:
            skips.append(level.plan(skips[-1], steps))
        valid = skips.pop()
        for wider in self.decoder:
            valid = wider.plan(valid, skips.pop(), steps)
        full = torch.stack([known.amin() for _, known in steps]).tolist()
        return ((r, None if f else k) for (r, k), f in zip(steps, full, strict=True))

    def _correct(self, image: Tensor, valid: Tensor) -> Painted:
        start = smooth_fill(image, valid, self.config.smooth_steps).clamp(0, 1)
        mean, contrast = surroundings(image, valid, start)
        known = (image - mean) / contrast * valid  # (B, 3, H, W)
        factor = self.config.fold
        groups = fold(valid, factor)  # (B, factor², H/factor, W/factor)
        groups = torch.cat([groups, torch.ones_like(groups[:, :1])], 1)
        smooth = torch.cat([(start - mean) / contrast, 1 - valid], 1)  # (B, 4, H, W)
        x = torch.cat([fold(known, factor), fold(smooth, factor)], 1)
        x = x.contiguous(memory_format=torch.channels_last)
        # The smooth fill is known everywhere: after the first layer, so is everything.
        ratio, _ = self.encoder[0].first.conv.renormalise(groups)
        x = self._body(x, [], chain([(ratio, None)], repeat(None)))
        change, doubt = (unfold(y, factor) for y in self._answer(x))  # (B, 3 and 1, H, W)
        # Within e⁻³ … e³ of the contrast: one surprise in a flat sky must not outweigh a batch.
        return Painted(start + contrast * change, contrast * (3 * torch.tanh(doubt / 3)).exp())

    def _answer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Changes and doubts of squares of pixels."""
        if torch.is_grad_enabled():
            # Detached: being asked how sure it is must not change what the network paints.
            return self.head(x), self.doubt(x.detach())
        layers = (self.head, self.doubt)  # one convolution of both
        weight, bias = (torch.cat([getattr(y, n) for y in layers]) for n in ("weight", "bias"))
        change, doubt = F.conv2d(x, weight, bias, padding=1).split(
            [y.out_channels for y in layers], 1
        )
        return change, doubt

    def _body(self, x: Tensor, skips: list[Tensor], plan: Plan) -> Tensor:
        """All levels down and up; ``skips`` is what the last decoder level joins with, if any."""
        for level in self.encoder:
            x = level(x, plan)  # (B, C, H/2^l, W/2^l)
            skips.append(x)
        skips.pop()
        for wider in self.decoder:
            x = wider(x, skips.pop(), plan)  # (B, C, H/2^l, W/2^l)
        return x

    def _check_size(self, image: Tensor) -> None:
        height, width = image.shape[-2:]
        multiple = self.config.multiple
        if height % multiple or width % multiple:
            raise InvalidConfig(
                f"The input is {height}×{width} pixels but this network needs multiples of "
                f"{multiple} (it halves the size {int(math.log2(multiple))} times): pad it with "
                "images.pad_to_multiple, or use InpaintingPipeline, which does."
            )
