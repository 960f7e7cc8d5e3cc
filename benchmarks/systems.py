"""The systems of the literature side by side: trained alike, measured alike.

    python -m benchmarks.systems --data TRAINING --test TEST --max-minutes 30 --seeds 0 1

Each recipe is trained from the same weights (``FROM_SCRATCH`` from none, for twice the budget) into
a folder of its own by ``train.py``, which goes on where it was stopped, then measured by
``eval.py``'s protocols on the same pictures and holes. What has been measured is not measured
again. At the end: a table of means with paired differences to the first recipe, and what belongs to
some systems alone: dB against the number of hints, and pass by pass.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.__main__ import describe
from inpainting.data.hints import LARGEST
from inpainting.data.sources import DataSet, load_splits
from inpainting.evaluation.config import EvalConfig
from inpainting.evaluation.metrics import score
from inpainting.evaluation.protocol import Pair, pairs
from inpainting.evaluation.runner import evaluate
from inpainting.evaluation.scores_csv import read_rows
from inpainting.evaluation.statistics import Row, bootstrap_interval
from inpainting.evaluation.tables import markdown
from inpainting.inference.predict import Predictor
from inpainting.io.tensors import to_image, to_tensor
from inpainting.masks.convert import batch_of, valid_from_hole
from inpainting.models.base import Network
from inpainting.models.checkpoint import load_pretrained
from inpainting.models.guide import Guide
from inpainting.models.passes import in_passes
from inpainting.seeding import generator_for
from inpainting.training.recipes import RECIPES

FROM_SCRATCH = ("classic", "context-encoder")
HINTS = (0, 1, 2, 4, 8, 16, 32)
TRUNK = "inpainting/pretrained"


class System(NamedTuple):
    """A trained recipe."""

    recipe: str
    seed: int
    folder: Path

    @property
    def name(self) -> str:
        return f"{self.recipe}, seed {self.seed}"


def main() -> None:
    args = parse()
    print(describe(torch.get_num_threads()), flush=True)
    systems = [
        System(recipe, seed, args.output / f"{recipe}-{seed}")
        for seed in args.seeds
        for recipe in args.recipes
    ]
    for system in systems:
        train(system, args)
        measure(system, args)
    print(f"\n{table(systems)}")
    some = pairs_of(args)
    print(f"\n{hints_table([s for s in systems if s.recipe not in FROM_SCRATCH], some)}")
    if looking := [s for s in systems if load_pretrained(str(s.folder)).passes > 1]:
        print(f"\n{passes_table(looking, some)}")


def parse() -> argparse.Namespace:
    """Command-line options; those that are unknown are train.py's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, help="folder to train on")
    add("--test", required=True, help="folder to measure on: its test split")
    add("--output", type=Path, default=Path("runs/systems"), help="(default: %(default)s)")
    add("--max-minutes", type=float, default=30, help="of each (default: %(default)s)")
    add("--trunk", default=TRUNK, help="weights to begin from (default: %(default)s)")
    add("--seeds", type=int, nargs="+", default=[0])
    add("--recipes", nargs="+", default=[r for r in RECIPES if r != "error"], choices=list(RECIPES))
    add("--limit", type=int, default=200, help="pictures per protocol (default: %(default)s)")
    args, args.flags = parser.parse_known_args()
    return args


def train(system: System, args: argparse.Namespace) -> None:
    """Train, or go on; a run that has ended says so itself."""
    begins = system.recipe in FROM_SCRATCH
    minutes = args.max_minutes * (2 if begins else 1)
    command = [
        sys.executable, "train.py", "--recipe", system.recipe, "--data", args.data,
        "--max-minutes", f"{minutes:g}", "--seed", str(system.seed),
        "--output-dir", str(system.folder), *([] if begins else ["--init-from", args.trunk]),
        *args.flags,
    ]  # fmt: skip
    print(shlex.join(["python", *command[1:]]), flush=True)
    subprocess.run(command, check=True)


def measure(system: System, args: argparse.Namespace) -> None:
    """Lines and irregular holes through the pipeline, unless that was done."""
    output = system.folder / "eval"
    if (output / "results.json").exists():
        return
    config = EvalConfig(
        data=DataSet(args.test), checkpoint=str(system.folder), methods=("model",),
        limit=args.limit, output_dir=output,
    )  # fmt: skip
    evaluate(config, config.command())


def table(systems: Sequence[System]) -> str:
    """Means over pictures, and paired differences in hole PSNR to the first recipe's seed."""
    rows = []
    for system in systems:
        network = load_pretrained(str(system.folder))
        last = last_record(system.folder)
        own = read_rows(system.folder / "eval" / "scores.csv")
        first = next(s for s in systems if s.seed == system.seed)
        theirs = read_rows(first.folder / "eval" / "scores.csv")
        cells = [
            system.name, f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f}",
            f"{billions(network):.2f}", f"{last['samples']:,.0f}", f"{last['minutes']:.0f}",
        ]  # fmt: skip
        for protocol in ("lines", "irregular"):
            mine, other = (of_protocol(r, protocol) for r in (own, theirs))
            cells.append(f"{np.mean([r['hole_psnr'] for r in mine]):.2f}")
            cells.append(f"{np.mean([r['ssim'] for r in mine]):.4f}")
            cells.append("" if system == first else difference(mine, other))
        cells.append(f"{np.mean([r['milliseconds'] for r in own]):.0f}")
        rows.append(cells)
    head = ["system", "parameters (M)", "GMAC at 256 px", "crops", "minutes"]
    for protocol in ("lines", "irregular"):
        head += [f"{protocol}: hole PSNR (dB)", "SSIM", "difference (dB)"]
    return markdown([*head, "ms per picture"], rows)


def last_record(folder: Path) -> Row:
    """Where a run stood at its end."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return json.loads(lines[-1])


def of_protocol(rows: Sequence[Row], protocol: str) -> list[Row]:
    """In the order of their pictures."""
    return sorted((r for r in rows if r["protocol"] == protocol), key=lambda r: r["index"])


def difference(mine: Sequence[Row], other: Sequence[Row]) -> str:
    """Mean of paired differences in hole PSNR, with a 95 % interval."""
    assert [r["key"] for r in mine] == [r["key"] for r in other]
    gaps = np.array([[a["hole_psnr"] - b["hole_psnr"]] for a, b in zip(mine, other, strict=True)])
    low, high = bootstrap_interval(gaps)
    return f"{gaps.mean():+.2f} [{low[0]:+.2f}, {high[0]:+.2f}]"


def billions(network: Network) -> float:
    """Multiplications of one pass over 256×256, in 10⁹; the smooth start has hardly any."""
    image, valid = torch.rand(1, 3, 256, 256), torch.ones(1, 1, 256, 256)
    valid[..., 64:160, 64:160] = 0
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(image, valid)
    return counter.get_total_flops() / 2e9


def pairs_of(args: argparse.Namespace) -> list[Pair]:
    """Some irregular holes of the same test pictures."""
    dataset = load_splits(DataSet(args.test))["test"]
    chosen = np.linspace(0, len(dataset) - 1, min(48, len(dataset), args.limit)).astype(int)
    return list(pairs(dataset, [int(i) for i in chosen], "irregular", seed=0, size=256))


def hints_table(systems: Sequence[System], some: Sequence[Pair]) -> str:
    """Gain in hole PSNR by so many hints, and obedience: the error at a hint, in grey levels."""
    rows = []
    for system in systems:
        predictor = Predictor(load_pretrained(str(system.folder)))
        gains, obeyed = [], []
        for number in HINTS:
            scores = [hinted(predictor, pair, number) for pair in some]
            gains.append(np.mean([psnr for psnr, _ in scores]))
            obeyed.append(np.nanmean([error for _, error in scores]) if number else np.nan)
        cells = [f"{gain - gains[0]:+.2f}" for gain in gains[1:]]
        rows.append([system.name, f"{gains[0]:.2f}", *cells, f"{obeyed[-1]:.1f}"])
    return markdown(["hints", "none (dB)", *map(str, HINTS[1:]), "error at a hint"], rows)


def hinted(predictor: Predictor, pair: Pair, number: int) -> tuple[float, float]:
    """Hole PSNR in dB, and the mean absolute error at the hints in grey levels."""
    given = np.zeros_like(pair.hole)
    colour = np.zeros_like(pair.original)
    generator = generator_for(0, pair.index)
    places = np.argwhere(pair.hole)
    for _ in range(number):
        y, x = places[generator.integers(len(places))]
        half = LARGEST // 2 - 1
        patch = np.s_[max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1]
        inside = pair.hole[patch]
        colour[patch][inside] = pair.original[patch][inside].mean(axis=0).round()
        given[patch] |= inside
    guide = None
    if number:
        guide = Guide(to_tensor(Image.fromarray(colour)), batch_of(given).float())
    filled = np.asarray(to_image(predictor(*given_of(pair), guide).image))
    apart = np.abs(filled.astype(float) - colour)[given].mean() if number else np.nan
    return score(pair.original, filled, pair.hole).hole_psnr, float(apart)


def passes_table(systems: Sequence[System], some: Sequence[Pair]) -> str:
    """Hole PSNR of each pass."""
    rows = []
    for system in systems:
        network = load_pretrained(str(system.folder))
        scores = np.array([list(each_pass(network, pair)) for pair in some]).mean(axis=0)
        rows.append([system.name, *(f"{score:.2f}" for score in scores)])
    most = max(len(row) for row in rows)
    return markdown(["passes", *map(str, range(1, most))], rows)


@torch.no_grad()
def each_pass(network: Network, pair: Pair) -> Iterator[float]:
    """Hole PSNR in dB."""
    for found in in_passes(network, *given_of(pair)):
        yield score(pair.original, np.asarray(to_image(found.image)), pair.hole).hole_psnr


def given_of(pair: Pair) -> tuple[Tensor, Tensor]:
    """A pair as a network takes it."""
    return to_tensor(Image.fromarray(pair.original)), valid_from_hole(batch_of(pair.hole))


if __name__ == "__main__":
    main()
