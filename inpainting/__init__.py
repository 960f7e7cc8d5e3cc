"""Image inpainting with partial-convolution U-Nets.

>>> from inpainting import InpaintingPipeline
>>> pipe = InpaintingPipeline.from_pretrained()
>>> filled = pipe("photo.jpg", "mask.png")  # doctest: +SKIP
"""

from inpainting.errors import InpaintingError
from inpainting.inference.pipeline import InpaintingPipeline, InpaintingResult
from inpainting.models.checkpoint import load_pretrained, save_pretrained
from inpainting.models.pconv import PartialConv2d
from inpainting.models.pconv_unet import PConvUNet
from inpainting.models.residual_unet import ResidualUNet

__version__ = "0.2.0.dev0"
__all__ = [
    "InpaintingError",
    "InpaintingPipeline",
    "InpaintingResult",
    "PConvUNet",
    "PartialConv2d",
    "ResidualUNet",
    "load_pretrained",
    "save_pretrained",
]
