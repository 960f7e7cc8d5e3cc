"""Context: nothing before training, and afterwards what each form says of itself."""

from dataclasses import replace

import pytest
import torch

from inpainting import ResidualUNet
from inpainting.errors import InvalidConfig
from inpainting.models.context import CONTEXTS, KEY, KnownAttention
from inpainting.models.residual_unet import ResidualUNetConfig
from tests.conftest import TINY
from tests.models.networks import batch

THREE = replace(TINY, channels=(8, 8, 12), kernels=(3,) * 3, strides=(1, 2, 2), units=(1,) * 3)


def plain_attention(channels: int = KEY) -> KnownAttention:
    """Compares and copies features as they are."""
    layer = KnownAttention(channels)
    with torch.no_grad():
        for part in (layer.query, layer.key, layer.value, layer.out):
            part.weight.copy_(torch.eye(channels)[..., None, None])
            part.bias.zero_()
    return layer


@pytest.mark.parametrize("form", CONTEXTS)
@pytest.mark.parametrize("size", [(4, 4), (5, 9), (1, 3)])
def test_it_adds_nothing_before_it_is_trained(form, size):
    x, known = torch.rand(2, 12, *size), (torch.rand(2, 1, *size) > 0.5).float()
    added = CONTEXTS[form](12)(x, known)
    assert added.shape == x.shape and not added.any()


@pytest.mark.parametrize("form", CONTEXTS)
def test_a_network_with_untrained_context_is_the_one_without(form):
    torch.manual_seed(0)
    plain, more = ResidualUNet(THREE).eval(), ResidualUNet(replace(THREE, context=form)).eval()
    missing, unexpected = more.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected and all(name.startswith("context.") for name in missing) and missing
    image, valid = batch(64)
    with torch.no_grad():
        a, b = plain(image, valid), more(image, valid)
    assert torch.equal(a.image, b.image) and torch.equal(a.scale, b.scale)


@pytest.mark.parametrize("form", CONTEXTS)
def test_it_learns(form):
    network = ResidualUNet(replace(THREE, context=form))
    torch.nn.init.normal_(network.head.weight, std=0.1)
    image, valid = torch.rand(2, 3, 32, 32), torch.ones(2, 1, 32, 32)
    valid[..., 8:20, 5:21] = 0
    network(image, valid).image.square().sum().backward()
    assert network.context.out.weight.grad.abs().sum() > 0


def test_the_context_takes_less_than_a_tenth_of_the_parameters():
    plain = sum(p.numel() for p in ResidualUNet().parameters())
    for form in CONTEXTS:
        more = sum(p.numel() for p in ResidualUNet(ResidualUNetConfig(context=form)).parameters())
        assert plain < more < 1.1 * plain


def test_what_stands_in_unknown_places_reaches_no_other():
    layer, x = plain_attention(), torch.rand(1, KEY, 6, 6)
    known = torch.ones(1, 1, 6, 6)
    known[..., 2:4, 2:5] = 0.9  # not wholly known
    other = x.clone()
    other[..., 2, 3] += 5
    with torch.no_grad():
        a, b = layer(x, known), layer(other, known)
    changed = (a - b).abs().amax((0, 1)) > 0
    assert changed.sum() <= 1 and torch.equal(a[..., known[0, 0] == 1], b[..., known[0, 0] == 1])


def test_a_repeated_picture_is_copied_from_its_other_half(monkeypatch):
    """Equal halves, a hole in one: each missing place takes its counterpart, exactly."""
    monkeypatch.setattr("inpainting.models.context.SHARPNESS", 1e4)
    torch.manual_seed(0)
    half = torch.randn(1, KEY, 5, 4)
    x, known = torch.cat([half, half], 3), torch.ones(1, 1, 5, 8)
    known[..., 1:4, 0:3] = 0
    with torch.no_grad():
        taken = plain_attention()(x, known)
        sources = plain_attention().sources(x, known)[0]
    torch.testing.assert_close(taken[..., 1:4, 0:3], x[..., 1:4, 4:7])
    place = torch.arange(40).reshape(5, 8)
    assert torch.equal(sources[1:4, 0:3], place[1:4, 4:7])  # 4 places to the right


def test_equal_places_give_the_mean_and_none_give_nothing():
    layer, x = plain_attention(), torch.rand(1, KEY, 3, 3)
    with torch.no_grad():
        layer.key.weight.zero_()
        known = torch.ones(1, 1, 3, 3)
        known[..., 0, 0] = 0
        mean = x.flatten(2)[..., 1:].mean(2)[..., None, None]
        torch.testing.assert_close(layer(x, known), mean.expand_as(x))
        nothing = layer(x, torch.zeros(1, 1, 3, 3))
    assert not nothing.any() and torch.isfinite(nothing).all()


@pytest.mark.parametrize("form", ["attention", "fourier"])
def test_a_far_corner_is_seen(form):
    torch.manual_seed(0)
    layer = CONTEXTS[form](12)
    torch.nn.init.normal_(layer.out.weight)
    x, known = torch.rand(1, 12, 16, 16), torch.ones(1, 1, 16, 16)
    other = x.clone()
    other[..., 0, 0] += 1
    with torch.no_grad():
        assert (layer(x, known) - layer(other, known))[..., -1, -1].abs().max() > 0


def test_dilation_reaches_as_far_as_its_rates_say():
    torch.manual_seed(0)
    layer = CONTEXTS["dilated"](12)
    torch.nn.init.normal_(layer.out.weight)
    x = torch.rand(1, 12, 31, 31, requires_grad=True)
    layer(x, torch.ones(1, 1, 31, 31))[0, :, 15, 15].sum().backward()
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert (rows.min(), rows.max()) == (15 - 9, 15 + 9)


def test_there_are_no_other_forms():
    with pytest.raises(InvalidConfig, match="context is 'magic'"):
        ResidualUNetConfig(context="magic")
