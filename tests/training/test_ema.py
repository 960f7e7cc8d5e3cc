"""The moving average of weights."""

import torch

from inpainting import ResidualUNet
from inpainting.training.ema import moving_average
from tests.conftest import TINY


def test_moving_average_follows_weights_and_copies_counters():
    model = ResidualUNet(TINY)
    ema = moving_average(model, decay=0.9)
    ema.update_parameters(model)
    with torch.no_grad():
        model.head.bias += 1
        model.encoder[0].first.norm.num_batches_tracked += 5
    ema.update_parameters(model)
    assert torch.allclose(ema.module.head.bias, model.head.bias - 2 / 11)  # decay (1+1)/(10+1)
    assert ema.module.encoder[0].first.norm.num_batches_tracked == 5
