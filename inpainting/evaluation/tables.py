"""The records of :func:`inpainting.evaluation.statistics.summarise` as Markdown tables."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from inpainting.evaluation.metrics import PSNR_CAP
from inpainting.evaluation.statistics import COMPARED, NETWORK_MODES, RESAMPLES
from inpainting.evaluation.texture import RING

Record = dict[str, Any]

# Measure: (heading, digits after the point), as shown in the tables.
SHOWN = {
    "psnr": ("PSNR (dB)", 2),
    "hole_psnr": ("hole PSNR (dB)", 2),
    "ssim": ("SSIM", 4),
    "l1": ("L1 (%)", 3),
    "mse": ("MSE", 1),
}

# Measure: (heading, digits, which average), as shown in the table of textures.
TEXTURE_SHOWN = {
    "hole_psnr": ("hole PSNR (dB)", 2, "median"),
    "sharpness": ("sharpness ÷ truth", 3, "median"),
    "ring_sharpness": ("÷ ring", 3, "median"),
    "gram": ("Gram", 3, "median"),
    "vgg": ("VGG19n (mean)", 3, "mean"),
    "seam": ("seam", 2, "median"),
    "texture_distance": ("texture distance", 2, "median"),
}
NEED_VGG = ("gram", "vgg")
UNKNOWN = "–"  # where there is nothing to compare with

TEXTURE_FOOTNOTE = (
    "Medians over pictures, of VGG19n the mean. Sharpness is the mean gradient in the hole ÷ the "
    f"truth's there, or ÷ that of the ring, the known pixels within {RING} px; 1 is as sharp. Gram "
    "and VGG19n are distances of VGG-19's normalised features relu1_1 … relu3_1 in the hole, 0 = "
    "equal. Seam is the step across the hole's edge ÷ the steps in the ring, about 1 where nothing "
    "shows. Texture distance is the Wasserstein-1 distance of the gradients, hole against ring, in "
    "grey levels."
)
WITHOUT_VGG = "Gram and VGG19n distances are left out: they need --vgg-weights."

FOOTNOTE = (
    "Means over pictures with 95 % bootstrap intervals "
    f"({RESAMPLES:,} resamples of the pictures). The fill is put into the hole, rounded to 8 bits "
    "and scored against the original in RGB, data range 255; *hole* counts missing pixels only. "
    f"A PSNR enters a mean with at most {PSNR_CAP:g} dB (equal pictures have an infinite one). "
    "SSIM is scikit-image's with a Gaussian window, sigma 1.5, and population covariance."
)


def report(
    results: Sequence[Record],
    differences: Sequence[Record],
    model: str = "",
    vgg: bool = False,
) -> str:
    """The whole report: results, textures, model against baselines, and classes if there are any.

    Args:
        results, differences: the two lists of :func:`inpainting.evaluation.statistics.summarise`.
        model: name of the network's checkpoint, shown beside its rows.
        vgg: whether the distances that need VGG-19 were measured.
    """
    parts = [results_table(results, model), "Texture in the hole:"]
    parts += [texture_table(results, model, vgg), TEXTURE_FOOTNOTE]
    parts += [] if vgg else [WITHOUT_VGG]
    compared = [d for d in differences if interval(d[COMPARED[0]], 0) != UNKNOWN]  # with a truth
    if compared:
        parts += ["Model − baseline, picture by picture:", differences_table(compared)]
    if any(record["class"] for record in results):
        for measure in COMPARED:
            heading = SHOWN[measure][0]
            parts += [f"{heading} per class:", class_table(results, measure, model)]
    return "\n\n".join([*parts, FOOTNOTE]) + "\n"


def results_table(results: Sequence[Record], model: str = "") -> str:
    """One row per protocol, bucket and method; one column per measure."""
    head = ["protocol", "hole ratio", "n", "method", *(name for name, _ in SHOWN.values())]
    rows = [
        [
            *_place(record),
            _method(record["method"], model),
            *(interval(record[measure], digits) for measure, (_, digits) in SHOWN.items()),
        ]
        for record in results
        if not record["class"]
    ]
    return markdown(head, rows)


def texture_table(results: Sequence[Record], model: str = "", vgg: bool = True) -> str:
    """One row per protocol and method: averages over its pictures."""
    shown = {name: column for name, column in TEXTURE_SHOWN.items() if vgg or name not in NEED_VGG}
    rows = [
        [
            *(record["protocol"], str(record["n"]), _method(record["method"], model)),
            *(_number(record[name][which], digits) for name, (_, digits, which) in shown.items()),
        ]
        for record in results
        if not record["class"] and not record["bucket"]
    ]
    return markdown(["protocol", "n", "method", *(name for name, *_ in shown.values())], rows)


def differences_table(differences: Sequence[Record]) -> str:
    """One row per protocol, bucket and baseline; positive = the model is better."""
    head = ["protocol", "hole ratio", "n", "baseline", *(f"Δ {SHOWN[m][0]}" for m in COMPARED)]
    rows = [
        [
            *_place(record),
            record["baseline"],
            *(interval(record[measure], SHOWN[measure][1], "+") for measure in COMPARED),
        ]
        for record in differences
        if not record["class"]
    ]
    return markdown(head, rows)


def class_table(results: Sequence[Record], measure: str, model: str = "") -> str:
    """One row per protocol and class, one column per method, for one measure."""
    of_classes = [record for record in results if record["class"]]
    methods = list(dict.fromkeys(record["method"] for record in of_classes))
    cells = {(r["protocol"], r["class"], r["method"]): r for r in of_classes}
    places = dict.fromkeys((r["protocol"], r["class"]) for r in of_classes)
    rows = []
    for protocol, label in places:
        records = [cells[protocol, label, method] for method in methods]
        shown = [interval(record[measure], SHOWN[measure][1]) for record in records]
        rows.append([protocol, label, str(records[0]["n"]), *shown])
    return markdown(["protocol", "class", "n", *(_method(m, model) for m in methods)], rows)


def interval(value: Record, digits: int, sign: str = "") -> str:
    """``27.31 [26.90, 27.72]``: mean and interval; a dash where nothing was compared."""
    show: Callable[[float], str] = lambda x: _number(x, digits, sign)  # noqa: E731
    if show(value["mean"]) == UNKNOWN:
        return UNKNOWN
    return f"{show(value['mean'])} [{show(value['low'])}, {show(value['high'])}]"


def _number(value: float | None, digits: int, sign: str = "") -> str:
    """With a true minus sign; a dash for nan, and for the null that JSON has for it."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return f"{value:{sign}.{digits}f}".replace("-", "−")


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in GitHub's Markdown, padded so that it also reads as plain text."""
    table = [[str(cell) for cell in line] for line in (head, *rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in table]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _place(record: Record) -> list[str]:
    bucket = record["bucket"].replace("-", "–") or f"all ({record['hole_ratio']:.3f})"
    return [record["protocol"], bucket, str(record["n"])]


def _method(method: str, model: str) -> str:
    return f"{method} ({model})" if method in NETWORK_MODES and model else method
