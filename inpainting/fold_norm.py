"""Batch norm costs nothing at inference: it becomes part of the convolution before it."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from .levels import PConvBlock
from .pconv import PartialConv2d
from .unet import PConvUNet


def fold_norm(model: PConvUNet) -> PConvUNet:
    """The same function of picture and mask, without norm layers; for evaluation only.

    Normalising is s·y + t for each channel, and a partial convolution scales by ``ratio`` before
    it adds a bias: s·(ratio · Wx + b) + t = ratio · (sW)x + (s·b + t).

    Args:
        model: any network; it is left as it is.

    Returns:
        A network in evaluation mode; ``model`` itself where it has no norm.
    """
    if model.config.norm == "none":
        return model.eval()
    state = model.state_dict()
    for name, block in model.named_modules():
        if isinstance(block, PConvBlock) and isinstance(block.norm, nn.BatchNorm2d):
            state |= _folded(f"{name}.conv", block.conv, block.norm)
    folded = PConvUNet(replace(model.config, norm="none"))
    folded.load_state_dict({name: state[name] for name in folded.state_dict()})
    return folded.to(next(model.parameters()).device).eval()


def _folded(name: str, conv: PartialConv2d, norm: nn.BatchNorm2d) -> dict[str, Tensor]:
    assert norm.running_mean is not None and norm.running_var is not None  # PConvBlock's have both
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    shift = norm.bias - scale * norm.running_mean
    if conv.bias is not None:
        shift = shift + scale * conv.bias
    return {f"{name}.weight": conv.weight * scale.view(-1, 1, 1, 1), f"{name}.bias": shift}
