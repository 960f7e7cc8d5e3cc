"""Image inpainting with a partial-convolution U-Net.

>>> from inpainting import InpaintingPipeline
>>> pipe = InpaintingPipeline.from_pretrained()
>>> filled = pipe("photo.jpg", "mask.png")  # doctest: +SKIP
"""

from .checkpoint import load_pretrained, push_to_hub, save_pretrained
from .config import PConvUNetConfig
from .errors import InpaintingError
from .pconv import PartialConv2d
from .pipeline import InpaintingPipeline
from .unet import PConvUNet

__version__ = "0.1.0"
__all__ = [
    "InpaintingError",
    "InpaintingPipeline",
    "PConvUNet",
    "PConvUNetConfig",
    "PartialConv2d",
    "load_pretrained",
    "push_to_hub",
    "save_pretrained",
]
