"""Means over pictures, with bootstrap intervals and paired differences between methods.

Means are means of per-picture scores; a PSNR enters with at most
:data:`~inpainting.evaluation.metrics.PSNR_CAP` dB. Intervals are 95 % percentile bootstrap
intervals over pictures, and differences between methods are taken picture by picture, which removes
what all methods find easy or hard about a picture.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inpainting.evaluation.metrics import PSNR_CAP, Scores

MEASURES = tuple(field.name for field in fields(Scores))
MODEL = "model"  # the network's name among the methods; the others are the baselines' names
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
        and per measure a dict ``mean``, ``low``, ``high``; the second's have ``baseline`` and
        the same for model - baseline in each measure of ``COMPARED``.
    """
    results: list[Row] = []
    differences: list[Row] = []
    for group in _groups(rows):
        members = [row for row in rows if all(row[k] == v for k, v in group.items() if v)]
        by_method = _by_method(members)
        scores = np.stack([_scores(m) for m in by_method.values()], axis=1)  # (n, methods, m)
        head = {**group, "n": len(scores), "hole_ratio": _mean_of(members, "hole_ratio")}
        intervals = _intervals(scores, seed)
        for i, (method, its_rows) in enumerate(by_method.items()):
            median = float(np.median([row["milliseconds"] for row in its_rows]))
            measured = dict(zip(MEASURES, intervals[i], strict=True))
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
    """Float (n, measures), PSNRs capped."""
    table = np.array([[row[measure] for measure in MEASURES] for row in rows], dtype=np.float64)
    for column in (MEASURES.index("psnr"), MEASURES.index("hole_psnr")):
        table[:, column] = np.minimum(table[:, column], PSNR_CAP)
    return table


def _mean_of(rows: Sequence[Row], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _intervals(values: NDArray[np.float64], seed: int) -> list[list[Row]]:
    """Per row and column of (n, a, b): a dict of mean, low, high."""
    count, a, b = values.shape
    low, high = bootstrap_interval(values.reshape(count, a * b), seed)
    ends = zip(values.mean(axis=0).ravel().tolist(), low.tolist(), high.tolist(), strict=True)
    flat = [{"mean": m, "low": lo, "high": hi} for m, lo, hi in ends]
    return [flat[i * b : (i + 1) * b] for i in range(a)]


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
