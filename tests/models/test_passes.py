"""Filling in passes: what is doubtful in the next one, and that one pass is what it always was."""

from dataclasses import replace

import pytest
import torch

from inpainting import PConvUNet, ResidualUNet
from inpainting.errors import InvalidConfig
from inpainting.masks.convert import composite
from inpainting.models.base import Before, Prediction
from inpainting.models.passes import RING, SCHEDULES, after, by_error, by_ring, in_passes
from tests.conftest import TINY
from tests.models.networks import batch


def looking(passes: int, schedule: str = "doubt") -> ResidualUNet:
    """A network with random weights, trained for so many passes as far as it knows."""
    torch.manual_seed(0)
    network = ResidualUNet(replace(TINY, norm="none", passes=passes, schedule=schedule)).eval()
    for layer in (network.head, network.doubt.out):
        torch.nn.init.normal_(layer.weight, std=0.1)
    return network


def prediction(scale: float, contrast: float, valid: torch.Tensor) -> Prediction:
    image = torch.rand(len(valid), 3, *valid.shape[-2:])
    full = torch.ones_like(valid)
    return Prediction(image, scale * full, contrast * full)


@torch.no_grad()
def test_one_pass_is_the_network_bit_for_bit():
    image, valid = batch()
    once, thrice = looking(1), looking(3)
    thrice.load_state_dict(once.state_dict())
    plain = once(image, valid)
    for network, passes in ((once, None), (once, 1), (thrice, 1)):
        (found,) = in_passes(network, image, valid, passes=passes)
        assert torch.equal(found.image, plain.image) and torch.equal(found.scale, plain.scale)
    all_of_them = in_passes(thrice, image, valid)
    assert len(all_of_them) == 3 and torch.equal(all_of_them[0].image, plain.image)
    assert not torch.equal(all_of_them[1].image, plain.image)


@torch.no_grad()
def test_a_first_pass_doubts_all_that_is_missing():
    """The learned part, given the smooth fill and full doubt, is the first pass."""
    network, (image, valid) = looking(1), batch()
    image = image * valid
    start = network._start(image, valid)
    first, again = network.predict(image, valid), network.correct(image, valid, start, 1 - valid)
    assert torch.equal(first.image, again.image)


@torch.no_grad()
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_pass_sees_the_last_composite_and_its_doubt(schedule, monkeypatch):
    network, (image, valid) = looking(3, schedule), batch()
    seen = []
    correct = network.correct
    monkeypatch.setattr(
        network, "correct", lambda *given: seen.append(given[2:]) or correct(*given)
    )
    found = in_passes(network, image, valid)
    for number in (1, 2):
        fill = composite(image, found[number - 1].image.clamp(0, 1), valid)
        doubt = SCHEDULES[schedule](found[number - 1], fill, valid, number)
        assert torch.equal(seen[number][0], fill) and torch.equal(seen[number][1], doubt)


def test_doubt_grows_with_the_error_and_not_with_the_contrast():
    _, valid = batch()
    levels = []
    for error in (1e-6, 0.01, 0.05, 1.0, 1e6):
        doubt = by_error(prediction(error, 0.05, valid), valid, valid, 1)
        assert (doubt[valid > 0] == 0).all() and doubt.max() <= 1 and doubt.min() >= 0
        levels.append(doubt.max().item())
    assert levels == sorted(levels) and levels[2] == pytest.approx(0.5)
    half = by_error(prediction(0.025, 0.025, valid), valid, valid, 1)
    torch.testing.assert_close(half.max().item(), 0.5)


def test_rings_are_counted_by_hand():
    valid = torch.zeros(1, 1, 8, 40)
    valid[..., 0, 0] = 1
    for number in (1, 2):
        doubt = by_ring(prediction(1, 1, valid), valid, valid, number)[0, 0]
        rows, columns = torch.meshgrid(torch.arange(8), torch.arange(40), indexing="ij")
        near = torch.maximum(rows, columns) <= number * RING
        assert torch.equal(doubt, 1 - near.float())


def test_what_passes_leave_carries_no_gradient():
    network, (image, valid) = looking(2), batch()
    before = after(network(image, valid), image, valid, by_error, 1)
    assert not before.fill.requires_grad and not before.doubt.requires_grad


@pytest.mark.parametrize("passes", [0, 3, 100, -1, 1.5, True])
def test_other_numbers_of_passes_are_refused(passes):
    image, valid = batch()
    with pytest.raises(InvalidConfig, match=r"passes is .*: this network was trained for 1 to 2\."):
        in_passes(looking(2), image, valid, passes=passes)
    with pytest.raises(InvalidConfig, match=r"was trained for 1 pass\."):
        in_passes(looking(1), image, valid, passes=2)


def test_a_network_of_one_pass_has_no_second_one():
    network = PConvUNet().eval()
    image, valid = batch(network.config.multiple)
    with pytest.raises(InvalidConfig, match="fills in one pass"):
        network(image, valid, None, Before(image, 1 - valid))
    assert network.passes == 1


@pytest.mark.parametrize("change", [{"passes": 0}, {"passes": 5}, {"schedule": "spiral"}])
def test_absurd_shapes_are_refused(change):
    with pytest.raises(InvalidConfig):
        replace(TINY, **change)
