"""What a run begins from: a network of any shape, and what of the recipe's it has not yet."""

from dataclasses import replace

import pytest
import torch

from inpainting import PConvUNet, ResidualUNet, load_pretrained, save_pretrained
from inpainting.errors import InvalidConfig
from inpainting.training.initial import initial_network
from inpainting.training.recipes import RECIPES
from tests.conftest import TINY
from tests.models.networks import NARROW, follow_guides


def test_fine_tuning_starts_from_the_given_weights(tiny_checkpoint, tiny_model):
    network = initial_network(RECIPES["default"], str(tiny_checkpoint))
    assert network.config == tiny_model.config
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(weight, tiny_model.state_dict()[name], atol=1e-3, rtol=1e-3)
    fresh = initial_network(RECIPES["default"], None)
    assert not torch.equal(fresh.head.weight, network.head.weight)


def test_a_branch_for_the_error_that_is_another_begins_anew(tmp_path, caplog):
    wanted = RECIPES["error"].network
    older = ResidualUNet(replace(wanted, error_channels=0, error_scale=0.8)).eval()
    save_pretrained(older, tmp_path)
    with caplog.at_level("INFO"):
        network = initial_network(RECIPES["error"], str(tmp_path)).eval()
    assert network.config == wanted and "that branch begins anew" in caplog.text
    image, valid = torch.rand(1, 3, 32, 32), (torch.rand(1, 1, 32, 32) > 0.5).float()
    before, after = load_pretrained(tmp_path)(image, valid), network(image, valid)
    assert torch.equal(before.image, after.image) and not torch.equal(before.scale, after.scale)


def test_context_that_the_given_weights_have_not_begins_anew_and_is_kept(tmp_path, caplog):
    save_pretrained(ResidualUNet(TINY), tmp_path / "given")
    wanted = replace(RECIPES["default"], network=replace(TINY, context="dilated"))
    network = initial_network(wanted, str(tmp_path / "given"))
    assert network.config == wanted.network and "has no such context" in caplog.text
    given = load_pretrained(tmp_path / "given").state_dict()
    assert all(torch.equal(x, network.state_dict()[name]) for name, x in given.items())
    save_pretrained(network, tmp_path / "more")
    again = initial_network(RECIPES["default"], str(tmp_path / "more"))
    assert again.config.context == "dilated", "no recipe takes it away"


def test_further_residual_units_add_nothing_at_first_and_learn(tmp_path):
    given = ResidualUNet(replace(TINY, units=(1, 1))).eval()
    torch.nn.init.normal_(given.head.weight)
    save_pretrained(given, tmp_path)
    given = load_pretrained(tmp_path)
    wanted = replace(RECIPES["default"], network=replace(TINY, units=(3, 2)))
    network = initial_network(wanted, str(tmp_path)).eval()
    assert network.config.units == (3, 2)
    image, valid = torch.rand(1, 3, 32, 32), (torch.rand(1, 1, 32, 32) > 0.5).float()
    found = network(image, valid)
    assert torch.equal(found.image, given(image, valid).image)
    found.image.square().mean().backward()
    for units in (network.encoder[0].units, network.encoder[1].units, network.decoder[0].units):
        assert all(unit.second.conv.weight.grad.any() for unit in units)
    save_pretrained(network, tmp_path)
    fewer = replace(RECIPES["default"], network=replace(TINY, units=(1, 1)))
    assert initial_network(fewer, str(tmp_path)).config.units == (3, 2), "none is taken away"


def test_where_only_the_error_learns_no_unit_is_added(tmp_path):
    save_pretrained(ResidualUNet(replace(TINY, units=(1, 1))), tmp_path)
    wanted = replace(RECIPES["error"], network=replace(TINY, units=(3, 2)))
    assert initial_network(wanted, str(tmp_path)).config.units == (1, 1)


@pytest.mark.parametrize("recipe", ["error", "guide"])
def test_a_network_without_the_part_that_learns_is_refused(tmp_path, recipe):
    save_pretrained(PConvUNet(NARROW["paper, units"]), tmp_path)
    with pytest.raises(InvalidConfig, match=f"--recipe {recipe} trains one part"):
        initial_network(RECIPES[recipe], str(tmp_path))


def test_structure_is_kept_by_recipes_without(tmp_path):
    """And so are its weights and those of the guide."""
    network = ResidualUNet(replace(TINY, structure=(4, 4)))
    follow_guides(network)
    save_pretrained(network, tmp_path)
    given = load_pretrained(tmp_path).state_dict()
    for name in ("default", "guided", "feedback"):
        again = initial_network(RECIPES[name], str(tmp_path))
        assert again.config.structure == (4, 4) and again.config.guides
        assert all(torch.equal(x, again.state_dict()[key]) for key, x in given.items())
