"""Mask files in a real browser: opened, refused, saved."""

import numpy as np
import pytest
from PIL import Image

from tests.browser.demo import Demo
from tests.browser.photos import mandelbrot, noise

pytestmark = pytest.mark.browser

SIZE = (200, 150)
BOX = (50, 40, 120, 90)


@pytest.fixture
def mine(visit, tmp_path) -> Demo:
    mandelbrot(*SIZE).save(tmp_path / "mine.png")
    demo = visit()
    demo.open(tmp_path / "mine.png")
    return demo


def saved_mask(demo: Demo) -> np.ndarray:
    picture, name = demo.download("save-mask")
    assert name == "mine_mask.png" and picture.mode == "1" and picture.size == demo.size()
    return np.array(picture)


def test_a_mask_file_is_what_is_painted_and_filled_to_the_pixel(mine, keep, tmp_path):
    mask_image = Image.new("L", (2 * SIZE[0], 2 * SIZE[1]))
    mask_image.paste(255, tuple(2 * side for side in BOX))
    mask_image.save(tmp_path / "mask.png")
    demo = mine
    demo.set_fill_on_release(False)
    demo.draw((0.9, 0.1), (0.9, 0.2))
    words = demo.give_mask(tmp_path / "mask.png")
    assert "resized from 400×300 to 200×150" in words and "Press Fill." in words
    expected = np.zeros(SIZE[::-1], bool)
    expected[BOX[1] : BOX[3], BOX[0] : BOX[2]] = True
    np.testing.assert_array_equal(demo.hole(), expected)  # in place of what was painted
    keep(demo)
    np.testing.assert_array_equal(saved_mask(demo), expected)
    with demo.filling():
        demo.press("fill")
    np.testing.assert_array_equal(demo.filled_hole(), expected)
    changed = (np.array(demo.download()[0]) != np.array(mandelbrot(*SIZE))).any(axis=2)
    assert changed[expected].any() and not changed[~expected].any()
    np.testing.assert_array_equal(saved_mask(demo), expected)  # nothing new is painted


def test_a_mostly_white_mask_is_told_of_and_can_be_inverted(mine, tmp_path):
    mask_image = Image.new("L", SIZE, 255)
    mask_image.paste(0, BOX)
    mask_image.save(tmp_path / "mask.png")
    demo = mine
    assert "invert it" in demo.give_mask(tmp_path / "mask.png") and not demo.is_error()
    before = demo.hole()
    demo.press("invert")
    np.testing.assert_array_equal(demo.hole(), ~before)
    np.testing.assert_array_equal(demo.hole(), np.array(mask_image) == 0)


def test_what_does_not_say_what_it_means_is_refused(mine, tmp_path):
    demo = mine
    demo.set_fill_on_release(False)
    demo.draw((0.3, 0.5), (0.6, 0.5))
    painted, kinds = demo.hole(), demo.kinds()
    noise(*SIZE).save(tmp_path / "photo.png")
    Image.new("L", SIZE).save(tmp_path / "black.png")
    Image.new("L", SIZE[::-1], 255).save(tmp_path / "turned.png")
    for name, words in (
        ("photo.png", "The mask"),
        ("black.png", "marks nothing to fill"),
        ("turned.png", "the sides are swapped"),
        ("mine.png", "The mask is the picture itself"),
    ):
        assert words in demo.give_mask(tmp_path / name)
        assert demo.is_error()
    np.testing.assert_array_equal(demo.hole(), painted)
    assert demo.kinds() == kinds


def test_the_saved_mask_is_what_is_painted(mine):
    demo = mine
    demo.press("save-mask")
    demo.until_says("Nothing is painted yet: there is no mask to save.")
    demo.set_fill_on_release(False)
    demo.draw((0.3, 0.3), (0.6, 0.5), (0.3, 0.8))
    np.testing.assert_array_equal(saved_mask(demo), demo.hole())


def test_growing_and_shrinking_go_by_the_number_of_pixels(mine):
    demo = mine
    demo.set_fill_on_release(False)
    demo.draw((0.3, 0.5), (0.6, 0.5))
    before = demo.hole()
    by = demo.page.locator("[data-by]")
    demo.reveal(by)
    by.fill("3")
    demo.press("grow")
    rows = [np.flatnonzero(hole.any(axis=1)) for hole in (before, demo.hole())]
    assert rows[1].min() == rows[0].min() - 3 and rows[1].max() == rows[0].max() + 3
    demo.press("shrink")
    assert (demo.hole() | before).sum() <= 1.02 * demo.hole().sum()
    demo.reveal(by)
    by.fill("32")
    kinds = demo.kinds()
    demo.press("shrink")
    demo.until_says("Nothing would be left.")
    assert demo.is_error() and demo.kinds() == kinds and demo.hole().any()
