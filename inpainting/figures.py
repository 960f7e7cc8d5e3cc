"""The pictures that the trainer, the evaluation and the app share; no display needed.

Figures are built on :class:`matplotlib.figure.Figure` directly: no global backend is chosen and
no figure stays in memory, so a web server may draw as well.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from .errors import InvalidImage
from .whole_files import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEAT_MAP_RANGE = 64  # grey levels at the bright end; larger differences look the same
HEAT_MAP_COLOURS = "inferno"  # perceptually uniform, black = no difference

Picture = Image.Image | NDArray[np.uint8]

# ASCII only: Pillow's own font has few other signs.
COLUMNS = ("original", "mask (white = repaint)", "input", "prediction", "difference (0 to 64)")
HOLE_COLOUR = (128, 128, 128)  # of unknown pixels in the input column
GAP, HEADER = 6, 26  # pixels around the pictures of a grid, and of its line of text

SHEET_COLUMNS = 4

DPI = 150


class GridRow(NamedTuple):
    """One line of a comparison grid; three pictures of one size."""

    original: Picture
    mask_image: Image.Image  # white = repaint
    result: Picture
    caption: str = ""


def difference_heat_map(original: Picture, result: Picture) -> Image.Image:
    """Where and how much two pictures differ, on one fixed scale so that maps can be compared.

    Args:
        original, result: PIL pictures, or uint8 arrays (H, W, 3), of one size.

    Returns:
        PIL "RGB" of that size. Colour is the mean absolute difference over R, G and B: from 0
        (black) over red and orange to 64 grey levels and more (pale yellow).

    Raises:
        InvalidImage: when the sizes differ.
    """
    a, b = _rgb(original).astype(np.int16), _rgb(result).astype(np.int16)
    if a.shape != b.shape:
        raise InvalidImage(
            f"The original is {a.shape[1]}×{a.shape[0]} pixels but the result is "
            f"{b.shape[1]}×{b.shape[0]}: compare pictures of one size."
        )
    return colour_levels(np.abs(a - b).mean(axis=2))


def colour_levels(levels: NDArray[np.floating]) -> Image.Image:
    """Differences in grey levels as colours: float (H, W) to PIL "RGB"; the scale is as above."""
    from matplotlib import colormaps

    return Image.fromarray(
        colormaps[HEAT_MAP_COLOURS](levels / HEAT_MAP_RANGE, bytes=True)[..., :3]
    )


def five_column_grid(rows: Sequence[tuple[Any, ...]]) -> Image.Image:
    """Original, mask, input, prediction and difference side by side, pixel for pixel.

    Args:
        rows: at least one :class:`GridRow` (or a tuple like it).

    Returns:
        PIL "RGB"; one line per row, with its caption above it if there is one.
    """
    lines = [GridRow(*row) for row in rows]
    tops = [GAP + HEADER]
    for line in lines:
        caption = HEADER if line.caption else 0
        tops.append(tops[-1] + caption + line.mask_image.height + GAP)
    cell = max(line.mask_image.width for line in lines) + GAP
    grid = Image.new("RGB", (GAP + len(COLUMNS) * cell, tops[-1]), "white")
    draw = ImageDraw.Draw(grid)
    for column, name in enumerate(COLUMNS):
        _write(draw, name, GAP + column * cell, GAP, cell - GAP)
    for line, top in zip(lines, tops, strict=False):
        if line.caption:
            _write(draw, line.caption, GAP, top, len(COLUMNS) * cell - GAP, centred=False)
            top += HEADER
        for column, picture in enumerate(_columns(line)):
            grid.paste(picture, (GAP + column * cell, top))
    return grid


def contact_sheet(
    tiles: Sequence[tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.uint8]]],
) -> Image.Image:
    """Many fills at a glance: input and result side by side, four pairs to a line.

    Args:
        tiles: original, uint8 (H, W, 3); hole, bool (H, W); and result, uint8 (H, W, 3): all of
            one size.

    Returns:
        PIL "RGB".
    """
    height, width = tiles[0][1].shape
    cell_w, cell_h = 2 * width + 3 * GAP, height + GAP
    lines = -(-len(tiles) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (SHEET_COLUMNS * cell_w, lines * cell_h + GAP), "white")
    for i, (original, hole, result) in enumerate(tiles):
        x, y = GAP + i % SHEET_COLUMNS * cell_w, GAP + i // SHEET_COLUMNS * cell_h
        shown = np.where(hole[..., None], np.array(HOLE_COLOUR, np.uint8), original)
        sheet.paste(Image.fromarray(shown), (x, y))
        sheet.paste(Image.fromarray(result), (x + width + GAP // 2, y))
    return sheet


def blank_figure(width: float, height: float) -> "Figure":
    """A figure of that size in inches whose layout keeps all text inside."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def legend_below(figure: "Figure", *axes: "Axes") -> None:
    """One legend for all given axes, below everything else."""
    handles = [handle for a in axes for handle in a.get_legend_handles_labels()[0]]
    figure.legend(handles=handles, loc="outside lower center", ncols=5)


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
    with whole_file(Path(path)) as file:
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


def _columns(row: GridRow) -> list[Image.Image]:
    original, result = Image.fromarray(_rgb(row.original)), Image.fromarray(_rgb(row.result))
    masked = original.copy()
    masked.paste(HOLE_COLOUR, mask=row.mask_image.convert("L"))
    return [original, row.mask_image, masked, result, difference_heat_map(original, result)]


def _write(
    draw: ImageDraw.ImageDraw, text: str, x: int, y: int, width: int, centred: bool = True
) -> None:
    """One line of text in a box; a smaller font where it would not fit."""
    size = 15
    font = ImageFont.load_default(size)
    while draw.textlength(text, font) > width and size > 6:
        size -= 1
        font = ImageFont.load_default(size)
    left = x + (width - draw.textlength(text, font)) / 2 if centred else x
    draw.text((left, y + 4), text, fill="black", font=font)


def _rgb(picture: Picture) -> NDArray[Any]:
    if isinstance(picture, Image.Image):
        return np.asarray(picture.convert("RGB"))
    return picture
