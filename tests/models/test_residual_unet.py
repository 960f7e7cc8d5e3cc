"""The network that corrects a smooth fill: where it starts, and what passes through it."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from inpainting import ResidualUNet
from inpainting.errors import InvalidConfig
from inpainting.models.biharmonic import smooth_fill
from tests.conftest import TINY
from tests.models.networks import batch


def test_training_starts_at_the_smooth_fill():
    image, valid = batch()
    expected = smooth_fill(image, valid, TINY.smooth_steps).clamp(0, 1)
    torch.testing.assert_close(ResidualUNet(TINY)(image, valid).image, expected)


def test_a_prediction_is_the_correction_of_the_smooth_fill(tiny_model):
    image, valid = batch()
    image = image * valid
    start = smooth_fill(image, valid, TINY.smooth_steps).clamp(0, 1)
    with torch.no_grad():
        whole, learned = tiny_model(image, valid), tiny_model.correct(image, valid, start)
    assert torch.equal(whole.image, learned.image) and torch.equal(whole.scale, learned.scale)
    assert not torch.allclose(whole.image, start)


def test_predicting_its_error_changes_nothing_that_it_fills(tiny_model):
    tiny_model(*batch()).scale.sum().backward()
    trained = {name for name, p in tiny_model.named_parameters() if p.grad is not None}
    layers = ("doubt.near", "doubt.far", "doubt.out")
    assert trained == {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}


def test_both_ways_to_compute_the_heads_agree(tiny_model):
    """With gradients two convolutions, without them one."""
    image, valid = batch()
    with torch.no_grad():
        one = tiny_model(image, valid)
    two = tiny_model(image, valid)
    torch.testing.assert_close(one.image, two.image.detach())
    torch.testing.assert_close(one.scale, two.scale.detach())


def test_contrast_and_brightness_pass_through():
    """Half the contrast, half the correction: the network sees one and the same picture."""
    torch.manual_seed(1)
    model = ResidualUNet(replace(TINY, norm="none")).eval()
    torch.nn.init.normal_(model.head.weight, std=0.1)
    _, valid = batch(64)
    coarse = 0.3 + 0.4 * torch.rand(2, 3, 8, 8)  # a start that leaves [0, 1] would be clamped
    image = F.interpolate(coarse, scale_factor=8, mode="bilinear")
    full = model(image, valid).image
    torch.testing.assert_close(
        model(0.8 * image + 0.1, valid).image, 0.8 * full + 0.1, atol=2e-3, rtol=0
    )


def test_squares_of_one_pixel_are_no_squares():
    model = ResidualUNet(replace(TINY, fold=1)).eval()
    image, valid = batch(model.config.multiple)
    assert model.config.inputs == (3, 4) and model.config.multiple == 2
    assert model(image, valid).image.shape == image.shape


def test_the_expected_error_has_a_scale_that_changes_nothing_else(tiny_model):
    image, valid = batch()
    with torch.no_grad():
        before = tiny_model(image, valid)
        tiny_model.config = replace(TINY, error_scale=0.5)
        after = tiny_model(image, valid)
    assert torch.equal(before.image, after.image)
    torch.testing.assert_close(after.scale, 0.5 * before.scale)


@pytest.mark.parametrize("scale", [0, -1.0, float("nan"), float("inf"), "1", None, True])
def test_an_absurd_scale_is_refused(scale):
    with pytest.raises(InvalidConfig, match="error_scale is"):
        replace(TINY, error_scale=scale)
