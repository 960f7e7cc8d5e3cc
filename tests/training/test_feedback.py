"""Training in passes: how many a step takes, what it weighs, and a run that goes on."""

from dataclasses import replace

import pytest
import torch

from inpainting import ResidualUNet, load_pretrained
from inpainting.losses.terms import FLOOR, hole_l1, inpainting_loss, log_mse
from inpainting.losses.weights import LossWeights
from inpainting.training import objective
from inpainting.training.recipes import RECIPES, looks_at
from tests.conftest import TINY
from tests.training.runs import Killed, batch, make_trainer, records, run, same

pytestmark = pytest.mark.usefixtures("no_curve")


@pytest.fixture
def looking(monkeypatch) -> None:
    """The recipes of several passes on tiny networks."""
    for name in ("feedback", "rings"):
        recipe = RECIPES[name]
        network = replace(
            TINY, norm="none", passes=recipe.network.passes, schedule=recipe.network.schedule
        )
        monkeypatch.setitem(RECIPES, name, replace(recipe, network=network))


def test_a_step_looks_as_often_as_seed_and_number_say():
    looks = [looks_at(3, 0, step) for step in range(300)]
    assert looks == [looks_at(3, 0, step) for step in range(300)]
    assert looks != [looks_at(3, 1, step) for step in range(300)]
    counts = [looks.count(number) for number in (1, 2, 3)]
    assert sum(counts) == 300 and min(counts) > 70
    assert {looks_at(1, 0, step) for step in range(50)} == {1}


def test_what_is_in_doubt_weighs_more_in_the_terms_of_the_hole():
    valid = torch.ones(1, 1, 8, 8)
    valid[..., :2] = 0
    target, output = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    output[..., 0], output[..., 1] = 0.5, 0.1
    focus = torch.ones_like(valid)
    focus[..., 0] = 3
    weights = LossWeights(log_mse=1, hole=1, hole_mse=1)
    terms = inpainting_loss(output, target, valid, weights, focus=focus)
    assert terms["hole"].item() == pytest.approx((3 * 0.5 + 0.1) / 4)
    assert terms["hole_mse"].item() == pytest.approx((3 * 0.25 + 0.01) / 4)
    expected = torch.log1p(torch.tensor((3 * 0.25 + 0.01) / 4) / FLOOR)
    assert terms["log_mse"].item() == pytest.approx(expected.item())
    plain = inpainting_loss(output, target, valid, weights, focus=torch.ones_like(focus))
    assert plain["hole"].item() == pytest.approx(hole_l1(output, target, valid).item())
    assert plain["log_mse"].item() == pytest.approx(log_mse(output, target, valid).item())


def test_only_the_last_pass_learns(monkeypatch):
    torch.manual_seed(0)
    network = ResidualUNet(replace(TINY, norm="none", passes=3))
    one = make_trainer(network)
    kept = []
    forward = network.forward
    monkeypatch.setattr(network, "forward", lambda *given: kept.append(forward(*given)) or kept[-1])
    one.stepper.step(iter([batch()]), 1e-3, looks=3)
    assert [found.image.requires_grad for found in kept] == [False, False, True]


@pytest.mark.parametrize("recipe", ["feedback", "rings"])
def test_a_killed_run_goes_on_exactly(pictures, tmp_path, killed_at, looking, recipe):
    flags = [f"--recipe={recipe}", "--max-steps=6", "--checkpointing-steps=1"]
    run(pictures, tmp_path / "whole", *flags)
    killed_at(4)
    with pytest.raises(Killed):
        run(pictures, tmp_path / "broken", *flags)
    killed_at(None)
    run(pictures, tmp_path / "broken", *flags)
    assert same(tmp_path / "whole", tmp_path / "broken")
    config = load_pretrained(tmp_path / "whole").config
    assert (config.passes, config.schedule) == (3, {"feedback": "doubt"}.get(recipe, "ring"))


def test_weights_of_one_pass_become_those_of_three(pictures, tmp_path, looking):
    """And the other way round: the recipe says in how many passes a network fills."""
    run(pictures, tmp_path / "once", "--max-steps=1")
    given = ["--init-from", str(tmp_path / "once"), "--max-steps=1"]
    run(pictures, tmp_path / "thrice", "--recipe=feedback", *given)
    assert load_pretrained(tmp_path / "thrice").config.passes == 3
    back = ["--init-from", str(tmp_path / "thrice"), "--max-steps=1"]
    run(pictures, tmp_path / "back", *back)
    assert load_pretrained(tmp_path / "back").config.passes == 1


def test_a_recurrence_is_supervised_pass_by_pass(pictures, tmp_path, monkeypatch, tiny_checkpoint):
    recipe = RECIPES["progressive"]
    network = replace(TINY, norm="none", recurrent=True)
    monkeypatch.setitem(RECIPES, "progressive", replace(recipe, network=network))
    flags = ["--recipe=progressive", "--max-steps=3", "--logging-steps=1"]
    run(pictures, tmp_path / "run", *flags, f"--init-from={tiny_checkpoint}")
    assert load_pretrained(tmp_path / "run").recurrence.out.weight.any()
    lines = [r for r in records(tmp_path / "run") if "loss" in r]
    assert all(line["stages"] > 0 for line in lines)


def test_a_network_of_detail_learns_from_every_start(pictures, tmp_path, monkeypatch):
    """Smooth fill, own coarser fill and true half size, drawn by step."""
    starts = []
    coarser = objective._coarser
    monkeypatch.setattr(
        objective, "_coarser",
        lambda model, given, start: starts.append(start) or coarser(model, given, start),
    )  # fmt: skip
    recipe = RECIPES["detail"]
    network = replace(TINY, norm="none", finish=4, octaves=True)
    changed = replace(recipe, network=network, crop=32, alone=(0.3, 0.4))
    monkeypatch.setitem(RECIPES, "detail", changed)
    run(pictures, tmp_path / "run", "--recipe=detail", "--max-steps=12", "--logging-steps=1")
    assert set(starts) == {1, 2, 3} and len(starts) == 12
    trained = load_pretrained(tmp_path / "run")
    assert trained.continues and trained.finish.out.weight.any()
    assert "pull" in [r for r in records(tmp_path / "run") if "loss" in r][-1]
