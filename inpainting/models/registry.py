"""The networks by name, and their shapes as ``config.json`` holds them."""

from dataclasses import asdict
from typing import Any

from inpainting.errors import InvalidConfig
from inpainting.models.base import Network, NetworkConfig
from inpainting.models.context_encoder import ContextEncoder
from inpainting.models.pconv_unet import PConvUNet
from inpainting.models.residual_unet import ResidualUNet

ARCHITECTURES: dict[str, type[Network]] = {
    "context_encoder": ContextEncoder,
    "pconv_unet": PConvUNet,
    "residual_unet": ResidualUNet,
}


def build(config: NetworkConfig) -> Network:
    """A network of that shape with random weights."""
    return ARCHITECTURES[architecture(config)](config)


def architecture(config: NetworkConfig) -> str:
    """The name in ``ARCHITECTURES`` of the network that has such a shape."""
    return next(n for n, cls in ARCHITECTURES.items() if type(config) is cls.config_class)


def config_to_json(config: NetworkConfig) -> dict[str, Any]:
    """A shape as a mapping, with the name of its network under ``architecture``."""
    return {"architecture": architecture(config), **asdict(config)}  # type: ignore[call-overload]


def config_from_json(values: dict[str, Any]) -> NetworkConfig:
    """The mirror of :func:`config_to_json`; reads files without ``architecture``, too.

    Raises:
        InvalidConfig: for an unknown architecture or an absurd number.
        TypeError: for an unknown key.
    """
    values = {**values}
    known = "architecture" in values
    name = values.pop("architecture") if known else _before_architectures(values)
    if not isinstance(name, str) or name not in ARCHITECTURES:
        raise InvalidConfig(f"architecture is {name!r}: use one of {list(ARCHITECTURES)}.")
    if name == "residual_unet":
        values.setdefault("error_channels", 0)  # as before there was a hidden layer
    return ARCHITECTURES[name].config_class(**values)


def _before_architectures(values: dict[str, Any]) -> str:
    """Before 0.2 one class was both networks, told apart by ``residual``."""
    if values.pop("residual", True):
        return "residual_unet"
    for unused in ("fold", "smooth_steps"):
        values.pop(unused, None)
    return "pconv_unet"
