"""What a picture file says about its colours and its size on paper, and hands on.

Pixels are filled in the file's own colour space. The numbers stay as they are, and the result
carries the profile that says what they mean: so the rest of the picture looks as before, too.
"""

import io
from typing import Any

from PIL import ExifTags, Image, ImageCms

HEADER = 128  # bytes of an ICC profile
LARGEST_PROFILE = 4 << 20  # bytes; profiles of cameras and scanners have up to 2 MB
PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError)


def colour_info(image: Image.Image, grey: bool) -> dict[str, Any]:
    """What of a file's ``info`` is handed on to its result.

    Args:
        image: as opened, before any conversion.
        grey: whether it stays grey: a profile counts only where it is made for as many channels.

    Returns:
        ``icc_profile``: bytes; or, for PNG without one, ``gamma``: float, and ``chromaticity``: 8
        floats, of the chunks gAMA and cHRM (PNG, 3rd edition, sections 11.3.2.2 and 11.3.2.1).
        ``dpi``: two floats. Whatever is damaged, absurd or absent is left out.
    """
    info = image.info
    kept: dict[str, Any] = {}
    space = profile_space(info.get("icc_profile"))
    if space == ("GRAY" if grey else "RGB"):
        kept["icc_profile"] = info["icc_profile"]
    elif not space and image.format == "PNG" and "srgb" not in info:
        if _positive(gamma := info.get("gamma")):
            kept["gamma"] = gamma
        if not grey and _positive(*(points := info.get("chromaticity", ()))) and len(points) == 8:
            kept["chromaticity"] = points
    if (dpi := info.get("dpi")) and _tells_density(image) and len(dpi) == 2 and _positive(*dpi):
        kept["dpi"] = (float(dpi[0]), float(dpi[1]))
    return kept


def profile_space(content: Any) -> str:
    """The kind of pixels that an ICC profile is made for: "RGB", "GRAY", "CMYK" and so on.

    Its header alone is read (ICC.1:2022, 7.2): what is only handed on is not parsed here. "" for
    none, a damaged or a huge one.
    """
    if not isinstance(content, bytes) or not HEADER < len(content) <= LARGEST_PROFILE:
        return ""
    if content[36:40] != b"acsp" or int.from_bytes(content[:4], "big") > len(content):
        return ""
    return content[16:20].decode("ascii", "replace").strip()


def cmyk_to_srgb(image: Image.Image) -> Image.Image | None:
    """A CMYK picture by its own profile, in sRGB; None where it has none that can be used.

    Relative colorimetric with black point compensation, as image editors do by default.
    """
    content = image.info.get("icc_profile")
    if not isinstance(content, bytes) or profile_space(content) != "CMYK":
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        return ImageCms.profileToProfile(
            image, profile, ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )  # fmt: skip
    except PROFILE_ERRORS:
        return None


def _tells_density(image: Image.Image) -> bool:
    """Whether dots per inch are in the file: in JPEG and TIFF without them, Pillow sets some."""
    if image.format not in ("JPEG", "MPO", "TIFF") or image.info.get("jfif_unit") in (1, 2):
        return True
    try:
        return ExifTags.Base.XResolution in image.getexif()
    except Exception:  # noqa: BLE001 - damaged EXIF raises many things, and is no damage
        return False


def _positive(*values: Any) -> bool:
    """Whether there are values, all of them numbers that a file can hold."""
    try:
        return bool(values) and all(0 < float(value) < 1e6 for value in values)
    except (TypeError, ValueError, ZeroDivisionError):
        return False
