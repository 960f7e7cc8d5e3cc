"""What is done to a mask image by hand: dilate, erode, invert, shrink, feather."""

import numpy as np
import pytest
from PIL import Image

from inpainting.masks.edit import dilate, erode, feather, grow, invert, resize
from tests.masks.boxes import BOX, box_mask

THICKNESSES = [1, 3, 7]


@pytest.fixture
def mask_image() -> Image.Image:
    """A box at the border and a single pixel."""
    mask_image = box_mask((50, 41), (0, 10, 12, 25))
    mask_image.putpixel((30, 30), 255)
    return mask_image


def within(flags: np.ndarray, pixels: int) -> np.ndarray:
    """Bool (H, W): where something set lies within that Euclidean distance."""
    ys, xs = np.nonzero(flags)
    y, x = np.indices(flags.shape)
    squared = ((y[..., None] - ys) ** 2 + (x[..., None] - xs) ** 2).min(axis=2)
    return squared <= pixels**2


@pytest.mark.parametrize("pixels", THICKNESSES)
def test_to_dilate_is_a_distance_from_white(mask_image, pixels):
    expected = within(np.array(mask_image) > 0, pixels)
    dilated = dilate(mask_image, pixels)
    assert np.array_equal(np.array(dilated) > 0, expected)
    assert grow(mask_image, pixels) == dilated


@pytest.mark.parametrize("pixels", THICKNESSES)
def test_to_erode_is_a_distance_from_black_and_the_border_is_none(mask_image, pixels):
    expected = ~within(np.array(mask_image) == 0, pixels)
    eroded = erode(mask_image, pixels)
    assert np.array_equal(np.array(eroded) > 0, expected)
    assert grow(mask_image, -pixels) == eroded
    assert eroded.getpixel((0, 17)) == 255


def test_growing_by_nothing_and_of_nothing():
    assert grow(BOX, 0) == BOX
    assert not grow(BOX, -6).getbbox()
    assert not grow(Image.new("L", (5, 5)), 3).getbbox()


def test_inverting_is_its_own_inverse():
    assert np.array_equal(np.array(invert(BOX)), 255 - np.array(BOX))
    assert invert(invert(BOX)) == BOX


CROSS = box_mask((400, 280), (0, 100, 400, 101))  # lines of one pixel, from border to border
CROSS.paste(255, (203, 0, 204, 280))


@pytest.mark.parametrize("factor", [1, 2, 4, 10, 40])
def test_where_a_mask_shrinks_a_square_is_white_if_any_pixel_in_it_was(factor):
    rows, columns = 280 // factor, 400 // factor
    squares = np.array(CROSS).reshape(rows, factor, columns, factor)
    expected = squares.max((1, 3))
    assert np.array_equal(np.array(resize(CROSS, (columns, rows))), expected)


def test_no_line_breaks_at_a_size_that_is_no_whole_part():
    small = np.array(resize(CROSS, (57, 39)))
    assert small.shape == (39, 57) and set(np.unique(small)) == {0, 255}
    assert small.all(1).any() and small.all(0).any()
    assert (small > 0).mean() < 0.1


def test_a_feather_fades_in_from_the_holes_border():
    hole = np.zeros((9, 12), bool)
    hole[1:8, 3:] = True  # touches the right border, which is no edge
    opacity = np.array(feather(hole, 2))
    assert opacity[4].tolist() == [0, 0, 0, 85, 170] + [255] * 7
    assert opacity[:, 8].tolist() == [0, 85, 170, 255, 255, 255, 170, 85, 0]
    assert np.array_equal(np.array(feather(hole, 0)), 255 * hole)
