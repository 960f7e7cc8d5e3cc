"""Comparison grids and contact sheets: pictures side by side, pixel for pixel."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

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
    tiles: Sequence[tuple[Pixels, Hole, Pixels]],
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
