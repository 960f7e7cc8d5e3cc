"""A training run: one step, what is kept of it, and how it goes on after a kill."""

import io
import math
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from inpainting.card import TrainingFacts, model_card
from inpainting.checkpoint import save_pretrained
from inpainting.errors import CheckpointError, DataError, InvalidConfig, first_line
from inpainting.losses import inpainting_loss
from inpainting.masks import valid_from_hole
from inpainting.unet import PConvUNet
from inpainting.vgg import VggFeatures
from inpainting.whole_files import whole_file

from .feed import Feed
from .journal import Journal
from .options import changes, command, resolved
from .progress import Progress
from .recipes import Recipe, lr_at
from .samples import Batch
from .states import State, save_state
from .validation import Validation

IN_A_ROW = 10  # steps without a finite loss and gradient until the run gives up
SAMPLES = "samples"  # folder of the grids; the newest is samples.png


@dataclass
class Run:
    """What a run needs at every step."""

    args: Namespace
    recipe: Recipe
    accelerator: Accelerator
    model: nn.Module
    ema: AveragedModel | None
    optimizer: torch.optim.Optimizer
    feed: Feed
    validation: Validation
    features: VggFeatures | None = None
    progress: Progress = field(default_factory=Progress)
    scores: dict[str, float] = field(default_factory=dict)  # of the last validation
    unkept: dict[str, str] = field(default_factory=dict)  # what could not be written last time

    @property
    def done(self) -> float:
        """Share of the budget used."""
        return self.progress.done(self.args, self.feed.length)

    @property
    def epoch(self) -> int:
        """Epochs that are complete; 0 where they are not counted."""
        return self.progress.samples // self.feed.length if self.feed.length else 0

    def validation_is_due(self, epoch_before: int) -> bool:
        """After a step: every ``--validation-steps``, or at the end of an epoch."""
        every = self.args.validation_steps
        return self.progress.step % every == 0 if every else self.epoch > epoch_before

    @property
    def network(self) -> PConvUNet:
        """The one that learns, without what accelerate wraps around it."""
        return self.accelerator.unwrap_model(self.model)

    @property
    def published(self) -> PConvUNet:
        """The network to evaluate and save."""
        return self.ema.module if self.ema else self.network  # type: ignore[return-value]

    @property
    def global_batch(self) -> int:
        """Samples per step, of all processes."""
        args = self.args
        passes = args.gradient_accumulation_steps * self.accelerator.num_processes
        return args.batch_size * passes

    def say(self, words: str) -> None:
        """To the terminal, once for all processes."""
        self.accelerator.print(words, file=sys.stderr)

    def step(self, batches: Iterator[Batch], stopping: bool) -> tuple[dict[str, float], bool]:
        """One optimiser step, or none where loss or gradient is not finite.

        Args:
            batches: of this process.
            stopping: whether this process was asked to stop.

        Returns:
            The loss terms, means over all processes, and whether any process was asked to stop.

        Raises:
            DataError: when more files than ``--max-corrupt`` could not be read.
            InvalidConfig: after ``IN_A_ROW`` steps that were not finite; the weights are finite.
        """
        start = time.perf_counter()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate
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
        self._count(named if finite else None, seconds, errors, unread)
        return named, stop > 0

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        return lr_at(self.recipe, self.progress.step, self.done)

    def _gradients(self, batches: Iterator[Batch]) -> tuple[dict[str, Tensor], list[str]]:
        passes = self.args.gradient_accumulation_steps
        terms: dict[str, Tensor] = {}
        errors: list[str] = []
        for _ in range(passes):
            batch = next(batches)
            errors += batch.errors
            with self.accelerator.accumulate(self.model):
                found = self._losses(batch)
                self.accelerator.backward(found["loss"] * batch.weight)
            for name, term in found.items():
                terms[name] = terms.get(name, 0) + term.detach() / passes
        return terms, errors

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        target = batch.image.float() / 255  # (B, 3, H, W)
        target = target.contiguous(memory_format=torch.channels_last)
        valid = valid_from_hole(batch.hole)  # (B, 1, H, W)
        with self.accelerator.autocast():
            painted = self.model(target, valid)
        scale = painted.scale.float() if painted.scale is not None else None
        output = painted.image.float()
        return inpainting_loss(output, target, valid, self.recipe.loss, scale, self.features)

    def _clipped_norm(self) -> Tensor:
        """Clip what paints and what says how sure it is; neither may shorten the other's step."""
        self.accelerator.unscale_gradients()
        named = list(self.model.named_parameters())
        doubt = [p for name, p in named if "doubt." in name]
        paint = [p for name, p in named if "doubt." not in name]
        limit = self.recipe.clip or math.inf
        norms = [nn.utils.clip_grad_norm_(part, limit) for part in (paint, doubt) if part]
        return torch.stack(norms).sum()

    def _mean_over_processes(self, values: list[float]) -> list[float]:
        if self.accelerator.num_processes == 1:
            return values
        # Double precision: the count of files is exact.
        tensor = torch.tensor(values, dtype=torch.float64, device=self.accelerator.device)
        return self.accelerator.reduce(tensor, "mean").tolist()

    def _count(
        self, terms: dict[str, float] | None, seconds: float, errors: list[str], unread: float
    ) -> None:
        progress = self.progress
        progress.step += 1
        progress.samples += self.global_batch
        progress.seconds += seconds
        progress.skipped_files += round(unread * self.accelerator.num_processes)
        for error in errors:
            tqdm.write(f"skipped {error}", file=sys.stderr)
        if terms is not None:
            progress.in_a_row = 0
            progress.logged.add({**terms, "seconds": seconds})
            progress.validated.add({"loss": terms["loss"]})
        else:
            progress.skipped_steps += 1
            progress.in_a_row += 1
            self.say(f"step {progress.step} was not taken: loss or gradient was not finite")
        self._check_limits()

    def _check_limits(self) -> None:
        progress, share = self.progress, self.args.max_corrupt
        seen = max(progress.samples, self.feed.length or 1000)
        if progress.skipped_files > share * seen:
            raise DataError(
                f"{progress.skipped_files} of {progress.samples} samples could not be read, more "
                f"than --max-corrupt {share:g} of an epoch: mend the files named above, or raise "
                "--max-corrupt."
            )
        if progress.in_a_row >= IN_A_ROW:
            raise InvalidConfig(
                f"Loss or gradient was not finite {IN_A_ROW} times in a row: the weights are those "
                "before; go on with a smaller --lr or --max-grad-norm."
            )

    def position(self) -> dict[str, float]:
        """Where the run stands, for the journal."""
        progress = self.progress
        at: dict[str, float] = {"step": progress.step, "samples": progress.samples}
        if self.feed.length:
            at["epoch"] = progress.samples / self.feed.length
        return at | {"minutes": progress.seconds / 60}

    def log(self, journal: Journal) -> None:
        """One line of means since the last one."""
        rate = self.rate
        means = self.progress.logged.take()
        if means and self.accelerator.is_main_process:
            speed = self.global_batch / means.pop("seconds")
            skipped = {
                name: getattr(self.progress, name)
                for name in ("skipped_files", "skipped_steps")
                if getattr(self.progress, name)
            }
            with self.kept("The journal"):
                journal.add(
                    {**self.position(), **means, "lr": rate, "images_per_second": speed, **skipped}
                )

    def validate(self, journal: Journal) -> None:
        """Measure, draw, publish, on the main process; then keep the state."""
        means = self.progress.validated.take()
        loss = self.progress.last_loss = means.get("loss", self.progress.last_loss)
        best = loss < self.progress.best_loss
        self.progress.best_loss = min(loss, self.progress.best_loss)
        if self.accelerator.is_main_process:
            with self.kept("The network"), _evaluating(self.published) as network:
                record = {**self.position(), **{"mean_" + name: x for name, x in means.items()}}
                self.scores = self.validation.scores(network, self.accelerator.device)
                journal.add(record | self.scores)
                journal.draw()
                self._draw_samples(network)
                if best or not self.recipe.keep_best:
                    save_pretrained(network, self.args.output_dir, self.card(), self.say)
        self.save()

    def _draw_samples(self, network: PConvUNet) -> None:
        grid = self.validation.grid(network, self.accelerator.device)
        if grid is None:
            return
        picture = io.BytesIO()
        grid.save(picture, "png")
        folder, name = self.args.output_dir, f"step-{self.progress.step:08d}.png"
        for path in (folder / SAMPLES / name, folder / "samples.png"):
            with whole_file(path) as file:
                file.write(picture.getbuffer())

    def save(self) -> None:
        """The state to resume from; every process calls this at the same step."""
        place = self.feed.order.state(self.progress.samples)
        places = gather_object([place]) if place is not None else None
        if not self.accelerator.is_main_process:
            return
        scaler = self.accelerator.scaler
        state = {
            "recipe": self.args.recipe,
            "config": asdict(self.network.config),
            "model": self.network.state_dict(),
            "ema": self.ema.state_dict() if self.ema else None,
            "optimizer": self.optimizer.state_dict(),
            "scaler": scaler.state_dict() if scaler else None,
            "progress": asdict(self.progress),
            "places": places,
            "options": resolved(self.args),
        }
        args = self.args
        with self.kept("The state"):
            save_state(args.output_dir, state, self.progress.step, args.checkpoints_total_limit)

    @contextmanager
    def kept(self, what: str) -> Iterator[None]:
        """Writing that may fail, as on a full disk: it is said, and training goes on."""
        try:
            yield
            self.unkept.pop(what, None)
        except OSError as error:
            self.unkept[what] = f"{what} could not be written ({first_line(error)})"
            self.say(f"{self.unkept[what]}: training goes on, what was there before is whole")

    def restore(self, state: State) -> None:
        """Go on from a state that :meth:`save` wrote.

        Raises:
            CheckpointError: when it is of another recipe, network or number of streams.
        """
        self._check_fits(state)
        self.network.load_state_dict(state["model"])
        if self.ema:
            self.ema.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.accelerator.scaler and state["scaler"]:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        self.progress = Progress.restored(state["progress"])
        if state["places"] is not None:
            self.feed.order.restore(state["places"][self.accelerator.process_index])
        self.say(f"Resuming at step {self.progress.step}")
        for change in changes(state["options"], resolved(self.args)):
            self.say(f"Not as before: {change}; the run goes on, but it is another one now")

    def _check_fits(self, state: State) -> None:
        recipe, places = self.args.recipe, state["places"]
        other = "use that one, another --output-dir, or --resume never."
        if state["recipe"] != recipe:
            raise CheckpointError(
                f"The state is of recipe {state['recipe']!r}, not {recipe!r}: {other}"
            )
        if state["config"] != asdict(self.network.config):
            raise CheckpointError(f"The state is of a network of another shape: {other}")
        if (places is not None) != self.args.streaming:
            word = "without" if places is None else "with"
            raise CheckpointError(f"The state is of a run {word} --streaming: {other}")
        if places is not None and len(places) != self.accelerator.num_processes:
            raise CheckpointError(
                f"The stream was read by {len(places)} processes, not "
                f"{self.accelerator.num_processes}: go on with as many, or with --resume never."
            )

    def card(self, results: dict[str, Any] | None = None) -> str:
        """The model card of what is published now.

        Args:
            results: of ``eval.py``: its ``results.json``.
        """
        args, progress = self.args, self.progress
        parameters = sum(p.numel() for p in self.published.parameters()) / 1e6
        return model_card(
            TrainingFacts(
                name=args.hub_model_id or str(args.output_dir),
                parameters=parameters,
                data=args.data or "Natural Images (Roy et al., arXiv:1807.10108)",
                command=command(sys.argv),
                recipe=args.recipe,
                samples=progress.samples,
                minutes=progress.seconds / 60,
                device=self.accelerator.device.type,
                loss=progress.last_loss,
                licence=args.license,
                processes=self.accelerator.num_processes,
                grid="samples.png" if self.validation.pairs else "",
            ),
            results,
        )


@contextmanager
def _evaluating(model: PConvUNet) -> Iterator[PConvUNet]:
    was = model.training
    try:
        yield model.eval()
    finally:
        model.train(was)
