"""Picture files of kinds that are known and not read, so that people learn what theirs is.

HEIC (docs/development.md says why not), JPEG XL, and the raw files of cameras.
"""

from pathlib import PurePath

HEIC, JPEG_XL, RAW = "HEIC", "JPEG XL", "camera raw"
SUFFIXES = {
    ".heic": HEIC, ".heif": HEIC, ".hif": HEIC, ".jxl": JPEG_XL,
    **dict.fromkeys(
        (".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".raf", ".orf", ".rw2",
         ".pef", ".srw", ".x3f", ".3fr", ".iiq", ".rwl"), RAW,
    ),
}  # fmt: skip
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
AVIF_BRANDS = (b"avif", b"avis")


def foreign_kind(name: str, start: bytes) -> str | None:
    """The kind of a file that is not read here, None for any other.

    Args:
        name: of the file; raw files have no common beginning.
        start: its first 32 bytes or more.
    """
    if start.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        return JPEG_XL
    if start[4:8] == b"ftyp":  # ISO base media: brands follow
        brands = [start[8:12], *(start[i : i + 4] for i in range(16, len(start), 4))]
        if any(brand in AVIF_BRANDS for brand in brands):
            return None
        if any(brand in HEIC_BRANDS for brand in brands):
            return HEIC
    kind = SUFFIXES.get(PurePath(name).suffix.lower())
    return kind if kind == RAW else None
