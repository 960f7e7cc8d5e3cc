"""Structure that a network predicts before it fills, and what somebody draws in its place."""

from dataclasses import replace

import pytest
import torch

from inpainting import ResidualUNet
from inpainting.errors import InvalidConfig
from inpainting.models.guide import FEATURES, Guide
from inpainting.models.structure import Found
from tests.conftest import TINY
from tests.models.networks import follow_guides

CONFIG = replace(TINY, structure=(4, 4))


@pytest.fixture
def image() -> torch.Tensor:
    """Of a range that its smooth fill does not leave."""
    return 0.3 + 0.4 * torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def valid() -> torch.Tensor:
    """Known but for a square of 8×8."""
    valid = torch.ones(2, 1, 16, 16)
    valid[..., 4:12, 4:12] = 0
    return valid


@pytest.fixture
def network() -> ResidualUNet:
    """One whose structure reaches the fill."""
    torch.manual_seed(0)
    network = ResidualUNet(CONFIG).eval()
    for parameter in network.structure.head.parameters():
        torch.nn.init.normal_(parameter)
    follow_guides(network, std=1.0)
    torch.nn.init.normal_(network.head.weight)
    return network


def lines(value: float, *places) -> torch.Tensor:
    line = torch.full((2, 1, 16, 16), -1.0)
    for row, column in places:
        line[..., row, column] = value
    return line


@torch.no_grad()
def test_untrained_structure_adds_nothing(tiny_model, image, valid):
    more = ResidualUNet(CONFIG).eval()
    missing, unexpected = more.load_state_dict(tiny_model.state_dict(), strict=False)
    assert {name.split(".")[0] for name in missing} == {"guide", "structure"} and not unexpected
    found, plain = more(image, valid), tiny_model(image, valid)
    assert torch.equal(found.image, plain.image) and plain.smooth is plain.line is None
    assert found.smooth.shape == image.shape and found.line.shape == valid.shape


@torch.no_grad()
def test_hidden_pixels_and_lines_beside_the_hole_have_no_say(network, image, valid):
    plain = network(image, valid)
    hidden = torch.where(valid > 0, image, torch.nan)
    beside = Guide.none(image)._replace(line=lines(1, (0, 0), (3, 7)))
    for found in (network(hidden, valid), network(image, valid, beside)):
        assert torch.equal(found.image, plain.image) and torch.equal(found.line, plain.line)


@torch.no_grad()
def test_lines_change_the_fill_whether_they_are_drawn_or_erased(network, image, valid):
    plain = network(image, valid).image
    fills = [
        network(image, valid, Guide.none(image)._replace(line=lines(value, (7, 7), (7, 8)))).image
        for value in (0.0, 1.0, -1.0)
    ]
    erased, drawn, unsaid = fills
    assert torch.equal(unsaid, plain)
    assert not torch.equal(erased, plain) and not torch.equal(drawn, plain)
    assert not torch.equal(erased, drawn)


def test_what_is_given_replaces_what_was_predicted():
    drawn = torch.zeros(1, FEATURES, 1, 3)
    drawn[0, :, 0, 0] = torch.tensor([0.5, 0.6, 0.7, 1, 1, 1])  # colour and line
    drawn[0, :, 0, 1] = torch.tensor([0, 0, 0, 0, 0, 1])  # no line
    found = Found(torch.full((1, 3, 1, 3), 2.0), torch.full((1, 1, 1, 3), 50.0))
    features = found.beside(drawn, torch.tensor([[[[1.0, 1, 0]]]]))
    assert features[0, :, 0, 0].tolist() == pytest.approx([0.5, 0.6, 0.7, 1, 1, 1])
    assert features[0, :, 0, 1].tolist() == pytest.approx([2, 2, 2, 0, 0, 1])
    assert not features[0, :, 0, 2].any()  # known


def test_no_gradient_of_the_fill_reaches_the_structure(network, image, valid):
    network(image, valid).image.sum().backward()
    assert all(parameter.grad is None for parameter in network.structure.parameters())
    assert network.guide.heads[0].weight.grad.any()
    found = network(image, valid)
    (found.smooth.sum() + found.line.sum()).backward()
    assert all(parameter.grad is not None for parameter in network.structure.parameters())


def test_colours_scale_with_the_picture_and_lines_do_not_change(network, image, valid):
    with torch.no_grad():
        found, half = network(image, valid), network(image / 2 + 0.1, valid)
    # Nearly: a least contrast is added to the picture's own.
    assert (half.smooth - (found.smooth / 2 + 0.1)).abs().mean() < 0.01
    assert (half.line - found.line).abs().mean() < 0.05 * found.line.std()


def test_structure_has_no_more_levels_than_the_network():
    with pytest.raises(InvalidConfig, match="structure has 3 entries"):
        replace(TINY, structure=(4, 4, 4))
