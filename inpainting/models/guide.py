"""Colours that somebody gives for missing pixels: a network continues them, and fills over them.

What people paint is roughly right and has no texture, so it never counts as known: it bends the
start of the fill, and the network's own pixels replace it. Colour hints at single places are from
Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors", SIGGRAPH 2017,
arXiv:1705.02999.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Guide(NamedTuple):
    """``colour``: float (B, 3, H, W), RGB in [0, 1]; ``given``: float (B, 1, H, W), 1 = one is.

    Where nothing is given, ``colour`` is ignored, NaN included; so is all of it at known pixels.
    """

    colour: Tensor
    given: Tensor

    def as_known(self, image: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Picture and mask in which the given colours are known pixels.

        Args:
            image: float (B, 3, H, W), RGB in [0, 1].
            valid: float (B, 1, H, W), 1 = known: there the picture's own colour stays.
        """
        image = torch.where((self.given > 0) & (valid == 0), self.colour, image)
        return image, torch.maximum(valid, self.given)
