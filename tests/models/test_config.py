"""Shapes of U-Nets that cannot be are refused."""

from dataclasses import replace

import pytest

from inpainting import InpaintingError
from inpainting.models.pconv_unet import PConvUNetConfig
from tests.conftest import TINY


@pytest.mark.parametrize("config", [TINY, PConvUNetConfig()], ids=["residual", "paper"])
@pytest.mark.parametrize(
    "change, words",
    [
        ({"channels": (4, 6, 8)}, "one per encoder level"),
        ({"norm": "group"}, "'batch' or 'none'"),
        ({"encoder_activation": "gelu"}, "relu"),
        ({"decoder_activation": "gelu"}, "relu"),
    ],
)
def test_contradictory_config_is_refused(config, change, words):
    with pytest.raises(InpaintingError, match=words):
        replace(config, **change)


def test_lists_become_tuples():
    """So that what JSON gives equals what was saved."""
    names = ("channels", "kernels", "strides", "units")
    assert replace(TINY, **{name: list(getattr(TINY, name)) for name in names}) == TINY
