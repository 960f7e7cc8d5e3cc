"""What masks of every kind mean: understood by a rule, or refused by what was found."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from inpainting.errors import EmptyHole, InvalidMask
from inpainting.io.images import decode
from inpainting.masks.meaning import CUT, IN_COLOUR, meaning

SIZE = 200, 150
BOX = 60, 40, 119, 89  # of the shape that is to be repainted, borders included
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*[!k].jpg"))


def shape(colour, ground="black", mode="RGB") -> Image.Image:
    image = Image.new(mode, SIZE, ground)
    ImageDraw.Draw(image).rectangle(BOX, colour)
    return image


WHITE = shape(255, 0, "L")


def stored(image: Image.Image, kind: str, **options) -> Image.Image:
    """As it is read from a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return decode(file.getvalue(), grey=True)


def voc(*indices: int) -> Image.Image:
    """A palette mask of PASCAL VOC: index 15 is a person, 255 the border around things."""
    image = Image.new("P", SIZE)
    palette = np.zeros((256, 3), np.uint8)
    palette[[1, 13, 15, 255]] = (128, 0, 0), (192, 0, 128), (192, 128, 128), (224, 224, 192)
    image.putpalette(palette.ravel().tolist())
    draw = ImageDraw.Draw(image)
    for step, index in enumerate(indices):
        draw.rectangle((60 + 30 * step, 40, 89 + 30 * step, 89), index)
    return stored(image, "PNG")


def photo(grey: bool = False, hole: bool = False) -> Image.Image:
    image = Image.open(EXAMPLES[0]).convert("L" if grey else "RGB").resize(SIZE)
    if hole:
        image = image.convert("RGBA")
        ImageDraw.Draw(image).rectangle(BOX, (0, 0, 0, 0))
    return image


CLEAR = (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("image", "notes"),
    [
        pytest.param(WHITE, (), id="white on black"),
        pytest.param(stored(WHITE, "JPEG", quality=10), (), id="jpeg"),
        pytest.param(stored(WHITE.convert("RGB"), "WEBP", quality=20), (), id="webp"),
        pytest.param(stored(WHITE.convert("1"), "PNG"), (), id="one bit"),
        pytest.param(shape("red"), (IN_COLOUR.format(name="red"),), id="red on black"),
        pytest.param(shape("blue"), (IN_COLOUR.format(name="blue"),), id="blue on black"),
        pytest.param(shape("#00ff00"), (IN_COLOUR.format(name="green"),), id="green on black"),
        pytest.param(
            stored(shape("red"), "JPEG", quality=60), (IN_COLOUR.format(name="red"),), id="red jpeg"
        ),
        pytest.param(voc(1, 1), (IN_COLOUR.format(name="red"),), id="a palette mask of one class"),
        pytest.param(shape("white", CLEAR, "RGBA"), (), id="white on transparent"),
        pytest.param(shape("black", CLEAR, "RGBA"), (), id="black on transparent"),
        pytest.param(shape("red", CLEAR, "RGBA"), (), id="red on transparent"),
        pytest.param(shape((255, 0, 0, 120), CLEAR, "RGBA"), (), id="47 % opaque on transparent"),
        pytest.param(shape((0, 0, 0, 120), CLEAR, "RGBA"), (), id="47 % black on transparent"),
        pytest.param(shape((128, 128, 128), CLEAR, "RGBA"), (), id="grey on transparent"),
        pytest.param(shape((255, 180, 180), CLEAR, "RGBA"), (), id="pink on transparent"),
        pytest.param(shape((255, 180, 180)), (IN_COLOUR.format(name="pink"),), id="pink on black"),
        pytest.param(photo(hole=True), (CUT,), id="a hole in a photo"),
        pytest.param(shape(CLEAR, "black", "RGBA"), (CUT,), id="a hole in black"),
        pytest.param(shape(CLEAR, "white", "RGBA"), (CUT,), id="a hole in white"),
        pytest.param(shape(140, 90, "L"), (), id="two pale levels"),
    ],
)
def test_what_is_understood(image, notes):
    found = meaning(image)
    if image.format == "JPEG" or "A" not in image.mode:
        assert np.mean(np.asarray(found.white) != np.asarray(WHITE)) < 0.002  # lossy edges
    else:
        assert found.white == WHITE
    assert found.notes == notes


def test_where_black_and_white_are_drawn_on_transparent_white_counts():
    image = shape("white", CLEAR, "RGBA")
    ImageDraw.Draw(image).rectangle((10, 100, 190, 140), "black")
    assert meaning(image) == (WHITE, ())


def test_overlapping_strokes_of_one_opacity_count_whole():
    image = Image.new("RGBA", SIZE, CLEAR)
    for dx in (0, 20):
        layer = Image.new("RGBA", SIZE, CLEAR)
        ImageDraw.Draw(layer).rectangle((60 + dx, 40, 99 + dx, 89), (255, 0, 0, 120))
        image.alpha_composite(layer)
    assert meaning(image) == (WHITE, ())


@pytest.mark.parametrize("radius", [1, 3, 8, 15])
def test_soft_edges_are_read_at_the_middle_grey(radius):
    image = WHITE.filter(ImageFilter.GaussianBlur(radius))
    found = meaning(image)
    assert np.array_equal(np.asarray(found.white) > 0, np.asarray(image) >= 128)
    assert all(re.fullmatch(r"\d+% of the mask is grey: from .*", note) for note in found.notes)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_smooth_thin_lines_are_no_areas_of_grey(scale):
    image = Image.new("L", (scale * 200, scale * 150))
    ImageDraw.Draw(image).line((0, 7, scale * 200, scale * 140), 255, scale * 2)
    smooth = image.resize(SIZE, Image.Resampling.BOX)
    white = np.asarray(meaning(smooth).white) > 0
    assert np.array_equal(white, np.asarray(smooth) >= 128)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        pytest.param(photo(), r"looks like a photo: \d\d% of it is neither", id="photo"),
        pytest.param(photo(grey=True), "looks like a photo", id="grey photo"),
        pytest.param(WHITE.point(lambda v: v // 255), "brightest value is 1 of 255.* multiply it "
                     "by 255", id="0 and 1"),
        pytest.param(shape(15, 0, "L"), "value is 15 of 255.*labels", id="labels"),
        pytest.param(shape(120, 0, "L"), "value is 120 of 255.*full opacity", id="47 % on black"),
        pytest.param(voc(13, 15), r"several colours \(", id="a palette mask of two classes"),
        pytest.param(voc(1, 255), r"several colours \(", id="a class and its border"),
        pytest.param(shape("red", "white"), r"several colours \(white, red\)", id="red on white"),
        pytest.param(Image.new("L", SIZE), "all of it is black", id="black"),
        pytest.param(Image.new("RGBA", SIZE, CLEAR), "black or transparent", id="transparent"),
    ],
)  # fmt: skip
def test_what_is_refused(image, words):
    with pytest.raises(InvalidMask, match=words):
        meaning(image)


@pytest.mark.parametrize("levels", [(0, 1, 255), (0, 120, 255), (0, 15, 255), (20, 100, 255)])
def test_areas_of_a_second_grey_are_refused(levels):
    image = shape(levels[2], levels[0], "L")
    ImageDraw.Draw(image).rectangle((10, 100, 40, 140), levels[1])
    with pytest.raises(InvalidMask, match=rf"areas of grey \(value {levels[1]} of 255\)"):
        meaning(image)


def test_a_cut_out_photo_is_refused():
    cut_out = photo().convert("RGBA")
    cut_out.putalpha(WHITE)
    with pytest.raises(InvalidMask, match="photo on a transparent ground"):
        meaning(cut_out)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_photo_is_its_own_mask(path):
    for grey in (False, True):
        image = decode(path).convert("L" if grey else "RGB")
        with pytest.raises(InvalidMask, match="is the picture itself"):
            meaning(image, image)
        with pytest.raises(InvalidMask, match="looks like a photo|several colours"):
            meaning(image)


def test_nothing_white_is_an_empty_hole():
    for image in (Image.new("L", (9, 9), 127), Image.new("L", (9, 9))):
        with pytest.raises(EmptyHole):
            meaning(image)
