"""Masks from files: every kind, resized, inverted, empty."""

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import EmptyHole, InvalidMask
from inpainting.masks.edit import invert
from inpainting.masks.files import read_mask_file
from inpainting.masks.meaning import white_share
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


def lines(size: tuple[int, int], step: int, width: int) -> Image.Image:
    """Lines across and down, ``width`` thick, ``step`` apart."""
    mask_image = np.zeros(size[::-1], np.uint8)
    for at in range(step // 3, size[1], step):
        mask_image[at : at + width] = 255
    for at in range(step // 2, size[0], step):
        mask_image[:, at : at + width] = 255
    return Image.fromarray(mask_image)


@pytest.mark.parametrize("size", [(101, 67), (400, 90), (97, 300), (399, 299), (13, 11)])
@pytest.mark.parametrize("width", [1, 2])
def test_whatever_a_white_pixel_touches_is_white(size, width):
    given = lines((400, 300), 57, width)
    found = np.asarray(read_mask_file(given, size).mask_image) > 0
    expected = np.zeros(size[::-1], bool)
    for y, x in zip(*np.nonzero(np.asarray(given)), strict=True):  # by areas that overlap
        rows, columns = (
            slice(int(at * new / old), int(np.ceil((at + 1) * new / old)))
            for at, new, old in ((y, size[1], 300), (x, size[0], 400))
        )
        expected[rows, columns] = True
    assert found[expected].all() if min(size) > 299 else np.array_equal(found, expected)
    assert len(np.unique(found, axis=0)) > 1


def test_an_inverted_mask_keeps_thin_lines_too():
    given = invert(lines((400, 300), 57, 1))
    found, _ = read_mask_file(given, (100, 75), invert=True)
    assert np.asarray(found).any(axis=1).all() and 0.02 < (np.asarray(found) > 0).mean() < 0.3
    assert read_mask_file(invert(BOX), BOX.size, invert=True) == (BOX, ())
    assert "black, and black is what" in read_mask_file(BOX, BOX.size, invert=True).notes[0]
    with pytest.raises(EmptyHole, match="all of it is white"):
        read_mask_file(Image.new("L", (9, 9), 255), (9, 9), invert=True)


def test_a_mask_on_its_side_is_refused_and_a_stretched_one_told():
    for given, size in [((30, 40), (40, 30)), ((300, 401), (40, 30)), ((90, 120), (400, 300))]:
        with pytest.raises(InvalidMask, match="the sides are swapped"):
            read_mask_file(box_mask(given, (5, 5, 15, 20)), size)
    note = read_mask_file(box_mask((30, 40), (5, 5, 15, 20)), (40, 40)).notes[0]
    assert note.endswith("and stretched.")


def test_a_picture_is_not_its_own_mask(noise):
    picture = Image.new("L", (40, 30))
    picture.paste(255, (3, 3, 9, 9))
    with pytest.raises(InvalidMask, match="The mask is the picture itself"):
        read_mask_file(picture.convert("RGB"), (40, 30), picture=picture)
    assert read_mask_file(picture, (40, 30)) == (picture, ())
