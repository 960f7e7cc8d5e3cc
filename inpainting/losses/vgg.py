"""VGG-16 features of pictures, for losses that compare more than pixels."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from inpainting.errors import CheckpointError, first_line

POOLS = (5, 10, 17)  # in torchvision's list of layers, pool1, pool2 and pool3 end here
PREFIX = "features."  # of those layers, in torchvision's state dict


class VggFeatures(nn.Module):
    """Frozen VGG-16 up to pool3: Simonyan & Zisserman, ICLR 2015, arXiv:1409.1556.

    The weights are torchvision's ``IMAGENET1K_V1``. Its ``IMAGENET1K_FEATURES`` has the same names
    and shapes but was trained on pictures of another scale (standard deviation 1/255): a file of
    those is not told apart, and gives other features.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, weights: str | Path | None = None) -> None:
        """Read the weights; on the CPU, in float32.

        Args:
            weights: a state dict of torchvision's ``vgg16``, with or without its classifier; None
                downloads it once (0.5 GB) into torch's cache.

        Raises:
            CheckpointError: when it cannot be downloaded or read, or is of another network.
        """
        super().__init__()
        layers = _layers(weights)
        self.slices = nn.ModuleList(layers[start:end] for start, end in pairwise((0, *POOLS)))
        self.requires_grad_(False).eval()
        for name, rgb in (("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225))):
            self.register_buffer(name, torch.tensor(rgb).view(3, 1, 1), persistent=False)

    def train(self, mode: bool = True) -> "VggFeatures":
        """Stay in evaluation mode, also as a part of a module that trains."""
        return super().train(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Float (B, 3, H, W) in [0, 1], sides at least 8, to the outputs of pool1, pool2 and pool3.

        Float32 (B, 64, H/2, W/2), (B, 128, H/4, W/4), (B, 256, H/8, W/8), sides rounded down; under
        autocast, too. The gradient reaches the picture and no weight.
        """
        found = []
        with torch.autocast(picture.device.type, enabled=False):
            seen = (picture.float() - self.mean) / self.std
            for part in self.slices:
                # Safe to keep: the next slice begins with a convolution, whose in-place ReLU
                # overwrites what the convolution made and not what it read.
                seen = part(seen)
                found.append(seen)
        return found


def _layers(path: str | Path | None) -> nn.Sequential:
    from torchvision.models import VGG16_Weights, vgg16

    online = VGG16_Weights.IMAGENET1K_V1
    with torch.device("meta"):  # the classifier, never used, would take 0.5 GB
        whole = vgg16(init_weights=False)
    layers = whole.features[: POOLS[-1]]
    try:
        if path is None:
            weights = online.get_state_dict(check_hash=True, map_location="cpu", weights_only=True)
        else:
            weights = torch.load(path, map_location="cpu", weights_only=True)
        wanted = _wanted(weights, layers.state_dict(), whole.state_dict())
        layers.load_state_dict(wanted, assign=True)
    except Exception as error:  # a broken connection or a damaged pickle may raise anything
        known = isinstance(error, (OSError, _Unfit))  # what torch.load says is pages long
        reason = first_line(error) if known else "it is damaged or no state dict of VGG-16"
        raise CheckpointError(
            f"VGG-16, which the losses perceptual and style need, could not be read from "
            f"{path or online.url} ({reason}): download {online.url} by hand and give the file "
            "with --vgg-weights."
        ) from error
    return layers


class _Unfit(Exception):
    """Weights of another network, or of one that diverged."""


def _wanted(
    weights: Mapping[str, Tensor], needed: Mapping[str, Any], allowed: Mapping[str, Any]
) -> dict[str, Tensor]:
    """The needed weights of a file, by their names without the prefix, in float32."""
    if foreign := weights.keys() - allowed.keys():  # VGG-19, for one, holds all the names needed
        raise _Unfit(f"it holds {min(foreign)}, which VGG-16 has not")
    if missing := {PREFIX + name for name in needed} - weights.keys():
        raise _Unfit(f"it lacks {min(missing)}")
    wanted = {name: weights[PREFIX + name].float() for name in needed}
    if bad := [name for name, weight in wanted.items() if not weight.isfinite().all()]:
        raise _Unfit(f"it holds NaN or infinity in {PREFIX}{bad[0]}")
    return wanted
