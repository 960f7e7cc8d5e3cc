"""What feeding a training costs: ``python -m benchmarks.training --data FOLDER``.

Steps on batches that are read, cut and holed while they run, beside the same steps on one batch
that lies on the device; and a sample's cost on one core, by part.
"""

import argparse
import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import cv2
import torch

from benchmarks.__main__ import describe
from benchmarks.measure import milliseconds, ratio, seconds_of
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
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--crop", type=int, default=64)
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
    cv2.setNumThreads(0)
    size, window = dataset.size, (0, 0, dataset.crop)
    numbers = [int(n) for n in generator_for(0).permutation(len(dataset.images))[:samples]]
    kept = {n: at_size(dataset.images[n]["image"], size) for n in numbers}
    parts: dict[str, Callable[[int], object]] = {
        "hole": lambda n: dataset.sample_hole((size, size), generator_for(1, n)),
        "picture, read for the first time": lambda n: at_size(dataset.images[n]["image"], size),
        "plain view (3 of 4)": lambda n: plain_view(kept[n], size, window, generator_for(1, n)),
        "turned view (1 of 4)": lambda n: turned_view(kept[n], size, window, generator_for(1, n)),
        "**sample, picture kept**": lambda n: dataset[SampleIndex(1, n)],
    }
    for n in numbers:
        dataset[SampleIndex(0, n)]
    rows = []
    for name, part in parts.items():
        times = [seconds_of(partial(part, n)) for n in numbers]
        rows.append((name, f"{milliseconds(times):.2f}", f"{1000 * statistics.mean(times):.2f}"))
    return markdown(("part", "median (ms)", "mean (ms)"), rows)


def feed_table(trainer: Trainer, steps: int, rounds: int) -> str:
    """Images per second, medians of rounds in turn, and the median of their ratios."""
    device, workers = trainer.accelerator.device, trainer.loader.workers
    with closing(trainer.loader.batches(0, device)) as batches:
        batch = next(batches)
    times: dict[str, list[float]] = {"held": [], "fed": []}
    for k in range(rounds):
        times["held"].append(_seconds_of_steps(trainer, itertools.repeat(batch), 3, steps))
        with closing(trainer.loader.batches(k * 10_000, device)) as batches:
            # What the workers have ready at the start would be free.
            times["fed"].append(_seconds_of_steps(trainer, batches, 2 * workers + 3, steps))
    images = (f"{1000 * steps * len(batch.image) / milliseconds(t):.1f}" for t in times.values())
    precision = trainer.accelerator.mixed_precision
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    head = ("device", "precision", "batch", "crop", "workers", "held (images/s)", "fed (images/s)",
            "fed ÷ held")  # fmt: skip
    row = (name, precision, len(batch.image), batch.image.shape[-1], workers, *images,
           f"{ratio(times, 'held', 'fed'):.3f}")  # fmt: skip
    return markdown(head, [row])


def _trainer(args: argparse.Namespace, output: Path) -> Trainer:
    flags = {"--data": args.data, "--split": "train", "--batch-size": args.batch_size,
             "--crop": args.crop, "--num-workers": args.num_workers, "--max-steps": 10**9,
             "--max-corrupt": 1, "--validation-images": 0, "--output-dir": output}  # fmt: skip
    config = parse([f"{name}={value}" for name, value in flags.items()])
    return prepare(config, make_accelerator(config))


def _seconds_of_steps(
    trainer: Trainer, batches: Iterator[Batch], warm_up: int, steps: int
) -> float:
    def take(count: int) -> None:
        for _ in range(count):
            trainer.step(batches, stopping=False)
        trainer.settle()

    take(warm_up)
    return seconds_of(partial(take, steps))


if __name__ == "__main__":
    main()
