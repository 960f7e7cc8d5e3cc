"""Colours given for missing pixels: what they change in a network's input, and what they do not."""

from dataclasses import replace

import pytest
import torch

from inpainting import InpaintingPipeline, PConvUNet, ResidualUNet
from inpainting.models.biharmonic import smooth_fill
from inpainting.models.guide import Guide
from tests.conftest import TINY
from tests.models.networks import batch, follow_guides


def guide_at(*places, colour=(0.9, 0.1, 0.4), size=16) -> Guide:
    """One colour at (row, column)s of a picture."""
    given = torch.zeros(2, 1, size, size)
    for row, column in places:
        given[..., row, column] = 1
    return Guide(torch.tensor(colour)[None, :, None, None].expand(2, 3, size, size), given)


@pytest.fixture
def image() -> torch.Tensor:
    return torch.rand(2, 3, 16, 16)


@pytest.fixture
def valid() -> torch.Tensor:
    """Known but for a square of 8×8."""
    valid = torch.ones(2, 1, 16, 16)
    valid[..., 4:12, 4:12] = 0
    return valid


@pytest.mark.parametrize("network", [ResidualUNet(TINY).eval(), PConvUNet().eval()])
def test_a_guide_that_gives_nothing_changes_nothing(network):
    image, valid = batch(network.config.multiple)
    nothing = Guide(torch.full_like(image, torch.nan), torch.zeros_like(valid))
    everywhere_known = Guide(torch.full_like(image, 0.5), valid)
    with torch.no_grad():
        without = network(image, valid)
        for guide in (None, nothing, everywhere_known):
            assert torch.equal(network(image, valid, guide).image, without.image)


def test_given_colours_are_known_to_the_start_alone(tiny_model, image, valid, monkeypatch):
    starts, corrected = [], []
    monkeypatch.setattr(
        "inpainting.models.residual_unet.smooth_fill",
        lambda *given: starts.append(smooth_fill(*given)) or starts[-1],
    )
    monkeypatch.setattr(tiny_model, "correct", lambda *given, guide: corrected.append(given))
    guide = guide_at((7, 7), (10, 5), (0, 0))
    tiny_model(image, valid, guide)
    [(seen, known, start)] = corrected
    assert torch.equal(known, valid) and torch.equal(seen, image * valid)
    for row, column in ((7, 7), (10, 5)):
        torch.testing.assert_close(start[..., row, column], guide.colour[..., row, column])
    assert torch.equal(start[..., 0, 0], image[..., 0, 0])  # known: the picture's own colour


def test_the_colour_of_a_plain_picture_is_no_news(valid):
    grey = torch.full((2, 3, 16, 16), 0.4)
    plain = smooth_fill(grey * valid, valid, 6)
    guided = smooth_fill(*guide_at((7, 7), colour=(0.4, 0.4, 0.4)).as_known(grey * valid, valid), 6)
    torch.testing.assert_close(guided, plain, atol=1e-5, rtol=0)


def test_true_colours_bring_the_start_nearer(valid):
    torch.manual_seed(0)
    coarse = torch.nn.functional.interpolate(torch.rand(2, 3, 4, 4), size=16, mode="bicubic")
    image = coarse.clamp(0, 1)
    missing = 1 - valid
    errors = []
    for places in ((), ((7, 7),), ((5, 5), (5, 9), (9, 5), (9, 9), (7, 7))):
        given = guide_at(*places).given
        start = smooth_fill(*Guide(image, given).as_known(image * valid, valid), 6)
        errors.append(((start - image) ** 2 * missing).sum().item())
    assert errors[0] > errors[1] > errors[2]


def test_a_network_without_a_start_takes_given_colours_for_known():
    network = PConvUNet().eval()
    size = network.config.multiple
    image = torch.rand(2, 3, size, size)
    valid = torch.ones(2, 1, size, size)
    valid[..., 4:12, 4:12] = 0
    guide = guide_at((7, 7), size=size)
    with torch.no_grad():
        guided, known = network(image, valid, guide), network(*guide.as_known(image, valid))
    assert torch.equal(guided.image, known.image)


def test_the_bundled_network_follows_and_fills_over():
    """Redder where red is given, and no flat stroke is left."""
    pipe = InpaintingPipeline.from_pretrained(device="cpu", dtype=torch.float32)
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 0.3 + 0.3
    valid = torch.ones(1, 1, 64, 64)
    valid[..., 12:52, 12:52] = 0
    given = torch.zeros_like(valid)
    given[..., 28:36, 20:44] = 1
    red = torch.tensor([0.9, 0.1, 0.1])[None, :, None, None].expand(1, 3, 64, 64)
    plain = pipe.predictor(image, valid).image
    guided = pipe.predictor(image, valid, Guide(red, given)).image
    stroke = given[0, 0] > 0
    redder = (guided - plain)[0, 0] - (guided - plain)[0, 2]
    assert redder[stroke].mean() > 0.3 and redder[20:24, 28:36].mean() > 0.1
    assert guided[0, 0][stroke].std() > 0


@torch.no_grad()
def test_untrained_features_of_a_guide_add_nothing(tiny_model, image, valid):
    more = ResidualUNet(replace(TINY, guides=True)).eval()
    missing, unexpected = more.load_state_dict(tiny_model.state_dict(), strict=False)
    assert set(missing) == {f"guide.{name}" for name in more.guide.state_dict()}
    assert not unexpected
    for guide in (None, guide_at((7, 7))):
        assert torch.equal(more(image, valid, guide).image, tiny_model(image, valid, guide).image)


@torch.no_grad()
def test_features_of_a_guide_see_what_is_given_inside_the_hole_alone(tiny_model, image, valid):
    more = ResidualUNet(replace(TINY, guides=True)).eval()
    more.load_state_dict(tiny_model.state_dict(), strict=False)
    follow_guides(more)
    plain = more(image, valid).image
    assert torch.equal(plain, tiny_model(image, valid).image)
    assert torch.equal(more(image, valid, guide_at((0, 0))).image, plain)  # known
    guide = guide_at((7, 7))
    found = more(image, valid, guide).image
    assert not torch.equal(found, tiny_model(image, valid, guide).image)
    unseen = guide._replace(colour=torch.where(guide.given > 0, guide.colour, torch.nan))
    assert torch.equal(more(image, valid, unseen).image, found)
