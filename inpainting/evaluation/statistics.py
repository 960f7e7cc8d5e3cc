"""Means and medians over pictures, with bootstrap intervals and paired differences.

Means are means of per-picture scores; a PSNR enters with at most
:data:`~inpainting.evaluation.metrics.PSNR_CAP` dB. Intervals are 95 % percentile bootstrap
intervals over pictures, and differences between methods are taken picture by picture, which removes
what all methods find easy or hard about a picture. A score that is nan, as where there is no truth,
is left out.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inpainting.evaluation.metrics import PSNR_CAP, Scores
from inpainting.evaluation.texture import Texture

MEASURES = tuple(field.name for field in fields(Scores))
TEXTURES = tuple(field.name for field in fields(Texture))
MODEL = "model"  # the network's name among the methods; the others are baselines, and
NETWORK_MODES = {MODEL: "faithful", "auto": "auto", "natural": "natural"}  # other modes of it
COMPARED = ("hole_psnr", "ssim")  # measures of which model - baseline is reported

RESAMPLES = 10_000
CONFIDENCE = 0.95

Row = dict[str, Any]  # one method on one pair; the keys are listed at evaluation.score_fill


def bootstrap_interval(
    values: NDArray[np.float64], seed: int = 0, resamples: int = RESAMPLES
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % percentile bootstrap interval of each column's mean (Efron 1979).

    Args:
        values: float (n, m): n pictures, m quantities. All columns share the resamples.
        seed: of the resamples.
        resamples: how many.

    Returns:
        Low and high ends, float (m,) each.
    """
    generator = np.random.default_rng(seed)
    count = len(values)
    at_once = max(1, 4_000_000 // count)  # bounds memory to about 100 MB
    means = []
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        drawn = generator.integers(count, size=(size, count))
        drawn += count * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        means.append(times @ values / count)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(means), (tail, 1 - tail), axis=0)
    return low, high


def summarise(rows: Sequence[Row], seed: int = 0) -> tuple[list[Row], list[Row]]:
    """Means with intervals, per protocol, per bucket and per class.

    Args:
        rows: from :func:`inpainting.evaluation.scoring.score_fill`; every method on the same pairs.
        seed: of the bootstrap.

    Returns:
        Two lists of records. Each record has ``protocol``, ``bucket`` and ``class`` ("" = all),
        ``n`` and ``hole_ratio``. The first list's have ``method``, the median ``milliseconds``
        and per measure of ``MEASURES`` and ``TEXTURES`` a dict ``mean``, ``median``, ``low``,
        ``high``, nan where all scores are; the second's have ``baseline`` and the same without
        ``median`` for model - baseline in each measure of ``COMPARED``.
    """
    results: list[Row] = []
    differences: list[Row] = []
    for group in _groups(rows):
        members = [row for row in rows if all(row[k] == v for k, v in group.items() if v)]
        by_method = _by_method(members)
        scores = np.stack([_scores(m) for m in by_method.values()], axis=1)  # (n, methods, m)
        head = {**group, "n": len(scores), "hole_ratio": _mean_of(members, "hole_ratio")}
        intervals, medians = _intervals(scores, seed), _medians(scores)
        for i, (method, its_rows) in enumerate(by_method.items()):
            median = float(np.median([row["milliseconds"] for row in its_rows]))
            measured = dict(zip((*MEASURES, *TEXTURES), intervals[i], strict=True))
            for measure, middle in zip(measured, medians[i].tolist(), strict=True):
                measured[measure]["median"] = middle
            results.append({**head, "method": method, "milliseconds": median, **measured})
        differences += _differences(head, list(by_method), scores, seed)
    return results, differences


def _groups(rows: Sequence[Row]) -> Iterator[Row]:
    """Each protocol as a whole, then by bucket, then by class, in order of first appearance."""
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        of_protocol = [row for row in rows if row["protocol"] == protocol]
        yield {"protocol": protocol, "bucket": "", "class": ""}
        for bucket in sorted({row["bucket"] for row in of_protocol} - {""}):
            yield {"protocol": protocol, "bucket": bucket, "class": ""}
        for label in sorted({row["class"] for row in of_protocol} - {""}):
            yield {"protocol": protocol, "bucket": "", "class": label}


def _by_method(rows: Sequence[Row]) -> dict[str, list[Row]]:
    by_method: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["index"]):
        by_method.setdefault(row["method"], []).append(row)
    by_method = {m: by_method[m] for m in dict.fromkeys(row["method"] for row in rows)}
    keys = [[row["key"] for row in its_rows] for its_rows in by_method.values()]
    assert all(k == keys[0] for k in keys), "methods were scored on different pairs"
    return by_method


def _scores(rows: Sequence[Row]) -> NDArray[np.float64]:
    """Float (n, measures and textures), PSNRs capped."""
    names = (*MEASURES, *TEXTURES)
    table = np.array([[row[name] for name in names] for row in rows], dtype=np.float64)
    for column in (MEASURES.index("psnr"), MEASURES.index("hole_psnr")):
        table[:, column] = np.minimum(table[:, column], PSNR_CAP)
    return table


def _mean_of(rows: Sequence[Row], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _intervals(values: NDArray[np.float64], seed: int) -> list[list[Row]]:
    """Per row and column of (n, a, b): a dict of mean, low, high over the values that are known."""
    count, a, b = values.shape
    columns = values.reshape(count, a * b)
    known = ~np.isnan(columns)
    ends = np.full((3, a * b), math.nan)
    for pattern in np.unique(known.T, axis=0):  # columns known at the same pictures share resamples
        if pattern.any():
            at = (known.T == pattern).all(axis=1)
            some = columns[np.ix_(pattern, at)]
            ends[:, at] = some.mean(axis=0), *bootstrap_interval(some, seed)
    flat = [dict(zip(("mean", "low", "high"), each, strict=True)) for each in ends.T.tolist()]
    return [flat[i * b : (i + 1) * b] for i in range(a)]


def _medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of (n, a, b) over n, float (a, b); nan where nothing is known."""
    known = ~np.isnan(values).all(axis=0)
    medians = np.full(known.shape, math.nan)
    medians[known] = np.nanmedian(values[:, known], axis=0)
    return medians


def _differences(
    head: Row, methods: list[str], scores: NDArray[np.float64], seed: int
) -> list[Row]:
    if MODEL not in methods or len(methods) < 2:
        return []
    columns = [MEASURES.index(measure) for measure in COMPARED]
    others = [i for i, method in enumerate(methods) if method != MODEL]
    model = scores[:, [methods.index(MODEL)]]
    paired = (model - scores[:, others])[..., columns]  # (n, baselines, compared)
    intervals = _intervals(paired, seed)
    return [
        {**head, "baseline": methods[i], **dict(zip(COMPARED, measured, strict=True))}
        for i, measured in zip(others, intervals, strict=True)
    ]
