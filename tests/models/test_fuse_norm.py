"""Norms fused into convolutions: that the function stays the same is in test_reference.py."""

import torch

from inpainting.models.fuse_norm import fuse_norm
from tests.models.networks import trained


def norms(model) -> int:
    return sum(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())


def test_fusing_leaves_the_model_as_it_was():
    model = trained("paper")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fused = fuse_norm(model.train())
    assert model.training and not fused.training
    assert norms(model) == 12 and not norms(fused)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_a_network_without_norms_is_not_copied():
    model = trained("residual").train()
    assert fuse_norm(model) is model and not model.training
