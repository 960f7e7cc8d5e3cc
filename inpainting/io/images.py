"""Picture files of any kind as 8-bit PIL images: :func:`decode` is the only way in.

Pictures inside this package are 8-bit PIL images, upright, mode "RGB" or "RGBA", without
metadata; as tensors see :mod:`inpainting.io.tensors`.

The largest picture that is opened is Pillow's own setting: ``PIL.Image.MAX_IMAGE_PIXELS``.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

from inpainting.errors import InvalidImage
from inpainting.io.bombs import (
    MOST_REPEATS,
    RepeatedParts,
    check_headers,
    check_opened,
    count_parts,
    most_pixels,
)

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
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
    "{name} is not a picture in a known format: give a PNG, JPEG, WebP, GIF, BMP or TIFF file."
)
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
    NOT_GIVEN, NOT_THERE, NOT_A_PICTURE, DAMAGED, TOO_LARGE, REPEATED, NO_PIXELS,
    NO_SUCH_SHAPE, NO_SUCH_RANGE, NO_DEFINED_WHITE,
)  # fmt: skip

ImageSource = Image.Image | str | Path | bytes | np.ndarray


def decode(source: ImageSource, grey: bool = False) -> Image.Image:
    """Read a picture faithfully, or refuse it.

    EXIF rotation is applied and all metadata dropped; animations give their first frame;
    16-bit grey is scaled, not clipped; CMYK, palette and grey become RGB.

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
    if isinstance(source, np.ndarray):
        source = _from_array(source)
    if isinstance(source, Image.Image):
        with _refusals("The given picture"):
            return _normalise(source, grey)
    if not isinstance(source, (str, Path, bytes)):
        raise InvalidImage(NOT_GIVEN.format(kind=type(source).__name__))
    with _opened(source) as image:
        return _normalise(image, grey)


def read_size(source: str | Path | bytes) -> tuple[int, int]:
    """Width and height of a picture file by its header, before any rotation.

    Raises:
        InvalidImage: when it is no picture, or too large.
    """
    with _opened(source) as image:
        return image.size


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


def _normalise(image: Image.Image, grey: bool) -> Image.Image:
    """Any PIL image to upright 8-bit "RGB" or "RGBA" without metadata; or "L" if ``grey`` may be.

    Large pictures are copied once: Pillow's own steps each make a copy.
    """
    if 0 in image.size:
        raise InvalidImage(NO_PIXELS.format(width=image.width, height=image.height))
    image.load()  # damaged pixels raise here, and not a second time; damaged EXIF is no damage
    with suppress(*DECODE_ERRORS):
        if image.getexif().get(ORIENTATION, 1) != 1:
            image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        array, clear = np.array(image), image.info.get("transparency")
        image = _from_array(array)
        if clear is not None:  # a grey level of 16 bits
            image.putalpha(Image.fromarray(array != clear).convert("L"))
    if image.mode == "La":
        image = image.convert("LA")  # Pillow knows no way from La to RGBA
    mode = "RGBA" if image.has_transparency_data else "L" if grey and image.mode == "L" else "RGB"
    clean = Image.new(mode, image.size)  # pixels only: no EXIF, ICC, GPS or comments
    clean.paste(image if image.mode == mode else image.convert(mode))
    return clean


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
