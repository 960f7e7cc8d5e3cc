"""A VGG-16 with random weights, as the losses on features need one."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from inpainting.losses.vgg import VggFeatures

# VGG-16 up to pool3: place in the list, channels in and out.
CONVOLUTIONS = {
    0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256),
    14: (256, 256),
}  # fmt: skip


@pytest.fixture(scope="package")
def vgg_weights() -> dict[str, Tensor]:
    """Random, of such a size that features neither vanish nor explode."""
    generator = torch.Generator().manual_seed(0)
    weights = {}
    for i, (before, after) in CONVOLUTIONS.items():
        noise = torch.randn(after, before, 3, 3, generator=generator)
        weights[f"features.{i}.weight"] = noise * (2 / (9 * before)) ** 0.5
        weights[f"features.{i}.bias"] = torch.randn(after, generator=generator) / 10
    return weights


@pytest.fixture(scope="package")
def vgg_file(vgg_weights: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vgg") / "vgg16.pth"
    torch.save(vgg_weights, path)
    return path


@pytest.fixture
def vgg(vgg_file: Path) -> VggFeatures:
    return VggFeatures(vgg_file)
