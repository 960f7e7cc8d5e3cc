"""The exponential moving average of the weights, which is what is published."""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

Tensors = tuple[Tensor, ...] | list[Tensor]  # of one dtype


def moving_average(model: nn.Module, decay: float) -> AveragedModel:
    """Average weights and batch-norm statistics; the memory grows with the run, up to ``decay``.

    A short run would otherwise publish its first, random weights. The ramp
    ``(1 + n) / (10 + n)`` is the one of TensorFlow's ``ExponentialMovingAverage``.
    """

    def average(averaged: Tensors, current: Tensors, updates: Tensor | int) -> None:
        if averaged[0].is_floating_point():
            n = int(updates)  # of a tensor on the CPU: no GPU is waited for
            get_ema_multi_avg_fn(min(decay, (1 + n) / (10 + n)))(averaged, current, updates)
        else:  # counters
            for old, new in zip(averaged, current, strict=True):
                old.copy_(new)

    with torch.no_grad():
        return AveragedModel(model, multi_avg_fn=average, use_buffers=True)
