"""Own photos in a real browser: every way and format, filled, saved, and what travels."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.browser.demo import Demo
from tests.browser.photos import SIZE, deep_grey, mandelbrot, noise, translucent
from tests.browser.traffic import counted

pytestmark = pytest.mark.browser

PIPE = 4096  # bytes of Gradio's answers around a fill: states of the queue, headers


def png_of(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def outside_is_untouched(demo: Demo, source: Image.Image, mode: str) -> Image.Image:
    """The download; it differs from the photo in the hole, and nowhere else."""
    result, _ = demo.download()
    assert (result.mode, result.size) == (mode, source.size)
    hole = demo.filled_hole()
    given, got = np.array(source), np.array(result)
    assert (given[hole] != got[hole]).any()
    np.testing.assert_array_equal(given[~hole], got[~hole])
    return result


@pytest.fixture
def photo(tmp_path):
    """A function that writes a photo to a file."""

    def write(image: Image.Image, name: str, **options):
        image.save(tmp_path / name, **options)
        return tmp_path / name

    return write


def test_a_photo_travels_once_and_its_fills_are_small(visit, keep, photo):
    demo = visit("desktop")
    source = noise(600, 400)  # 0.7 MB
    with counted(demo) as opening:
        demo.open(photo(source, "my photo.png"))
    assert opening.count("/upload") == 1 and opening.received < 20_000
    for row in (0.3, 0.5, 0.7):
        with counted(demo) as fill:
            demo.stroke((0.3, row), (0.6, row))
        mask = png_of(Image.fromarray(demo.filled_hole()))
        assert fill.sent <= min(30_000, len(mask) + 20_000)
        assert fill.count("/upload") == 0 and fill.count("/queue/join") == 1
        box = demo.js("session.step.fill.answer.box")
        filled = png_of(demo.download()[0].crop(box))
        assert fill.received <= 1.2 * len(filled) + PIPE
    assert sum("/upload" in url for url in demo.asked) == 1
    assert demo.kinds().count("fill") == 4  # the example's, and these
    assert demo.download()[1] == "my_photo_filled.png"
    keep(demo)


def test_only_the_hole_of_a_png_changes(visit, photo):
    demo = visit()
    demo.open(photo(mandelbrot(), "plain.png"))
    demo.stroke((0.4, 0.5), (0.6, 0.5))
    outside_is_untouched(demo, mandelbrot(), "RGB")


def test_transparency_stays(visit, photo):
    demo = visit()
    demo.open(photo(translucent(), "clear.png"))
    demo.stroke((0.4, 0.5), (0.6, 0.5))
    result = outside_is_untouched(demo, translucent(), "RGBA")
    look = demo.shown()
    assert 128 <= look[look[..., 3] > 0][:, 3].min() < 250  # what is seen through is seen through
    assert np.array(result)[..., 3].min() >= 128


def test_a_photo_that_was_held_upright_is_shown_and_saved_upright(visit, photo):
    lying = mandelbrot()
    exif = lying.getexif()
    exif[0x0112] = 6
    path = photo(lying, "IMG_0001.jpg", exif=exif, quality=95)
    demo = visit()
    demo.open(path)
    assert demo.size() == SIZE[::-1] and not demo.is_error()
    demo.stroke((0.4, 0.3), (0.4, 0.6))
    with Image.open(path) as file:
        upright = ImageOps.exif_transpose(file)
    result = outside_is_untouched(demo, upright, "RGB")
    assert not result.getexif()


def test_grey_of_16_bits_is_told_of_and_keeps_its_range(visit, photo):
    demo = visit()
    demo.open(photo(deep_grey(), "scan.png"))
    assert "more than 8 bits per channel" in demo.status()
    look = demo.shown()
    seen = look[look[..., 3] == 255][:, 0]
    assert seen.min() < 3 and seen.max() > 252
    demo.stroke((0.4, 0.5), (0.6, 0.5))
    levels = (np.array(deep_grey()) / 257).round().astype(np.uint8)
    result, _ = demo.download()
    outside = ~demo.filled_hole()
    assert result.mode == "L"
    assert np.abs(np.array(result).astype(int) - levels)[outside].max() <= 1


def test_cmyk_is_shown_as_it_is_filled(visit, photo):
    demo = visit()
    demo.open(photo(mandelbrot().convert("CMYK"), "print.jpg", quality=95))
    assert "was CMYK" in demo.status()
    demo.stroke((0.4, 0.5), (0.6, 0.5))
    result, _ = demo.download()
    assert result.mode == "RGB" and result.size == SIZE
    assert looks_like(demo, result)


def test_what_a_browser_cannot_show_the_server_shows(visit, photo):
    demo = visit()
    demo.open(photo(mandelbrot(), "scan.tif"))
    assert not demo.is_error() and demo.size() == SIZE
    demo.stroke((0.4, 0.5), (0.6, 0.5))
    result = outside_is_untouched(demo, mandelbrot(), "RGB")
    assert looks_like(demo, result)


def test_of_an_animation_the_first_picture_is_filled(visit, photo):
    first, second = mandelbrot().quantize(32), Image.new("P", SIZE)
    demo = visit()
    demo.open(photo(first, "moving.gif", save_all=True, append_images=[second]))
    assert "several frames or pages: the first one is filled" in demo.status()
    demo.stroke((0.4, 0.5), (0.6, 0.5))
    outside_is_untouched(demo, first.convert("RGB"), "RGB")


def looks_like(demo: Demo, picture: Image.Image) -> bool:
    """Whether the stage shows that picture."""
    x, y, scale = demo.view()
    sharp = demo.js("stage.sharp")
    box = [round(sharp * v) for v in (x, y, x + scale * SIZE[0], y + scale * SIZE[1])]
    look = Image.fromarray(demo.shown()).crop(box).convert("RGB")
    other = picture.resize(look.size, Image.Resampling.BILINEAR)
    return np.abs(np.array(look).astype(int) - np.array(other)).mean() < 6


@pytest.mark.parametrize("way", ["button", "drop", "paste"])
def test_broken_files_are_said_and_good_ones_open(visit, photo, tmp_path, way):
    demo = visit()
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    size = demo.size()
    demo.give(broken, way)
    demo.until_says("broken.png")
    assert demo.is_error() and "not a picture" in demo.status() and demo.size() == size
    demo.open(photo(mandelbrot(), "good.png"), way)
    assert demo.size() == SIZE and not demo.is_error()
    demo.stroke()
    assert demo.kinds()[-1] == "fill"
