"""An evaluation from beginning to end: every method on every pair, and the report.

``eval.py`` and the trainer call :func:`evaluate`.
"""

import json
import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from typing import Any

from tqdm import tqdm

from inpainting.classical.diffusion import Fill
from inpainting.classical.registry import CLASSICAL
from inpainting.data.sources import file_stems, load_splits, refuse_output_in_data
from inpainting.errors import DataError, InvalidConfig, InvalidImage, first_line
from inpainting.evaluation import charts, report, tables
from inpainting.evaluation.config import BARE, EvalConfig
from inpainting.evaluation.object_masks import OBJECT_HOLES, REMOVAL, ObjectMasks
from inpainting.evaluation.protocol import Pair, pairs, spread_subset
from inpainting.evaluation.provenance import checkpoint_name, describe
from inpainting.evaluation.scores_csv import read_rows, write_rows
from inpainting.evaluation.scoring import (
    NetworkFill,
    network_fill,
    score_classical,
    score_network,
    vgg_of,
    without_error,
)
from inpainting.evaluation.statistics import MODEL, NETWORK_MODES, Row, summarise
from inpainting.evaluation.uncertainty import PixelSample, summarise_uncertainty
from inpainting.evaluation.vgg19n import SMALLEST_SIDE
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
        CheckpointError: when the checkpoint, or VGG-19, cannot be loaded.
        InvalidConfig: for a protocol that needs masks which are not given, and for a mode of the
            pipeline where that is not used.
        InvalidMask: when an object's mask cannot be used.
    """
    _refuse_contradictions(config)
    vgg_of(config.vgg_weights)  # at once, and not after hours
    _make_output(config)
    splits = load_splits(config.data)
    dataset = _choose_split(splits, config.split)
    masks = None
    if any(protocol in OBJECT_HOLES for protocol in config.protocols) and config.object_masks:
        masks = ObjectMasks(config.object_masks, file_stems(dataset))
    chosen = {name: _pictures(config, name, len(dataset), masks) for name in config.protocols}
    device = config.device or default_device()
    dtype = config.dtype or fast_dtype(device)
    model, modes = None, [method for method in config.methods if method in NETWORK_MODES]
    if modes:
        model = load_pretrained(config.checkpoint, config.revision)
    fills = {
        method: network_fill(model, config.strategy, device, dtype, NETWORK_MODES[method])
        for method in modes
        if model is not None
    }
    reused = read_rows(config.reuse) if config.reuse else []
    folder = config.output_dir

    rows, pixels, skipped = measure(config, dataset, chosen, fills, reused, masks)
    unread = {each["index"] for each in skipped}
    asked = {index for indices in chosen.values() for index in indices}
    if not rows:
        raise DataError(f"None of {len(asked)} pictures could be read: {skipped[0]['error']}")
    chosen = {name: [i for i in indices if i not in unread] for name, indices in chosen.items()}
    write_rows(folder / "scores.csv", rows)
    results, differences = summarise(rows, config.seed)
    name, with_vgg = checkpoint_name(config.checkpoint), config.vgg_weights is not None
    table = tables.report(results, differences, name, with_vgg)
    if skipped:
        table += (
            f"\nPictures that could not be read and are not in these numbers: {len(skipped)}.\n"
        )
    (folder / "table.md").write_text(table, encoding="utf-8")
    uncertainty = summarise_uncertainty(pixels)
    record = {
        **describe(config, command, model, device, dtype, len(asked - unread)),
        "skipped": skipped,
        "results": _with_nulls(results),
        "differences": _with_nulls(differences),
        "uncertainty": uncertainty,
    }
    text = json.dumps(record, indent=1, allow_nan=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    report.write_charts(folder, splits, results, rows)
    if uncertainty:
        charts.uncertainty_figure(uncertainty, folder / "uncertainty.png")
    shown: dict[str, Fill] = {
        method: without_error(fills[method]) if method in fills else CLASSICAL[method].fill
        for method in config.methods
    }
    draw = report.Pictures(dataset, config.seed, config.size, folder, shown, masks)
    for protocol, indices in chosen.items():
        if protocol != REMOVAL:  # what it hides is not what should be there
            draw.grid(protocol, rows)
        draw.contact_sheet(protocol, indices)
    return record


def measure(
    config: EvalConfig,
    dataset: Any,
    chosen: Mapping[str, Sequence[int]],
    fills: Mapping[str, NetworkFill],
    reused: Sequence[Row],
    masks: ObjectMasks | None = None,
) -> tuple[list[Row], list[PixelSample], list[Skipped]]:
    """Every method on every pair: the network here, the classical fills in other processes.

    Args:
        config: what is measured.
        dataset: the split.
        chosen: indices of its pictures by protocol.
        fills: the network's, by method.
        reused: rows of an earlier run, in place of the classical fills' if ``config.reuse``.
        masks: of the protocols whose holes are objects.

    Returns:
        One row per pair and method, the pixels that the expected error is judged by, and the
        pictures that could not be read: ``index`` and ``error``, a sentence.
    """
    earlier = {(row["protocol"], row["index"], row["method"]): row for row in reused}
    classical = [method for method in config.methods if method in CLASSICAL]
    weights = config.vgg_weights
    rows: list[Row] = []
    pixels: list[PixelSample] = []
    skipped: dict[int, str] = {}
    pending: deque[Future[list[Row]]] = deque()
    total = sum(map(len, chosen.values()))
    with _worker_pool(config.workers) as pool, tqdm(total=total, unit="pair", desc="eval") as bar:
        for pair in _all_pairs(config, dataset, chosen, masks, skipped):
            if config.reuse:
                rows += [_take(earlier, pair, method, config) for method in classical]
            elif pool is None:
                rows += score_classical(classical, pair, weights)
            else:
                pending.append(pool.submit(score_classical, classical, pair, weights))
            for method, fill in fills.items():
                row, sample = score_network(fill, pair, vgg_of(weights), method)
                rows.append(row)
                pixels += [sample] if sample else []
            while len(pending) > 4 * config.workers:  # bounds the pairs held in memory
                rows += pending.popleft().result()
            bar.update()
        bar.set_description("waiting for the classical fills")
        for future in pending:
            rows += future.result()
    for row in rows:
        row["model"] = checkpoint_name(config.checkpoint) if row["method"] in fills else ""
    order = {name: i for i, name in enumerate([*config.protocols, *config.methods])}
    rows.sort(key=lambda r: (order[r["protocol"]], r["index"], order[r["method"]]))
    return rows, pixels, [{"index": index, "error": words} for index, words in skipped.items()]


def _all_pairs(
    config: EvalConfig,
    dataset: Any,
    chosen: Mapping[str, Sequence[int]],
    masks: ObjectMasks | None,
    skipped: dict[int, str],
) -> Iterator[Pair]:
    """The pairs; pictures that cannot be read are noted in ``skipped``."""
    for protocol, indices in chosen.items():
        for index in indices:
            if index in skipped:
                continue
            try:
                yield from pairs(dataset, [index], protocol, config.seed, config.size, masks)
            except InvalidImage as error:
                skipped[index] = str(error)


def _refuse_contradictions(config: EvalConfig) -> None:
    needy = [protocol for protocol in config.protocols if protocol in OBJECT_HOLES]
    if needy and config.object_masks is None:
        raise InvalidConfig(
            f"--protocols {' '.join(needy)} needs --object-masks FOLDER: PNG masks, white = "
            "repaint, each named like its picture."
        )
    modes = [m for m in config.methods if m in NETWORK_MODES and m != MODEL]
    if modes and config.strategy == BARE:
        raise InvalidConfig(
            f"--methods {' '.join(modes)}: these are modes of the pipeline, and --strategy {BARE} "
            f"does without it: leave one of both out."
        )


def _pictures(
    config: EvalConfig, protocol: str, count: int, masks: ObjectMasks | None
) -> list[int]:
    """The pictures of a protocol: all that take part, or ``config.limit`` spread over them."""
    takes_part: Sequence[int] = range(count)
    if masks is not None and protocol in OBJECT_HOLES:
        takes_part = masks.indices(protocol)
    subset = spread_subset(len(takes_part), config.limit, config.seed)
    return [takes_part[i] for i in subset]


def _with_nulls(value: Any) -> Any:
    """The same for JSON, which has no nan: None."""
    if isinstance(value, dict):
        return {key: _with_nulls(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_nulls(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _make_output(config: EvalConfig) -> None:
    """Make the report's folder, but never over what was given, or where pictures are read from.

    Raises:
        DataError: with the names.
    """
    refuse_output_in_data(config.output_dir, config.data.name)
    refuse_output_in_data(config.output_dir, config.object_masks, "--object-masks")
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


def _take(
    earlier: dict[tuple[str, int, str], Row], pair: Pair, method: str, config: EvalConfig
) -> Row:
    """The earlier run's row for this very picture and hole.

    Raises:
        DataError: when there is none, its picture or hole was another, or VGG-19 was not there.
    """
    path = config.reuse
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
    wanted = config.vgg_weights and pair.truth and min(pair.hole.shape) >= SMALLEST_SIDE
    if wanted and math.isnan(row["vgg"]):
        raise DataError(f"{path} was made without --vgg-weights: leave out one of both options.")
    return row
