"""Masks from files: every kind, resized, inverted, empty."""

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import EmptyHole
from inpainting.masks.edit import invert
from inpainting.masks.files import read_mask_file, white_share
from tests.masks.boxes import BOX, box_mask


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
    mask_image, notes = read_mask_file(invert(BOX), BOX.size)
    assert mask_image == invert(BOX)
    assert "92% of the mask is white" in notes[0] and "invert it" in notes[0]


def test_a_mask_that_marks_nothing_is_refused():
    with pytest.raises(EmptyHole):
        read_mask_file(Image.new("L", (9, 9), 127), (9, 9))


def test_the_white_share():
    assert white_share(BOX) == pytest.approx(100 / 1200)
    assert white_share(invert(BOX)) == pytest.approx(1100 / 1200)
