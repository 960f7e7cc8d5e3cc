"""What a run will take, from a few real steps: ``train.py --dry-run``."""

import resource
import statistics
import sys
import time

import torch

from .run import Run

STEPS = 4  # the first one warms up


def plan(run: Run) -> str:
    """Steps, samples, memory and minutes, as lines of text.

    The steps that are measured change the weights in memory: the process should end after this.
    """
    args, feed = run.args, run.feed
    seconds = _seconds_per_step(run)
    total = _steps(run, seconds)
    samples = total * run.global_batch
    epochs = f" = {samples / feed.length:.1f} epochs of {feed.length:,}" if feed.length else ""
    left = max(0, total - run.progress.step)
    parameters = sum(p.numel() for p in run.network.parameters()) / 1e6
    lines = {
        "network": f"recipe {args.recipe}, {parameters:.1f} million parameters",
        "steps": f"{total:,}, {run.progress.step:,} of them done",
        "samples": f"{samples:,}{epochs}",
        "batch": f"{run.global_batch} = {args.batch_size} × {args.gradient_accumulation_steps} "
        f"passes × {run.accelerator.num_processes} processes",
        "device": f"{run.accelerator.device}, precision {run.accelerator.mixed_precision}",
        "memory": f"{_peak_memory(run):,.0f} MB per process at most so far",
        "time": f"{left * seconds / 60:.1f} minutes left, {seconds:.2f} s per step "
        f"({run.global_batch / seconds:.1f} pictures/s), without validation",
        "set aside": f"{len(run.validation.pairs)} pictures",
        "output": f"{args.output_dir}",
    }
    return "\n".join(f"{name:>10}  {text}" for name, text in lines.items())


def _seconds_per_step(run: Run) -> float:
    batches = run.feed.batches(run.progress.samples, run.args, run.accelerator.device)
    run.model.train()
    times = []
    before = run.progress.step, run.progress.samples, run.progress.seconds
    for _ in range(STEPS):
        start = time.perf_counter()
        run.step(batches, stopping=False)
        times.append(time.perf_counter() - start)
    batches.close()
    run.progress.step, run.progress.samples, run.progress.seconds = before
    return statistics.median(times[1:])


def _steps(run: Run, seconds: float) -> int:
    """Until the first limit is reached."""
    args, limits = run.args, []
    if args.epochs and run.feed.length:
        limits.append(-(-args.epochs * run.feed.length // run.global_batch))
    if args.max_steps:
        limits.append(args.max_steps)
    if args.max_minutes:
        limits.append(int(args.max_minutes * 60 / seconds) + 1)
    return min(limits)


def _peak_memory(run: Run) -> float:
    """Megabytes: of the GPU, or of this process."""
    if run.accelerator.device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1e6 if sys.platform == "darwin" else 1e3)
