"""Pictures of noise, pairs and score rows, as small as they can be."""

import numpy as np

from inpainting.evaluation.protocol import Pair, hole_for
from inpainting.evaluation.statistics import MEASURES, TEXTURES

SIZE = 64


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def a_pair(seed: int = 0) -> Pair:
    hole, bucket = hole_for("irregular", 7, seed, SIZE)
    return Pair(7, "irregular", bucket, "cat", noise(SIZE, SIZE), hole)


def rows_with(method: str, hole_psnrs: list[float], **head: str) -> list[dict]:
    """One row per picture: every measure 0.5 but hole PSNR; ``head`` replaces other columns."""
    return [
        {
            "index": i, "class": "", "protocol": "lines", "bucket": "", "key": str(i),
            "hole_ratio": 0.25, "method": method, "milliseconds": 1.0,
            **dict.fromkeys((*MEASURES, *TEXTURES), 0.5), "hole_psnr": value, **head,
        }
        for i, value in enumerate(hole_psnrs)
    ]  # fmt: skip
