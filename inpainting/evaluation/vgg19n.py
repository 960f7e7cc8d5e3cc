"""VGG-19 with normalised weights, relu1_1 … relu3_1: how far a fill's features are from the truth.

Simonyan & Zisserman's network (arXiv:1409.1556), rescaled so that mean activations are 1, as it is
used for style transfer (Gatys et al., CVPR 2016). The two distances are defined here and nowhere
else: they can be compared with each other, and with no published number.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inpainting.errors import CheckpointError, first_line
from inpainting.types import Hole, Pixels

BLOCKS = (("conv1_1", "conv1_2"), ("conv2_1", "conv2_2"), ("conv3_1",))  # a pool between them
STEPS = (1, 1, 2, 2, 4)  # pixels from one position of a layer to the next
SMALLEST_SIDE = 8  # pixels: below, reflection has nothing to reflect at a quarter of the size
SHAPES: dict[str, tuple[int, ...]] = {
    "preprocess.weight": (3, 3, 1, 1), "preprocess.bias": (3,),
    "conv1_1.weight": (64, 3, 3, 3), "conv1_1.bias": (64,),
    "conv1_2.weight": (64, 64, 3, 3), "conv1_2.bias": (64,),
    "conv2_1.weight": (128, 64, 3, 3), "conv2_1.bias": (128,),
    "conv2_2.weight": (128, 128, 3, 3), "conv2_2.bias": (128,),
    "conv3_1.weight": (256, 128, 3, 3), "conv3_1.bias": (256,),
}  # fmt: skip


class Vgg19n:
    """The frozen network, on the CPU and in float32.

    It keeps the features of the last original, since several fills of one picture are scored one
    after the other.

    Args:
        path: safetensors file of ``SHAPES``: 3×3 convolutions with reflection padding, and a 1×1
            one that turns RGB in [0, 1] into what the first of them expects.

    Raises:
        CheckpointError: when it is missing, damaged or of another network.
    """

    def __init__(self, path: str | Path) -> None:
        self.weights = _read(Path(path))
        self._last: tuple[Pixels, list[Tensor]] | None = None

    @torch.inference_mode()
    def features(self, picture: Pixels) -> list[Tensor]:
        """Uint8 (H, W, 3), RGB, to relu1_1, 1_2, 2_1, 2_2 and 3_1: float32 (C, h, w) each.

        h, w are the picture's for the first two, half of it for two, a quarter for the last,
        rounded down.
        """
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
        seen = self._convolved(pixels.float() / 255, "preprocess")
        found = []
        for i, block in enumerate(BLOCKS):
            seen = functional.max_pool2d(seen, 2) if i else seen
            for name in block:
                padded = functional.pad(seen, (1, 1, 1, 1), mode="reflect")
                seen = self._convolved(padded, name).relu()
                found.append(seen[0])
        return found

    @torch.inference_mode()
    def distances(self, original: Pixels, result: Pixels, hole: Hole) -> tuple[float, float]:
        """VGG and Gram distance inside the hole, each a mean over the five layers.

        At a layer the hole is every position of which a pixel, pooled as the features are, is
        missing. VGG: mean over positions of the squared distance between the two feature vectors,
        scaled to length 1 (0 … 4; 0 … 2 as features are not negative). Gram: ‖G − G₀‖ / ‖G₀‖ of the
        Gram matrices G = F Fᵀ / positions, Frobenius; G₀ is the original's.

        Args:
            original, result: uint8 (H, W, 3).
            hole: bool (H, W), True = missing.

        Returns:
            Two floats, 0 = equal; nan where a side is below ``SMALLEST_SIDE``, and where no layer
            has a position.
        """
        if min(hole.shape) < SMALLEST_SIDE:
            return math.nan, math.nan
        pooled = torch.from_numpy(hole).float()[None, None]
        vgg, gram = [], []
        layers = zip(STEPS, self._original(original), self.features(result), strict=True)
        for step, truth, filled in layers:
            here = functional.max_pool2d(pooled, step)[0, 0] > 0
            if here.any():
                a, b = truth[:, here], filled[:, here]
                unit_a, unit_b = (functional.normalize(x, dim=0) for x in (a, b))
                vgg.append(float((unit_a - unit_b).square().sum(dim=0).mean()))
                matrix, other = (x @ x.T / x.shape[1] for x in (a, b))
                gram.append(float((other - matrix).norm() / matrix.norm()))
        return _mean(vgg), _mean(gram)

    def _original(self, picture: Pixels) -> list[Tensor]:
        if self._last is None or not np.array_equal(self._last[0], picture):
            self._last = picture.copy(), self.features(picture)
        return self._last[1]

    def _convolved(self, seen: Tensor, name: str) -> Tensor:
        weight, bias = (self.weights[f"{name}.{part}"] for part in ("weight", "bias"))
        return functional.conv2d(seen, weight, bias)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _read(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weights = load_file(path)
        shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
        if wrong := sorted(shapes.items() ^ SHAPES.items()):
            raise ValueError(f"{wrong[0][0]} is missing, not needed or of another shape")
        if bad := [name for name, weight in weights.items() if not weight.isfinite().all()]:
            raise ValueError(f"it holds NaN or infinity in {bad[0]}")
    except (OSError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"--vgg-weights {path} could not be read ({first_line(error)}): give the safetensors "
            f"file of VGG-19's normalised weights, {', '.join(SHAPES)}."
        ) from error
    return {name: weight.float().requires_grad_(False) for name, weight in weights.items()}
