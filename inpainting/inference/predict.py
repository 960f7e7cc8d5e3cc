"""The one way to run a network: any size, any device, any precision."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from inpainting.inference.device import default_device, fast_dtype
from inpainting.io.tensors import crop_back, pad_to_multiple, to_image, to_tensor
from inpainting.masks.convert import batch_of, valid_from_hole
from inpainting.models.base import Before, Network, Prediction
from inpainting.models.fuse_norm import fuse_norm
from inpainting.models.guide import Guide
from inpainting.models.passes import in_passes
from inpainting.types import DATA_RANGE, Hole, Pixels


class Predictor:
    """A network for inference: norms fused into convolutions, on one device, in one precision.

    Args:
        model: the network; it is moved to the device, where it has norms as a copy.
        device: where it runs; default: :func:`~inpainting.inference.device.default_device`.
        dtype: of the features, float32 or bfloat16; default: whichever is faster there.
    """

    def __init__(
        self,
        model: Network,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.device = torch.device(device) if device else default_device()
        self.dtype = dtype or fast_dtype(self.device)
        self.model = fuse_norm(model).to(self.device)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def predicts_error(self) -> bool:
        """Whether predictions have a ``scale``."""
        return bool(self.model.error_parameters())

    @property
    def predicts_lines(self) -> bool:
        """Whether predictions have a ``line``."""
        return self.model.predicts_lines

    def on_cpu(self) -> "Predictor":
        """A copy on the CPU, in the CPU's fast precision."""
        return Predictor(copy.deepcopy(self.model), "cpu")

    def __call__(
        self,
        image: Tensor,
        valid: Tensor,
        guide: Guide | None = None,
        before: Before | None = None,
        passes: int | None = None,
    ) -> Prediction:
        """:meth:`run` with the result on the CPU."""
        return self.run(image, valid, guide, before, passes).map(Tensor.cpu)

    @torch.inference_mode()
    def run(
        self,
        image: Tensor,
        valid: Tensor,
        guide: Guide | None = None,
        before: Before | None = None,
        passes: int | None = None,
    ) -> Prediction:
        """Predict a batch of pictures of one size, any size.

        Args:
            image: float (B, 3, H, W), RGB in [0, 1], on any device; hole content is ignored.
            valid: float (B, 1, H, W), 1 = known.
            guide: colours for missing pixels, of the same size.
            before: the enlarged coarser fill, which networks that continue such fills look at.
            passes: how often the network looks; default: as often as it was trained for.

        Returns:
            Float32 (B, 3, H, W) and, if the network predicts its error, (B, 1, H, W), on
            ``device``.
        """
        height, width = image.shape[-2:]
        multiple = self.model.config.multiple
        image, valid = (pad_to_multiple(x.to(self.device), multiple) for x in (image, valid))
        image = image.contiguous(memory_format=torch.channels_last)
        if guide:
            guide = guide.map(lambda x: pad_to_multiple(x.to(self.device), multiple))
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            if before and self.model.continues:
                before = before.map(lambda x: pad_to_multiple(x.to(self.device), multiple))
                prediction = self.model(image, valid, None, before)
            else:
                prediction = in_passes(self.model, image, valid, guide, passes)[-1]
        return prediction.map(lambda x: crop_back(x, height, width))

    def fill(self, image: Pixels, hole: Hole) -> tuple[Pixels, NDArray[np.float32] | None]:
        """One forward pass over a whole picture: the bare network, without the pipeline.

        Args:
            image: uint8 (H, W, 3), RGB.
            hole: bool (H, W), True = missing.

        Returns:
            The predicted picture, uint8 (H, W, 3), known pixels predicted too; and the expected
            absolute error in grey levels, float32 (H, W), or None.
        """
        picture = to_tensor(Image.fromarray(image))
        found = self(picture, valid_from_hole(batch_of(hole)))
        error = None if found.scale is None else DATA_RANGE * found.scale[0, 0].float().numpy()
        return np.array(to_image(found.image)), error
