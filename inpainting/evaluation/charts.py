"""The charts of an evaluation's report, as image files.

Figures are built on :class:`matplotlib.figure.Figure` directly: no global backend is chosen and
no figure stays in memory, so a web server may draw as well.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from inpainting.classical.registry import CLASSICAL
from inpainting.evaluation.heat_map import (
    HEAT_MAP_COLOURS,
    HEAT_MAP_RANGE,
    Picture,
    difference_heat_map,
)
from inpainting.evaluation.metrics import PSNR_CAP
from inpainting.evaluation.statistics import MODEL, NETWORK_MODES
from inpainting.evaluation.uncertainty import SHARES
from inpainting.types import DATA_RANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Record = Mapping[str, Any]  # of statistics.summarise, or a row of scoring.score_fill

# Okabe and Ito's colours, which colour-blind readers can tell apart; the network stands out.
PALETTE = ("#D55E00", "#999999", "#0072B2", "#56B4E9", "#009E73", "#CC79A7", "#F0E442", "#E69F00")
METHOD_NAMES = {MODEL: "PConv U-Net", **{name: c.title for name, c in CLASSICAL.items()}}
METHOD_NAMES |= {mode: f"PConv U-Net, {mode}" for mode in NETWORK_MODES if mode != MODEL}
COLOURS = dict(zip(METHOD_NAMES, PALETTE, strict=False))
SPLIT_COLOURS = (("#0072B2", "white"), ("#E69F00", "black"))  # bar and its number
PROTOCOL_COLOURS = ("#0072B2", "#E69F00", "#009E73")  # of lines, irregular and objects
MEASURE_NAMES = {"mse": "MSE (grey levels²)", "psnr": "PSNR (dB)", "ssim": "SSIM"}
DRAWN = {"mse": (DATA_RANGE**2 / 10 ** (PSNR_CAP / 10), np.inf), "psnr": (0.0, PSNR_CAP)}
PLACES = "protocols, irregular holes by ratio"
AREAS = ("whole picture", "hole only")
DPI = 150


def blank_figure(width: float, height: float) -> "Figure":
    """A figure of that size in inches whose layout keeps all text inside."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def legend_below(figure: "Figure", *axes: "Axes") -> None:
    """One legend for all given axes, below everything else."""
    handles = [handle for a in axes for handle in a.get_legend_handles_labels()[0]]
    figure.legend(handles=handles, loc="outside lower center", ncols=5)


def heat_map_figure(original: Picture, result: Picture, path: str | Path, title: str = "") -> None:
    """Write :func:`difference_heat_map` with its colour bar as an image file."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    figure = blank_figure(5.6, 4.4)
    axes = figure.subplots()
    axes.imshow(difference_heat_map(original, result))
    axes.set_axis_off()
    axes.set_title(fill(title or "Difference from the original", 50), fontsize="medium")
    scale = ScalarMappable(Normalize(0, HEAT_MAP_RANGE), HEAT_MAP_COLOURS)
    bar = figure.colorbar(scale, ax=axes, extend="max", ticks=range(0, HEAT_MAP_RANGE + 1, 16))
    bar.set_label("mean absolute difference (grey levels)")
    figure.savefig(path)


def measure_figure(results: Sequence[Record], measure: str, path: str | Path) -> None:
    """Write one measure per protocol and bucket, whole picture and hole only, as an image file.

    Args:
        results: the first list of :func:`inpainting.evaluation.statistics.summarise`.
        measure: ``mse``, ``psnr`` or ``ssim``.
        path: of the image file.
    """
    divided = {r["protocol"] for r in results if r["bucket"]}
    shown = [r for r in results if not r["class"] and (r["bucket"] or r["protocol"] not in divided)]
    places = list(dict.fromkeys((r["protocol"], r["bucket"]) for r in shown))
    methods = list(dict.fromkeys(r["method"] for r in shown))
    figure = blank_figure(12, 4.8)
    panels = figure.subplots(1, 2)
    for axes, key, where in zip(panels, (measure, f"hole_{measure}"), AREAS, strict=True):
        for i, method in enumerate(methods):
            records = [r for r in shown if r["method"] == method]
            shift = 0.11 * (i - (len(methods) - 1) / 2)  # side by side: the intervals overlap
            at = [places.index((r["protocol"], r["bucket"])) + shift for r in records]
            _error_bars(axes, at, [r[key] for r in records], method)
        axes.set_xticks(range(len(places)), [_place(*place) for place in places])
        axes.set(title=where, xlabel=PLACES, ylabel=MEASURE_NAMES[measure])
        axes.grid(axis="y", alpha=0.3)
        if measure == "mse":
            axes.set_yscale("log")
    legend_below(figure, panels[0])
    figure.suptitle(f"{MEASURE_NAMES[measure]}: mean and 95 % interval over pictures")
    figure.savefig(path)


def distribution_figure(rows: Sequence[Record], path: str | Path) -> None:
    """Write how MSE, PSNR and SSIM inside the hole spread over the pictures, as an image file.

    An exact fill is drawn at the ends of the scale: MSE 0.065 and PSNR 60 dB, its cap in means.

    Args:
        rows: of :func:`inpainting.evaluation.scoring.score_fill`.
        path: of the image file.
    """
    protocols = list(dict.fromkeys(row["protocol"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    figure = blank_figure(12, 0.9 + (0.8 + 0.45 * len(methods)) * len(protocols))
    panels = figure.subplots(len(protocols), 3, squeeze=False)
    for line, protocol in zip(panels, protocols, strict=True):
        for axes, measure in zip(line, MEASURE_NAMES, strict=True):
            values = [_spread(rows, protocol, method, measure) for method in methods]
            _boxes(axes, values, methods)
            axes.set(title=protocol, xlabel=f"{MEASURE_NAMES[measure]} inside the hole")
            if measure == "mse":
                axes.set_xscale("log")
            if axes is not line[0]:
                axes.set_yticklabels([])
    figure.suptitle("Spread over pictures: median, quartiles, 5th and 95th percentile")
    figure.savefig(path)


def uncertainty_figure(summary: Mapping[str, Record], path: str | Path) -> None:
    """Write sparsification and calibration as an image file.

    Args:
        summary: of :func:`inpainting.evaluation.uncertainty.summarise_uncertainty`.
        path: of the image file.
    """
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    figure = blank_figure(11, 4.6)
    left, right = figure.subplots(1, 2)
    for (protocol, record), colour in zip(summary.items(), PROTOCOL_COLOURS, strict=False):
        label = f"{protocol}: AUSE {record['ause']:.3f} (random {record['ause_random']:.3f})"
        left.plot(100 * SHARES, record["curve"], color=colour, label=label)
        left.plot(100 * SHARES, record["oracle"], color=colour, ls=":", label=f"{protocol}: oracle")
        right.plot(record["expected"], record["measured"], "o-", color=colour, label=protocol)
    left.set(
        title="Sparsification",
        xlabel="least certain pixels left out (%)",
        ylabel="mean error of the rest ÷ of all",
    )
    ends = [value for r in summary.values() for value in (*r["expected"], *r["measured"])]
    diagonal = [max(min(ends, default=1), 0.01), max(ends, default=1)]
    right.plot(diagonal, diagonal, color="black", lw=0.8, label="exact")
    right.set(
        title="Calibration, tenths of the pixels",
        xlabel="expected error (grey levels)",
        ylabel="measured error (grey levels)",
        xscale="log",
        yscale="log",
    )
    for axis in (right.xaxis, right.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(ScalarFormatter())
        axis.set_minor_formatter(NullFormatter())
    left.legend(fontsize="small")
    right.legend(fontsize="small")
    figure.savefig(path)


def class_figure(counts: Mapping[str, int], path: str | Path, title: str) -> None:
    """Write a bar chart of pictures per class as an image file."""
    figure = blank_figure(7, 0.8 + 0.36 * max(3, len(counts)))
    axes = figure.subplots()
    bars = axes.barh(list(counts), list(counts.values()), color="#0072B2")
    axes.bar_label(bars, padding=3)
    axes.margins(x=0.1)
    axes.invert_yaxis()
    axes.set(title=title, xlabel="pictures")
    figure.savefig(path)


def split_figure(counts: Mapping[str, Mapping[str, int]], path: str | Path) -> None:
    """Write the pictures per class in each split, stacked, as an image file.

    Args:
        counts: split name to class name to number of pictures.
        path: of the image file.
    """
    labels = list(dict.fromkeys(label for split in counts.values() for label in split))
    figure = blank_figure(7.5, 1.4 + 0.36 * max(3, len(labels)))
    axes = figure.subplots()
    left = np.zeros(len(labels))
    for (split, of_class), (colour, ink) in zip(counts.items(), SPLIT_COLOURS, strict=False):
        values = np.array([of_class.get(label, 0) for label in labels])
        name = f"{split} ({values.sum()})"
        bars = axes.barh(labels, values, left=left, label=name, color=colour)
        axes.bar_label(bars, [str(v) for v in values], label_type="center", color=ink)
        left += values
    axes.invert_yaxis()
    axes.set(title="Pictures per class and split", xlabel="pictures")
    legend_below(figure, axes)
    figure.savefig(path)


def _error_bars(axes: "Axes", at: list[float], values: list[Record], method: str) -> None:
    means = np.array([value["mean"] for value in values])
    ends = np.array([(value["low"], value["high"]) for value in values]).T  # (2, n)
    lengths = np.clip(np.abs(ends - means), 0, None)
    axes.errorbar(
        at, means, lengths, fmt="o", markersize=5, capsize=2.5, linewidth=1.5,
        color=COLOURS[method], label=METHOD_NAMES[method],
    )  # fmt: skip


def _spread(rows: Sequence[Record], protocol: str, method: str, measure: str) -> list[float]:
    low, high = DRAWN.get(measure, (-np.inf, np.inf))
    own = [row for row in rows if (row["protocol"], row["method"]) == (protocol, method)]
    return [min(max(row[f"hole_{measure}"], low), high) for row in own]


def _boxes(axes: "Axes", values: list[list[float]], methods: list[str]) -> None:
    names = [METHOD_NAMES[method] for method in methods]
    drawn = axes.boxplot(
        values, orientation="horizontal", tick_labels=names, whis=(5, 95), showfliers=False,
        patch_artist=True, widths=0.6, medianprops={"color": "black"},
    )  # fmt: skip
    for box, method in zip(drawn["boxes"], methods, strict=True):
        box.set_facecolor(COLOURS[method])
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)


def _place(protocol: str, bucket: str) -> str:
    return bucket.replace("-", "–") or protocol
