"""The network's own fills of 40 pairs, fixed: what a change of the code must not move.

    python -m tests.inference.golden record FILE     # on one side of a change
    python -m tests.inference.golden compare FILE    # on the other, on the same machine
    python -m tests.inference.golden sample          # where the fills are meant to change

Processors round differently, so ``golden.npz`` beside this file, which ``sample`` writes and
``test_golden.py`` reads, holds some pixels of every hole instead of digests.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import skimage.data
import torch
from PIL import Image, ImageDraw

from inpainting import InpaintingPipeline

PHOTOS = ("chelsea.png", "astronaut.png", "coffee.png", "rocket.jpg", "camera.png")
SIDES = (
    1,
    2,
    3,
    5,
    8,
    13,
    17,
    31,
    32,
    33,
    47,
    64,
    97,
    128,
    200,
    255,
    256,
    257,
    384,
    511,
    640,
    1031,
)
STRATEGIES = ("crop", "resize", "original")
COUNT = 40
SAMPLES = Path(__file__).with_name("golden.npz")
PIXELS = 200  # of every hole, at most, in that file


class Case(NamedTuple):
    """A picture, "RGB" or "RGBA", its mask image, and options of ``InpaintingPipeline.fill``."""

    name: str
    image: Image.Image
    mask_image: Image.Image
    strategy: str
    feather: int


def cases() -> Iterator[Case]:
    """The 40 pairs: sides of 1 to 1031 px, every strategy, with and without feather and alpha."""
    for i in range(COUNT):
        rng = np.random.default_rng((425, i))
        width, height = SIDES[i % len(SIDES)], SIDES[(5 * i + 3) % len(SIDES)]
        if width == height == 1:
            height = 2  # one pixel cannot be both known and missing
        strategy, feather, alpha = STRATEGIES[i % 3], (0, 0, 7)[i // 3 % 3], i % 5 == 4
        if i % 4 == 3:
            image = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        else:
            photo = Image.open(Path(skimage.data.__file__).parent / PHOTOS[i % len(PHOTOS)])
            image = photo.convert("RGB").resize((width, height))
        if alpha:
            level = rng.integers(0, 256, (height, width), dtype=np.uint8)
            level[rng.random((height, width)) < 0.2] = 0
            level[0, 0] = 255
            image.putalpha(Image.fromarray(level))
        mask_image = _mask_image(rng, width, height)
        name = f"{i:02d} {width}x{height} {image.mode} {strategy} feather {feather}"
        yield Case(name, image, mask_image, strategy, feather)


def _mask_image(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Boxes, strokes and specks; the first pixel is known and the last one missing."""
    mask_image = Image.new("L", (width, height))
    pen = ImageDraw.Draw(mask_image)
    for _ in range(int(rng.integers(1, 5))):
        ends = rng.uniform(0, (width, height), (2, 2))
        if rng.random() < 0.5:
            (x0, y0), (x1, y1) = np.sort(ends, axis=0)
            pen.rectangle((x0, y0, x0 + (x1 - x0) * 0.6, y0 + (y1 - y0) * 0.6), fill=255)
        else:
            pen.line([tuple(end) for end in ends], fill=255, width=int(rng.integers(1, 20)))
    mask_image.putpixel((width - 1, height - 1), 255)
    mask_image.putpixel((0, 0), 0)
    return mask_image


def fills() -> Iterator[tuple[Case, Image.Image]]:
    """Every case with its faithful fill, in float32 on one thread of the CPU."""
    torch.set_num_threads(1)
    pipe = InpaintingPipeline.from_pretrained(device="cpu", dtype=torch.float32)
    for case in cases():
        result = pipe.fill(
            case.image, case.mask_image, case.strategy, case.feather, mode="faithful"
        )
        yield case, result.image


def digests() -> dict[str, str]:
    """SHA-256 of each fill's mode, size and pixels."""
    return {
        case.name: hashlib.sha256(
            f"{image.mode} {image.size}".encode() + image.tobytes()
        ).hexdigest()
        for case, image in fills()
    }


def hole_of(case: Case) -> np.ndarray:
    """Bool (H, W), True = missing."""
    return np.asarray(case.mask_image) >= 128


def sample(number: int, case: Case, image: Image.Image) -> np.ndarray:
    """RGB or RGBA of some pixels of the hole, uint8 (N, 3 or 4): the same ones at every call."""
    places = np.argwhere(hole_of(case))
    rows, columns = np.random.default_rng(number).permutation(places)[:PIXELS].T
    return np.asarray(image)[rows, columns]


def main(verb: str, file: str = "") -> None:
    if verb == "sample":
        samples = {c.name: sample(i, c, image) for i, (c, image) in enumerate(fills())}
        np.savez_compressed(SAMPLES, **samples)
        return
    found, path = digests(), Path(file)
    if verb == "record":
        path.write_text(json.dumps(found, indent=1))
        return
    wanted = json.loads(path.read_text())
    moved = [name for name in wanted if found.get(name) != wanted[name]]
    print(f"{len(wanted) - len(moved)} of {len(wanted)} fills are the same bit for bit")
    sys.exit("\n".join(moved) or 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
