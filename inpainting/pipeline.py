"""From a picture and a mask image to the filled picture."""

from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from .checkpoint import load_pretrained
from .errors import NothingKnown
from .images import ImageSource, crop_back, decode, pad_to_multiple, to_image, to_tensor
from .masks import hole_from_mask_image, mask_image_from_hole, valid_from_hole
from .unet import PConvUNet

CONTEXT = 64  # least number of pixels around the hole that the network gets to see
LONGEST_SIDE = 512  # a larger crop is shrunk: the network learned at 256


class InpaintingPipeline:
    """Fills holes in pictures of any size.

    >>> pipe = InpaintingPipeline.from_pretrained()
    >>> filled = pipe("photo.jpg", "mask.png")  # doctest: +SKIP
    """

    def __init__(self, model: PConvUNet, device: str | torch.device | None = None) -> None:
        if device is None:
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(device)
        self.model = model.eval().to(self.device)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path | None = None,
        revision: str | None = None,
        device: str | torch.device | None = None,
    ) -> "InpaintingPipeline":
        """Load a checkpoint; see :func:`inpainting.checkpoint.load_pretrained`.

        Args:
            name_or_path: folder, Hub id, or None for the bundled network.
            revision: branch, tag or commit of a Hub repository.
            device: where to run; None = CUDA where there is one, else the CPU.
        """
        return cls(load_pretrained(name_or_path, revision), device)

    def __call__(self, image: ImageSource, mask_image: ImageSource) -> Image.Image:
        """Fill the white part of ``mask_image``.

        Args:
            image: picture of any size and kind that :func:`inpainting.images.decode` reads.
            mask_image: of the same size; white (≥ 128) = repaint, black or transparent = keep.

        Returns:
            PIL image of the same size, "RGBA" if the picture has transparency, else "RGB".
            Pixels outside the hole are the picture's own, bit for bit, and so is its alpha.
            Transparent pixels count as unknown: hidden colours do not leak into the fill.

        Raises:
            InvalidImage: when either cannot be read.
            InvalidMask: when the mask has another size, or marks nothing or everything.
        """
        picture = decode(image)
        hole = hole_from_mask_image(decode(mask_image), picture.size)
        known = valid_from_hole(hole) * _opaque(picture)
        if not known.any():
            raise NothingKnown
        box = _around(hole[0, 0], CONTEXT)
        crop, crop_known = picture.crop(box), _cut(known, box)
        painted = to_image(self._run(to_tensor(crop), crop_known))
        if picture.mode == "RGBA":
            painted.putalpha(crop.getchannel("A"))
        result = picture.copy()
        result.paste(painted, box[:2], mask_image_from_hole(_cut(hole, box)))
        return result

    @torch.inference_mode()
    def _run(self, image: Tensor, valid: Tensor) -> Tensor:
        """Float (1, 3, H, W) and (1, 1, H, W), any size, to float (1, 3, H, W) on the CPU."""
        height, width = image.shape[-2:]
        image, valid = self._shrink(image.to(self.device), valid.to(self.device))
        h, w = image.shape[-2:]
        multiple = self.model.config.multiple
        output = self.model(
            pad_to_multiple(image, multiple).contiguous(memory_format=torch.channels_last),
            pad_to_multiple(valid, multiple),
        ).image
        output = crop_back(output, h, w)
        if (h, w) != (height, width):
            output = F.interpolate(output, (height, width), mode="bicubic", align_corners=False)
        return output.cpu()

    @staticmethod
    def _shrink(image: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Shrink to ``LONGEST_SIDE``, averaging known pixels only; a hole, however thin, stays."""
        scale = LONGEST_SIDE / max(image.shape[-2:])
        if scale >= 1:
            return image, valid
        size = [max(1, round(side * scale)) for side in image.shape[-2:]]
        share = F.interpolate(valid, size, mode="area")
        mean = F.interpolate(image * valid, size, mode="area") / share.clamp(min=1e-6)
        return mean, (share > 0.999).to(valid.dtype)


def _opaque(picture: Image.Image) -> Tensor:
    """Float (1, 1, H, W): 0 where the picture is fully transparent."""
    if picture.mode != "RGBA":
        return torch.ones(1, 1, picture.height, picture.width)
    return (to_tensor(picture.getchannel("A"))[:, :1] > 0).float()


def _around(hole: Tensor, context: int) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) of a bool hole (H, W) with context on every side.

    The context is half the hole's size, at least ``context`` pixels, within the picture.
    """
    height, width = hole.shape
    ys, xs = hole.any(1).nonzero()[:, 0], hole.any(0).nonzero()[:, 0]
    top, bottom = int(ys[0]), int(ys[-1]) + 1
    left, right = int(xs[0]), int(xs[-1]) + 1
    margin = max(context, (bottom - top) // 2, (right - left) // 2)
    return (
        max(0, left - margin),
        max(0, top - margin),
        min(width, right + margin),
        min(height, bottom + margin),
    )


def _cut(tensor: Tensor, box: tuple[int, int, int, int]) -> Tensor:
    left, top, right, bottom = box
    return tensor[..., top:bottom, left:right]
