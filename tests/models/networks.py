"""Small networks of every shape, as after training, and batches for them."""

from dataclasses import replace

import torch
from torch import Tensor

from inpainting.models.base import Network
from inpainting.models.context_encoder import ContextEncoderConfig
from inpainting.models.error_head import ErrorHead
from inpainting.models.pconv_unet import PConvUNetConfig
from inpainting.models.registry import build
from inpainting.models.residual_unet import ResidualUNet, ResidualUNetConfig
from tests.conftest import TINY

PAPER = replace(PConvUNetConfig(), channels=(8, 12, 12, 8, 8, 8, 8))
NARROW = {
    "residual": replace(ResidualUNetConfig(), channels=(8, 8, 8, 12, 12)),
    "residual, batch norm": replace(TINY, norm="batch"),
    "residual, error without a hidden layer": replace(TINY, error_channels=0, error_scale=0.8),
    "residual, attention": replace(TINY, context="attention"),
    "paper": PAPER,
    "paper, units": PConvUNetConfig(
        channels=(8, 12), kernels=(3, 3), strides=(1, 2), units=(1, 1),
        norm="none", norm_first=True, encoder_activation="leaky_relu",
    ),
    "context encoder": ContextEncoderConfig(channels=(8, 8, 12)),
}  # fmt: skip


def trained(name: str) -> Network:
    """Random weights everywhere, and norms as after training: with statistics of their own."""
    model = build(NARROW[name]).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight, module.running_var):
                torch.nn.init.uniform_(tensor, 0.5, 1.5)
            for tensor in (module.bias, module.running_mean):
                torch.nn.init.normal_(tensor, std=0.2)
    if isinstance(model, ResidualUNet):
        doubt = model.doubt.out if isinstance(model.doubt, ErrorHead) else model.doubt
        for layer in (model.head, doubt):
            torch.nn.init.normal_(layer.weight, std=0.05)
    return model


def follow_guides(network: ResidualUNet, std: float = 0.3) -> None:
    """As after training: what is given changes every level."""
    assert network.guide is not None
    for head in network.guide.heads:
        torch.nn.init.normal_(head.weight, std=std)


def batch(size: int = 32, share: float = 0.4) -> tuple[Tensor, Tensor]:
    """Two random pictures, float (2, 3, S, S), and masks with that share missing, (2, 1, S, S)."""
    return torch.rand(2, 3, size, size), (torch.rand(2, 1, size, size) >= share).float()
