"""PNG files as this package writes them: exact pixels, colours and dots per inch, nothing else."""

import struct
from pathlib import Path
from typing import BinaryIO

from PIL import Image, PngImagePlugin

from inpainting.io.bombs import check_png_size
from inpainting.io.colour import profile_space

SOFTWARE = "pconv-inpainting"  # of the text "Software" in a result's file
UNIT = 100_000  # the chunks gAMA and cHRM count in parts of it


def write_png(
    image: Image.Image, file: BinaryIO, compress_level: int = 6, result: bool = False
) -> None:
    """Write a picture with what :func:`inpainting.io.colour.colour_info` has kept of its file.

    Args:
        image: any mode that PNG has; of its ``info`` only those names count, and a profile only if
            it is made for as many channels.
        file: binary, to write to.
        compress_level: 0 to 9.
        result: mark it as a fill, for :func:`is_result`.
    """
    info, profile = image.info, image.info.get("icc_profile")
    if profile_space(profile) != ("GRAY" if image.mode in ("L", "LA") else "RGB"):
        profile = None  # the picture has been converted since
    chunks = PngImagePlugin.PngInfo()
    if "gamma" in info:
        chunks.add(b"gAMA", struct.pack(">I", round(UNIT * info["gamma"])))
    if "chromaticity" in info:
        points = [round(UNIT * value) for value in info["chromaticity"]]
        chunks.add(b"cHRM", struct.pack(">8I", *points))
    if result:
        chunks.add_text("Software", SOFTWARE)
    image.save(
        file, "PNG", compress_level=compress_level, pnginfo=chunks, dpi=info.get("dpi"),
        icc_profile=profile,
    )  # fmt: skip


def is_result(path: Path) -> bool:
    """Whether a file is a fill that :func:`write_png` has marked; only its header is read."""
    if path.suffix.lower() != ".png":
        return False
    try:
        with path.open("rb") as stream:
            check_png_size(stream)
            with PngImagePlugin.PngImageFile(stream) as image:
                return image.info.get("Software") == SOFTWARE
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError):
        return False
