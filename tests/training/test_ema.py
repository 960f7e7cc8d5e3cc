"""The moving average of weights."""

import pytest
import torch

from inpainting import ResidualUNet
from inpainting.training.ema import moving_average
from tests.conftest import TINY


def test_moving_average_follows_weights_and_copies_counters():
    model = ResidualUNet(TINY)
    ema = moving_average(model, share=1 / 9)
    ema.update_parameters(model)
    with torch.no_grad():
        model.head.bias += 1
        model.encoder[0].first.norm.num_batches_tracked += 5
    ema.update_parameters(model)
    assert torch.allclose(ema.module.head.bias, model.head.bias - 0.1)  # 1 / (1 + 1/9) is new
    assert ema.module.encoder[0].first.norm.num_batches_tracked == 5


def test_over_all_steps_it_is_the_mean():
    model = torch.nn.Linear(1, 1, bias=False)
    ema = moving_average(model, share=1)
    for value in (1.0, 2.0, 6.0, 7.0):
        torch.nn.init.constant_(model.weight, value)
        ema.update_parameters(model)
    assert ema.module.weight.item() == pytest.approx(4)


def test_weights_of_long_ago_are_forgotten_by_a_power_of_time():
    """Those of the first n of N steps keep (n / N) ** (1 / share), as arXiv:2312.02696 has it."""
    model = torch.nn.Linear(1, 1, bias=False)
    ema = moving_average(model, share=0.5)
    for step in range(1000):
        torch.nn.init.constant_(model.weight, float(step < 500))
        ema.update_parameters(model)
    assert ema.module.weight.item() == pytest.approx(0.5**2, rel=0.01)
