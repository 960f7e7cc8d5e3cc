"""Networks by name, and their shapes as ``config.json`` holds them."""

import json
from dataclasses import asdict, replace

import pytest

from inpainting import PConvUNet, ResidualUNet
from inpainting.errors import InvalidConfig
from inpainting.models.context_encoder import ContextEncoder
from inpainting.models.pconv_unet import PConvUNetConfig
from inpainting.models.registry import (
    ARCHITECTURES,
    architecture,
    build,
    config_from_json,
    config_to_json,
)
from inpainting.models.residual_unet import ResidualUNetConfig
from tests.conftest import TINY
from tests.models.networks import NARROW

# Written by version 0.1, which had one class for both.
BEFORE_ARCHITECTURES = {
    "channels": [8, 12], "kernels": [3, 3], "strides": [1, 2], "units": [1, 0], "fold": 4,
    "smooth_steps": 3, "norm": "batch", "norm_first": False, "encoder_activation": "relu",
    "decoder_activation": "leaky_relu", "bias": True,
}  # fmt: skip


@pytest.mark.parametrize("config", [*NARROW.values(), ResidualUNetConfig(), PConvUNetConfig()])
def test_a_shape_survives_json(config):
    values = json.loads(json.dumps(config_to_json(config)))
    again = config_from_json(values)
    assert again == config and type(again) is type(config)
    assert values["architecture"] == architecture(config)


@pytest.mark.parametrize(("name", "cls"), ARCHITECTURES.items())
def test_every_architecture_is_built_by_its_shape(name, cls):
    config = replace(cls.config_class(), channels=(8,) * len(cls.config_class().channels))
    assert architecture(config) == name
    model = build(config)
    assert type(model) is cls and model.config == config


def test_files_know_the_networks_by_these_names():
    assert ARCHITECTURES == {
        "context_encoder": ContextEncoder, "pconv_unet": PConvUNet, "residual_unet": ResidualUNet,
    }  # fmt: skip


@pytest.mark.parametrize("said", [{"residual": True}, {}])
def test_a_file_without_architecture_is_a_residual_net(said):
    """Older still are files without ``residual``: there was no other network then."""
    config = config_from_json(BEFORE_ARCHITECTURES | said)
    assert config == ResidualUNetConfig(**BEFORE_ARCHITECTURES, error_channels=0)


def test_a_file_without_architecture_that_is_not_residual_is_the_papers_net():
    values = BEFORE_ARCHITECTURES | {"residual": False}
    config = config_from_json(values)
    assert type(config) is PConvUNetConfig
    assert {**asdict(config), "fold": 4, "smooth_steps": 3} == {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in BEFORE_ARCHITECTURES.items()
    }
    assert values["residual"] is False, "what was given stays as it was"


@pytest.mark.parametrize("name", ["unet", "PConvUNet", 3])
def test_an_unknown_architecture_is_refused(name):
    with pytest.raises(
        InvalidConfig, match=f"architecture is {name!r}: use one of .*residual_unet"
    ):
        config_from_json(config_to_json(TINY) | {"architecture": name})


@pytest.mark.parametrize(
    "values",
    [
        config_to_json(TINY) | {"depth": 3},
        config_to_json(TINY) | {"residual": True},
        config_to_json(PConvUNetConfig()) | {"fold": 2},
    ],
)
def test_an_unknown_key_is_refused(values):
    with pytest.raises(TypeError, match="unexpected keyword"):
        config_from_json(values)
