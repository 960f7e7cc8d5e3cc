"""Every kind of picture is read faithfully or refused in a sentence."""

import io

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import InvalidImage
from inpainting.io.images import decode
from tests.robustness.odd_files import saved

RAMP = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(kind):
    decoded = np.asarray(decode(saved(Image.fromarray(RAMP), kind)))
    assert np.array_equal(decoded[..., 0], np.round(RAMP / 257).astype(np.uint8))
    assert len(np.unique(decoded)) == 256


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB", "HSV", "I;16"])
def test_modes_without_alpha_become_rgb(mode, noise):
    source = Image.fromarray(RAMP) if mode == "I;16" else noise(9, 7).convert(mode)
    decoded = decode(source)
    assert decoded.mode == "RGB" and decoded.size == source.size


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "La", "RGBa"])
def test_modes_with_alpha_become_rgba(mode):
    path = {"La": ["LA", "La"], "PA": ["PA"], "RGBa": ["RGBA", "RGBa"]}.get(mode, [mode])
    source = Image.new("LA", (4, 3), (200, 128))
    for step in path:
        source = source.convert(step)
    assert decode(source).mode == "RGBA"


@pytest.mark.parametrize(("mode", "read"), [("L", "L"), ("RGB", "RGB"), ("LA", "RGBA")])
def test_grey_stays_grey_where_that_is_enough(mode, read, noise):
    source = noise(9, 7).convert(mode)
    assert decode(source, grey=True) == source.convert(read)
    assert decode(saved(source, "PNG"), grey=True) == source.convert(read)


def test_palette_with_transparency_keeps_it():
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putpixel((1, 0), 1)
    decoded = decode(saved(picture, "PNG", transparency=1))
    assert [decoded.getpixel((x, 0)) for x in (0, 1)] == [(255, 0, 0, 255), (0, 255, 0, 0)]


def test_cmyk_jpeg_keeps_its_colour():
    red = saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95)
    r, g, b = np.asarray(decode(red)).mean((0, 1))
    assert r > 200 and g < 60 and b < 60


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied_and_metadata_dropped(orientation):
    corner = np.zeros((4, 6, 3), np.uint8)
    corner[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "secret"
    data = saved(Image.fromarray(corner), "PNG", exif=exif)
    decoded = decode(data)
    expected = {
        1: (0, 0), 2: (5, 0), 3: (5, 3), 4: (0, 3), 5: (0, 0), 6: (3, 0), 7: (3, 5), 8: (0, 5),
    }  # fmt: skip
    assert decoded.size == ((6, 4) if orientation < 5 else (4, 6))
    assert decoded.getpixel(expected[orientation]) == (255, 255, 255)
    assert b"secret" in data and b"secret" not in saved(decoded, "PNG")
    assert not decoded.info and not dict(decoded.getexif())


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_damage_the_picture(noise):
    picture = noise(5, 4)
    data = saved(picture, "PNG", exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff")
    assert np.array_equal(np.asarray(decode(data)), np.asarray(picture))


def test_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (5, 4), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "PNG", "WEBP"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert decode(data).convert("RGB").getpixel((2, 2))[0] > 200


@pytest.mark.parametrize(
    "array, pixel",
    [
        (np.full((2, 3), 200, np.uint8), (200, 200, 200)),
        (np.full((2, 3, 1), 200, np.uint8), (200, 200, 200)),
        (np.full((2, 3, 3), 0.5), (128, 128, 128)),
        (np.full((2, 3), 257 * 9, np.uint16), (9, 9, 9)),
        (np.ones((2, 3), bool), (255, 255, 255)),
        (np.full((2, 3, 4), 7, np.uint8), (7, 7, 7, 7)),
    ],
)
def test_arrays(array, pixel):
    decoded = decode(array)
    assert decoded.size == (3, 2) and decoded.getpixel((0, 0)) == pixel


@pytest.mark.parametrize(
    "array, words",
    [
        (np.full((2, 2), np.nan), r"finite values in \[0, 1\]"),
        (np.full((2, 2), 200.0), r"spans 200 to 200.*uint8"),
        (np.zeros((2, 2), np.int32), "int32 has no defined white"),
        (np.zeros((2, 2, 2), np.uint8), r"shape \(2, 2, 2\)"),
        (np.zeros((0, 4, 3), np.uint8), "at least one pixel"),
        (np.zeros(4, np.uint8), r"shape \(4,\)"),
    ],
)
def test_arrays_without_a_meaning_are_refused(array, words):
    with pytest.raises(InvalidImage, match=words):
        decode(array)


def test_float_tiff_in_unit_range_is_scaled_and_others_refused():
    half = saved(Image.fromarray(np.full((3, 3), 0.5, np.float32)), "TIFF")
    assert decode(half).getpixel((1, 1)) == (128, 128, 128)
    with pytest.raises(InvalidImage, match="finite"):
        decode(saved(Image.fromarray(np.full((3, 3), np.inf, np.float32)), "TIFF"))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF", "ignore:Truncated")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_truncated_files_are_refused(kind, noise):
    data = saved(noise(64, 64), kind)
    for keep in (0, 3, 20, len(data) // 2):
        with pytest.raises(InvalidImage, match="The given file"):
            decode(data[:keep])


def test_foreign_and_missing_files_are_refused(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    with pytest.raises(InvalidImage, match="notes.png is not a picture"):
        decode(path)
    with pytest.raises(InvalidImage, match="no picture file"):
        decode(str(tmp_path / "missing.png"))
    with pytest.raises(InvalidImage, match="given as int"):
        decode(3)
    with pytest.raises(InvalidImage, match="not a picture in a known format"):
        decode(saved(Image.new("RGB", (4, 4)), "PPM"))


def test_a_grey_level_of_16_bits_may_be_clear():
    grey = np.array([[1000, 65535, 1000]], np.uint16)
    decoded = decode(saved(Image.fromarray(grey), "PNG", transparency=1000))
    assert decoded.mode == "RGBA"
    assert np.asarray(decoded)[0, :, 3].tolist() == [0, 255, 0]


def test_an_opened_picture_that_is_damaged_is_refused(noise):
    data = saved(noise(64, 64), "PNG")
    with Image.open(io.BytesIO(data[: len(data) // 2])) as opened:
        with pytest.raises(InvalidImage, match="The given picture could not be decoded"):
            decode(opened)
