"""Batch norm that costs nothing at inference: fused into the convolution before it."""

import copy

import torch
from torch import nn

from inpainting.models.base import Network
from inpainting.models.blocks import PConvBlock


def fuse_norm(model: Network) -> Network:
    """The same function of picture and mask without norm layers; for inference only.

    Normalising is s·y + t for each channel, and a partial convolution scales by ``ratio`` before
    it adds a bias: s·(ratio · Wx + b) + t = ratio · (sW)x + (s·b + t).

    Args:
        model: any network; it is left as it is.

    Returns:
        A copy in evaluation mode; ``model`` itself where it has no norm.
    """
    if not any(isinstance(module, nn.BatchNorm2d) for module in model.modules()):
        return model.eval()
    fused = copy.deepcopy(model).eval()
    for block in fused.modules():
        if isinstance(block, PConvBlock) and isinstance(block.norm, nn.BatchNorm2d):
            _fuse(block, block.norm)
    return fused


@torch.no_grad()
def _fuse(block: PConvBlock, norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None and norm.running_var is not None  # PConvBlock's have both
    conv = block.conv
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    shift = norm.bias - scale * norm.running_mean
    if conv.bias is not None:
        shift = shift + scale * conv.bias
    conv.weight = nn.Parameter(conv.weight * scale.view(-1, 1, 1, 1))
    conv.bias = nn.Parameter(shift)
    block.norm = nn.Identity()
