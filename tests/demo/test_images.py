"""Pictures on their way to the page."""

import shutil

import numpy as np
import pytest
from PIL import Image, ImageColor

from inpainting.demo.images import COLOURS, OPACITY, PAINT, keep, mark, preview, stem
from inpainting.io.images import decode
from tests.demo.visitor import box_mask
from tests.io.profiles import rgb_profile


def test_before_shows_where_the_hole_is_and_what_it_covers():
    image, mask_image = Image.new("RGB", (4, 3), (100, 50, 200)), box_mask((4, 3), (0, 0, 2, 2))
    marked = np.array(mark(image, mask_image))
    assert marked[2, 3].tolist() == [100, 50, 200]
    expected = [
        0.4 * under + 0.6 * paint
        for under, paint in zip((100, 50, 200), ImageColor.getrgb(PAINT), strict=True)
    ]
    assert marked[0, 0] == pytest.approx(expected, abs=1)


def test_kept_files_are_exact_and_tell_nothing_about_the_photo(noise, kept):
    image = noise(30, 20)
    image.info["comment"], image.getexif()[0x010F] = "secret", "camera"
    path = keep(image, "cat")
    assert path.startswith(str(kept)) and path.endswith("/cat.png")
    assert decode(path).tobytes() == image.tobytes()
    with Image.open(path) as file:
        assert not file.info and not file.getexif()


def test_kept_files_have_the_picture_s_colour_space(noise, kept):
    image = noise(30, 20)
    image.info["icc_profile"] = rgb_profile()
    with Image.open(keep(image, "cat")) as file:
        assert file.info["icc_profile"] == rgb_profile()


def test_equal_pictures_are_one_file_that_comes_again_when_it_was_deleted(noise, kept):
    image = noise(30, 20)
    path = keep(image, "cat")
    assert keep(image, "cat") == path != keep(noise(30, 20), "cat")
    shutil.rmtree(kept)
    assert keep(image, "cat") == path and decode(path) == image


def test_the_canvas_paints_in_the_same_colours():
    assert COLOURS["tint"] == [*ImageColor.getrgb(PAINT), 153] and OPACITY == 153 / 255
    assert [COLOURS[name] for name in ("edge", "shade")] == [[255] * 4, [0, 0, 0, 255]]


def test_pictures_to_look_at_are_small(noise):
    small, large = noise(30, 20), noise(200, 20)
    assert preview(small, 30) is small and preview(large, 100).size == (100, 10)
    assert large.size == (200, 20)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/ü b.jpg", "ü_b"),
        ("../../etc/passwd", "passwd"),
        ("/x/....png", "photo"),
        ("", "photo"),
        ("\0", "photo"),
        ("\ud800", "photo"),
        ("ä" * 300, "ä" * 60),
    ],
)
def test_names_are_fit_for_files(path, expected):
    assert stem(path) == expected
