"""The systems of the literature side by side: trained alike, measured alike.

    python -m benchmarks.systems --data TRAINING --test TEST ANOTHER --max-minutes 30 --seeds 0 1

Each recipe is trained from the same weights (``FROM_SCRATCH`` from none, for twice the budget) into
a folder of its own by ``train.py``, which goes on where it was stopped, then measured by
``eval.py``'s protocols on the same pictures and holes. What has been measured is not measured
again. At the end: a table of means with paired differences to the first recipe, and what belongs to
some systems alone (``own_figures``).
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.__main__ import describe
from benchmarks.own_figures import draw_sources, hints_table, lines_table, passes_table
from inpainting.data.sources import DataSet, load_splits
from inpainting.evaluation.config import EvalConfig
from inpainting.evaluation.protocol import DRAWN_HOLES, Pair, pairs
from inpainting.evaluation.runner import evaluate
from inpainting.evaluation.scores_csv import read_rows
from inpainting.evaluation.statistics import Row, bootstrap_interval
from inpainting.evaluation.tables import markdown
from inpainting.models.base import Network
from inpainting.models.checkpoint import load_pretrained
from inpainting.models.context import KnownAttention
from inpainting.models.residual_unet import ResidualUNet
from inpainting.training.recipes import RECIPES

FROM_SCRATCH = ("classic", "context-encoder")
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
        for test in args.test:
            measure(system, test, args)
    print(f"\n{cost_table(systems)}")
    for test in args.test:
        print(f"\n{test.name}\n\n{table(systems, test)}")
    networks = {s.name: load_pretrained(str(s.folder)) for s in systems}
    some = pairs_of(args)
    residual = {n: x for n, x in networks.items() if isinstance(x, ResidualUNet)}
    print(f"\n{hints_table(residual, some)}")
    if seeing := {n: x for n, x in residual.items() if x.sees_lines}:
        print(f"\n{lines_table(seeing, some)}")
    if looking := {n: x for n, x in networks.items() if x.passes > 1}:
        print(f"\n{passes_table(looking, some)}")
    for name, network in residual.items():
        if isinstance(network.context, KnownAttention):
            draw_sources(network, some[0], args.output / f"{name}.png")


def parse() -> argparse.Namespace:
    """Command-line options; those that are unknown are train.py's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, help="folder to train on")
    add("--test", type=Path, nargs="+", required=True, help="folders to measure on: test splits; "
        "the first has the objects")  # fmt: skip
    add("--output", type=Path, default=Path("runs/systems"), help="(default: %(default)s)")
    add("--max-minutes", type=float, default=30, help="of each (default: %(default)s)")
    add("--trunk", default=TRUNK, help="weights to begin from (default: %(default)s)")
    add("--seeds", type=int, nargs="+", default=[0])
    add("--recipes", nargs="+", default=[r for r in RECIPES if r != "error"], choices=list(RECIPES))
    add("--object-masks", type=Path, help="folder of eval.py's option; objects are measured, too")
    add("--vgg-weights", type=Path, help="file of eval.py's option")
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


def measure(system: System, test: Path, args: argparse.Namespace) -> None:
    """Holes of every protocol through the pipeline, unless that was done."""
    output = scores_of(system, test).parent
    if (output / "results.json").exists():
        return
    masks = args.object_masks if test == args.test[0] else None
    config = EvalConfig(
        data=DataSet(str(test)), checkpoint=str(system.folder), methods=("model",),
        limit=args.limit, output_dir=output, object_masks=masks, vgg_weights=args.vgg_weights,
        protocols=(*DRAWN_HOLES, *(["objects"] if masks else [])),
    )  # fmt: skip
    evaluate(config, config.command())


def cost_table(systems: Sequence[System]) -> str:
    """What each system is made of, and what it was trained with."""
    rows = []
    for system in systems:
        network, last = load_pretrained(str(system.folder)), last_record(system.folder)
        rows.append(
            [
                system.name, f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f}",
                f"{billions(network):.2f}", f"{last['samples']:,.0f}", f"{last['minutes']:.0f}",
            ]
        )  # fmt: skip
    head = ["system", "parameters (M)", "GMAC at 256 px", "crops", "minutes"]
    return markdown(head, rows)


def table(systems: Sequence[System], test: Path) -> str:
    """Means over pictures, and paired differences in hole PSNR to the first recipe's seed."""
    rows = []
    protocols = list(dict.fromkeys(r["protocol"] for r in read_rows(scores_of(systems[0], test))))
    for system in systems:
        own = read_rows(scores_of(system, test))
        first = next(s for s in systems if s.seed == system.seed)
        theirs = read_rows(scores_of(first, test))
        cells = [system.name]
        for protocol in protocols:
            mine, other = (of_protocol(r, protocol) for r in (own, theirs))
            cells.append(f"{np.mean([r['hole_psnr'] for r in mine]):.2f}")
            cells.append(f"{np.mean([r['ssim'] for r in mine]):.4f}")
            cells.append("" if system == first else difference(mine, other))
        cells += [median_of(own, name) for name in ("sharpness", "gram", "vgg")]
        cells.append(f"{np.mean([r['milliseconds'] for r in own]):.0f}")
        rows.append(cells)
    head = ["system"]
    for protocol in protocols:
        head += [f"{protocol}: hole PSNR (dB)", "SSIM", "difference (dB)"]
    return markdown([*head, "sharpness", "Gram", "VGG19n", "ms per picture"], rows)


def scores_of(system: System, test: Path) -> Path:
    """Every score of a system on a test set."""
    return system.folder / f"eval-{test.name}" / "scores.csv"


def median_of(rows: Sequence[Row], name: str) -> str:
    """Of a measure of texture; a dash where it was not measured."""
    values = [r[name] for r in rows if r.get(name) is not None and np.isfinite(r[name])]
    return f"{np.median(values):.3f}" if values else "–"


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
    dataset = load_splits(DataSet(str(args.test[0])))["test"]
    chosen = np.linspace(0, len(dataset) - 1, min(48, len(dataset), args.limit)).astype(int)
    return list(pairs(dataset, [int(i) for i in chosen], "irregular", seed=0, size=256))


if __name__ == "__main__":
    main()
