"""The U-Net: shapes, what may and may not influence the fill, health at initialisation."""

import math
from dataclasses import asdict, replace

import pytest
import torch
import torch.nn.functional as F

from inpainting import InpaintingError, PConvUNet, PConvUNetConfig
from inpainting.smooth_fill import smooth_fill
from tests.conftest import TINY

SMALL_CLASSIC = replace(PConvUNetConfig.preset("classic"), channels=(8, 8, 8, 8, 8, 8, 8))


def batch(size=32, share=0.4, channels=3):
    image = torch.rand(2, channels, size, size)
    return image, (torch.rand(2, 1, size, size) >= share).float()


@pytest.mark.parametrize(
    "config",
    [TINY, SMALL_CLASSIC, replace(TINY, fold=1), replace(TINY, norm="none", residual=False)],
)
def test_paints_the_whole_picture(config):
    image, valid = batch(config.multiple)
    output = PConvUNet(config)(image, valid).image
    assert output.shape == image.shape and torch.isfinite(output).all()


@pytest.mark.parametrize("poison", [0.0, 1e6, math.nan])
def test_hole_values_change_nothing(tiny_model, poison):
    image, valid = batch()
    other = torch.where(valid > 0, image, torch.full_like(image, poison))
    for one, two in zip(tiny_model(image, valid), tiny_model(other, valid), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("config", [TINY, SMALL_CLASSIC])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_gradients_are_finite(config, share):
    model = PConvUNet(config).train()
    image, valid = batch(config.multiple, share)
    painted = model(image, valid)
    loss = (painted.image - image).abs().mean()
    if painted.scale is not None:
        loss = loss + painted.scale.mean()
    loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_every_layer_of_the_classic_net_gets_a_gradient():
    """Without sum(1) in the numerator the bottleneck's would be about 1e-18."""
    model = PConvUNet(PConvUNetConfig.preset("classic")).train()
    image, valid = batch(128, share=0.25)
    (model(image, valid).image - image).pow(2).mean().backward()
    norms = [level.first.conv.weight.grad.norm().item() for level in model.encoder]
    assert min(norms) > 1e-6


def test_classic_is_the_reports_shape():
    model = PConvUNet(PConvUNetConfig.preset("classic"))
    assert [level.first.conv.kernel_size for level in model.encoder] == [7, 5, 5, 3, 3, 3, 3]
    assert [len(level.first.conv.weight) for level in model.encoder] == [
        64,
        128,
        256,
        512,
        512,
        512,
        512,
    ]
    assert model.decoder[0].block.conv.groups == (512, 512)
    assert model.decoder[-1].block.conv.groups == (64, 3)
    assert isinstance(model.encoder[0].first.norm, torch.nn.Identity)
    assert model.encoder[0].first.activation.__class__.__name__ == "ReLU"
    assert model.decoder[0].block.activation.negative_slope == 0.2
    assert model.config.multiple == 128


def test_classic_at_256_has_seven_levels():
    sizes = []
    model = PConvUNet(replace(SMALL_CLASSIC)).eval()
    for level in model.encoder:
        level.register_forward_hook(lambda *a: sizes.append(a[2][0].shape[-1]))
    model(*batch(256))
    assert sizes == [128, 64, 32, 16, 8, 4, 2]


def test_training_starts_at_the_smooth_fill():
    image, valid = batch()
    expected = smooth_fill(image, valid, TINY.smooth_steps).clamp(0, 1)
    torch.testing.assert_close(PConvUNet(TINY)(image, valid).image, expected)


def test_being_asked_how_sure_it_is_changes_nothing_that_it_paints(tiny_model):
    tiny_model(*batch()).scale.sum().backward()
    trained = {name for name, p in tiny_model.named_parameters() if p.grad is not None}
    assert trained == {"doubt.weight", "doubt.bias"}


def test_the_classic_network_does_not_say_how_sure_it_is():
    assert PConvUNet(SMALL_CLASSIC).eval()(*batch(128)).scale is None


def test_contrast_and_brightness_pass_through():
    """Half the contrast, half the correction: the network sees one and the same picture."""
    torch.manual_seed(1)
    model = PConvUNet(replace(TINY, norm="none")).eval()
    torch.nn.init.normal_(model.head.weight, std=0.1)
    _, valid = batch(64)
    coarse = 0.3 + 0.4 * torch.rand(2, 3, 8, 8)  # a start that leaves [0, 1] would be clamped
    image = F.interpolate(coarse, scale_factor=8, mode="bilinear")
    full = model(image, valid).image
    torch.testing.assert_close(
        model(0.8 * image + 0.1, valid).image, 0.8 * full + 0.1, atol=2e-3, rtol=0
    )


@pytest.mark.parametrize("size", [30, 33])
def test_unsuitable_size_is_refused(size):
    with pytest.raises(InpaintingError, match=f"{size}×{size}.*multiples of 4.*pad_to_multiple"):
        PConvUNet(TINY)(*batch(size))


def test_bool_hole_is_refused(tiny_model):
    image, valid = batch()
    with pytest.raises(InpaintingError, match="valid_from_hole"):
        tiny_model(image, valid == 0)


def test_frozen_encoder_norm_survives_train():
    model = PConvUNet(TINY)
    model.freeze_encoder_norm = True
    model.train()
    before = {name: b.clone() for name, b in model.named_buffers()}
    model(*batch())
    changed = {name for name, b in model.named_buffers() if not torch.equal(b, before[name])}
    assert changed and all(name.startswith("decoder") for name in changed)
    model.freeze_encoder_norm = False
    model.train()
    assert all(module.training for module in model.modules())


def test_config_survives_json():
    config = PConvUNetConfig.preset("classic")
    as_json = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}
    assert PConvUNetConfig(**as_json) == config


@pytest.mark.parametrize(
    "change, words",
    [
        ({"channels": (4, 6, 8)}, "one per encoder level"),
        ({"norm": "group"}, "'batch' or 'none'"),
        ({"encoder_activation": "gelu"}, "relu"),
    ],
)
def test_contradictory_config_is_refused(change, words):
    with pytest.raises(InpaintingError, match=words):
        replace(TINY, **change)


def test_unknown_preset_is_refused():
    with pytest.raises(InpaintingError, match="default"):
        PConvUNetConfig.preset("huge")
