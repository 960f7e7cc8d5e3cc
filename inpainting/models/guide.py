"""What somebody gives for missing pixels, colours and lines: a network continues and fills over it.

What people paint is roughly right and has no texture, so it never counts as known: colours bend the
start of the fill, and the network's own pixels replace them. Colour hints at single places are from
Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors", SIGGRAPH 2017,
arXiv:1705.02999; lines from Jo and Park, "SC-FEGAN", ICCV 2019, arXiv:1902.06838.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

FEATURES = 6  # of a guide, see Guide.features


class Guide(NamedTuple):
    """``colour``: float (B, 3, H, W), RGB in [0, 1]; ``given``: float (B, 1, H, W), 1 = one is.

    ``line``: float (B, 1, H, W), 1 = a line, 0 = none, below 0 = nobody has said, which None is
    everywhere. Only networks that have learned from guides look at lines.

    Where nothing is given, ``colour`` is ignored, NaN included; so is everything at known pixels.
    """

    colour: Tensor
    given: Tensor
    line: Tensor | None = None

    @classmethod
    def none(cls, image: Tensor) -> "Guide":
        """A guide to pictures, float (B, 3, H, W), that gives nothing."""
        return cls(image, torch.zeros_like(image[:, :1]))

    def as_known(self, image: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Picture and mask in which the given colours are known pixels.

        Args:
            image: float (B, 3, H, W), RGB in [0, 1].
            valid: float (B, 1, H, W), 1 = known: there the picture's own colour stays.
        """
        image = torch.where((self.given > 0) & (valid == 0), self.colour, image)
        return image, torch.maximum(valid, self.given)

    def features(self, valid: Tensor, mean: Tensor, contrast: Tensor) -> Tensor:
        """What networks learn from: float (B, FEATURES, H, W), 0 where nothing is given.

        Three are the colour relative to ``mean`` and ``contrast``, one is 1 where it is given, one
        is 1 on a line, one is 1 where somebody has said whether there is one.
        """
        missing = 1 - valid
        where = self.given * missing
        colour = torch.where(where > 0, (self.colour - mean) / contrast, 0)
        if self.line is None:
            line = told = torch.zeros_like(where)
        else:
            told = (self.line >= 0) * missing
            line = self.line.clamp(min=0) * missing
        return torch.cat([colour, where, line, told], 1)

    def map(self, change: Callable[[Tensor], Tensor]) -> "Guide":
        """Every tensor changed."""
        return Guide(*(None if x is None else change(x) for x in self))  # type: ignore[arg-type]
