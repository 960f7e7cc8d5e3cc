"""Coverage-guided fuzzing of what a stranger's file meets: decoding, masks and the fill.

    python -m tests.robustness.fuzz --minutes 60 [--corpus FOLDER]

Needs atheris (Linux). Whatever is neither filled nor refused in one of our sentences, takes more
than ten seconds or 6 GB, or changes a pixel outside the hole, ends it with the input beside the
corpus. Inputs are a byte of options and a file; the corpus starts from ``odd_files.py``. A
mutated PNG gets right checksums, or nothing behind them would ever be reached. A long run is better
done in several of ten minutes on one corpus: atheris 3.0 keeps some memory with every mutation.
"""

import argparse
import io
import random
import struct
import sys
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["PIL", "inpainting"]):
    from PIL import Image

    from inpainting.errors import InpaintingError, InvalidMask
    from inpainting.inference.pipeline import STRATEGIES, InpaintingPipeline
    from inpainting.io.images import decode, read_picture
    from inpainting.io.png import write_png
    from inpainting.masks.edit import grow
    from inpainting.masks.files import read_mask_file

import numpy as np
import torch

from inpainting import ResidualUNet
from inpainting.models.residual_unet import ResidualUNetConfig
from tests.robustness.odd_files import OddFile, odd_files, sample

LARGEST = 2**20  # pixels of a picture that is decoded, and of one that is filled
FILLED = 100 * 100
TINY = ResidualUNetConfig(channels=(4, 4), kernels=(3, 3), strides=(1, 2), units=(0, 0))
PNG = b"\x89PNG\r\n\x1a\n"


class Target:
    """One execution."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.pipeline = InpaintingPipeline(ResidualUNet(TINY), device="cpu", dtype=torch.float32)

    def __call__(self, data: bytes) -> None:
        if len(data) < 2:
            return
        options, content = data[0], data[1:]
        try:
            image = read_picture(content).image
            assert decode(content).size == image.size
            if options < 96 and image.width * image.height <= FILLED:
                self.fill(image, content, options)
        except InpaintingError:
            return

    def fill(self, image: Image.Image, content: bytes, options: int) -> None:
        try:
            mask_image, _ = read_mask_file(content, image.size)
        except InvalidMask:  # most pictures say nothing as a mask
            mask_image = Image.new("L", image.size)
            mask_image.paste(255, (0, 0, image.width // 2 + 1, image.height // 2 + 1))
        mask_image = grow(mask_image, options >> 5)
        strategy = STRATEGIES[options % 3]
        result = self.pipeline.fill(image, mask_image, strategy, feather=(options >> 2) % 4).image
        assert (result.size, result.mode) == (image.size, image.mode)
        write_png(result, io.BytesIO())
        known = np.asarray(mask_image) == 0
        assert np.array_equal(np.asarray(image)[known], np.asarray(result)[known])


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """libFuzzer's own mutation, then right checksums for most of the PNG files."""
    changed = atheris.Mutate(data, most)
    if changed[1:9] != PNG or random.Random(seed).random() < 0.2:
        return changed
    parts, place = [changed[:9]], 9
    while place + 12 <= len(changed):
        (length,) = struct.unpack(">I", changed[place : place + 4])
        end = place + 8 + length
        if end + 4 > len(changed):
            break
        body = changed[place + 4 : end]
        parts += [changed[place : place + 8], body[4:], struct.pack(">I", zlib.crc32(body))]
        place = end + 4
    return b"".join([*parts, changed[place:]])[:most]


def write_corpus(folder: Path, files: Sequence[OddFile]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(files):
        if len(file.content) < 5000:
            (folder / f"{number:04}").write_bytes(bytes([number % 256]) + file.content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--runs", type=int, help="so many, from a sample of the odd files")
    parser.add_argument("--corpus", type=Path, default=Path("fuzz-corpus"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replay", type=Path, help="run one input, to see how it fails")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    Image.MAX_IMAGE_PIXELS = LARGEST
    target = Target()
    if options.replay:
        return target(options.replay.read_bytes())
    write_corpus(options.corpus, sample() if options.runs else odd_files())
    atheris.Setup(
        [sys.argv[0], str(options.corpus), f"-max_total_time={60 * options.minutes:.0f}",
         f"-runs={options.runs or -1}", f"-seed={options.seed}", "-timeout=10",
         "-rss_limit_mb=6144", "-max_len=6000", "-print_final_stats=1", "-keep_seed=1",
         f"-artifact_prefix={options.corpus}-",
         "-close_fd_mask=2"],  # libtiff writes a line on every damaged file
        target, custom_mutator=mutate,
    )  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
