"""Three thousand odd and broken picture files from one seed.

    python -m tests.robustness.odd_files FOLDER     # write them

Readable ones of every mode, format and orientation come first; of each there are damaged copies:
truncated, bits flipped, bytes overwritten or left out, absurd sizes in the header. Then bombs,
files of other formats, and what is no picture at all. Of every kind in every format, ``sample`` has
some: about eighty files.
"""

import functools
import io
import random
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from inpainting.io.images import FORMATS

SUFFIX = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tif",
          "AVIF": "avif"}  # fmt: skip
SIZE = 23, 17
JPEG_MODES = ("L", "RGB", "CMYK", "YCbCr")
TRANSPOSED = (
    None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180,
    Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90,
)  # fmt: skip


class OddFile(NamedTuple):
    """``expected``: what was put in, upright, "RGB" or "RGBA"; None where that is not known.

    ``kind``: of oddness.
    """

    name: str
    content: bytes
    expected: Image.Image | None = None
    kind: str = ""

    @property
    def suffix(self) -> str:
        """Of its name, which tells the format that it has, or pretends to have."""
        return self.name.rpartition(".")[2]


@functools.cache
def odd_files(seed: int = 0) -> tuple[OddFile, ...]:
    """All of them; the same for the same seed."""
    rng = random.Random(seed)
    readable = [file for make in (plain, rotated, animated, unusual) for file in of_kind(make)]
    broken = [copy for file in readable for copy in damaged(file, rng)]
    rest = [file for make in (bombs, foreign) for file in of_kind(make)]
    rest += of_kind(lambda: disguised(rng), "disguised")
    return tuple(
        file._replace(name=f"{number:04}_{file.name}")
        for number, file in enumerate([*readable, *broken, *rest])
    )


def sample() -> tuple[OddFile, ...]:
    """Of every kind in every format the middle file, and every third bomb."""
    files = odd_files()
    groups: dict[tuple[str, str], list[str]] = {}
    for file in files:
        groups.setdefault((file.kind, file.suffix), []).append(file.name)
    names = {group[len(group) // 2] for group in groups.values()}
    names |= {file.name for file in [each for each in files if each.kind == "bombs"][::3]}
    return tuple(file for file in files if file.name in names)


def of_kind(make: Callable[[], Iterator[OddFile]], kind: str = "") -> list[OddFile]:
    """What a function makes; its name is the kind."""
    return [file._replace(kind=kind or make.__name__) for file in make()]


def reference(content: bytes) -> Image.Image:
    """A plain decoder to compare with: what Pillow reads, upright, scaled to 8 bits.

    Raises:
        Whatever Pillow does.
    """
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16"):
            return Image.fromarray(np.rint(np.array(image) / 257).astype(np.uint8)).convert("RGB")
        if image.mode == "F":
            return Image.fromarray(np.rint(np.array(image) * 255).astype(np.uint8)).convert("RGB")
        return image.convert("RGBA" if image.has_transparency_data else "RGB")


def saved(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def noise(*channels: int, dtype: type = np.uint8, high: int = 256) -> np.ndarray:
    return np.random.default_rng(0).integers(0, high, (SIZE[1], SIZE[0], *channels), dtype)


def plain() -> Iterator[OddFile]:
    """Every mode that each format can hold, with its ways of storing it."""
    wide = noise(dtype=np.uint16, high=65536)
    scaled = Image.fromarray(np.rint(wide / 257).astype(np.uint8))
    real = np.random.default_rng(1).random((SIZE[1], SIZE[0]), np.float32)
    colours = Image.fromarray(noise(3))
    sources = {
        "1": Image.fromarray(noise(high=2).astype(bool)),
        "L": Image.fromarray(noise()),
        "LA": Image.fromarray(noise(2)),
        "P": colours.quantize(50),
        "RGB": colours,
        "RGBA": Image.fromarray(noise(4)),
        "CMYK": colours.convert("CMYK"),
        "YCbCr": colours.convert("YCbCr"),
        "LAB": colours.convert("LAB"),
        "I;16": Image.fromarray(wide),
        "F": Image.fromarray(real),
    }
    sources["LAB"].info.clear()  # its profile says when it was made
    exact = {mode: picture(source) for mode, source in sources.items() if mode in
             ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")}  # fmt: skip
    exact |= {
        "I;16": scaled.convert("RGB"),
        "F": Image.fromarray(np.rint(real * 255).astype(np.uint8)).convert("RGB"),
    }
    ways = {
        "PNG": [{}, {"optimize": True}, {"compress_level": 0}, {"dpi": (72, 72)}],
        "JPEG": [{}, {"progressive": True}, {"quality": 5}, {"subsampling": 0},
                 {"restart_marker_rows": 1}, {"comment": b"secret"}],
        "WEBP": [{}, {"lossless": True, "exact": True}, {"quality": 1}],
        "GIF": [{}, {"interlace": 0}],
        "BMP": [{}],
        "TIFF": [{"compression": way} for way in (
            None, "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "zstd", "lzma",
            "jpeg", "group4")],
        "AVIF": [{"speed": 10}, {"quality": 100, "speed": 10}],
    }  # fmt: skip
    for kind, options in ways.items():
        for mode, source in sources.items():
            for number, option in enumerate(options):
                way = option.get("compression")
                if (way == "group4") > (mode == "1") or way == "jpeg" and mode not in JPEG_MODES:
                    continue  # libtiff prints, or crashes, and leaves nothing
                try:
                    content = saved(source, kind, **option)
                except (OSError, ValueError, KeyError, RuntimeError):
                    continue  # the format cannot hold it
                with Image.open(io.BytesIO(content)) as stored:
                    same = stored.mode == mode or (stored.mode, mode) == ("L", "1")
                lossy = kind == "JPEG" or way == "jpeg"
                lossy |= kind == "AVIF" or kind == "WEBP" and not option.get("lossless")
                known = exact.get(mode) if same and not lossy else None
                name = f"{kind}_{mode.replace(';', '')}_{number}.{SUFFIX[kind]}".lower()
                yield OddFile(name, content, known)


def picture(source: Image.Image) -> Image.Image:
    return source.convert("RGBA" if "A" in source.mode else "RGB")


def rotated() -> Iterator[OddFile]:
    """Every orientation, and values that are none; GPS and comments with them."""
    source = Image.fromarray(noise(3))
    for orientation in (*range(10), 255, 65535):
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = orientation, "secret"
        exif.get_ifd(0x8825)[1] = "N"
        way = TRANSPOSED[orientation - 1] if 1 <= orientation <= 8 else None
        upright = source if way is None else source.transpose(way)
        for kind in ("PNG", "JPEG", "WEBP", "TIFF"):
            exact = kind in ("PNG", "TIFF") or kind == "WEBP"
            options = {"lossless": True} if kind == "WEBP" else {}
            content = saved(source, kind, exif=exif, **options)
            name = f"{kind}_orientation{orientation}.{SUFFIX[kind]}".lower()
            yield OddFile(name, content, upright if exact else None)
    wide = Image.fromarray(noise(dtype=np.uint16, high=65536))
    for orientation in (3, 6):
        exif = Image.Exif()
        exif[0x0112] = orientation
        upright = Image.fromarray(np.rint(np.array(wide) / 257).astype(np.uint8)).convert("RGB")
        yield OddFile(
            f"png_i16_orientation{orientation}.png", saved(wide, "PNG", exif=exif),
            upright.transpose(TRANSPOSED[orientation - 1]),
        )  # fmt: skip


def animated() -> Iterator[OddFile]:
    """First frames count."""
    for mode in ("RGB", "L", "P"):
        frames = [Image.new("RGB", SIZE, colour).convert(mode) for colour in ("white", "black")]
        for kind in ("GIF", "PNG", "WEBP", "TIFF"):
            options = {"lossless": True} if kind == "WEBP" else {}
            content = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
            yield OddFile(f"{kind}_{mode}_frames.{SUFFIX[kind]}".lower(), content)
    pictures = [Image.fromarray(noise(3)), Image.new("RGB", SIZE)]
    yield OddFile("mpo.jpg", saved(pictures[0], "MPO", save_all=True, append_images=pictures[1:]))


def unusual() -> Iterator[OddFile]:
    """Legal, and seldom seen."""
    colours, grey = Image.fromarray(noise(3)), Image.fromarray(noise())
    for size in ((1, 1), (1, 3000), (3000, 1), (2, 1)):
        for kind in FORMATS:
            image = Image.new("RGB", size, (9, 99, 199))
            known = image if kind in ("PNG", "BMP", "TIFF") else None
            yield OddFile(f"{kind}_{size[0]}x{size[1]}.{SUFFIX[kind]}".lower(),
                          saved(image, kind), known)  # fmt: skip
    for bits in (1, 2, 4):
        paletted = colours.quantize(2**bits)
        yield OddFile(f"png_{bits}bit.png", saved(paletted, "PNG", bits=bits), picture(paletted))
    clear = colours.quantize(8)
    yield OddFile("png_clear_palette.png", saved(clear, "PNG", transparency=3))
    yield OddFile("gif_clear_palette.gif", saved(clear, "GIF", transparency=3))
    yield OddFile("png_clear_rgb.png", saved(colours, "PNG", transparency=colours.getpixel((0, 0))))
    yield OddFile("png_clear_grey.png", saved(grey, "PNG", transparency=7))
    hidden = Image.new("RGBA", SIZE, (1, 2, 3, 0))
    yield OddFile("png_all_clear.png", saved(hidden, "PNG"), hidden)
    for high in (np.nan, np.inf, 200.0, -1.0):
        array = np.full((SIZE[1], SIZE[0]), high, np.float32)
        yield OddFile(f"tiff_float_{high:g}.tif", saved(Image.fromarray(array), "TIFF"))
    whole = Image.fromarray(np.full((SIZE[1], SIZE[0]), 70000, np.int32))
    yield OddFile("tiff_int32.tif", saved(whole, "TIFF"))
    png = saved(colours, "PNG")
    for depth, colour in ((16, 2), (16, 6), (16, 4), (16, 0), (8, 4)):
        rows = b"".join(
            b"\0" + noise(depth // 8 * {0: 1, 2: 3, 4: 2, 6: 4}[colour])[row].tobytes()
            for row in range(SIZE[1])
        )
        yield OddFile(f"png_{depth}bit_colour{colour}.png", png_file(*SIZE, depth, colour, rows))
    rows = b"".join(b"\0" + bytes(SIZE[0]) for _ in range(SIZE[1]))
    bare = png_file(*SIZE, 8, 3, rows)
    yield OddFile("png_no_palette.png", bare)
    yield OddFile("png_no_palette_clear.png", bare[:33] + chunk(b"tRNS", b"\0\xff") + bare[33:])
    yield OddFile("png_icc.png", saved(colours, "PNG", icc_profile=b"no profile" * 40), colours)
    yield OddFile("jpeg_icc.jpg", saved(colours, "JPEG", icc_profile=b"no profile" * 40))
    yield OddFile("png_and_more.png", png + b"PK\x03\x04<script>alert(1)</script>", colours)
    yield OddFile("png_text.png", png[:33] + chunk(b"tEXt", b"Comment\0secret") + png[33:], colours)


def damaged(file: OddFile, rng: random.Random) -> Iterator[OddFile]:
    """Eight copies, each broken in one way."""
    name, content = file.name, file.content
    stem, suffix = name.rsplit(".", 1)
    for place in (rng.randrange(1, 40), rng.randrange(len(content)), len(content) - 1):
        yield OddFile(f"{stem}_cut{place}.{suffix}", content[:place], None, "cut")
    for many in (1, 20):
        broken = bytearray(content)
        for _ in range(many):
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        yield OddFile(f"{stem}_flips{many}.{suffix}", bytes(broken), None, "flips")
    start = rng.randrange(len(content))
    junk = rng.randbytes(rng.randrange(1, 60))
    overwritten = content[:start] + junk + content[start + len(junk) :]
    yield OddFile(f"{stem}_junk.{suffix}", overwritten, None, "junk")
    shorter = content[:start] + content[start + rng.randrange(1, 60) :]
    yield OddFile(f"{stem}_gap.{suffix}", shorter, None, "gap")
    broken = bytearray(content)
    place = rng.randrange(min(60, len(content) - 4))
    broken[place : place + 4] = rng.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0"])
    yield OddFile(f"{stem}_absurd.{suffix}", bytes(broken), None, "absurd")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_file(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )  # fmt: skip


def bombs() -> Iterator[OddFile]:
    """Small files that ask for much memory or time."""
    for side in (9_400, 13_400, 46_000, 2**31 - 1):
        yield OddFile(f"png_bomb{side}.png", png_file(side, side, 8, 2, b""))
    animated = chunk(b"acTL", struct.pack(">2I", 2, 0)) + chunk(
        b"fcTL", struct.pack(">5I2H2B", 0, *SIZE, 0, 0, 0, 1, 1, 0)
    )
    large = png_file(23_000, 23_000, 8, 2, b"")
    yield OddFile("png_animated_bomb.png", large[:33] + animated + large[33:])
    small = png_file(*SIZE, 8, 2, b"")
    yield OddFile("png_second_header.png", small[:33] + large[8:33] + animated + small[33:])
    yield OddFile("png_real_bomb.png", png_file(30_000, 30_000, 1, 0, bytes(3751) * 30_000))
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(70_000_000), 9))
    png = saved(Image.fromarray(noise(3)), "PNG")
    for many in (1, 40):
        yield OddFile(f"png_text_bomb{many}.png", png[:33] + text * many + png[33:])
    profile = chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(70_000_000), 9))
    yield OddFile("png_icc_bomb.png", png[:33] + profile + png[33:])
    gif = saved(Image.new("P", (2, 2)), "GIF")
    yield OddFile("gif_bomb.gif", gif[:6] + b"\xff\xff\xff\xff" + gif[10:])
    bmp = saved(Image.new("RGB", (2, 2)), "BMP")
    yield OddFile("bmp_bomb.bmp", bmp[:18] + struct.pack("<ii", 2**30, 2**30) + bmp[26:])
    yield OddFile("bmp_negative.bmp", bmp[:18] + struct.pack("<ii", -5, -(2**31)) + bmp[26:])
    webp = saved(Image.new("RGB", (16_383, 5_400)), "WEBP", quality=1, method=0)
    yield OddFile("webp_large.webp", webp)
    jpeg = saved(Image.new("L", (6_000, 6_000), 128), "JPEG", progressive=True)
    scan = jpeg[jpeg.rfind(b"\xff\xda") : -2]
    for many in (60, 3_000):
        yield OddFile(f"jpeg_scans{many}.jpg", jpeg[:-2] + scan * many + jpeg[-2:])
    exif = b"Exif\0\0" * 200_000 + b"MM\0\x2a\0\0\0\x08\0\0"
    for kind in ("PNG", "WEBP"):
        content = saved(Image.new("RGB", SIZE), kind, exif=exif)
        yield OddFile(f"{kind}_exif_headers.{SUFFIX[kind]}".lower(), content)
    tiff = saved(Image.new("L", (64, 64)), "TIFF")
    for tag in (256, 257, 258, 259, 262, 273, 277, 278, 279, 317, 339):
        place = tiff.find(struct.pack("<H", tag), 8)
        if place > 0:
            for value in (0, 1, 2**31 - 1, 2**32 - 1):
                broken = tiff[: place + 8] + struct.pack("<I", value) + tiff[place + 12 :]
                yield OddFile(f"tiff_tag{tag}_{value}.tif", broken)
    loop = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 0) + struct.pack("<I", 8)
    yield OddFile("tiff_loop.tif", loop)


def foreign() -> Iterator[OddFile]:
    """Every other format that Pillow writes."""
    Image.init()
    colours = Image.fromarray(noise(3))
    for kind in sorted(set(Image.SAVE) - {*FORMATS, "MPO", "PDF"}):
        for image in (colours, colours.convert("L"), colours.convert("1")):
            try:
                content = saved(image, kind)
            except Exception:  # noqa: BLE001 - what a plugin cannot write is not needed
                continue
            yield OddFile(f"{kind}.png".lower().replace(" ", ""), content)
            break


def disguised(rng: random.Random) -> Iterator[OddFile]:
    """No pictures, whatever their name says."""
    texts = {
        "empty.png": b"", "text.jpg": b"not a picture", "zip.webp": b"PK\x03\x04" + bytes(99),
        "page.png": b"<html><script>alert(1)</script></html>",
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "entities.svg": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">'
        b"]><svg>&b;</svg>",
        "script.gif": b"GIF89a/*" + bytes(4) + b"*/=1;alert(1)",
        "<img src=x onerror=alert(1)>.png": b"no picture",
        "pickle.png": b"\x80\x04\x95" + bytes(40), "elf.png": b"\x7fELF" + bytes(60),
        "pdf.png": b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\n",
        "ps.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
        "zeros.png": bytes(1000), "long" + "g" * 180 + ".png": b"no picture",
    }  # fmt: skip
    for name, content in texts.items():
        yield OddFile(name, content)
    heads = {
        "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff\xe0", "gif": b"GIF89a", "bmp": b"BM",
        "webp": b"RIFF\x24\0\0\0WEBPVP8 ", "tif": b"II*\0\x08\0\0\0",
    }  # fmt: skip
    for suffix, head in heads.items():
        for number in range(30):
            content = head + rng.randbytes(rng.randrange(1, 400))
            yield OddFile(f"{suffix}_random{number}.{suffix}", content)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    files = odd_files()
    for file in files:
        (folder / file.name.replace("/", "_")).write_bytes(file.content)
    print(f"{len(files)} files in {folder}")


if __name__ == "__main__":
    main()
