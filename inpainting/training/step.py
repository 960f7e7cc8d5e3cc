"""One optimiser step: batches to gradients, to new weights, to numbers."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from inpainting.data.dataset import Batch
from inpainting.losses.terms import inpainting_loss
from inpainting.losses.vgg import VggFeatures
from inpainting.masks.convert import valid_from_hole
from inpainting.models.base import Network
from inpainting.training.recipes import Recipe


class StepResult(NamedTuple):
    """Numbers of one step, equal in all processes but for ``errors``.

    ``terms``: loss terms, means over processes. ``finite``: whether the step was taken.
    ``seconds``: mean over processes. ``stop``: whether any process was asked to stop. ``unread``:
    files that could not be read, in all processes; ``errors``: a sentence for each of this one's.
    """

    terms: dict[str, float]
    finite: bool
    seconds: float
    stop: bool
    unread: int
    errors: list[str]


@dataclass
class Stepper:
    """Network, average and optimiser that a step changes.

    ``model``: as accelerate has wrapped it; ``ema``: its moving average, if any; ``passes``:
    forward passes per step; ``features``: of the perceptual and style losses.
    """

    recipe: Recipe
    accelerator: Accelerator
    model: nn.Module
    ema: AveragedModel | None
    optimizer: torch.optim.Optimizer
    passes: int = 1
    features: VggFeatures | None = None

    @property
    def network(self) -> Network:
        """The network that learns, without accelerate's wrapper."""
        return self.accelerator.unwrap_model(self.model)

    @property
    def published(self) -> Network:
        """The network to evaluate and save."""
        return self.ema.module if self.ema else self.network  # type: ignore[return-value]

    def step(self, batches: Iterator[Batch], rate: float, stopping: bool = False) -> StepResult:
        """One optimiser step; none, and weights as before, where loss or gradient is not finite.

        Args:
            batches: of this process.
            rate: learning rate.
            stopping: whether this process was asked to stop.
        """
        start = time.perf_counter()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        buffers = [buffer.clone() for buffer in self.model.buffers()]
        terms, errors = self._gradients(batches)
        values = torch.stack([*terms.values(), self._clipped_norm()]).tolist()
        extra = [float(stopping), float(len(errors)), time.perf_counter() - start]
        *means, norm, stop, unread, seconds = self._mean_over_processes(values + extra)
        named = dict(zip(terms, means, strict=True))
        finite = math.isfinite(named["loss"]) and math.isfinite(norm)
        if finite or self.accelerator.scaler:  # which skips by itself, and learns from it
            self.optimizer.step()
        self.optimizer.zero_grad()
        if finite and self.ema:
            self.ema.update_parameters(self.network)
        if not finite:  # running statistics have seen what the weights have not
            for buffer, old in zip(self.model.buffers(), buffers, strict=True):
                buffer.copy_(old)
        unread_by_all = round(unread * self.accelerator.num_processes)
        return StepResult(named, finite, seconds, stop > 0, unread_by_all, errors)

    def _gradients(self, batches: Iterator[Batch]) -> tuple[dict[str, Tensor], list[str]]:
        terms: dict[str, Tensor] = {}
        errors: list[str] = []
        for _ in range(self.passes):
            batch = next(batches)
            errors += batch.errors
            with self.accelerator.accumulate(self.model):
                found = self._losses(batch)
                self.accelerator.backward(found["loss"] * batch.weight)
            for name, term in found.items():
                terms[name] = terms.get(name, 0) + term.detach() / self.passes
        return terms, errors

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        target = batch.image.float() / 255  # (B, 3, H, W)
        target = target.contiguous(memory_format=torch.channels_last)
        valid = valid_from_hole(batch.hole)  # (B, 1, H, W)
        with self.accelerator.autocast():
            prediction = self.model(target, valid)
        scale = prediction.scale.float() if prediction.scale is not None else None
        output = prediction.image.float()
        return inpainting_loss(output, target, valid, self.recipe.loss, scale, self.features)

    def _clipped_norm(self) -> Tensor:
        """Clip the gradients of fill and of expected error apart: neither shortens the other."""
        self.accelerator.unscale_gradients()
        error = self.network.error_parameters()
        apart = {id(parameter) for parameter in error}
        fill = [p for p in self.model.parameters() if id(p) not in apart]
        limit = self.recipe.clip or math.inf
        norms = [nn.utils.clip_grad_norm_(part, limit) for part in (fill, error) if part]
        return torch.stack(norms).sum()

    def _mean_over_processes(self, values: list[float]) -> list[float]:
        if self.accelerator.num_processes == 1:
            return values
        # Double precision: the count of files is exact.
        tensor = torch.tensor(values, dtype=torch.float64, device=self.accelerator.device)
        return self.accelerator.reduce(tensor, "mean").tolist()
