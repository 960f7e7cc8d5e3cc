"""The critic of adversarial training: which parts of a picture look filled.

One class is three networks of the literature. "patch": a map of scores, each of what it sees of the
picture, 70 pixels wide (Isola et al., "Image-to-Image Translation with Conditional Adversarial
Networks", CVPR 2017, arXiv:1611.07004). "global" and "local": one score of the whole picture, or of
a window of half its side (Iizuka et al., "Globally and Locally Consistent Image Completion",
SIGGRAPH 2017). Spectral norm keeps them steady (Miyato et al., ICLR 2018, arXiv:1802.05957); there
is no other norm, so that no picture of a batch looks at another one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from inpainting.errors import InvalidConfig

FORMS = ("patch", "global", "local")
LEAST_SIDE = 32  # of a picture, in pixels
LAST = 4  # side of the features that one score is made of
STEP = 4  # pixels between the windows among which the local one is chosen


@dataclass(frozen=True, kw_only=True)
class CriticConfig:
    """Shape of a :class:`Critic`.

    ``channels``: of its convolutions; those of the patch form have stride 2 but for the last.
    ``inputs``: channels of the picture, 3, and of what is shown beside it.
    """

    inputs: int = 3
    form: str = "patch"
    channels: tuple[int, ...] = (32, 64, 128, 256)

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise InvalidConfig(f"There is no critic {self.form!r}: use one of {FORMS}.")


class Opinion(NamedTuple):
    """Of a batch: ``scores``, float (B, 1, h, w), above 0 = looks real; features of all layers."""

    scores: Tensor
    features: list[Tensor]


class Critic(nn.Module):
    """Convolutions of 4×4 with leaky ReLUs, spectrally normed."""

    def __init__(self, config: CriticConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or CriticConfig()
        widths = (c.inputs, *c.channels)
        one = c.form != "patch"
        self.strides = tuple(
            2 if one or level < len(c.channels) - 1 else 1 for level in range(len(c.channels))
        )
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(widths[k], widths[k + 1], 4, stride, 1))
            for k, stride in enumerate(self.strides)
        )
        self.score = spectral_norm(nn.Conv2d(widths[-1], 1, 4, padding=0 if one else 1))

    def forward(self, picture: Tensor) -> Opinion:
        """Float (B, inputs, H, W), RGB in [0, 1] and more, of :meth:`view`."""
        x, features = 2 * picture - 1, []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
        if self.config.form != "patch":
            x = F.adaptive_avg_pool2d(x, LAST)
        return Opinion(self.score(x).float(), features)

    def view(self, pictures: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """What the critic looks at of a batch: all of it or, if local, a window of half the side.

        Of the windows ``STEP`` pixels apart the first one with the most missing pixels: without a
        draw, so that a run can be gone on from, and does not depend on the number of processes.

        Args:
            pictures: float (B, C, H, W).
            valid: float (B, 1, H, W), 1 = known.
        """
        if self.config.form != "local":
            return pictures, valid
        height, width = (side // 2 for side in valid.shape[-2:])
        missing = F.avg_pool2d(1 - valid, (height, width), STEP)  # (B, 1, h, w)
        place = missing.flatten(1).argmax(1)
        top, left = STEP * (place // missing.shape[-1]), STEP * (place % missing.shape[-1])
        rows = (top[:, None] + torch.arange(height, device=top.device))[:, None, :, None]
        columns = (left[:, None] + torch.arange(width, device=top.device))[:, None, None, :]
        batch = torch.arange(len(valid), device=top.device)[:, None, None, None]
        both = torch.cat([pictures, valid], 1)
        channels = torch.arange(both.shape[1], device=top.device)[None, :, None, None]
        window = both[batch, channels, rows, columns]
        return window[:, :-1], window[:, -1:]

    def missing_share(self, valid: Tensor) -> Tensor:
        """The share of missing pixels in what each score sees, float (B, 1, h, w) in [0, 1].

        Args:
            valid: float (B, 1, H, W) of :meth:`view`, 1 = known.
        """
        if self.config.form != "patch":
            return (1 - valid).mean((2, 3), keepdim=True)
        reach, padding, step = self.reach
        return F.avg_pool2d(1 - valid, reach, step, padding, count_include_pad=False)

    @property
    def reach(self) -> tuple[int, int, int]:
        """Of a score of the patch form: pixels that it sees, those before the first, its stride."""
        reach, padding, step = 1, 0, 1
        for stride in (*self.strides, 1):
            reach, padding = reach + 3 * step, padding + step
            step *= stride
        return reach, padding, step
