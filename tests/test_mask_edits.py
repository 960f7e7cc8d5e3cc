"""Masks from files, and what is done to them by hand."""

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import EmptyHole
from inpainting.mask_edits import grown, inverted, read_mask_file, white_share


def box_mask(size, box) -> Image.Image:
    mask_image = Image.new("L", size)
    mask_image.paste(255, box)
    return mask_image


BOX = box_mask((40, 30), (10, 5, 20, 15))


def on_transparent(colour) -> Image.Image:
    drawn = Image.new("RGBA", BOX.size, (0, 0, 0, 0))
    drawn.paste((*colour, 255), mask=BOX)
    return drawn


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(BOX, id="grey"),
        pytest.param(BOX.convert("1"), id="bits"),
        pytest.param(BOX.convert("P"), id="palette"),
        pytest.param(np.array(BOX) > 0, id="array"),
        pytest.param(BOX.point(lambda level: 140 if level else 90), id="pale"),
        pytest.param(on_transparent((255, 255, 255)), id="white on transparent"),
        pytest.param(on_transparent((200, 0, 0)), id="red on transparent"),
    ],
)
def test_every_kind_of_file_gives_the_same_mask(source):
    assert read_mask_file(source, BOX.size) == (BOX, ())


def test_another_size_is_resized_and_said():
    mask_image, notes = read_mask_file(BOX, (80, 60))
    assert mask_image == box_mask((80, 60), (20, 10, 40, 30))
    assert notes == ("The mask was resized from 40×30 to 80×60 pixels.",)
    assert "and stretched." in read_mask_file(BOX, (80, 80)).notes[0]


def test_a_mask_that_looks_inverted_is_said_and_used_as_given():
    mask_image, notes = read_mask_file(inverted(BOX), BOX.size)
    assert mask_image == inverted(BOX)
    assert "92% of the mask is white" in notes[0] and "invert it" in notes[0]


def test_a_mask_that_marks_nothing_is_refused():
    with pytest.raises(EmptyHole):
        read_mask_file(Image.new("L", (9, 9), 127), (9, 9))


@pytest.mark.parametrize("pixels", [1, 3, 7, -1, -3])
def test_growing_is_a_distance(pixels):
    mask_image = Image.new("L", (50, 41))
    mask_image.paste(255, (0, 10, 12, 25))
    mask_image.paste(255, (30, 30, 31, 31))
    white = np.array(mask_image) > 0
    ys, xs = np.nonzero(white if pixels > 0 else ~white)
    y, x = np.mgrid[:41, :50]
    squared = ((y[..., None] - ys) ** 2 + (x[..., None] - xs) ** 2).min(axis=2)
    near = squared <= pixels**2
    expected = near if pixels > 0 else ~near
    assert np.array_equal(np.array(grown(mask_image, pixels)) > 0, expected)


def test_growing_by_nothing_and_of_nothing():
    assert grown(BOX, 0) == BOX
    assert not grown(BOX, -6).getbbox()
    assert not grown(Image.new("L", (5, 5)), 3).getbbox()


def test_share_and_inversion():
    assert white_share(BOX) == pytest.approx(100 / 1200)
    assert white_share(inverted(BOX)) == pytest.approx(1100 / 1200)
