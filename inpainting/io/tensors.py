"""Pictures as tensors and back: float (B, 3, H, W), RGB in [0, 1]; padding of both."""

from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor


def to_tensor(image: Image.Image) -> Tensor:
    """PIL image, any size, alpha ignored, to float (1, 3, H, W), RGB in [0, 1]."""
    array = np.array(image.convert("RGB"))
    return torch.from_numpy(array).permute(2, 0, 1)[None].float() / 255


def to_image(tensor: Tensor) -> Image.Image:
    """The mirror of :func:`to_tensor`: float (1, 3, H, W), clamped to [0, 1] and rounded."""
    array = (tensor[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(array)


def pad_to_multiple(tensor: Tensor, multiple: int) -> Tensor:
    """Pad (B, C, H, W) with zeros at the bottom and right, up to multiples of ``multiple``.

    A padded ``valid`` is 0 there: to a partial convolution padding is one more hole.
    """
    height, width = tensor.shape[-2:]
    return F.pad(tensor, (0, -width % multiple, 0, -height % multiple))


def crop_back(tensor: Tensor, height: int, width: int) -> Tensor:
    """The mirror of :func:`pad_to_multiple`: the top left (B, C, height, width)."""
    return tensor[..., :height, :width]


def padded(
    array: NDArray[Any], multiple: int, mode: Literal["constant", "edge"] = "constant"
) -> NDArray[Any]:
    """An array (H, W) or (H, W, C) with sides that are multiples: more at the right and below.

    Args:
        array: returned as it is where nothing is missing.
        multiple: of both sides.
        mode: zeros, or the last pixels again.
    """
    ends = [(0, -side % multiple) for side in array.shape[:2]] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, ends, mode=mode) if any(more for _, more in ends) else array
