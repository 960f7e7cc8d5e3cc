"""Kill training at random moments, go on, and compare with the run that was never killed.

    python -m tests.kill_training                    # 54 kills: 3 seeds; 0, 1 and 4 workers
    python -m tests.kill_training --kills 2 --seeds 0 --workers 1

Prints one line per run and exits with 1 when any final weight differs in a bit.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from inpainting import PConvUNet, save_pretrained
from tests.conftest import TINY
from tests.running_app import ROOT

LIMIT = 180  # seconds that a run may take
STEPS = 60
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
        pictures = folder / "pictures"
        pictures.mkdir()
        rng = np.random.default_rng(0)
        for i in range(26):
            noise = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
            noise.resize((64, 56), Image.Resampling.BICUBIC).save(pictures / f"{i}.png")
        torch.manual_seed(0)
        save_pretrained(PConvUNet(TINY), folder / "tiny", card="# Tiny\n")
        self.environment = os.environ | {
            "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_CACHE": str(folder / "cache"),
        }  # fmt: skip

    def start(self, output: Path, seed: int, workers: int) -> subprocess.Popen:
        """The command, in a process group of its own."""
        command = [
            sys.executable, str(ROOT / "train.py"), "--data", str(self.folder / "pictures"),
            "--init-from", str(self.folder / "tiny"), "--output-dir", str(output),
            "--seed", str(seed), "--num-workers", str(workers), *self.flags,
        ]  # fmt: skip
        with (self.folder / "log.txt").open("a") as log:
            return subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def finish(self, output: Path, seed: int, workers: int) -> float:
        """A run that nobody kills; seconds from its first step to its end."""
        process = self.start(output, seed, workers)
        wait_for_first_step(process, output)
        begin = time.perf_counter()
        if process.wait(LIMIT) != 0:
            raise RuntimeError((self.folder / "log.txt").read_text()[-3000:])
        return time.perf_counter() - begin

    def kill(self, output: Path, seed: int, workers: int, delay: float) -> bool:
        """A run that is killed ``delay`` seconds after its first step; True if it lived so long."""
        process = self.start(output, seed, workers)
        wait_for_first_step(process, output)
        time.sleep(delay)
        alive = process.poll() is None
        if alive:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(LIMIT)
        return alive


def wait_for_first_step(process: subprocess.Popen, output: Path) -> None:
    """Until the options of this start are on disk: training begins right after that."""
    options, began = output / "args.yaml", time.time()
    while process.poll() is None and time.time() < began + LIMIT:
        if options.exists() and options.stat().st_mtime > began:
            return
        time.sleep(0.01)


def digest(output: Path) -> str:
    """Which weights were published."""
    return hashlib.sha256((output / "model.safetensors").read_bytes()).hexdigest()[:16]


def curve(output: Path) -> list[dict]:
    """The journal without what depends on the clock."""
    lines = (output / "metrics.jsonl").read_text().splitlines()
    clock = ("minutes", "images_per_second")
    return [{k: v for k, v in json.loads(line).items() if k not in clock} for line in lines]


def compare(killer: Killer, seed: int, workers: int, kills: int) -> bool:
    """One whole run beside one that is killed ``kills`` times; True if they end alike."""
    name = f"seed {seed}, {workers} workers"
    whole, broken = (killer.folder / f"{word}-{seed}-{workers}" for word in ("whole", "broken"))
    seconds = killer.finish(whole, seed, workers)
    generator = random.Random(f"{seed} {workers}")
    hits = torn = 0
    for _ in range(kills):
        # Short enough that the last kill still finds a run that is under way.
        hits += killer.kill(broken, seed, workers, generator.uniform(0, 2 * seconds / (kills + 1)))
        torn += bool(list(broken.rglob("*.partial")))
    killer.finish(broken, seed, workers)
    same = digest(whole) == digest(broken) and curve(whole) == curve(broken)
    verdict = "same" if same else "DIFFERENT"
    print(f"{name}: {hits} of {kills} kills, {torn} in a write: {digest(broken)} {verdict}")
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
