"""Small files that would take a decoder minutes or gigabytes, recognised before it starts."""

import math
import struct
from typing import BinaryIO

from PIL import Image

# A JPEG is decoded once per scan, and Pillow 12.3 takes repeated EXIF headers off one by one, with
# a copy of the rest: kilobytes of either would keep a processor busy for minutes. Encoders write up
# to about 20 scans, and one header per picture.
SCAN, EXIF = b"\xff\xda", b"Exif\0\0"
MOST_REPEATS = 50
PNG = b"\x89PNG\r\n\x1a\n"
STRIP_OFFSETS, TILE_OFFSETS = 273, 324  # tags of TIFF


class RepeatedParts(Exception):
    """A file with more than ``MOST_REPEATS`` of a part that is read once each.

    ``count`` of ``parts``, a plural noun.
    """

    def __init__(self, count: float, parts: str) -> None:
        super().__init__(f"{count:g} {parts}")
        self.count, self.parts = round(count), parts


def most_pixels() -> float:
    """Pixels of the largest picture that is opened: Pillow's setting, infinite without one."""
    return Image.MAX_IMAGE_PIXELS or math.inf


def count_parts(stream: BinaryIO) -> tuple[int, int]:
    """How many JPEG scans and EXIF headers a file seems to have; the stream is rewound.

    Markers that lie across two blocks are missed.
    """
    scans = headers = 0
    for block in iter(lambda: stream.read(1 << 20), b""):
        scans += block.count(SCAN)
        headers += block.count(EXIF)
    stream.seek(0)
    return scans, headers


def check_headers(headers: int) -> None:
    """Refuse repeated EXIF headers, before Pillow looks at the file.

    Raises:
        RepeatedParts: for more than ``MOST_REPEATS``.
    """
    _check(headers, "EXIF headers")


def check_png_size(stream: BinaryIO) -> None:
    """Refuse a PNG by its header, before Pillow looks at it; the stream is rewound.

    Pillow 12.3 fills a canvas while it opens an animated one, before anybody can ask its size. It
    believes the last IHDR before the pixels.

    Raises:
        Image.DecompressionBombError: for more pixels than :func:`most_pixels`.
    """
    is_png = stream.read(len(PNG)) == PNG
    while is_png and len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind in (b"IDAT", b"fdAT", b"IEND"):
            break
        content = stream.read(min(length, 8)) if kind == b"IHDR" else b""
        if len(content) == 8 and math.prod(struct.unpack(">2I", content)) > most_pixels():
            raise Image.DecompressionBombError
        stream.seek(length - len(content) + 4, 1)  # what is left, and its checksum
    stream.seek(0)


def check_opened(image: Image.Image, scans: int) -> None:
    """Refuse by the header, before any pixel is decoded.

    Args:
        image: opened and not loaded.
        scans: of :func:`count_parts`.

    Raises:
        Image.DecompressionBombError: for more pixels than :func:`most_pixels`.
        RepeatedParts: for more than ``MOST_REPEATS`` scans per JPEG.
    """
    if image.width * image.height > most_pixels():
        raise Image.DecompressionBombError
    if jpegs := _jpegs(image):
        _check(scans / jpegs, "JPEG scans")


def _jpegs(image: Image.Image) -> int:
    """Number of JPEG streams in a file; inside their compressed data FF never precedes DA."""
    if image.info.get("compression") in ("jpeg", "tiff_jpeg"):  # every strip is one
        tags = image.tag_v2  # type: ignore[attr-defined]
        return max(1, len(tags.get(TILE_OFFSETS) or tags.get(STRIP_OFFSETS, ())))
    return image.format in ("JPEG", "MPO")


def _check(count: float, parts: str) -> None:
    if count > MOST_REPEATS:
        raise RepeatedParts(count, parts)
