"""What feeding a training costs: ``python -m benchmarks.training --data FOLDER``.

Steps on batches that are read, cut and holed while they run, beside the same steps on one batch
that lies on the device; and a sample's cost on one core, by part.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import torch

from benchmarks.__main__ import describe
from inpainting.cli.train import parse
from inpainting.data.augment import at_size, plain_view, turned_view
from inpainting.data.dataset import Batch, HoledImages
from inpainting.data.sampler import SampleIndex
from inpainting.evaluation.tables import markdown
from inpainting.seeding import generator_for
from inpainting.training.loop import make_accelerator, prepare
from inpainting.training.trainer import Trainer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of pictures")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--num-workers", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20, help="of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--samples", type=int, default=500, help="(default: %(default)s)")
    args = parser.parse_args()
    print(describe(torch.get_num_threads()))
    with tempfile.TemporaryDirectory() as folder:
        trainer = _trainer(args, Path(folder) / "run")
        print(f"\n{sample_table(trainer.loader.dataset, args.samples)}")
        print(f"\n{feed_table(trainer, args.steps, args.rounds)}")


def sample_table(dataset: HoledImages, samples: int) -> str:
    """Milliseconds of one core, medians and means, of a sample and its parts."""
    size, window = dataset.size, (0, 0, dataset.crop)
    numbers = [int(n) for n in generator_for(0).permutation(len(dataset.images))[:samples]]
    files = {n: dataset.images[n]["image"].convert("RGB") for n in numbers}
    kept = {n: at_size(files[n], size) for n in numbers}
    parts: dict[str, Callable[[int], object]] = {
        "hole": lambda n: dataset.sample_hole((size, size), generator_for(1, n)),
        "picture, read for the first time": lambda n: at_size(
            dataset.images[n]["image"].convert("RGB"), size
        ),
        "plain view (3 of 4)": lambda n: plain_view(kept[n], size, window, generator_for(1, n)),
        "turned view (1 of 4)": lambda n: turned_view(kept[n], size, window, generator_for(1, n)),
        "**sample, picture kept**": lambda n: dataset[SampleIndex(1, n)],
    }
    for n in numbers:
        dataset[SampleIndex(0, n)]
    rows = [(name, *_milliseconds(part, numbers)) for name, part in parts.items()]
    return markdown(("part", "median (ms)", "mean (ms)"), rows)


def feed_table(trainer: Trainer, steps: int, rounds: int) -> str:
    """Images per second, medians of rounds in turn, and the median of their ratios."""
    device, workers = trainer.accelerator.device, trainer.loader.workers
    trainer.stepper.model.train()
    with closing(trainer.loader.batches(0, device)) as batches:
        batch = next(batches)
    held, fed = [], []
    for k in range(rounds):
        held.append(_seconds_per_step(trainer, itertools.repeat(batch), 3, steps))
        with closing(trainer.loader.batches(k * 10_000, device)) as batches:
            # What the workers have ready at the start would be free.
            fed.append(_seconds_per_step(trainer, batches, 2 * workers + 3, steps))
    ratio = statistics.median(a / b for a, b in zip(held, fed, strict=True))
    images = (f"{len(batch.image) / statistics.median(times):.1f}" for times in (held, fed))
    precision = trainer.accelerator.mixed_precision
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    head = ("device", "precision", "batch", "crop", "workers", "held (images/s)", "fed (images/s)",
            "fed ÷ held")  # fmt: skip
    row = (name, precision, len(batch.image), batch.image.shape[-1], workers, *images,
           f"{ratio:.3f}")  # fmt: skip
    return markdown(head, [row])


def _trainer(args: argparse.Namespace, output: Path) -> Trainer:
    flags = {"--data": args.data, "--split": "train", "--batch-size": args.batch_size,
             "--crop": args.crop, "--num-workers": args.num_workers, "--max-steps": 10**9,
             "--validation-images": 0, "--output-dir": output}  # fmt: skip
    config = parse([f"{name}={value}" for name, value in flags.items()])
    return prepare(replace(config, max_corrupt=1.0), make_accelerator(config))


def _seconds_per_step(
    trainer: Trainer, batches: Iterator[Batch], warm_up: int, steps: int
) -> float:
    for _ in range(warm_up):
        trainer.step(batches, stopping=False)
    trainer.settle()
    start = time.perf_counter()
    for _ in range(steps):
        trainer.step(batches, stopping=False)
    trainer.settle()
    return (time.perf_counter() - start) / steps


def _milliseconds(work: Callable[[int], object], numbers: list[int]) -> tuple[str, str]:
    cv2.setNumThreads(0)
    times = []
    for number in numbers:
        start = time.perf_counter()
        work(number)
        times.append(1000 * (time.perf_counter() - start))
    return f"{statistics.median(times):.2f}", f"{statistics.mean(times):.2f}"


if __name__ == "__main__":
    main()
