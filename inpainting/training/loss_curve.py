"""The training curve: loss and validation PSNR against what was seen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpainting.evaluation.charts import blank_figure, legend_below
from inpainting.io.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def loss_figure(
    history: Sequence[Mapping[str, float]], path: str | Path, along: str = "epoch"
) -> None:
    """Write the loss against the epoch as an image file.

    Args:
        history: records with ``epoch`` (or what ``along`` names) and some of ``loss``,
            ``mean_loss`` (of an interval), ``val_loss``, and ``psnr`` (dB), which gets an axis of
            its own.
        path: of the image file; it is replaced when the new one is complete.
        along: key of the horizontal axis.
    """
    figure = blank_figure(7, 4.2)
    axes = figure.subplots()
    _curve(axes, history, (along, "loss"), "training loss", "#0072B2", linewidth=0.8)
    _curve(axes, history, (along, "mean_loss"), "its mean", "#0072B2", marker=".", linewidth=1.6)
    _curve(axes, history, (along, "val_loss"), "validation loss", "#D55E00", marker=".")
    axes.set(title=f"Loss against {along}", xlabel=along, ylabel="loss")
    axes.grid(alpha=0.3)
    right = None
    if any("psnr" in record for record in history):
        right = axes.twinx()
        _curve(
            right, history, (along, "psnr"), "validation PSNR (right)", "#009E73",
            marker=".", linestyle="--",
        )  # fmt: skip
        right.set_ylabel("PSNR (dB)")
    legend_below(figure, axes, *([right] if right else []))
    with atomic_write(Path(path)) as file:
        figure.savefig(file, format=Path(path).suffix[1:])


def _curve(
    axes: "Axes",
    history: Sequence[Mapping[str, float]],
    keys: tuple[str, str],
    label: str,
    colour: str,
    **style: Any,
) -> None:
    points = [tuple(record[key] for key in keys) for record in history if keys[1] in record]
    if points:
        along, values = zip(*points, strict=True)
        axes.plot(along, values, color=colour, label=label, **style)
