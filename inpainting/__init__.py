"""Image inpainting with partial-convolution U-Nets.

>>> from inpainting import InpaintingPipeline
>>> pipe = InpaintingPipeline.from_pretrained()
>>> filled = pipe("photo.jpg", "mask.png")  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inpainting.errors import InpaintingError

if TYPE_CHECKING:
    from inpainting.inference.pipeline import InpaintingPipeline
    from inpainting.inference.result import InpaintingResult
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

_HOMES = {
    "InpaintingPipeline": "inference.pipeline",
    "InpaintingResult": "inference.result",
    "PConvUNet": "models.pconv_unet",
    "PartialConv2d": "models.pconv",
    "ResidualUNet": "models.residual_unet",
    "load_pretrained": "models.checkpoint",
    "save_pretrained": "models.checkpoint",
}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: most need torch, which takes a second."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
