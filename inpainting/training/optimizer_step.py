"""One step of an optimiser, or none where its loss or gradient is not finite."""

from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor

from inpainting.training.torch_internals import step_if


def take_step(
    accelerator: Accelerator, optimizer: AcceleratedOptimizer, rate: float, finite: Tensor
) -> None:
    """Step, then forget the gradients.

    Args:
        accelerator: whose scaler, where there is one, skips steps by itself, and learns from it.
        optimizer: a fused one.
        rate: learning rate.
        finite: bool scalar on the device of the weights.
    """
    for group in optimizer.param_groups:
        group["lr"] = rate
    if accelerator.scaler:
        optimizer.step()
    else:
        step_if(optimizer.optimizer, finite)
    optimizer.zero_grad()
