"""An evaluation from beginning to end: every method on every pair, and the report.

``eval.py`` and the trainer call :func:`evaluate`.
"""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tqdm import tqdm

from inpainting.classical.registry import CLASSICAL
from inpainting.data.sources import load_splits, refuse_output_in_data
from inpainting.errors import DataError, InvalidImage, first_line
from inpainting.evaluation import charts, report, tables
from inpainting.evaluation.config import EvalConfig
from inpainting.evaluation.protocol import Pair, pairs, spread_subset
from inpainting.evaluation.provenance import checkpoint_name, describe
from inpainting.evaluation.scores_csv import read_rows, write_rows
from inpainting.evaluation.scoring import (
    NetworkFill,
    network_fill,
    score_classical,
    score_network,
    without_error,
)
from inpainting.evaluation.statistics import MODEL, Row, summarise
from inpainting.evaluation.uncertainty import PixelSample, summarise_uncertainty
from inpainting.inference.device import default_device, fast_dtype
from inpainting.models.checkpoint import load_pretrained

Skipped = dict[str, Any]  # a picture that could not be read


def evaluate(config: EvalConfig, command: str) -> dict[str, Any]:
    """Measure and write the report: ``results.json``, ``table.md``, ``scores.csv`` and pictures.

    Args:
        config: what is measured.
        command: that repeats it, for the report.

    Returns:
        The contents of ``results.json``.

    Raises:
        DataError: when there are no such pictures, none that can be read, or no such rows to
            reuse, and where the report would be written over what was given.
        CheckpointError: when the checkpoint cannot be loaded.
    """
    _make_output(config)
    splits = load_splits(config.data)
    dataset = _choose_split(splits, config.split)
    indices = spread_subset(len(dataset), config.limit, config.seed)
    device = config.device or default_device()
    dtype = config.dtype or fast_dtype(device)
    model = fill = None
    if MODEL in config.methods:
        model = load_pretrained(config.checkpoint, config.revision)
        fill = network_fill(model, config.strategy, device, dtype)
    reused = read_rows(config.reuse) if config.reuse else []
    folder = config.output_dir

    rows, pixels, skipped = measure(config, dataset, indices, fill, reused)
    if not rows:
        raise DataError(f"None of {len(indices)} pictures could be read: {skipped[0]['error']}")
    unread = {each["index"] for each in skipped}
    indices = [index for index in indices if index not in unread]
    write_rows(folder / "scores.csv", rows)
    results, differences = summarise(rows, config.seed)
    table = tables.report(results, differences, checkpoint_name(config.checkpoint))
    if skipped:
        table += (
            f"\nPictures that could not be read and are not in these numbers: {len(skipped)}.\n"
        )
    (folder / "table.md").write_text(table, encoding="utf-8")
    uncertainty = summarise_uncertainty(pixels)
    record = {
        **describe(config, command, model, device, dtype, len(indices)),
        "skipped": skipped,
        "results": results,
        "differences": differences,
        "uncertainty": uncertainty,
    }
    text = json.dumps(record, indent=1, allow_nan=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    report.write_charts(folder, splits, results, rows)
    if uncertainty:
        charts.uncertainty_figure(uncertainty, folder / "uncertainty.png")
    shown = without_error(fill) if fill else CLASSICAL[config.methods[0]].fill
    draw = report.Pictures(dataset, config.seed, config.size, folder, shown)
    for protocol in config.protocols:
        draw.grid(protocol, rows, config.methods[0])
        draw.contact_sheet(protocol, indices)
    return record


def measure(
    config: EvalConfig,
    dataset: Any,
    indices: Sequence[int],
    fill: NetworkFill | None,
    reused: Sequence[Row],
) -> tuple[list[Row], list[PixelSample], list[Skipped]]:
    """Every method on every pair: the network here, the classical fills in other processes.

    Returns:
        One row per pair and method, the pixels that the expected error is judged by, and the
        pictures that could not be read: ``index`` and ``error``, a sentence.
    """
    earlier = {(row["protocol"], row["index"], row["method"]): row for row in reused}
    classical = [method for method in config.methods if method != MODEL]
    rows: list[Row] = []
    pixels: list[PixelSample] = []
    skipped: dict[int, str] = {}
    pending: deque[Future[list[Row]]] = deque()
    total = len(indices) * len(config.protocols)
    with _worker_pool(config.workers) as pool, tqdm(total=total, unit="pair", desc="eval") as bar:
        for pair in _all_pairs(config, dataset, indices, skipped):
            if config.reuse:
                rows += [_take(earlier, pair, method, config.reuse) for method in classical]
            elif pool is None:
                rows += score_classical(classical, pair)
            else:
                pending.append(pool.submit(score_classical, classical, pair))
            if fill is not None:
                row, sample = score_network(fill, pair)
                rows.append(row)
                pixels += [sample] if sample else []
            while len(pending) > 4 * config.workers:  # bounds the pairs held in memory
                rows += pending.popleft().result()
            bar.update()
        bar.set_description("waiting for the classical fills")
        for future in pending:
            rows += future.result()
    for row in rows:
        row["model"] = checkpoint_name(config.checkpoint) if row["method"] == MODEL else ""
    order = {name: i for i, name in enumerate([*config.protocols, *config.methods])}
    rows.sort(key=lambda r: (order[r["protocol"]], r["index"], order[r["method"]]))
    return rows, pixels, [{"index": index, "error": words} for index, words in skipped.items()]


def _all_pairs(
    config: EvalConfig, dataset: Any, indices: Sequence[int], skipped: dict[int, str]
) -> Iterator[Pair]:
    """The pairs; pictures that cannot be read are noted in ``skipped``."""
    for protocol in config.protocols:
        for index in indices:
            if index in skipped:
                continue
            try:
                yield from pairs(dataset, [index], protocol, config.seed, config.size)
            except InvalidImage as error:
                skipped[index] = str(error)


def _make_output(config: EvalConfig) -> None:
    """Make the report's folder, but never over what was given, or where pictures are read from.

    Raises:
        DataError: with the names.
    """
    refuse_output_in_data(config.output_dir, config.data.name)
    try:
        config.output_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"--output-dir {config.output_dir} cannot be written to ({first_line(error)}): give a "
            "folder."
        ) from error
    reuse, scores = config.reuse, config.output_dir / "scores.csv"
    if reuse and scores.exists() and reuse.exists() and scores.samefile(reuse):
        raise DataError(
            f"--reuse {reuse} would be written over by the report in {config.output_dir}: choose "
            "another --output-dir."
        )


def _choose_split(splits: Any, name: str) -> Any:
    if name not in splits or len(splits[name]) == 0:
        filled = [split for split in splits if len(splits[split])]
        raise DataError(f"The data set has no pictures in a split {name!r}: use one of {filled}.")
    return splits[name]


def _worker_pool(workers: int) -> Any:
    """A pool of fresh processes (a fork would inherit torch's locked threads), or None."""
    if workers < 1:
        return nullcontext()
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def _take(earlier: dict[tuple[str, int, str], Row], pair: Pair, method: str, path: Path) -> Row:
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
