"""Picture files of any kind as 8-bit PIL images: the only way in.

:func:`decode` gives the pixels alone, upright, "RGB" or "RGBA", without metadata; as tensors see
:mod:`inpainting.io.tensors`. :func:`read_picture` is for what is to be filled and handed back: grey
stays grey, and the file's colour space and resolution come along.

The largest picture that is opened is Pillow's own setting: ``PIL.Image.MAX_IMAGE_PIXELS``.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps, features

from inpainting.errors import InvalidImage
from inpainting.io.bombs import (
    MOST_REPEATS,
    RepeatedParts,
    check_headers,
    check_opened,
    check_png_size,
    count_parts,
    most_pixels,
)
from inpainting.io.colour import cmyk_to_srgb, colour_info
from inpainting.io.foreign import foreign_kind

FORMATS: tuple[str, ...] = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
if features.check("avif"):  # Pillow can be built without it
    FORMATS = (*FORMATS, "AVIF")
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# What Pillow's decoders raise on damaged files.
DECODE_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, AttributeError, KeyError, IndexError,
    ArithmeticError, AssertionError, EOFError, struct.error, MemoryError, RuntimeError, *BOMBS,
)  # fmt: skip

ORIENTATION = ExifTags.Base.Orientation

# Every sentence that refuses a picture.
NOT_GIVEN = (
    "A picture was given as {kind}: give a PIL image, a path, the bytes of an image file or a "
    "numpy array."
)
NOT_THERE = "There is no picture file {path}: check the path."
NOT_A_PICTURE = (
    "{name} is not a picture in a known format: give a PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF "
    "file."
)
NOT_READ = "{name} is a {kind} file, which is not read here: save it as JPEG or PNG."
DAMAGED = (
    "{name} could not be decoded ({error}): the file is damaged or incomplete; save it again as "
    "PNG or JPEG."
)
TOO_LARGE = "{name} has more than {most:.0f} megapixels, the most that is opened: make it smaller."
REPEATED = "{name} has {count} {parts}, and more than {most} take too long: save it again."
NO_PIXELS = "The picture is {width}×{height}: it has no pixels."
NO_SUCH_SHAPE = (
    "An array of shape {shape} is no picture: (height, width), (height, width, 3) or (height, "
    "width, 4) is needed, with at least one pixel."
)
NO_SUCH_RANGE = (
    "A float picture spans {low:g} to {high:g}: finite values in [0, 1] are needed; scale them, or "
    "give uint8 in [0, 255]."
)
NO_DEFINED_WHITE = (
    "A picture of type {type} has no defined white: use uint8 in [0, 255], uint16 in [0, 65535] or "
    "float in [0, 1]."
)
REFUSALS = (
    NOT_GIVEN, NOT_THERE, NOT_A_PICTURE, NOT_READ, DAMAGED, TOO_LARGE, REPEATED, NO_PIXELS,
    NO_SUCH_SHAPE, NO_SUCH_RANGE, NO_DEFINED_WHITE,
)  # fmt: skip

# Every note about a picture that was read, but not as its owner may think.
FIRST_FRAME = "The picture has several frames or pages: the first one is filled."
EIGHT_BITS = "The picture has more than 8 bits per channel: the result has 8."
FROM_CMYK = "The picture was CMYK: the result is sRGB."

ImageSource = Image.Image | str | Path | bytes | np.ndarray


class Picture(NamedTuple):
    """A picture to be filled.

    ``image``: "L", "LA", "RGB" or "RGBA"; its ``info`` is what
    :func:`inpainting.io.colour.colour_info` hands on. ``notes``: sentences that its owner should
    read.
    """

    image: Image.Image
    notes: tuple[str, ...]


def decode(source: ImageSource, grey: bool = False) -> Image.Image:
    """Read a picture faithfully, or refuse it.

    EXIF rotation is applied and all metadata dropped; animations give their first frame;
    16-bit grey is scaled, not clipped; CMYK (by its own profile, if it has one), palette and grey
    become RGB.

    Args:
        source: PIL image, path, the bytes of a file, or an array (H, W), (H, W, 1), (H, W, 3)
            or (H, W, 4), RGB order: uint8 in [0, 255], uint16 in [0, 65535], bool, or float in
            [0, 1].
        grey: leave 8-bit grey as it is, mode "L": a mask takes a quarter of the memory so.

    Returns:
        PIL image that shares nothing with the source, "RGBA" if that has transparency, else "RGB".

    Raises:
        InvalidImage: when it cannot be read, is too large, or has values without a defined
            meaning (NaN, floats outside [0, 1], 32-bit integers).
    """
    with _given(source) as image:
        return _pixels(_upright(image), ("L", "RGB", "RGBA") if grey else ("RGB", "RGBA"))


def read_picture(source: ImageSource) -> Picture:
    """Read a picture that is to be filled; like :func:`decode`, except for what is said here.

    Grey stays grey. The file's ICC profile, or PNG's gamma and chromaticity, and its dots per inch
    are in the picture's ``info``: whoever saves the result hands them on. All other metadata is
    dropped.

    Raises:
        InvalidImage: as :func:`decode`.
    """
    with _given(source) as image:
        notes = []
        if image.format != "MPO" and _several_frames(image):  # MPO: previews and depth maps
            notes.append(FIRST_FRAME)
        if image.mode.startswith(("I", "F")) or any(";16" in str(part) for part in _stored(image)):
            notes.append(EIGHT_BITS)
        if image.mode == "CMYK":
            notes.append(FROM_CMYK)
        upright = _upright(image)
        pixels = _pixels(upright, ("L", "LA", "RGB", "RGBA"))
        pixels.info.update(colour_info(image, pixels.mode in ("L", "LA")))
        if upright.size != image.size and "dpi" in pixels.info:
            pixels.info["dpi"] = pixels.info["dpi"][::-1]
        return Picture(pixels, tuple(notes))


def alpha_of(image: Image.Image) -> Image.Image | None:
    """Opacity of a picture as it is read here, "L", 0 = transparent; None for an opaque one."""
    return image.getchannel("A") if image.mode in ("LA", "RGBA") else None


def read_size(source: str | Path | bytes) -> tuple[int, int]:
    """Width and height of a picture file by its header, before any rotation.

    Raises:
        InvalidImage: when it is no picture, or too large.
    """
    with _opened(source) as image:
        return image.size


@contextmanager
def _given(source: ImageSource) -> Iterator[Image.Image]:
    """Whatever was given as an opened picture, whose pixels are read in the ``with`` block."""
    if isinstance(source, np.ndarray):
        source = _from_array(source)
    if isinstance(source, Image.Image):
        with _refusals("The given picture"):
            yield source
    elif isinstance(source, (str, Path, bytes)):
        with _opened(source) as image:
            yield image
    else:
        raise InvalidImage(NOT_GIVEN.format(kind=type(source).__name__))


@contextmanager
def _opened(source: str | Path | bytes) -> Iterator[Image.Image]:
    """A picture file whose pixels are read in the ``with`` block."""
    name = "The given file" if isinstance(source, bytes) else Path(source).name
    if not isinstance(source, bytes) and not Path(source).is_file():
        raise InvalidImage(NOT_THERE.format(path=source))
    # Never by path: Pillow would map the file, and one that shrinks meanwhile kills the process.
    with (
        _refusals(name),
        io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as stream,
    ):
        if kind := foreign_kind(name, stream.read(32)):
            raise InvalidImage(NOT_READ.format(name=name, kind=kind))
        stream.seek(0)
        check_png_size(stream)
        scans, headers = count_parts(stream)
        check_headers(headers)
        with Image.open(stream, formats=FORMATS) as image:
            check_opened(image, scans)
            yield image


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """Turn whatever Pillow raises into one of the sentences of ``REFUSALS``."""
    try:
        yield
    except Image.UnidentifiedImageError as error:
        raise InvalidImage(NOT_A_PICTURE.format(name=name)) from error
    except BOMBS as error:
        raise InvalidImage(TOO_LARGE.format(name=name, most=most_pixels() / 1e6)) from error
    except RepeatedParts as error:
        raise InvalidImage(
            REPEATED.format(name=name, count=error.count, parts=error.parts, most=MOST_REPEATS)
        ) from error
    except DECODE_ERRORS as error:
        raise InvalidImage(DAMAGED.format(name=name, error=type(error).__name__)) from error


def _upright(image: Image.Image) -> Image.Image:
    """The picture with its pixels read, turned as EXIF says."""
    if 0 in image.size:
        raise InvalidImage(NO_PIXELS.format(width=image.width, height=image.height))
    image.load()  # damaged pixels raise here, and not a second time; damaged EXIF is no damage
    with suppress(*DECODE_ERRORS):
        if image.getexif().get(ORIENTATION, 1) != 1:
            return ImageOps.exif_transpose(image)
    return image


def _pixels(image: Image.Image, modes: tuple[str, ...]) -> Image.Image:
    """Any upright picture as 8 bits in one of these modes, without metadata.

    Large pictures are copied once: Pillow's own steps each make a copy.
    """
    if image.mode.startswith(("I", "F")):
        array, clear = np.array(image), image.info.get("transparency")
        image = _from_array(array)
        if clear is not None:  # a grey level of 16 bits
            image.putalpha(Image.fromarray(array != clear).convert("L"))
    if image.mode == "La":
        image = image.convert("LA")  # Pillow knows no way from La to RGBA
    if image.mode == "CMYK":
        image = cmyk_to_srgb(image) or image
    grey, alpha = image.mode in ("1", "L", "LA"), image.has_transparency_data
    own = ("LA" if alpha else "L") if grey else ("RGBA" if alpha else "RGB")
    mode = own if own in modes else "RGBA" if alpha else "RGB"
    clean = Image.new(mode, image.size)  # pixels only: no EXIF, ICC, GPS or comments
    clean.paste(image if image.mode == mode else image.convert(mode))
    return clean


def _several_frames(image: Image.Image) -> bool:
    with suppress(*DECODE_ERRORS):
        return bool(getattr(image, "is_animated", False))
    return False


def _stored(image: Image.Image) -> Iterator[object]:
    """How a file that is not read yet stores its pixels, in Pillow's words such as "RGB;16B"."""
    for tile in getattr(image, "tile", ()):
        yield tile[3]


def _from_array(array: np.ndarray) -> Image.Image:
    shape = array.shape
    if array.ndim == 3 and shape[2] == 1:
        array = array[..., 0]
    if array.size == 0 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise InvalidImage(NO_SUCH_SHAPE.format(shape=shape))
    return Image.fromarray(_to_uint8(array))


def _to_uint8(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.dtype.kind == "f":
        if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            raise InvalidImage(NO_SUCH_RANGE.format(low=array.min(), high=array.max()))
        return np.round(array * 255).astype(np.uint8)
    raise InvalidImage(NO_DEFINED_WHITE.format(type=array.dtype))
