"""The context encoder: everything goes through one narrow place, from which all can be seen."""

import pytest
import torch

from inpainting.errors import InvalidConfig
from inpainting.models.context_encoder import (
    MEAN_COLOUR,
    PLACES,
    ChannelwiseLinear,
    ContextEncoder,
    ContextEncoderConfig,
)


@pytest.fixture
def network() -> ContextEncoder:
    torch.manual_seed(0)
    return ContextEncoder(ContextEncoderConfig(channels=(8, 8, 12))).eval()


def test_a_channelwise_layer_is_one_dense_matrix_per_channel():
    layer, x = ChannelwiseLinear(5, 3), torch.rand(2, 5, 3, 3)
    torch.nn.init.normal_(layer.bias)
    out = layer(x)
    for b in range(2):
        for c in range(5):
            expected = layer.weight[c] @ x[b, c].flatten() + layer.bias[c]
            torch.testing.assert_close(out[b, c].flatten(), expected)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(9).expand(5, 9, 9))
        layer.bias.zero_()
    torch.testing.assert_close(layer(x), x)


def test_it_has_the_weights_that_the_paper_counts():
    """m n⁴ instead of m² n⁴, section 3.1."""
    layer = ChannelwiseLinear(512, PLACES)
    assert layer.weight.numel() == 512 * PLACES**4 == 131_072
    total = sum(p.numel() for p in ContextEncoder().parameters())
    assert total == pytest.approx(5.3e6, rel=0.1)


def test_the_farthest_corner_is_seen(network):
    image, valid = torch.rand(1, 3, 64, 64), torch.ones(1, 1, 64, 64)
    valid[..., 20:40, 20:40] = 0
    other = image.clone()
    other[..., :4, :4] = 1 - other[..., :4, :4]
    with torch.no_grad():
        one, two = (network(x, valid).image for x in (image, other))
    assert (one - two)[..., -4:, -4:].abs().max() > 0


def test_nothing_goes_around_the_narrow_place(network):
    """With the map behind it at zero no picture is seen any more."""
    with torch.no_grad():
        network.mix.weight.zero_()
        network.mix.bias.zero_()
        one, two = (network(torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32)) for _ in range(2))
    assert torch.equal(one.image, two.image)


def test_a_hole_is_the_mean_colour_to_it(network):
    image, valid = torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32)
    valid[..., 8:20, 4:30] = 0
    painted = torch.where(valid > 0, image, torch.tensor(MEAN_COLOUR).view(1, 3, 1, 1))
    with torch.no_grad():
        a, b = network(image, valid).image, network(painted, torch.ones_like(valid)).image
    torch.testing.assert_close(a, b)


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (128, 40), (256, 256)])
def test_pictures_of_any_multiple_are_filled_within_their_range(network, size):
    with torch.no_grad():
        image = network(torch.rand(1, 3, *size), torch.ones(1, 1, *size)).image
    assert image.shape == (1, 3, *size) and image.min() >= 0 and image.max() <= 1


@pytest.mark.parametrize("channels", [(), (0,), (8.0,), (8,) * 17])
def test_absurd_shapes_are_refused(channels):
    with pytest.raises(InvalidConfig, match="channels has"):
        ContextEncoderConfig(channels=channels)
