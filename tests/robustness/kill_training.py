"""Kill training at random moments, go on, and compare with the run that was never killed.

    python -m tests.robustness.kill_training  # 54 kills: 3 seeds; 0, 1 and 4 workers
    python -m tests.robustness.kill_training --kills 2 --seeds 0 --workers 1

Prints one line per run and exits with 1 when any final weight differs in a bit.
"""

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from inpainting import ResidualUNet, save_pretrained
from tests.cli.forked import exit_code, kill, start
from tests.conftest import TINY

LIMIT = 180  # seconds that a run may take
STEPS = 30
FLAGS = (
    "--size=48", "--crop=32", "--batch-size=3", "--cpu", "--mixed-precision=no",
    f"--max-steps={STEPS}", "--checkpointing-steps=2", "--logging-steps=5",
    "--validation-steps=15", "--validation-images=2",
)  # fmt: skip


class Killer:
    """Runs of ``train.py`` on a tiny network, some of them killed.

    Args:
        folder: for pictures, network and runs.
        flags: of every run.
    """

    def __init__(self, folder: Path, flags: Sequence[str] = FLAGS) -> None:
        self.folder, self.flags = folder, flags
        self.log = folder / "log.txt"
        self.started: list[BaseProcess] = []
        pictures = folder / "pictures"
        pictures.mkdir()
        rng = np.random.default_rng(0)
        for i in range(26):
            noise = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
            noise.resize((64, 56), Image.Resampling.BICUBIC).save(pictures / f"{i}.png")
        torch.manual_seed(0)
        save_pretrained(ResidualUNet(TINY), folder / "tiny")

    def arguments(self, output: Path, seed: int, workers: int) -> list[str]:
        """The command line of a run."""
        return [
            "--data", str(self.folder / "pictures"), "--init-from", str(self.folder / "tiny"),
            "--output-dir", str(output), "--seed", str(seed), "--num-workers", str(workers),
            *self.flags,
        ]  # fmt: skip

    def start(self, output: Path, seed: int, workers: int, **variables: str) -> BaseProcess:
        """A run whose first step comes next: its settings are on disk."""
        began = time.time()
        process = start("train", self.arguments(output, seed, workers), self.log, **variables)
        self.started.append(process)
        options = output / "args.yaml"
        while process.is_alive() and time.time() < began + LIMIT:
            if options.exists() and options.stat().st_mtime > began:
                break
            time.sleep(0.01)
        return process

    def finish(self, output: Path, seed: int, workers: int) -> float:
        """A run that nobody kills; seconds from its first step to its end."""
        process = self.start(output, seed, workers)
        begin = time.perf_counter()
        if exit_code(process, LIMIT) != 0:
            raise RuntimeError(self.log.read_text()[-3000:])
        return time.perf_counter() - begin

    @cache  # noqa: B019 - as many as there are seeds
    def whole(self, seed: int) -> tuple[Path, float]:
        """The run that nobody kills, and its seconds; workers do not change it."""
        folder = self.folder / f"whole-{seed}"
        return folder, self.finish(folder, seed, workers=0)

    def kill(self, output: Path, seed: int, workers: int, delay: float) -> bool:
        """A run that is killed ``delay`` seconds after its first step; True if it lived so long."""
        process = self.start(output, seed, workers)
        process.join(delay)
        alive = process.is_alive()
        kill(process)
        return alive

    def ends_as_the_whole(self, output: Path, seed: int) -> bool:
        """Whether a run has published the weights and the curve of the one that nobody killed."""
        whole, _ = self.whole(seed)
        return digest(whole) == digest(output) and curve(whole) == curve(output)


def digest(output: Path) -> str:
    """Which weights were published."""
    return hashlib.sha256((output / "model.safetensors").read_bytes()).hexdigest()[:16]


def curve(output: Path) -> list[dict]:
    """The log of measurements without what depends on the clock."""
    lines = (output / "metrics.jsonl").read_text().splitlines()
    clock = ("minutes", "images_per_second")
    return [{k: v for k, v in json.loads(line).items() if k not in clock} for line in lines]


def compare(killer: Killer, seed: int, workers: int, kills: int) -> bool:
    """One whole run beside one that is killed ``kills`` times; True if they end alike."""
    output = killer.folder / f"broken-{seed}-{workers}"
    _, seconds = killer.whole(seed)
    generator = random.Random(f"{seed} {workers}")
    hits = torn = 0
    for _ in range(kills):
        # Short enough that the last kill still finds a run that is under way.
        delay = generator.uniform(0, 2 * seconds / (kills + 1))
        hits += killer.kill(output, seed, workers, delay)
        torn += bool(list(output.rglob("*.partial")))
    killer.finish(output, seed, workers)
    same = killer.ends_as_the_whole(output, seed)
    verdict = "same" if same else "DIFFERENT"
    name = f"seed {seed}, {workers} workers"
    print(f"{name}: {hits} of {kills} kills, {torn} in a write: {digest(output)} {verdict}")
    sys.stdout.flush()
    return same and hits > 0


def main() -> int:
    """Every seed with every number of workers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=6, help="per run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 4])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killer = Killer(Path(folder))
        runs = [compare(killer, s, w, args.kills) for s in args.seeds for w in args.workers]
    print(f"{sum(runs)} of {len(runs)} runs end as the one that was not killed")
    return int(not all(runs))


if __name__ == "__main__":
    sys.exit(main())
