"""ICC profiles, version 2 (ICC.1:2001-04), small enough to be read here."""

import struct

# Colorants relative to D50, as in the profiles that are in use.
SRGB = (0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)
DISPLAY_P3 = (0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)
ADOBE_RGB = (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)
D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(colorants=DISPLAY_P3, gamma: float = 2.2) -> bytes:
    tags = {b"wtpt": _xyz(D50)}
    for channel, colorant in zip(b"rgb", colorants, strict=True):
        tags[bytes([channel]) + b"XYZ"] = _xyz(colorant)
        tags[bytes([channel]) + b"TRC"] = _curve(gamma)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float = 1.8) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(D50), b"kTRC": _curve(gamma)})


def cmyk_profile(corners: dict[tuple[int, int, int, int], tuple[int, int, int]]) -> bytes:
    """Lab colours of the sixteen corners of CMYK; missing ones are black."""
    table = bytearray()
    for k in range(16):
        lightness, a, b = corners.get(tuple(k >> bit & 1 for bit in (3, 2, 1, 0)), (0, 0, 0))
        table += bytes([round(2.55 * lightness), a + 128, b + 128])
    identity = struct.pack(">9i", *(65536 * (k % 4 == 0) for k in range(9)))
    ramp = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + 4 * ramp + bytes(table) + 3 * ramp
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(D50), b"A2B0": lut})


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    start = 128 + 4 + 12 * len(tags)
    index, content = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        index += name + struct.pack(">II", start + len(content), len(data))
        content += data
    header = struct.pack(
        ">I4sI4s4s4s12s4s28s3i", start + len(content), b"none", 0x02400000, kind, space, connection,
        bytes(12), b"acsp", bytes(28), *(round(65536 * value) for value in D50),
    )  # fmt: skip
    return header.ljust(128, b"\0") + index + content


def _xyz(value) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * part) for part in value))


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 * gamma))
