"""Comparison grids and contact sheets: pictures side by side, pixel for pixel."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from inpainting.evaluation.heat_map import Picture, difference_heat_map, rgb_array
from inpainting.types import Hole, Pixels

# ASCII only: Pillow's own font has few other signs.
COLUMNS = ("original", "mask (white = repaint)", "input", "prediction", "difference (0 to 64)")
HOLE_COLOUR = (128, 128, 128)  # of unknown pixels in the input column
GAP, HEADER = 6, 26  # pixels around the pictures of a grid, and of its line of text

SHEET_COLUMNS = 4


class GridRow(NamedTuple):
    """One line of a comparison grid; three pictures of one size."""

    original: Picture
    mask_image: Image.Image  # white = repaint
    result: Picture
    caption: str = ""


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
    tiles: Sequence[tuple[Pixels, Hole, Sequence[Pixels]]],
    columns: int = SHEET_COLUMNS,
    box: int | None = None,
    names: Sequence[str] = (),
) -> Image.Image:
    """Many fills at a glance: input and results side by side, ``columns`` of them to a line.

    Args:
        tiles: original, uint8 (H, W, 3); hole, bool (H, W); and as many results of other methods
            for each, uint8 (H, W, 3): of the original's size.
        columns: tiles to a line.
        box: no side of a picture is shown larger than so many pixels; None = as they are.
        names: of the results, written above them.

    Returns:
        PIL "RGB".
    """
    shown = [[fitted(picture, box) for picture in _panels(*tile)] for tile in tiles]
    lines = [shown[i : i + columns] for i in range(0, len(shown), columns)]
    width = max(picture.width for tile in shown for picture in tile)
    cell = len(shown[0]) * (width + GAP // 2) + 2 * GAP
    heights = [max(tile[0].height for tile in line) + GAP for line in lines]
    top = GAP + (HEADER if names else 0)
    sheet = Image.new("RGB", (columns * cell, top + sum(heights)), "white")
    draw = ImageDraw.Draw(sheet)
    for column in range(columns):
        left = column * cell + GAP
        for panel, name in enumerate(("input", *names) if names else ()):
            _write(draw, name, left + panel * (width + GAP // 2), GAP, width)
    for line, height in zip(lines, heights, strict=True):
        for column, tile in enumerate(line):
            for panel, picture in enumerate(tile):
                sheet.paste(picture, (column * cell + GAP + panel * (width + GAP // 2), top))
        top += height
    return sheet


def fitted(picture: Picture, box: int | None) -> Image.Image:
    """The picture, made smaller where a side is longer than ``box`` pixels."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if box is not None and max(image.size) > box:
        image = ImageOps.contain(image, (box, box))
    return image


def _panels(original: Pixels, hole: Hole, results: Sequence[Pixels]) -> list[Pixels]:
    shown = np.where(hole[..., None], np.array(HOLE_COLOUR, np.uint8), original)
    return [shown, *results]


def _columns(row: GridRow) -> list[Image.Image]:
    original, result = (
        Image.fromarray(rgb_array(row.original)),
        Image.fromarray(rgb_array(row.result)),
    )
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
