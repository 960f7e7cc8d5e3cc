"""What is found inside or around rough paint: an object, text, thin lines."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from inpainting.errors import EmptyHole, InvalidMask
from inpainting.masks.select import select_object
from inpainting.masks.select_marks import only_text, only_thin_lines

SIZE = 200  # pixels on a side
MODES = ["L", "LA", "RGB", "RGBA"]
FINDERS = [
    select_object,
    only_thin_lines,
    lambda image, painted: only_text(image, painted, bright=True),
    lambda image, painted: only_text(image, painted, bright=False),
]


def disc(radius: float, x: float = 100, y: float = 100) -> np.ndarray:
    rows, columns = np.indices((SIZE, SIZE))
    return np.hypot(rows - y, columns - x) <= radius


def box(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    flags = np.zeros((SIZE, SIZE), bool)
    flags[top:bottom, left:right] = True
    return flags


def ground(level: int = 100, noise: float = 12) -> np.ndarray:
    """A textured ground: float (SIZE, SIZE, 3)."""
    return np.random.default_rng(0).normal((level, level + 20, level - 20), noise, (SIZE, SIZE, 3))


def picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def with_disc(where: np.ndarray) -> Image.Image:
    pixels = ground()
    pixels[where] += (110, -40, 60)
    return picture(pixels)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return (one & other).sum() / (one | other).sum()


PAINTS = {
    "scribble": box(75, 97, 125, 104) | box(97, 80, 104, 120),
    "box": box(64, 64, 137, 137),
    "sloppy area": disc(46, 104, 97),
    "circle around it": disc(50) & ~disc(46),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("paint", PAINTS)
def test_a_disc_is_found_from_rough_paint(paint, mode):
    truth, painted = disc(35), PAINTS[paint]
    image = with_disc(truth).convert(mode)
    found = select_object(image, painted)
    assert found.dtype == bool and found.shape == painted.shape
    assert overlap(found, truth) >= 0.95 > 1.2 * overlap(painted, truth)
    assert np.array_equal(found, select_object(image, painted))


@pytest.mark.parametrize(("length", "angle"), [(30, 0), (30, 0.8), (50, 1.6)])
def test_a_straight_scribble_says_little_about_the_object_s_size(length, angle):
    truth = disc(35)
    middle = np.linspace(-length / 2, length / 2, 60)
    painted = np.any([disc(4, 100 + t * np.cos(angle), 98 + t * np.sin(angle)) for t in middle], 0)
    assert overlap(select_object(with_disc(truth), painted, brush=4), truth) > 0.95


def test_an_object_at_the_border_is_found_up_to_the_border():
    truth = disc(40, 0, 190)
    found = select_object(with_disc(truth), disc(48, 0, 190))
    assert overlap(found, truth) >= 0.95 and found[190:, 0].all()


def test_a_large_picture_is_answered_at_its_own_size():
    truth = disc(35)
    large = with_disc(truth).resize((1600, 1600), Image.Resampling.BICUBIC)
    big = [np.kron(flags, np.ones((8, 8), bool)) for flags in (truth, disc(46, 104, 97))]
    assert overlap(select_object(large, big[1]), big[0]) >= 0.97


def test_where_all_is_alike_nothing_stands_out():
    with pytest.raises(InvalidMask, match="Nothing stands out there: .*keep the paint as it is"):
        select_object(picture(ground()), np.ones((SIZE, SIZE), bool))


@pytest.mark.parametrize("find", FINDERS)
def test_nothing_painted(find):
    with pytest.raises(EmptyHole, match="Nothing is painted yet: paint roughly"):
        find(Image.new("RGB", (9, 7)), np.zeros((7, 9), bool))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2), (1, 40), (9, 9)])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("find", FINDERS)
def test_tiny_pictures_give_a_part_or_a_sentence(find, mode, size, noise):
    image = noise(*size).convert(mode)
    for painted in (
        np.ones(size[::-1], bool),
        np.arange(size[0] * size[1]).reshape(size[::-1]) < 1,
    ):
        try:
            found = find(image, painted)
        except InvalidMask as error:
            assert str(error).endswith(".")
        else:
            assert found.any() and found.dtype == bool and found.shape == size[::-1]


def glyphs(x: int = 20) -> Image.Image:
    level = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(level).text((x, 80), "Lake 1998", fill=255, font=ImageFont.load_default(28))
    return level


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bright", [True, False])
@pytest.mark.parametrize("x", [20, -8])
def test_of_a_painted_caption_only_its_letters_stay(x, bright, mode):
    letters = glyphs(x)
    image = picture(ground(128))
    image.paste((250, 250, 250) if bright else (5, 5, 5), mask=letters)
    painted, truth = box(0, 70, SIZE, 120), np.array(letters) > 48
    found = only_text(image.convert(mode), painted, bright)
    assert (found & truth).sum() >= 0.97 * truth.sum()
    assert truth.sum() >= 0.7 * found.sum() and not (found & ~painted).any()
    assert np.array_equal(found, only_text(image.convert(mode), painted, bright))


@pytest.mark.parametrize("bright", [True, False])
def test_large_letters_stay_whole(bright):
    """Their ground is found on a reduced copy."""
    letters, font = Image.new("L", (8 * SIZE, 8 * SIZE)), ImageFont.load_default(224)
    ImageDraw.Draw(letters).text((160, 640), "Lake 1998", fill=255, font=font)
    image = picture(np.kron(ground(128), np.ones((8, 8, 1), np.uint8)))
    image.paste((250, 250, 250) if bright else (5, 5, 5), mask=letters)
    painted, truth = box(0, 70, SIZE, 120).repeat(8, 0).repeat(8, 1), np.array(letters) > 48
    found = only_text(image, painted, bright)
    assert (found & truth).sum() >= 0.97 * truth.sum()
    assert truth.sum() >= 0.9 * found.sum()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("level", [250, 5])
def test_of_a_painted_scratch_only_the_line_stays(level, mode):
    pixels, truth = ground(128), np.eye(SIZE, dtype=bool) | np.eye(SIZE, k=1, dtype=bool)
    pixels[truth] = level
    painted = np.abs(np.subtract.outer(np.arange(SIZE), np.arange(SIZE))) < 15
    found = only_thin_lines(picture(pixels).convert(mode), painted)
    assert (found & truth).sum() >= 0.97 * truth.sum()
    beside = sum(np.eye(SIZE, k=k, dtype=bool) for k in range(-2, 4))  # one pixel around the line
    assert (found & ~beside).sum() <= 0.05 * beside.sum() and not (found & ~painted).any()
    assert np.array_equal(found, only_thin_lines(picture(pixels).convert(mode), painted))


def test_a_plain_picture_has_no_marks():
    plain, painted = Image.new("RGB", (60, 50), (9, 99, 120)), np.ones((50, 60), bool)
    for bright in (True, False):
        with pytest.raises(InvalidMask, match="No text stands out .*the other one of bright"):
            only_text(plain, painted, bright)
    with pytest.raises(InvalidMask, match="No thin line stands out"):
        only_thin_lines(plain, painted)
