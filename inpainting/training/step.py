"""One optimiser step: batches to gradients, to new weights, to numbers."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from inpainting.data.dataset import Batch
from inpainting.losses.vgg import VggFeatures
from inpainting.masks.convert import composite
from inpainting.models.base import Network
from inpainting.training.adversary import Adversary, Phase
from inpainting.training.objective import BESIDE, Found, Given, predict, read, terms_of
from inpainting.training.optimizer_step import take_step
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


class TakenStep(NamedTuple):
    """A step that was ordered: a GPU may not have taken it yet.

    ``names``: of the loss terms. ``numbers``: float (n,) on the CPU, of which the terms are the
    first; there when ``arrived`` says so.
    """

    names: tuple[str, ...]
    numbers: Tensor
    arrived: torch.cuda.Event | None
    errors: list[str]

    def result(self) -> StepResult:
        """The numbers; waits for a GPU to come to the end of this step, and no further."""
        if self.arrived:
            self.arrived.synchronize()
        *terms, norm, stop, unread, seconds = self.numbers.tolist()
        named = dict(zip(self.names, terms, strict=True))
        finite = math.isfinite(named["loss"]) and math.isfinite(norm)
        return StepResult(named, finite, seconds, stop > 0, round(unread), self.errors)


@dataclass
class Stepper:
    """Network, average, optimiser and adversary that a step changes.

    ``model``: as accelerate has wrapped it; ``ema``: its moving average, if any; ``passes``:
    forward passes per step; ``features``: of the perceptual and style losses; ``adversary``: where
    there are critics. ``since``: when the last step's orders were given; None where something else
    was done in between.
    """

    recipe: Recipe
    accelerator: Accelerator
    model: nn.Module
    ema: AveragedModel | None
    optimizer: AcceleratedOptimizer
    passes: int = 1
    features: VggFeatures | None = None
    adversary: Adversary | None = None
    since: float | None = None

    @property
    def network(self) -> Network:
        """The network that learns, without accelerate's wrapper."""
        return self.accelerator.unwrap_model(self.model)

    @property
    def published(self) -> Network:
        """The network to evaluate and save."""
        return self.ema.module if self.ema else self.network  # type: ignore[return-value]

    @property
    def lags(self) -> bool:
        """Whether numbers should be read one step later, so that a GPU never waits for orders."""
        return self.accelerator.device.type == "cuda"

    def step(
        self,
        batches: Iterator[Batch],
        rate: float,
        stopping: bool = False,
        phase: Phase = Phase.NETWORK,
        looks: int = 1,
    ) -> TakenStep:
        """One optimiser step; weights stay as they are where loss or gradient is not finite.

        Args:
            batches: of this process.
            rate: learning rate.
            stopping: whether this process was asked to stop.
            phase: who learns; without an adversary the network does.
            looks: passes of the network, of which the last one learns; of a network that continues
                coarser fills, from which of ``objective.STARTS`` it does.
        """
        start = self.since or time.perf_counter()
        buffers = [buffer.clone() for buffer in self.model.buffers()]
        terms, errors = self._gradients(batches, phase, looks)
        norm = self._clipped_norm() if phase != Phase.CRITICS else terms["loss"].new_zeros(())
        self.since = time.perf_counter()
        unread = len(errors) * self.accelerator.num_processes  # its mean is the number in all
        numbers = self._means([*terms.values(), norm], [stopping, unread, self.since - start])
        loss, norm = numbers[list(terms).index("loss")], numbers[len(terms)]
        finite = torch.isfinite(loss) & torch.isfinite(norm)
        if self.adversary and "critics" in terms:
            critics = numbers[list(terms).index("critics")]
            self.adversary.step(self.recipe.critic_rate * rate, critics)
        learns = phase != Phase.CRITICS
        if learns:
            take_step(self.accelerator, self.optimizer, rate, finite)
        for buffer, old in zip(self.model.buffers(), buffers, strict=True):
            # Running statistics have seen what the weights have not.
            buffer.copy_(torch.where(finite, buffer, old))
        # A GPU is not asked: there the same weights count twice.
        if self.ema and learns and (self.lags or finite):
            self.ema.update_parameters(self.network)
        arrived = torch.cuda.Event() if numbers.is_cuda else None
        numbers = numbers.to("cpu", non_blocking=True)
        if arrived:
            arrived.record()
        return TakenStep(tuple(terms), numbers, arrived, errors)

    @property
    def _models(self) -> list[nn.Module]:
        return [self.model, *([self.adversary.model] if self.adversary else [])]

    def _gradients(
        self, batches: Iterator[Batch], phase: Phase, looks: int
    ) -> tuple[dict[str, Tensor], list[str]]:
        terms: dict[str, Tensor] = {}
        errors: list[str] = []
        for _ in range(self.passes):
            batch = next(batches)
            errors += batch.errors
            with self.accelerator.accumulate(*self._models):
                if self.adversary and phase != Phase.NETWORK:
                    found = self._contested(self.adversary, batch, phase, looks)
                else:
                    found = self._losses(batch, looks)
                    self.accelerator.backward(found["loss"] * batch.weight)
            for name, term in found.items():
                terms[name] = terms.get(name, 0) + term.detach() / self.passes
        return terms, errors

    def _losses(self, batch: Batch, looks: int) -> dict[str, Tensor]:
        given = read(batch)
        return self._terms(given, self._predict(given, looks))

    def _predict(self, given: Given, looks: int) -> Found:
        return predict(self.model, self.network, given, looks, self.accelerator.autocast)

    def _terms(self, given: Given, found: Found) -> dict[str, Tensor]:
        return terms_of(given, found, self.recipe.loss, self.features)

    def _contested(
        self, adversary: Adversary, batch: Batch, phase: Phase, looks: int
    ) -> dict[str, Tensor]:
        """Losses and gradients of network and critics; terms ``pull`` and ``critics`` on top.

        ``pull``: the gradient of what critics say ÷ that of the other terms, at the output, root
        mean squares.
        """
        given = read(batch)
        target, valid, shown = given.target, given.valid, given.shown(self.network)
        terms: dict[str, Tensor] = {}
        with torch.set_grad_enabled(phase == Phase.BOTH):
            found = self._predict(given, looks)
        if phase == Phase.BOTH:
            terms = self._contested_terms(adversary, given, found, batch.weight)
        filled = composite(target, found.output.detach(), valid)
        critics = adversary.gradients(target, filled, valid, batch.weight, shown)
        return {"loss": critics, **terms, "critics": critics}

    def _contested_terms(
        self, adversary: Adversary, given: Given, found: Found, weight: Tensor
    ) -> dict[str, Tensor]:
        """The network's terms and gradients: two gradients at its output, one way back through it.

        So each is known by itself, at the cost of one.
        """
        target, valid, shown = given.target, given.valid, given.shown(self.network)
        weights, output = self.recipe.loss, found.output.detach().requires_grad_()
        terms = self._terms(given, found._replace(output=output))
        told = adversary.say(target, composite(target, output, valid), valid, shown)
        critical = weights.adversarial * told["adversarial"] + weights.matching * told["matching"]
        (own,) = torch.autograd.grad(terms["loss"], output, retain_graph=True)
        (pulled,) = torch.autograd.grad(critical, output)
        back = (found.output * (own + pulled)).sum() + sum(terms.get(name, 0) for name in BESIDE)
        self.accelerator.backward(back * weight)
        pull = pulled.square().mean().sqrt() / own.square().mean().sqrt().clamp(min=1e-12)
        return {**terms, **told, "loss": terms["loss"] + critical, "pull": pull}

    def _clipped_norm(self) -> Tensor:
        """Clip the gradients of fill and of expected error apart: neither shortens the other."""
        self.accelerator.unscale_gradients()
        apart = {id(parameter) for parameter in self.network.error_parameters()}
        learn = [p for p in self.model.parameters() if p.requires_grad]
        fill = [p for p in learn if id(p) not in apart]
        error = [p for p in learn if id(p) in apart]
        limit = self.recipe.clip or math.inf
        norms = [nn.utils.clip_grad_norm_(part, limit) for part in (fill, error) if part]
        return torch.stack(norms).sum()

    def _means(self, numbers: list[Tensor], known: list[float]) -> Tensor:
        """Numbers of the device, then of this process, as means over processes: float (n,)."""
        # Filled in there: a copy from the CPU would wait for all that was ordered before it.
        own = [torch.full((), number, device=numbers[0].device) for number in map(float, known)]
        values = torch.stack([*numbers, *own])
        if self.accelerator.num_processes == 1:
            return values
        return self.accelerator.reduce(values, "mean")
