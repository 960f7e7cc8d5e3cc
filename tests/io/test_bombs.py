"""Small files that would take minutes or gigabytes are refused before they are decoded."""

import io
import struct

import pytest
from PIL import Image

from inpainting.errors import InvalidImage
from inpainting.io.bombs import PNG, check_png_size
from inpainting.io.images import decode, read_size
from tests.robustness.odd_files import chunk, png_file, saved


def test_bombs_are_refused_by_their_header():
    for side in (9_500, 60_000):
        data = png_file(side, side, 8, 2, b"")
        with pytest.raises(InvalidImage, match="megapixels|too large"):
            decode(data)


@pytest.mark.parametrize("most", [50, 20])
def test_the_pixel_cap_is_pillow_s_and_speaks(monkeypatch, noise, most):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
    for read in (decode, read_size):
        with pytest.raises(InvalidImage, match="more than 0 megapixels, the most that is opened"):
            read(saved(noise(10, 6), "PNG"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)
    assert read_size(saved(noise(10, 6), "PNG")) == decode(saved(noise(10, 6), "PNG")).size


def test_a_jpeg_of_very_many_scans_is_refused_at_once():
    picture = Image.new("L", (64, 64), 128)
    jpeg = saved(picture, "JPEG", progressive=True)
    start = jpeg.rfind(b"\xff\xda")
    tiff = saved(picture, "TIFF", compression="jpeg")
    for data, more in ((jpeg, jpeg[start:-2]), (tiff, b"\xff\xda")):
        assert decode(data).tobytes() == picture.convert("RGB").tobytes()
        with pytest.raises(InvalidImage, match="has [56]. JPEG scans, and more than 50"):
            decode(data[:-2] + 50 * more + data[-2:])


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_repeated_exif_headers_are_refused_before_anything_reads_them(kind, monkeypatch):
    exif = b"Exif\0\0" * 60 + b"MM\0\x2a\0\0\0\x08\0\0"
    data = saved(Image.new("RGB", (8, 8)), kind, exif=exif)
    monkeypatch.setattr(Image, "open", None)
    with pytest.raises(
        InvalidImage, match="has (59|60|61) EXIF headers, and more than 50 take too"
    ):
        decode(data)


def header(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0))


@pytest.mark.parametrize(
    ("chunks", "refused"),
    [
        ([header(9, 9), chunk(b"IDAT", b""), header(10**5, 10**5)], False),
        ([header(10**5, 10**5)], True),
        ([chunk(b"tEXt", b"x" * 3_000_000), header(10**5, 10**5)], True),
        ([header(9, 9), chunk(b"acTL", bytes(8)), header(10**5, 10**5)], True),
        ([b"\xff\xff\xff\xffabcd", header(10**5, 10**5)], False),  # Pillow ends there, too
        ([b"\0\0\0\x04IHDR\0\0"], False),
        ([], False),
    ],
)
def test_a_png_is_refused_by_any_header_before_its_pixels(chunks, refused):
    stream = io.BytesIO(PNG + b"".join(chunks))
    if refused:
        with pytest.raises(Image.DecompressionBombError):
            check_png_size(stream)
    else:
        check_png_size(stream)
        assert stream.tell() == 0
