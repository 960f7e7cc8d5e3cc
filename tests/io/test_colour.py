"""Colour spaces, grey and resolution: what a picture hands on to its result."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab

from inpainting.errors import InvalidImage
from inpainting.io.images import EIGHT_BITS, FIRST_FRAME, FROM_CMYK, decode, read_picture
from inpainting.io.png import is_result, write_png
from tests.io.profiles import ADOBE_RGB, DISPLAY_P3, SRGB, cmyk_profile, grey_profile, rgb_profile
from tests.robustness.odd_files import chunk, png_file, saved

PROFILES = {
    "display p3": rgb_profile(DISPLAY_P3),
    "adobe rgb": rgb_profile(ADOBE_RGB),
    "linear": rgb_profile(SRGB, 1.0),
}


def to_the_eye(content: bytes) -> np.ndarray:
    """The Lab colours that a viewer shows which applies the profile; RGB without one is sRGB."""
    with Image.open(io.BytesIO(content)) as image:
        image = image.convert("RGB") if image.mode == "P" else image
        profile = image.info.get("icc_profile")
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        return rgb2lab(np.asarray(image.convert("RGB")) / 255)


def written(image: Image.Image) -> bytes:
    file = io.BytesIO()
    write_png(image, file)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_handed_on_and_colours_stay_to_the_eye(name, kind, noise):
    content = saved(noise(16, 12), kind, icc_profile=PROFILES[name])
    picture, notes = read_picture(content)
    assert picture.info["icc_profile"] == PROFILES[name] and not notes
    assert picture.tobytes() == decode(content).tobytes()
    result = written(picture)
    assert deltaE_ciede2000(to_the_eye(content), to_the_eye(result)).max() < 1e-9
    stripped = deltaE_ciede2000(to_the_eye(content), to_the_eye(written(decode(content))))
    assert stripped.mean() > 1  # what was lost before


def test_the_profile_survives_all_that_is_done_to_a_picture(noise):
    picture, _ = read_picture(saved(noise(9, 9), "PNG", icc_profile=PROFILES["linear"]))
    for image in (picture.copy(), picture.crop((0, 0, 5, 5)), picture.resize((4, 4))):
        assert image.info["icc_profile"] == PROFILES["linear"]
        with Image.open(io.BytesIO(saved(image, "PNG"))) as again:  # as a developer would
            assert again.info["icc_profile"] == PROFILES["linear"]


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(b"no profile" * 40, id="junk"),
        pytest.param(b"", id="empty"),
        pytest.param(rgb_profile()[:100], id="cut"),
        pytest.param(rgb_profile() + bytes(5 << 20), id="huge"),
        pytest.param(grey_profile(), id="of another kind of pixels"),
        pytest.param(cmyk_profile({}), id="of inks"),
    ],
)
def test_profiles_that_cannot_count_are_left_out(profile, noise):
    picture, _ = read_picture(saved(noise(5, 5), "TIFF", icc_profile=profile))
    assert picture.mode == "RGB" and not picture.info


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
def test_grey_stays_grey_with_its_profile(mode):
    ramp = Image.linear_gradient("L").resize((24, 18))
    source = Image.fromarray(np.asarray(ramp).astype(np.uint16) * 257) if mode == "I;16" else ramp
    source = source if mode == "I;16" else source.convert(mode)
    content = saved(source, "PNG", icc_profile=grey_profile())
    picture, notes = read_picture(content)
    assert picture.mode == ("LA" if mode == "LA" else "L")
    assert notes == ((EIGHT_BITS,) if mode == "I;16" else ())
    assert picture.info["icc_profile"] == grey_profile()
    with Image.open(io.BytesIO(written(picture))) as again:
        assert again.mode == picture.mode and again.tobytes() == picture.tobytes()
        assert again.info["icc_profile"] == grey_profile()
    assert decode(content).mode == ("RGBA" if mode == "LA" else "RGB")
    coloured = picture.convert("RGBA")  # a profile for grey says nothing about it
    with Image.open(io.BytesIO(written(coloured))) as again:
        assert "icc_profile" not in again.info


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {"dpi": (300, 150)}),
        ("JPEG", {"dpi": (300, 150)}),
        ("TIFF", {"dpi": (300, 150)}),
        ("BMP", {"dpi": (300, 150)}),
    ],
)
def test_resolution_is_handed_on_and_turns_with_the_picture(kind, options, noise):
    picture, _ = read_picture(saved(noise(9, 6), kind, **options))
    assert picture.info["dpi"] == pytest.approx((300, 150), abs=0.05)
    with Image.open(io.BytesIO(written(picture))) as again:
        assert again.info["dpi"] == pytest.approx((300, 150), abs=0.05)
    if kind in ("PNG", "JPEG"):
        exif = Image.Exif()
        exif[0x0112] = 6
        turned, _ = read_picture(saved(noise(9, 6), kind, exif=exif, **options))
        assert turned.size == (6, 9) and turned.info["dpi"] == pytest.approx((150, 300), abs=0.05)


def test_a_resolution_that_is_in_no_file_is_not_made_up(noise):
    exif = Image.Exif()
    exif[0x010F] = "camera"
    assert not read_picture(saved(noise(9, 6), "JPEG", exif=exif)).image.info
    for dpi in (0, float("nan"), -3):
        picture = noise(3, 3)
        picture.info["dpi"] = (dpi, dpi)
        assert not read_picture(picture).image.info


def test_gamma_and_chromaticity_of_png_are_handed_on_where_they_count(noise):
    png = saved(noise(5, 4), "PNG")
    points = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    told = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"cHRM", points)
    linear = png[:33] + told + png[33:]
    picture, _ = read_picture(linear)
    assert picture.info["gamma"] == 1 and picture.info["chromaticity"][2] == 0.68
    assert told in written(picture)
    for over in (chunk(b"sRGB", b"\0"), chunk(b"iCCP", _iccp(rgb_profile()))):
        picture, _ = read_picture(png[:33] + over + told + png[33:])
        assert "gamma" not in picture.info and "chromaticity" not in picture.info


def _iccp(profile: bytes) -> bytes:
    import zlib

    return b"p\0\0" + zlib.compress(profile)


def test_cmyk_becomes_srgb_by_its_own_profile():
    corners = {(0, 0, 0, 0): (100, 0, 0), (1, 0, 0, 0): (60, -30, -40), (0, 1, 0, 0): (50, 60, 0)}
    profile = cmyk_profile(corners)
    for inks, lab in (((255, 0, 0, 0), (60, -30, -40)), ((0, 255, 0, 0), (50, 60, 0))):
        content = saved(Image.new("CMYK", (8, 8), inks), "TIFF", icc_profile=profile)
        picture, notes = read_picture(content)
        assert picture.mode == "RGB" and not picture.info and notes == (FROM_CMYK,)
        expected = 255 * lab2rgb(np.array(lab, float))
        assert np.asarray(picture)[4, 4] == pytest.approx(expected, abs=6)
        assert decode(content).tobytes() == picture.tobytes()


def test_what_is_left_out_of_a_picture_is_told(noise):
    frames = [noise(5, 4), noise(5, 4)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        animated = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert FIRST_FRAME in read_picture(animated).notes
        assert FIRST_FRAME not in read_picture(saved(frames[0], kind)).notes
    rows = b"".join(b"\0" + bytes(5 * 6) for _ in range(4))
    assert read_picture(png_file(5, 4, 16, 2, rows)).notes == (EIGHT_BITS,)
    assert read_picture(np.zeros((4, 5), np.uint16)).image.mode == "L"


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        ("renamed.jpg", b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "HEIC"),
        ("a.jxl", b"\xff\x0a\x10\x20", "JPEG XL"),
        ("DSC_1.NEF", b"MM\0*", "camera raw"),
    ],
)
def test_kinds_that_are_not_read_are_named(tmp_path, name, start, kind):
    (tmp_path / name).write_bytes(start + bytes(99))
    for read in (decode, read_picture):
        with pytest.raises(InvalidImage, match=f"{name} is a {kind} file, which is not read here"):
            read(tmp_path / name)


def test_avif_is_read(tmp_path):
    Image.new("RGB", (12, 9), (10, 200, 30)).save(tmp_path / "a.avif", quality=100)
    assert decode(tmp_path / "a.avif").getpixel((5, 5)) == pytest.approx((10, 200, 30), abs=4)


def test_results_are_marked_and_nothing_else_is(tmp_path, noise):
    marked, plain = tmp_path / "a.PNG", tmp_path / "b.png"
    with marked.open("wb") as file:
        write_png(noise(4, 4), file, result=True)
    with plain.open("wb") as file:
        write_png(noise(4, 4), file)
    assert is_result(marked) and not is_result(plain)
    with Image.open(plain) as image:
        assert not image.info
    for content in (b"", b"\x89PNG\r\n\x1a\n", marked.read_bytes()[:40]):
        plain.write_bytes(content)
        assert not is_result(plain)
    assert not is_result(tmp_path / "absent.png") and not is_result(tmp_path / "a.jpg")
