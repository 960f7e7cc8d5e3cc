"""A U-Net that does not paint pixels: it corrects a smooth fill and predicts its own error.

Its input is the smooth (biharmonic) fill and the known pixels, both relative to their local mean
and contrast (:mod:`inpainting.models.normalize`). Squares of pixels become channels, so that detail
costs little. As the smooth fill knows something everywhere, its mask is full after the first
layer and is carried no further.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpainting.errors import InvalidConfig
from inpainting.models.base import Before, Network, Prediction, Window
from inpainting.models.biharmonic import smooth_fill
from inpainting.models.blocks import AddLevel, EncoderLevel, encoder
from inpainting.models.config import MOST_LEVELS, UNetConfig
from inpainting.models.context import CONTEXTS
from inpainting.models.error_head import ErrorHead
from inpainting.models.follow import GuideEncoder, Transform
from inpainting.models.guide import FEATURES, Guide
from inpainting.models.normalize import depth_to_space, local_statistics, space_to_depth
from inpainting.models.octaves import Finish
from inpainting.models.passes import SCHEDULES
from inpainting.models.pconv import MaskUpdate
from inpainting.models.recurrence import Recurrence
from inpainting.models.structure import Found, StructureNet

CONTEXT_LEVEL = 2  # an eighth of the picture, where the context looks far
MOST_LOG_SCALE = 3  # the log-scale is limited to ±3, so that one outlier cannot dominate the loss


@dataclass(frozen=True, kw_only=True)
class ResidualUNetConfig(UNetConfig):
    """Shape of a :class:`ResidualUNet`; the defaults are those of the bundled weights."""

    channels: tuple[int, ...] = (48, 64, 96, 160, 256)
    kernels: tuple[int, ...] = (3, 3, 3, 3, 3)
    strides: tuple[int, ...] = (1, 2, 2, 2, 2)
    units: tuple[int, ...] = (1, 1, 1, 1, 1)
    norm: str = "none"
    norm_first: bool = True
    encoder_activation: str = "leaky_relu"
    decoder_activation: str = "leaky_relu"
    fold: int = 2  # side of the squares of pixels that become channels
    smooth_steps: int = 6  # of conjugate gradients for the smooth fill; see smooth_fill
    error_channels: int = 24  # of the hidden layer for the expected error; 0 = none
    guides: bool = False  # whether what is given is features, too; else colours bend the start
    structure: tuple[
        int, ...
    ] = ()  # channels of what predicts structure first; none = nothing does
    context: str = "none"  # what looks far at level CONTEXT_LEVEL: a name of context.CONTEXTS
    recurrent: bool = False  # whether features close the hole there, see Recurrence
    finish: int = 0  # channels of full-resolution layers at the end; 0 = none
    octaves: bool = False  # whether it continues coarser fills, see octaves
    passes: int = 1  # most passes, for which it is trained; 1 = no feedback
    schedule: str = "doubt"  # what is doubtful in later passes: a name of passes.SCHEDULES
    error_scale: float = 1.0  # what the expected error is multiplied by, measured after training

    def __post_init__(self) -> None:
        object.__setattr__(self, "structure", tuple(self.structure))  # JSON gives lists
        # What was predicted reaches the fill as a guide does.
        object.__setattr__(self, "guides", self.guides or bool(self.structure))
        super().__post_init__()
        scale = self.error_scale
        if type(scale) not in (int, float) or not 0 < scale < math.inf:
            raise InvalidConfig(f"error_scale is {scale!r}: a number above 0 is needed.")
        if self.context not in ("none", *CONTEXTS):
            raise InvalidConfig(f"context is {self.context!r}: use one of {['none', *CONTEXTS]}.")
        if len(self.structure) > len(self.strides):
            raise InvalidConfig(
                f"structure has {len(self.structure)} entries: one per level of the network are "
                f"possible, {len(self.strides)}."
            )
        if self.schedule not in SCHEDULES:
            raise InvalidConfig(f"schedule is {self.schedule!r}: use one of {list(SCHEDULES)}.")

    @property
    def multiple(self) -> int:
        """Height and width of the input must be multiples of this."""
        halved = 2 ** max(0, len(self.structure) - 1)
        return math.lcm(math.prod(self.strides), halved) * self.fold

    @property
    def inputs(self) -> tuple[int, ...]:
        """Channels of the first layer, one number per group with a mask of its own.

        Every pixel of a square is a group; smooth fill and hole are known in all of them.
        """
        return (3,) * self.fold**2 + (4 * self.fold**2,)


class ResidualUNet(Network):
    """Encoder levels and a decoder that adds skips; two heads: correction and log-scale of it."""

    config_class = ResidualUNetConfig
    config: ResidualUNetConfig
    encoder: Sequence[EncoderLevel]
    decoder: Sequence[AddLevel]

    def __init__(self, config: ResidualUNetConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or ResidualUNetConfig()
        self.encoder = encoder(c, c.inputs)  # type: ignore[assignment]
        self.decoder = nn.ModuleList(
            AddLevel(c, level) for level in reversed(range(1, len(c.channels)))
        )  # type: ignore[assignment]
        features, pixels = c.channels[0], c.fold**2
        self.guide: GuideEncoder | None = None
        if c.guides:
            self.guide = GuideEncoder(FEATURES * pixels, c.channels, c.strides)
        self.structure: StructureNet | None = None
        if c.structure:
            inputs = sum(c.inputs) + FEATURES * pixels
            self.structure = StructureNet(c.structure, inputs, pixels)
        self.context: nn.Module | None = None
        self.context_level = min(CONTEXT_LEVEL, len(c.channels) - 1)
        if c.context != "none":
            self.context = CONTEXTS[c.context](c.channels[self.context_level])
        self.recurrence: Recurrence | None = None
        if c.recurrent:
            self.recurrence = Recurrence(c.channels[self.context_level])
        self.head = nn.Conv2d(features, 3 * pixels, 3, padding=1)
        self.finish = Finish(features, c.finish, c.fold) if c.finish else None
        self.doubt: nn.Conv2d | ErrorHead  # the log-scale; named so in files
        if c.error_channels:
            self.doubt = ErrorHead(features, c.error_channels, pixels)
        else:
            self.doubt = nn.Conv2d(features, pixels, 3, padding=1)
            for parameter in self.doubt.parameters():
                nn.init.zeros_(parameter)
        for level in self.encoder[1:]:  # deep features start small too
            nn.init.kaiming_uniform_(level.first.conv.weight, a=math.sqrt(5))
        # Training starts at the smooth fill.
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    def predict(self, image: Tensor, valid: Tensor) -> Prediction:
        return self.correct(image, valid, self._start(image, valid))

    def predict_guided(self, image: Tensor, valid: Tensor, guide: Guide) -> Prediction:
        """The smooth fill passes through the given colours, and is corrected there as elsewhere."""
        return self.correct(image, valid, self._start(*guide.as_known(image, valid)), guide=guide)

    def predict_again(self, image: Tensor, valid: Tensor, before: Before) -> Prediction:
        """The last composite stands for the smooth fill, and its doubt for what is missing."""
        return self.correct(image, valid, before.fill, before.doubt, before.guide)

    def _start(self, image: Tensor, valid: Tensor) -> Tensor:
        return smooth_fill(image, valid, self.config.smooth_steps).clamp(0, 1)

    def correct(
        self,
        image: Tensor,
        valid: Tensor,
        start: Tensor,
        doubt: Tensor | None = None,
        guide: Guide | None = None,
    ) -> Prediction:
        """The learned part of :meth:`predict`.

        Args:
            image, valid: of :meth:`predict`.
            start: float (B, 3, H, W), the smooth fill or the composite of the pass before.
            doubt: float (B, 1, H, W), of the pass before; all that is missing is, in the first one.
            guide: looked at by networks that were trained with guides.
        """
        mean, contrast = local_statistics(image, valid, start)
        known = (image - mean) / contrast * valid  # (B, 3, H, W)
        factor = self.config.fold
        groups = space_to_depth(valid, factor)  # (B, factor², H/factor, W/factor)
        groups = torch.cat([groups, torch.ones_like(groups[:, :1])], 1)
        doubt = 1 - valid if doubt is None else doubt
        smooth = torch.cat([(start - mean) / contrast, doubt], 1)  # (B, 4, H, W)
        x = torch.cat([space_to_depth(known, factor), space_to_depth(smooth, factor)], 1)
        x = x.contiguous(memory_format=torch.channels_last)
        given, found = None, Found(None, None)
        if self.guide is not None and (guide or self.structure is not None):
            drawn = (guide or Guide.none(image)).features(valid, mean, contrast)
            if self.structure is not None:
                seen = torch.cat([x, space_to_depth(drawn, factor)], 1)
                change, line = self._unfolded(self.structure, seen)
                found = Found(smooth[:, :3] + change, line)
                drawn = found.beside(drawn, 1 - valid)
            given = self.guide(space_to_depth(drawn, factor))
        x, stages = self._body(x, groups, given)
        if stages is not None:  # only the loss looks at them
            stages = _in_units_of(stages, mean, contrast) if self.training else None
        change, log_scale = self._unfolded(self._heads, x)
        if self.finish is not None:
            change = change + self.finish(x, known)
        limited = MOST_LOG_SCALE * torch.tanh(log_scale / MOST_LOG_SCALE)  # (B, 1, H, W)
        scale = self.config.error_scale * contrast * limited.exp()
        colours = None if found.colours is None else mean + contrast * found.colours
        return Prediction(start + contrast * change, scale, contrast, colours, found.line, stages)

    def _unfolded(
        self, heads: Callable[[Tensor], tuple[Tensor, Tensor]], features: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What two heads say of squares of pixels, (B, 3, H, W) and (B, 1, H, W)."""
        three, one = heads(features)
        return depth_to_space(three, self.config.fold), depth_to_space(one, self.config.fold)

    def _body(
        self, x: Tensor, groups: Tensor, given: Sequence[Transform] | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Float (B, inputs, h, w) and its mask (B, groups, h, w) to features (B, C, h, w).

        ``given``: what a guide does to each level's features. Beside the features: what the passes
        of a recurrence give.
        """
        stages = None
        # The smooth fill is known everywhere: after the first convolution, so is everything.
        ratio, _ = self.encoder[0].first.conv.update(groups)
        rest = [None] * (2 * len(self.encoder[0].units))
        x = self.encoder[0](x, [MaskUpdate(ratio, None), *rest])
        x = given[0].of(x) if given else x
        skips = [x]
        for number, level in enumerate(self.encoder[1:], 1):
            x = level(x)  # (B, C, h/2^l, w/2^l)
            x = given[number].of(x) if given else x
            if number == self.context_level and (self.context or self.recurrence):
                known = groups[:, :-1].mean(1, keepdim=True)  # of the pixels of a square
                share = F.adaptive_avg_pool2d(known, (x.shape[-2], x.shape[-1]))
                if self.recurrence is not None:
                    added, stages = self.recurrence(x, share)
                    x = x + added
                if self.context is not None:
                    x = x + self.context(x, share)
            skips.append(x)
        skips.pop()
        for wider in self.decoder:
            x = wider(x, skips.pop())  # (B, C, h/2^l, w/2^l)
        return x, stages

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Corrections and log-scales of squares of pixels: (B, 3·fold², h, w), (B, fold², h, w)."""
        doubt = self.doubt
        first = doubt.near if isinstance(doubt, ErrorHead) else doubt
        if torch.is_grad_enabled():
            # Detached: learning to predict the error must not change what the network fills.
            change, x = self.head(x), x.detach()
            log_scale = first(x)
        else:
            layers = (self.head, first)  # one convolution of both
            weight, bias = (torch.cat([getattr(y, n) for y in layers]) for n in ("weight", "bias"))
            change, log_scale = F.conv2d(x, weight, bias, padding=1).split(
                [y.out_channels for y in layers], 1
            )
        if isinstance(doubt, ErrorHead):
            log_scale = doubt.finish(x, log_scale)
        return change, log_scale

    @property
    def passes(self) -> int:
        return self.config.passes

    @property
    def schedule(self) -> str:
        return self.config.schedule

    @property
    def sees_lines(self) -> bool:
        return self.guide is not None

    @property
    def predicts_lines(self) -> bool:
        return self.structure is not None

    @property
    def continues(self) -> bool:
        return self.config.octaves

    @property
    def windows(self) -> tuple[Window, ...]:
        """Of the smooth fill: each coarser picture is the mean of the known pixels in 2×2."""
        return (Window(2, 2),) * MOST_LEVELS

    def error_parameters(self) -> list[nn.Parameter]:
        return list(self.doubt.parameters())

    def guide_parameters(self) -> list[nn.Parameter]:
        return list(self.guide.parameters()) if self.guide is not None else []


def _in_units_of(stages: Tensor, mean: Tensor, contrast: Tensor) -> Tensor:
    """Colours relative to local mean and contrast, (B, P, 4, h, w), as RGB."""
    mean, contrast = (F.adaptive_avg_pool2d(y, stages.shape[-2:]) for y in (mean, contrast))  # type: ignore[arg-type]
    colours = mean[:, None] + contrast[:, None] * stages[:, :, :3]
    return torch.cat([colours, stages[:, :, 3:]], 2)
