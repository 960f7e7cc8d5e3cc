"""The border between picture files and tensors: everything enters through :func:`decode`.

Pictures inside this package are 8-bit PIL images, upright, mode "RGB" or "RGBA", without
metadata, or float tensors (B, 3, H, W), RGB in [0, 1].
"""

import io
import struct
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import ExifTags, Image, ImageOps
from torch import Tensor

from .errors import InvalidImage

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 89_478_485  # where Pillow itself starts to warn of decompression bombs
# What Pillow's decoders raise on damaged files.
DECODE_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError,
    struct.error, MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip

ORIENTATION = ExifTags.Base.Orientation

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
        return _normalise(source, grey)
    if not isinstance(source, (str, Path, bytes)):
        raise InvalidImage(
            f"A picture was given as {type(source).__name__}: give a PIL image, a path, the bytes "
            "of an image file or a numpy array."
        )
    return _from_file(source, grey)


def to_tensor(image: Image.Image) -> Tensor:
    """PIL image, any size, alpha ignored, to float (1, 3, H, W), RGB in [0, 1]."""
    array = np.array(image.convert("RGB"))
    return torch.from_numpy(array).permute(2, 0, 1)[None].float() / 255


def to_image(tensor: Tensor) -> Image.Image:
    """The mirror of :func:`to_tensor`: float (1, 3, H, W), clamped to [0, 1] and rounded."""
    array = (tensor[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(array)


def pad_to_multiple(tensor: Tensor, multiple: int) -> Tensor:
    """Pad (B, C, H, W) with zeros at the bottom and right, up to multiples of ``multiple``.

    A padded ``valid`` is 0 there: to a partial convolution padding is one more hole.
    """
    height, width = tensor.shape[-2:]
    return F.pad(tensor, (0, -width % multiple, 0, -height % multiple))


def crop_back(tensor: Tensor, height: int, width: int) -> Tensor:
    """The mirror of :func:`pad_to_multiple`: the top left (B, C, height, width)."""
    return tensor[..., :height, :width]


def _from_file(source: str | Path | bytes, grey: bool) -> Image.Image:
    name = "the given bytes" if isinstance(source, bytes) else Path(source).name
    if not isinstance(source, bytes) and not Path(source).is_file():
        raise InvalidImage(f"There is no picture file {source}: check the path.")
    try:
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(stream, formats=FORMATS) as image:
            _check_pixels(image.size)
            return _normalise(image, grey)
    except Image.UnidentifiedImageError as error:
        raise InvalidImage(
            f"{name} is not a picture in a known format: give a PNG, JPEG, WebP, GIF, BMP or "
            "TIFF file."
        ) from error
    except DECODE_ERRORS as error:
        raise InvalidImage(
            f"{name} could not be decoded ({type(error).__name__}): the file is damaged, "
            "incomplete or too large; save it again as PNG or JPEG."
        ) from error


def _check_pixels(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise InvalidImage(
            f"The picture is {size[0]}×{size[1]} = {size[0] * size[1] / 1e6:.0f} megapixels: at "
            f"most {MAX_PIXELS / 1e6:.0f} can be opened; make it smaller."
        )


def _normalise(image: Image.Image, grey: bool) -> Image.Image:
    """Any PIL image to upright 8-bit "RGB" or "RGBA" without metadata; or "L" if ``grey`` may be.

    Large pictures are copied once: Pillow's own steps each make a copy.
    """
    if 0 in image.size:
        raise InvalidImage(f"The picture is {image.width}×{image.height}: it has no pixels.")
    try:
        if image.getexif().get(ORIENTATION, 1) != 1:
            image = ImageOps.exif_transpose(image)
    except DECODE_ERRORS:
        image.load()  # damaged EXIF does not damage the picture; damaged pixels raise here
    if image.mode.startswith(("I", "F")):
        image = _from_array(np.array(image))
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
        raise InvalidImage(
            f"An array of shape {shape} is no picture: (height, width), (height, width, 3) or "
            "(height, width, 4) is needed, with at least one pixel."
        )
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
            raise InvalidImage(
                f"A float picture spans {array.min():g} to {array.max():g}: finite values in "
                "[0, 1] are needed; scale them, or give uint8 in [0, 255]."
            )
        return np.round(array * 255).astype(np.uint8)
    raise InvalidImage(
        f"A picture of type {array.dtype} has no defined white: use uint8 in [0, 255], uint16 in "
        "[0, 65535] or float in [0, 1]."
    )
