"""The moving average of the weights, which is what is published."""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

Tensors = tuple[Tensor, ...] | list[Tensor]  # of one dtype


def moving_average(model: nn.Module, share: float) -> AveragedModel:
    """Average weights and batch-norm statistics over that share of the steps so far, more or less.

    After n updates the next weights count 1 / (1 + share · n): the memory grows with the run. A
    power-function average (Karras et al., "Analyzing and Improving the Training Dynamics of
    Diffusion Models", CVPR 2024, arXiv:2312.02696, section 3.1, where γ + 1 is 1 / share). With 1
    it is the mean of all weights, with 1/9 the ramp of TensorFlow's ``ExponentialMovingAverage``.

    Args:
        model: what learns.
        share: above 0, at most 1.
    """

    def average(averaged: Tensors, current: Tensors, updates: Tensor | int) -> None:
        if averaged[0].is_floating_point():
            newest = 1 / (1 + share * int(updates))  # of a tensor on the CPU: no GPU is waited for
            get_ema_multi_avg_fn(1 - newest)(averaged, current, updates)
        else:  # counters
            for old, new in zip(averaged, current, strict=True):
                old.copy_(new)

    with torch.no_grad():
        return AveragedModel(model, multi_avg_fn=average, use_buffers=True)
