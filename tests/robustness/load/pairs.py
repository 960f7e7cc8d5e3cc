"""Pictures with holes, each of one request alone, and whether an answer is that request's."""

import math
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.evaluation.metrics import score
from inpainting.io.images import decode
from tests.robustness.odd_files import saved


class Mixed(Exception):
    """An answer that belongs to another request."""


class Pair(NamedTuple):
    """A picture, uint8 (H, W, 3), and its hole, bool (H, W)."""

    picture: NDArray[np.uint8]
    hole: NDArray[np.bool_]

    def files(self) -> list[bytes]:
        """Picture and mask image, as PNG."""
        pixels = self.picture, self.hole.astype(np.uint8) * 255
        return [saved(Image.fromarray(each), "PNG", compress_level=1) for each in pixels]


def pair(client: int, request: int) -> Pair:
    """Of one request alone: the noise is its watermark, and the hole is its own, too."""
    rng = np.random.default_rng((client, request))
    hole = np.zeros((256, 256), np.bool_)
    top, left, height, width = rng.integers(8, 48, 4)
    hole[4 * top :, 4 * left :][:height, :width] = True
    return Pair(rng.integers(0, 256, (256, 256, 3), dtype=np.uint8), hole)


def long_pair() -> Pair:
    """Seconds of work on any machine: it can be dropped in the midst of it."""
    hole = np.zeros((2048, 2048), np.bool_)
    hole[10:1460, 10:1460] = True
    return Pair(pair(0, 0).picture.repeat(8, axis=0).repeat(8, axis=1), hole)


def verify(sent: Pair, file: bytes, facts: dict[str, Any], scored: bool) -> None:
    """Raise Mixed when an answer is not that of this request."""
    filled, known = np.asarray(decode(file)), ~sent.hole
    if filled.shape != sent.picture.shape or not np.array_equal(sent.picture[known], filled[known]):
        raise Mixed("the picture outside the hole is not the one that was sent")
    own = {"height": len(known), "width": len(known[0]), "hole_ratio": sent.hole.mean()}
    own |= {"untouched_pixels_equal": True}
    own |= asdict(score(sent.picture, filled, sent.hole)) if scored else {}
    told = facts | facts["scores"]
    for name, value in own.items():
        if not math.isclose(told[name], value, abs_tol=1e-4):
            raise Mixed(f"{name} is told to be {told[name]}, and of this picture it is {value}")
