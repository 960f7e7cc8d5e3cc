"""Comparison grids and contact sheets, by their pixels."""

import numpy as np
from PIL import Image

from inpainting.evaluation.grids import (
    COLUMNS,
    GAP,
    HEADER,
    HOLE_COLOUR,
    GridRow,
    contact_sheet,
    five_column_grid,
)
from tests.evaluation.colours import flat, inferno


def test_grid_shows_the_five_pictures_pixel_for_pixel():
    mask_image = Image.new("L", (30, 20))
    mask_image.paste(255, (0, 0, 10, 20))
    rows = [(flat(100), mask_image, flat(164)), GridRow(flat(1), mask_image, flat(1), "second")]
    grid = five_column_grid(rows)
    height = GAP + HEADER + 20 + GAP + HEADER + 20 + GAP  # only the second row has a caption
    assert grid.size == (GAP + len(COLUMNS) * (30 + GAP), height)

    top = GAP + HEADER
    inside = [grid.getpixel((GAP + i * (30 + GAP) + 2, top + 2)) for i in range(5)]
    assert inside == [(100,) * 3, (255,) * 3, HOLE_COLOUR, (164,) * 3, inferno(1)]
    outside = [grid.getpixel((GAP + i * (30 + GAP) + 28, top + 2)) for i in range(5)]
    assert outside == [(100,) * 3, (0,) * 3, (100,) * 3, (164,) * 3, inferno(1)]
    second = grid.getpixel((GAP + 28, top + 20 + GAP + HEADER + 2))
    assert second == (1, 1, 1)


def test_column_names_can_be_written_in_pillows_font():
    assert "".join(COLUMNS).isascii()


def test_contact_sheet_shows_input_and_result_of_every_pair():
    size, hole = (20, 30), np.zeros((20, 30), bool)
    hole[:5] = True
    tiles = [(np.full((*size, 3), i, np.uint8), hole, [np.full((*size, 3), 100 + i, np.uint8)])
             for i in range(5)]  # fmt: skip
    sheet = np.asarray(contact_sheet(tiles))
    assert sheet.shape == (2 * (20 + GAP) + GAP, 4 * (2 * 30 + 3 * GAP), 3)
    for i in range(5):
        x, y = GAP + i % 4 * (60 + 3 * GAP), GAP + i // 4 * (20 + GAP)
        assert (sheet[y : y + 5, x : x + 30] == HOLE_COLOUR).all()
        assert (sheet[y + 5 : y + 20, x : x + 30] == i).all()
        result = x + 30 + GAP // 2
        assert (sheet[y : y + 20, result : result + 30] == 100 + i).all()


def test_contact_sheet_takes_pictures_of_various_sizes_and_several_results():
    def tile(height: int, width: int) -> tuple:
        hole = np.zeros((height, width), bool)
        hole[0, 0] = True
        return np.full((height, width, 3), 1, np.uint8), hole, [
            np.full((height, width, 3), level, np.uint8) for level in (70, 140)
        ]  # fmt: skip

    sheet = np.asarray(contact_sheet([tile(40, 80), tile(30, 20)], 1, 40, ("one", "two")))
    cell = 40 + GAP // 2
    top = GAP + HEADER
    assert sheet.shape == (top + 20 + GAP + 30 + GAP, 3 * cell + 2 * GAP, 3)
    for panel, level in enumerate((1, 70, 140)):
        left = GAP + panel * cell
        shown = sheet[top + 1 : top + 20, left + 1 : left + 40]  # 80×40 in a box of 40
        assert (shown == level).all()
        below = sheet[top + 20 + GAP :][1:30, left + 1 : left + 20]  # as it is
        assert (below == level).all()
    assert (sheet[:top] < 128).any()  # names
