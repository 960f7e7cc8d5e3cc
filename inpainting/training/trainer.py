"""The trainer: counts steps, logs, validates and publishes into the run's folder."""

import logging
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from accelerate import Accelerator
from tqdm import tqdm

from inpainting.data.dataset import Batch
from inpainting.errors import DataError, InvalidConfig, first_line
from inpainting.models.base import Network
from inpainting.models.checkpoint import save_pretrained
from inpainting.training.config import TrainConfig
from inpainting.training.loader import TrainingLoader
from inpainting.training.metrics_log import MetricsLog
from inpainting.training.model_card import TrainingFacts, model_card, write_card
from inpainting.training.objective import STARTS
from inpainting.training.recipes import Recipe, looks_at, lr_at, phase_at
from inpainting.training.step import Stepper, StepResult, TakenStep
from inpainting.training.trainer_state import TrainerState
from inpainting.training.validation import (
    SAMPLES,
    Validation,
    bare_fill,
    calibrated,
    write_samples,
)

log = logging.getLogger(__name__)

WON, WON_FOR = 0.1, 1000  # loss of critics and steps in a row, from where on they have won
IN_A_ROW = 10  # steps without a finite loss and gradient until the run gives up


@dataclass
class Trainer:
    """A run: its settings, what it changes, what it has counted.

    ``scores``: of the last validation. ``under_way``: steps whose numbers are not counted yet.
    ``unwritten``: what could not be written the last time, and why, by name.
    """

    config: TrainConfig
    recipe: Recipe
    accelerator: Accelerator
    stepper: Stepper
    loader: TrainingLoader
    validation: Validation
    state: TrainerState = field(default_factory=TrainerState)
    scores: dict[str, float] = field(default_factory=dict)
    under_way: deque[TakenStep] = field(default_factory=deque)
    unwritten: dict[str, str] = field(default_factory=dict)

    @property
    def done(self) -> float:
        """Share of the budget used."""
        s = self.state
        return self.config.done(s.step, s.samples, s.seconds, self.loader.length)

    @property
    def epoch(self) -> int:
        """Epochs that are complete; 0 where they are not counted."""
        return self.state.samples // self.loader.length if self.loader.length else 0

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        return lr_at(self.recipe, self.state.step, self.done)

    @property
    def global_batch(self) -> int:
        """Samples per step, of all processes."""
        passes = self.config.gradient_accumulation_steps * self.accelerator.num_processes
        return self.recipe.batch_size * passes

    def validation_is_due(self, epoch_before: int) -> bool:
        """After a step: every ``--validation-steps``, or at the end of an epoch."""
        every = self.config.validation_steps
        return self.state.step % every == 0 if every else self.epoch > epoch_before

    def step(self, batches: Iterator[Batch], stopping: bool) -> tuple[dict[str, float], bool]:
        """One optimiser step; its numbers are counted now or, on a GPU, with the next one's.

        Args:
            batches: of this process.
            stopping: whether this process was asked to stop.

        Returns:
            The loss terms of the step that was counted, means over all processes, and whether any
            process was asked to stop; no terms where none was counted yet.

        Raises:
            DataError: when more files than ``--max-corrupt`` could not be read.
            InvalidConfig: after ``IN_A_ROW`` steps that were not finite; the weights are finite.
        """
        phase = phase_at(self.recipe, self.done)
        most = STARTS if self.stepper.network.continues else self.stepper.network.passes
        looks = looks_at(most, self.config.seed, self.state.step)
        self.under_way.append(self.stepper.step(batches, self.rate, stopping, phase, looks))
        self.state.step += 1
        self.state.samples += self.global_batch
        return self._count(leave=1 if self.stepper.lags else 0)

    def settle(self) -> None:
        """Count all steps; what is done next is no part of the time that steps take."""
        self._count(leave=0)
        self.stepper.since = None

    def _count(self, leave: int) -> tuple[dict[str, float], bool]:
        """Count all steps but the last ``leave``; terms of the last one counted, and any stop."""
        terms: dict[str, float] = {}
        stop = False
        while len(self.under_way) > leave:
            result = self.under_way.popleft().result()
            terms, stop = result.terms, stop or result.stop
            self._count_one(result)
        return terms, stop

    def _count_one(self, result: StepResult) -> None:
        state = self.state
        state.seconds += result.seconds
        state.skipped_files += result.unread
        for error in result.errors:
            tqdm.write(f"skipped {error}", file=sys.stderr)
        if result.finite:
            state.in_a_row = 0
            self._watch_critics(result)
            state.logged.add({**result.terms, "seconds": result.seconds})
            state.validated.add({"loss": result.terms["loss"]})
        else:
            state.skipped_steps += 1
            state.in_a_row += 1
            before = state.step - len(self.under_way)
            log.info("step %d was not taken: loss or gradient was not finite", before)
        self._check_limits()

    def _watch_critics(self, result: StepResult) -> None:
        """Say so where critics have won: they teach nothing any more."""
        loss = result.terms.get("critics")
        self.state.won = self.state.won + 1 if loss is not None and loss < WON else 0
        if self.state.won == WON_FOR:
            log.warning(
                "The critics' loss is below %g for %d steps: they find every fill, and the network "
                "learns little from them; give adversarial a smaller weight, or begin it later.",
                WON, WON_FOR,
            )  # fmt: skip

    def _check_limits(self) -> None:
        state, share = self.state, self.config.max_corrupt
        seen = max(state.samples, self.loader.length or 1000)
        if state.skipped_files > share * seen:
            raise DataError(
                f"{state.skipped_files} of {state.samples} samples could not be read, more "
                f"than --max-corrupt {share:g} of an epoch: mend the files named above, or raise "
                "--max-corrupt."
            )
        if state.in_a_row >= IN_A_ROW:
            raise InvalidConfig(
                f"Loss or gradient was not finite {IN_A_ROW} times in a row: the weights are those "
                "before; go on with a smaller --lr or --max-grad-norm."
            )

    def position(self) -> dict[str, float]:
        """Where the run stands, for ``metrics.jsonl``."""
        state = self.state
        at: dict[str, float] = {"step": state.step, "samples": state.samples}
        if self.loader.length:
            at["epoch"] = state.samples / self.loader.length
        return at | {"minutes": state.seconds / 60}

    def log_means(self, metrics: MetricsLog) -> None:
        """One line of means since the last one."""
        self._count(leave=0)
        rate = self.rate
        means = self.state.logged.take()
        if means and self.accelerator.is_main_process:
            speed = self.global_batch / means.pop("seconds")
            skipped = {
                name: getattr(self.state, name)
                for name in ("skipped_files", "skipped_steps")
                if getattr(self.state, name)
            }
            with self.may_fail_to_write("The metrics log"):
                metrics.add(
                    {**self.position(), **means, "lr": rate, "images_per_second": speed, **skipped}
                )

    def validate(self, metrics: MetricsLog) -> None:
        """Measure the network, draw its fills, write its checkpoint; on the main process."""
        self.settle()
        state = self.state
        means = state.validated.take()
        loss = state.last_loss = means.get("loss", state.last_loss)
        best = loss < state.best_loss
        state.best_loss = min(loss, state.best_loss)
        if not self.accelerator.is_main_process:
            return
        folder, device = self.config.output_dir, self.accelerator.device
        with self.may_fail_to_write("The network"), _evaluating(self.stepper.published) as network:
            record = {**self.position(), **{"mean_" + name: x for name, x in means.items()}}
            fill = bare_fill(network, device)
            self.scores = self.validation.scores(fill)
            metrics.add(record | self.scores)
            metrics.draw()
            write_samples(self.validation.grid(fill), folder, state.step)
            if best or not self.recipe.keep_best:
                times = self.scores.get("expected_error", 1.0)
                save_pretrained(calibrated(network, times), folder)
                write_card(folder, self.card())

    @contextmanager
    def may_fail_to_write(self, what: str) -> Iterator[None]:
        """Writing that may fail, as on a full disk: it is logged, and training goes on."""
        try:
            yield
            self.unwritten.pop(what, None)
        except OSError as error:
            self.unwritten[what] = f"{what} could not be written ({first_line(error)})"
            log.info("%s: training goes on, what was there before is whole", self.unwritten[what])

    def card(self, results: dict[str, Any] | None = None) -> str:
        """The model card of what is published now.

        Args:
            results: of :func:`inpainting.evaluation.runner.evaluate`.
        """
        config, state = self.config, self.state
        facts = TrainingFacts(
            name=config.hub_model_id or str(config.output_dir),
            parameters=sum(p.numel() for p in self.stepper.published.parameters()) / 1e6,
            data=config.data or "Natural Images (Roy et al., arXiv:1807.10108)",
            command=config.command,
            recipe=config.recipe,
            samples=state.samples,
            minutes=state.seconds / 60,
            device=self.accelerator.device.type,
            loss=state.last_loss,
            licence=config.license,
            processes=self.accelerator.num_processes,
            grid=SAMPLES if self.validation.pairs else "",
        )
        return model_card(facts, results)


@contextmanager
def _evaluating(model: Network) -> Iterator[Network]:
    """The network in evaluation mode; afterwards in the mode that it was in."""
    was = model.training
    try:
        yield model.eval()
    finally:
        model.train(was)
