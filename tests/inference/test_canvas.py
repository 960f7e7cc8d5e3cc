"""One scale of a picture: parts of it, half of it, and what is painted on it."""

import numpy as np
import pytest
from PIL import Image

from inpainting.inference.canvas import Canvas, Frame
from inpainting.inference.tiles import Tile


def canvas_of(pixels, known) -> Canvas:
    known = np.array(known, bool)
    grey = np.repeat(np.array(pixels, np.uint8)[..., None], 3, axis=2)
    return whole(Image.fromarray(grey), known)


def whole(picture, known, error=None) -> Canvas:
    """The canvas of a whole picture: what is not known is to be filled."""
    return Canvas(picture, known, ~known, Frame(picture.size), error)


def grey(canvas) -> list:
    return np.asarray(canvas.picture)[..., 0].tolist()


def test_half_is_the_mean_of_what_is_known():
    half = canvas_of(
        [[10, 20, 1, 2, 7], [30, 41, 3, 250, 9], [5, 6, 7, 8, 4]],
        [[1, 1, 0, 0, 1], [1, 1, 0, 1, 0], [0, 0, 0, 0, 0]],
    ).halved()
    assert half.known.tolist() == [[True, True, True], [False, False, False]]
    assert grey(half)[0] == [25, 250, 7]
    assert half.hole.tolist() == [[False] * 3, [True] * 3] and half.frame.scale == 2


def test_half_keeps_a_single_known_pixel_and_what_is_neither():
    known = np.zeros((33, 65), bool)
    known[32, 64] = True
    canvas = whole(Image.new("RGB", (65, 33), (9, 8, 7)), known)
    canvas.hole[:, :40] = False
    for _ in range(7):
        canvas = canvas.halved()
    assert canvas.picture.size == (1, 1) and canvas.known.all() and not canvas.hole.any()
    assert canvas.picture.getpixel((0, 0)) == (9, 8, 7)


def test_a_part_knows_where_it_comes_from():
    canvas = canvas_of(np.arange(60).reshape(6, 10), np.ones((6, 10)))
    half = canvas.cut((2, 2, 8, 6)).halved()
    assert half.frame == Frame((10, 6), 2, (2, 2))
    assert half.frame.in_picture((1, 0, 3, 2)) == (4, 2, 8, 6)
    part = half.cut((1, 1, 3, 2))
    assert part.frame == Frame((10, 6), 2, (4, 4))
    assert grey(part) == [grey(half)[1][1:3]]


def test_put_paints_holes_of_the_core_and_fades_over_what_was_painted():
    hole = np.zeros((40, 100), bool)
    hole[10:30] = True
    canvas = whole(Image.new("RGB", (100, 40), (50, 50, 50)), ~hole)
    box = (0, 0, 100, 40)
    canvas.put(Tile(box, (0, 0, 60, 40), (False, False)), Image.new("RGB", (100, 40), "white"))
    canvas.put(Tile(box, (28, 0, 100, 40), (True, False)), Image.new("RGB", (100, 40), "black"))
    row = np.asarray(canvas.picture)[20, :, 0].astype(int)
    assert (row[:28] == 255).all() and (row[60:] == 0).all() and (np.diff(row) <= 0).all()
    assert (np.asarray(canvas.picture)[~hole] == 50).all() and canvas.known.all()


def test_put_does_not_fade_over_what_was_not_painted():
    hole = np.ones((40, 40), bool)
    canvas = whole(Image.new("RGB", (40, 40), "red"), ~hole)
    canvas.put(Tile((0, 0, 40, 40), (0, 0, 40, 40), (True, True)), Image.new("RGB", (40, 40)))
    assert not np.asarray(canvas.picture).any()


@pytest.mark.parametrize("longest", [100, 1000])
def test_shrunk_keeps_the_colour_of_what_is_known(longest):
    known = np.random.default_rng(0).random((300, 400)) < 0.6
    pixels = np.where(known[..., None], np.uint8(90), np.uint8(255)).repeat(3, 2)
    small = whole(Image.fromarray(pixels), known).shrunk(longest)
    assert max(small.picture.size) == min(longest, 400)
    colours = np.asarray(small.picture)[small.known].astype(int)
    assert np.abs(colours - 90).max() <= 2 and np.array_equal(small.hole, ~small.known)


def test_shrunk_never_forgets_everything():
    known = np.zeros((600, 600), bool)
    known[3, 4] = True
    small = whole(Image.new("RGB", (600, 600)), known).shrunk(100)
    assert small.known.sum() >= 1


def test_the_frame_clips_what_a_coarse_pixel_covers_beyond_the_picture():
    assert Frame((7, 5), 4).in_picture((1, 0, 2, 2)) == (4, 0, 7, 5)


def test_errors_of_a_coarse_canvas_are_put_where_they_lie_in_the_picture():
    """And only in its hole; a finer one, which comes later, replaces them."""
    known = np.ones((8, 12), bool)
    known[2:6, 4:10] = False
    error = Image.new("L", (12, 8))
    canvas = whole(Image.new("RGB", (12, 8)), known, error)
    half = canvas.halved()
    box = (0, 0, 6, 4)
    half.put(Tile(box, box, (False, False)), Image.new("RGB", (6, 4)), np.full((4, 6), 9, np.uint8))
    assert np.array_equal(error, np.where(known, 0, 9))
    box = (4, 2, 6, 4)
    part = canvas.cut(box)
    tile = Tile((0, 0, 2, 2), (0, 0, 2, 2), (False, False))
    part.put(tile, Image.new("RGB", (2, 2)), np.full((2, 2), 5, np.uint8))
    expected = np.where(known, 0, 9)
    expected[2:4, 4:6] = 5
    assert np.array_equal(error, expected)
