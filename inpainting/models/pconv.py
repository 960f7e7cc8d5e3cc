"""Partial convolution: Liu et al., "Image Inpainting for Irregular Holes Using Partial
Convolutions", ECCV 2018, arXiv:1804.07723, section 3.1, equations (1) and (2).

Two deviations, neither changing a value:

* The paper's mask has as many channels as the features, but inside one group of features all
  its channels are equal. ``valid`` therefore carries one channel per group, and ``sum(M)``
  becomes the sum over groups of ``channels × window sum``: exact integers, one small pooling
  instead of a second convolution, and no all-ones weights in a checkpoint.
* ``sum(1)`` counts padding as unknown: features and mask are both padded with zeros.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpainting.errors import InvalidConfig, InvalidMask


def zero_holes(x: Tensor, valid: Tensor) -> Tensor:
    """Set ``x`` to zero wherever it is unknown, whatever stands there (NaN included).

    Args:
        x: float (B, C, H, W), any range.
        valid: float (B, 1, H, W), 1 = known, 0 = hole.

    Returns:
        Float (B, C, H, W).
    """
    return torch.where(valid > 0, x, x.new_zeros(()))


class MaskUpdate(NamedTuple):
    """What one partial convolution makes of its mask; no feature is needed to compute it.

    ``ratio``: float (B, 1, H', W'), sum(1) / sum(M) of equation (1), 0 where nothing is known.
    ``known``: float (B, 1, H', W'), the mask of equation (2); None = known everywhere.
    """

    ratio: Tensor
    known: Tensor | None


class PartialConv2d(nn.Module):
    """Convolution that sees only known pixels and grows the known region.

    For a window X with mask M, kernel W and bias b (equation 1)::

        y = Wᵀ (X ⊙ M) · sum(1) / sum(M) + b    where sum(M) > 0,  else 0

    and the output pixel is known where any input pixel was (equation 2).

    Args:
        in_channels: channels of the input, or one number per group when features with
            different masks are concatenated, as in the decoder: ``(upsampled, skip)``.
        out_channels: channels of the output.
        kernel_size: odd side of the square window; the padding is half of it.
        stride: step of the window.
        bias: whether to learn ``b``.

    Raises:
        InvalidConfig: for an even kernel.
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise InvalidConfig(
                f"PartialConv2d got kernel_size={kernel_size}: an odd side is needed, "
                "so that the output stays centred on its window."
            )
        self.groups = (in_channels,) if isinstance(in_channels, int) else tuple(in_channels)
        self.kernel_size, self.stride, self.padding = kernel_size, stride, kernel_size // 2
        self.weight = nn.Parameter(
            torch.empty(out_channels, sum(self.groups), kernel_size, kernel_size)
        )
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        if not self.weight.is_meta:  # there it would import for seconds, and set nothing
            nn.init.kaiming_normal_(self.weight)

    def update(self, valid: Tensor) -> tuple[Tensor, Tensor]:
        """The mask's half of the layer, which no feature touches.

        Args:
            valid: float (B, G, H, W), one channel per group, 1 = known.

        Returns:
            ``(ratio, known)``, float (B, 1, H', W') each: see :class:`MaskUpdate`.
        """
        # fp32 whatever the autocast: bf16 holds integers only up to 256, windows reach 9,216.
        weighted, channels = valid.float(), 1
        if len(self.groups) > 1:
            # No tensor of the numbers: to copy it to a GPU would wait for all that runs there.
            parts = weighted.split(1, dim=1)
            weighted = sum(n * part for n, part in zip(self.groups, parts, strict=True))
            channels = sum(self.groups)
        count = F.avg_pool2d(
            weighted, self.kernel_size, self.stride, self.padding, divisor_override=1
        )
        known = (count > 0).to(count.dtype)
        window = channels * self.kernel_size**2
        return known * (window / count.clamp(min=1)), known

    def forward(self, x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Convolve the known part of ``x``.

        Args:
            x: float (B, C, H, W); its values in holes never reach the output.
            valid: float (B, G, H, W) in {0, 1}, one channel per group, 1 = known.

        Returns:
            ``(y, valid)``: float (B, out_channels, H', W') and (B, 1, H', W').

        Raises:
            InvalidMask: when ``valid`` is not float or has not one channel per group.
        """
        check_valid(valid, channels=len(self.groups))
        parts = x.split(self.groups, dim=1)
        x = torch.cat([zero_holes(p, valid[:, g : g + 1]) for g, p in enumerate(parts)], dim=1)
        ratio, known = self.update(valid)
        return self.convolve(x, ratio) * known.to(x.dtype), known

    def convolve(self, x: Tensor, ratio: Tensor | None) -> Tensor:
        """The features' half: equation (1), but ``b`` where nothing is known.

        Args:
            x: float (B, C, H, W), zero in holes.
            ratio: of :meth:`update`; None = 1, an ordinary convolution, padded with zeros.

        Returns:
            Float (B, out_channels, H', W').
        """
        bias = self.bias if ratio is None else None
        y = F.conv2d(x, self.weight, bias, self.stride, self.padding)
        if ratio is None:
            return y
        y = y.mul_(ratio.to(y.dtype))
        return y if self.bias is None else y.add_(self.bias.to(y.dtype).view(1, -1, 1, 1))

    def extra_repr(self) -> str:
        groups = "+".join(map(str, self.groups))
        return f"{groups}, {len(self.weight)}, kernel_size={self.kernel_size}, stride={self.stride}"


def check_valid(valid: Tensor, channels: int) -> None:
    """Refuse what is easily mistaken for ``valid``: a bool hole, or the wrong channel count."""
    if not valid.is_floating_point():
        raise InvalidMask(
            f"valid has dtype {valid.dtype}: a float tensor with 1 = known is needed; "
            "turn a bool hole into one with masks.valid_from_hole(hole)."
        )
    if valid.ndim != 4 or valid.shape[1] != channels:
        raise InvalidMask(
            f"valid has shape {tuple(valid.shape)}: (batch, {channels}, height, width) is "
            "needed, one channel per group of features."
        )
