"""What a run will take, from a few real steps: ``train.py --dry-run``."""

import resource
import statistics
import sys
import time
from contextlib import closing
from dataclasses import replace

import torch

from inpainting.training.trainer import Trainer

STEPS = 4  # the first one warms up


def dry_run(trainer: Trainer) -> str:
    """Steps, samples, memory and minutes, as lines of text.

    The steps that are measured change the weights in memory: the process should end after this.
    """
    config, loader, accelerator = trainer.config, trainer.loader, trainer.accelerator
    seconds = _seconds_per_step(trainer)
    total = _steps(trainer, seconds)
    samples = total * trainer.global_batch
    epochs = (
        f" = {samples / loader.length:.1f} epochs of {loader.length:,}" if loader.length else ""
    )
    left = max(0, total - trainer.state.step)
    parameters = sum(p.numel() for p in trainer.stepper.network.parameters()) / 1e6
    lines = {
        "network": f"recipe {config.recipe}, {parameters:.1f} million parameters",
        "steps": f"{total:,}, {trainer.state.step:,} of them done",
        "samples": f"{samples:,}{epochs}",
        "batch": f"{trainer.global_batch} = {trainer.recipe.batch_size} × "
        f"{config.gradient_accumulation_steps} passes × {accelerator.num_processes} processes",
        "device": f"{accelerator.device}, precision {accelerator.mixed_precision}",
        "memory": f"{_peak_memory(accelerator.device):,.0f} MB per process at most so far",
        "time": f"{left * seconds / 60:.1f} minutes left, {seconds:.2f} s per step "
        f"({trainer.global_batch / seconds:.1f} pictures/s), without validation",
        "set aside": f"{len(trainer.validation.pairs)} pictures",
        "output": f"{config.output_dir}",
    }
    return "\n".join(f"{name:>10}  {text}" for name, text in lines.items())


def _seconds_per_step(trainer: Trainer) -> float:
    before, recipe = replace(trainer.state), trainer.recipe
    trainer.recipe = replace(recipe, alone=(0.0, 0.0))  # with critics, from where they learn too
    batches = trainer.loader.batches(before.samples, trainer.accelerator.device)
    times = []
    with closing(batches):
        for _ in range(STEPS):
            start = time.perf_counter()
            trainer.step(batches, stopping=False)
            times.append(time.perf_counter() - start)
    trainer.settle()
    trainer.state, trainer.recipe = before, recipe
    return statistics.median(times[1:])


def _steps(trainer: Trainer, seconds: float) -> int:
    """Number of steps until the first limit is reached."""
    config, length, limits = trainer.config, trainer.loader.length, []
    if config.epochs and length:
        limits.append(-(-config.epochs * length // trainer.global_batch))
    if config.max_steps:
        limits.append(config.max_steps)
    if config.max_minutes:
        limits.append(int(config.max_minutes * 60 / seconds) + 1)
    return min(limits)


def _peak_memory(device: torch.device) -> float:
    """Peak memory in megabytes, of the GPU or of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1e6 if sys.platform == "darwin" else 1e3)
