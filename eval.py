"""Measure a checkpoint, and the classical fills beside it, on the same pictures and holes.

    python eval.py --data folder                      # the bundled checkpoint, the full table
    python eval.py --checkpoint runs/a --data folder --limit 64

Writes into --output-dir: table.md, results.json, scores.csv (one row per picture and method) and
the report's pictures. How it is measured: inpainting/evaluation.py and inpainting/summary.py.
"""

import argparse
import json
import os
import shlex
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from inpainting import charts, evaluation, tables
from inpainting.baselines import BASELINES, Fill
from inpainting.checkpoint import load_pretrained, weights_digest
from inpainting.data import DataSet, load_splits
from inpainting.devices import device
from inpainting.errors import DataError, InpaintingError
from inpainting.evaluation import Paint, Pair
from inpainting.figures import GridRow, contact_sheet, five_column_grid
from inpainting.flags import dashed
from inpainting.masks import mask_image_from_hole
from inpainting.metrics import PSNR_CAP
from inpainting.random_masks import generator_for
from inpainting.score_file import read_rows, write_rows
from inpainting.summary import MODEL, RESAMPLES, Row, summarise
from inpainting.uncertainty import PixelSample, summarise_uncertainty
from inpainting.unet import PConvUNet

SHEET = 32  # random pictures on a contact sheet
PACKAGES = ("torch", "numpy", "scikit-image", "opencv-python-headless", "pillow", "datasets")


def main(argv: Sequence[str] | None = None) -> None:
    """Load, measure, write, print."""
    argv = list(sys.argv[1:] if argv is None else argv)
    args = parse(argv)
    splits = load_splits(DataSet(args.data, args.image_column, args.data_revision))
    dataset = choose_split(splits, args.split)
    indices = evaluation.spread_subset(len(dataset), args.limit, args.seed)
    model = load_pretrained(args.checkpoint, args.revision) if MODEL in args.methods else None
    paint = evaluation.model_paint(model, args.device) if model else None
    reused = read_rows(args.reuse) if args.reuse else []
    args.output_dir.mkdir(parents=True, exist_ok=True)

    rows, pixels = measure(dataset, indices, args, paint, reused)
    write_rows(args.output_dir / "scores.csv", rows)
    results, differences = summarise(rows, args.seed)
    table = tables.report(results, differences, checkpoint_name(args))
    (args.output_dir / "table.md").write_text(table, encoding="utf-8")
    about = describe(args, argv, model, len(indices))
    uncertainty = summarise_uncertainty(pixels)
    record = {**about, "results": results, "differences": differences, "uncertainty": uncertainty}
    text = json.dumps(record, indent=1, allow_nan=False)
    (args.output_dir / "results.json").write_text(text + "\n", encoding="utf-8")
    write_charts(args.output_dir, splits, results, rows)
    if uncertainty:
        charts.uncertainty_figure(uncertainty, args.output_dir / "uncertainty.png")
    fill = evaluation.model_fill(model, args.device) if model else BASELINES[args.methods[0]]
    write_grids(args, dataset, rows, fill)
    write_contact_sheets(args, dataset, indices, fill)
    print(table)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Command-line options; ``--output_dir`` is read as ``--output-dir``."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--checkpoint", help="folder or Hub id; default: the checkpoint in this repository")
    add("--revision", help="branch, tag or commit of a Hub checkpoint")
    add("--data", help="folder of pictures or Hub id, as for train.py; default: Natural Images")
    add("--image-column", help="default: the first column with pictures")
    add("--data-revision", help="branch, tag or commit of a Hub data set")
    add("--split", default="test", help="which split to measure on (default: test)")
    add("--limit", type=positive, help="at most so many pictures, spread over the split")
    add("--protocols", nargs="+", choices=evaluation.PROTOCOLS, default=evaluation.PROTOCOLS)
    methods = (MODEL, *BASELINES)
    add("--methods", nargs="+", choices=methods, default=methods, help="default: all")
    add("--seed", type=int, default=0, help="of holes, subset and bootstrap; never of the split")
    add("--size", type=positive, default=256, help="side of the pictures (default: 256)")
    add("--output-dir", type=Path, default=Path("runs/eval"))
    workers = max(0, (os.cpu_count() or 1) - 1)
    add("--workers", type=int, default=workers, help="processes for the classical fills; 0 = none")
    add("--reuse", type=Path, help="scores.csv of an earlier run: take the classical rows from it")
    add("--device", type=device, default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args([dashed(argument) for argument in argv])
    for name in ("protocols", "methods"):  # each once, in the order given
        setattr(args, name, list(dict.fromkeys(getattr(args, name))))
    return args


def positive(text: str) -> int:
    """An integer of at least 1, for argparse."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return int(text)


def choose_split(splits: Any, name: str) -> Any:
    """A split with at least one picture, or a DataError that says which there are."""
    if name not in splits or len(splits[name]) == 0:
        filled = [split for split in splits if len(splits[split])]
        raise DataError(f"The data set has no pictures in a split {name!r}: use one of {filled}.")
    return splits[name]


def measure(
    dataset: Any,
    indices: Sequence[int],
    args: argparse.Namespace,
    paint: Paint | None,
    reused: Sequence[Row],
) -> tuple[list[Row], list[PixelSample]]:
    """Every method on every pair: the network here, the classical fills in other processes.

    Returns:
        One row per pair and method, and the pixels that the network's certainty is judged by.
    """
    earlier = {(row["protocol"], row["index"], row["method"]): row for row in reused}
    classical = [method for method in args.methods if method != MODEL]
    rows: list[Row] = []
    pixels: list[PixelSample] = []
    pending: deque[Future[list[Row]]] = deque()
    total = len(indices) * len(args.protocols)
    with worker_pool(args.workers) as pool, tqdm(total=total, unit="pair", desc="eval") as bar:
        for pair in all_pairs(dataset, indices, args):
            if reused:
                rows += [take(earlier, pair, method, args.reuse) for method in classical]
            elif pool is None:
                rows += evaluation.score_baselines(classical, pair)
            else:
                pending.append(pool.submit(evaluation.score_baselines, classical, pair))
            if paint is not None:
                row, sample = evaluation.score_paint(paint, pair)
                rows.append(row)
                pixels += [sample] if sample else []
            while len(pending) > 4 * args.workers:  # bounds the pairs held in memory
                rows += pending.popleft().result()
            bar.update()
        bar.set_description("waiting for the classical fills")
        for future in pending:
            rows += future.result()
    for row in rows:
        row["model"] = checkpoint_name(args) if row["method"] == MODEL else ""
    order = {name: i for i, name in enumerate([*args.protocols, *args.methods])}
    rows.sort(key=lambda r: (order[r["protocol"]], r["index"], order[r["method"]]))
    return rows, pixels


def all_pairs(dataset: Any, indices: Sequence[int], args: argparse.Namespace) -> Iterator[Pair]:
    """The pairs of each protocol in turn."""
    for protocol in args.protocols:
        yield from evaluation.pairs(dataset, indices, protocol, args.seed, args.size)


def worker_pool(workers: int) -> Any:
    """A pool of fresh processes (a fork would inherit torch's locked threads), or None."""
    if workers < 1:
        return nullcontext()
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def take(earlier: dict[tuple[str, int, str], Row], pair: Pair, method: str, path: Path) -> Row:
    """The earlier run's row for this very picture and hole.

    Raises:
        DataError: when there is none, or its picture or hole was another.
    """
    row = earlier.get((pair.protocol, pair.index, method))
    if row is None:
        raise DataError(
            f"{path} has no row for {method} on picture {pair.index} ({pair.protocol}): reuse a "
            "run that covers these methods, protocols and pictures, or leave out --reuse."
        )
    if row["key"] != pair.key:
        raise DataError(
            f"{path} was made with another picture or hole {pair.index} ({pair.protocol}): reuse "
            "needs the same data, split, seed and size; leave out --reuse."
        )
    return row


def checkpoint_name(args: argparse.Namespace) -> str:
    """What tells checkpoints apart in the tables: the folder's name or the Hub id."""
    if args.checkpoint is None:
        return "bundled"
    folder = Path(args.checkpoint)
    return folder.resolve().name if folder.is_dir() else args.checkpoint


def describe(
    args: argparse.Namespace, argv: Sequence[str], model: PConvUNet | None, count: int
) -> dict[str, Any]:
    """What a reader needs to repeat the run."""
    installed = {dist.metadata["Name"].lower() for dist in metadata.distributions()}
    return {
        "command": shlex.join(["python", "eval.py", *argv]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {p: metadata.version(p) for p in PACKAGES if p in installed},
        "checkpoint": describe_checkpoint(args, model) if model else None,
        "data": args.data or "natural-images",
        "split": args.split,
        "pictures": count,
        "size": args.size,
        "seed": args.seed,
        "device": str(args.device),
        "baselines_reused_from": args.reuse and str(args.reuse),
        "psnr_cap": PSNR_CAP,
        "bootstrap_resamples": RESAMPLES,
    }  # fmt: skip


def describe_checkpoint(args: argparse.Namespace, model: PConvUNet) -> dict[str, Any]:
    """Which network it was."""
    return {
        "name": args.checkpoint or "bundled",
        "revision": args.revision,
        "sha256": weights_digest(args.checkpoint, args.revision),
        "parameters": sum(p.numel() for p in model.parameters()),
        "config": asdict(model.config),
    }


def write_charts(folder: Path, splits: Any, results: Sequence[Row], rows: Sequence[Row]) -> None:
    """Measures by bucket, their spread, and, where there are classes, how the data is made up."""
    for name in charts.MEASURE_NAMES:
        charts.measure_figure(results, name, folder / f"{name}.png")
    charts.distribution_figure(rows, folder / "distribution.png")
    counts = {name: evaluation.class_counts(split) for name, split in splits.items() if len(split)}
    if any(counts.values()):
        total = sum((Counter(of_split) for of_split in counts.values()), Counter())
        title = f"Pictures per class ({total.total()} in all)"
        charts.class_figure(dict(sorted(total.items())), folder / "classes.png", title)
        charts.split_figure(counts, folder / "splits.png")


def write_grids(args: argparse.Namespace, dataset: Any, rows: Sequence[Row], fill: Fill) -> None:
    """Per protocol, a five-column grid of typical pictures and one heat map with its scale."""
    for protocol in args.protocols:
        lines = [
            grid_line(pair, row, fill)
            for row in evaluation.examples(rows, protocol, args.methods[0])
            for pair in evaluation.pairs(dataset, [row["index"]], protocol, args.seed, args.size)
        ]
        five_column_grid(lines).save(args.output_dir / f"grid_{protocol}.png")
        middle = lines[len(lines) // 2]
        path = args.output_dir / f"difference_{protocol}.png"
        charts.heat_map_figure(middle.original, middle.result, path, middle.caption)


def write_contact_sheets(
    args: argparse.Namespace, dataset: Any, indices: Sequence[int], fill: Fill
) -> None:
    """Per protocol, input and result of random pictures, for the eye to judge."""
    count = min(SHEET, len(indices))
    chosen = sorted(int(i) for i in generator_for(args.seed).choice(indices, count, replace=False))
    for protocol in args.protocols:
        tiles = [
            (pair.original, pair.hole, evaluation.composited(pair, fill(pair.original, pair.hole)))
            for pair in evaluation.pairs(dataset, chosen, protocol, args.seed, args.size)
        ]
        contact_sheet(tiles).save(args.output_dir / f"contact_{protocol}.png")


def grid_line(pair: Pair, row: Row, fill: Fill) -> GridRow:
    """A pair, filled, with its scores as the caption."""
    result = evaluation.composited(pair, fill(pair.original, pair.hole))
    mask_image = mask_image_from_hole(torch.from_numpy(pair.hole))
    name = f"{pair.label} {pair.index}".strip()
    caption = (
        f"{name}, {row['method']}: hole {100 * row['hole_ratio']:.0f} %, "
        f"hole PSNR {row['hole_psnr']:.1f} dB, SSIM {row['ssim']:.3f}"
    )
    return GridRow(pair.original, mask_image, result, caption)


if __name__ == "__main__":
    try:
        main()
    except InpaintingError as error:
        sys.exit(f"eval.py: {error}")
