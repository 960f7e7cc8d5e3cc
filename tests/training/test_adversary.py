"""Adversarial training: who learns when, what neither may change, and a run that goes on."""

from dataclasses import replace

import pytest
import torch

from inpainting import ResidualUNet, load_pretrained
from inpainting.losses.terms import inpainting_loss
from inpainting.losses.weights import LossWeights
from inpainting.masks.convert import composite, valid_from_hole
from inpainting.models.guide import Guide
from inpainting.training import trainer as trainer_module
from inpainting.training.adversary import Adversary, Critics, Phase
from inpainting.training.checkpoints import load_state
from inpainting.training.dry_run import STEPS
from inpainting.training.objective import read
from inpainting.training.recipes import RECIPES, phase_at
from inpainting.training.trainer import Trainer
from tests.conftest import TINY
from tests.training.runs import Killed, batch, exits_with, make_trainer, records, run, same

pytestmark = pytest.mark.usefixtures("no_curve")

LOSS = LossWeights(log_mse=1, adversarial=0.1, matching=1)
FLAGS = ["--loss", "log_mse=1", "adversarial=0.1", "matching=1"]


def contest(*forms: str) -> Trainer:
    """A run without data that has critics."""
    torch.manual_seed(0)
    one = make_trainer(ResidualUNet(replace(TINY, norm="none")))
    one.recipe = one.stepper.recipe = replace(one.recipe, loss=LOSS, alone=(0.0, 0.0))
    one.stepper.adversary = Adversary.made(forms or ("patch",), one.accelerator)
    return one


def weights(module) -> dict[str, torch.Tensor]:
    return {name: x.clone() for name, x in module.state_dict().items()}


def unchanged(module, before: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(x, before[name]) for name, x in module.state_dict().items())


def test_phases_follow_the_budget():
    recipe = replace(RECIPES["default"], loss=LOSS, alone=(0.2, 0.25))
    phases = [phase_at(recipe, done) for done in (0, 0.19, 0.2, 0.24, 0.25, 1)]
    assert [phase.value for phase in phases] == ["network"] * 2 + ["critics"] * 2 + ["both"] * 2
    assert phase_at(RECIPES["default"], 0.9) == Phase.NETWORK


@pytest.mark.parametrize("phase", list(Phase))
def test_each_learns_in_its_phases(phase):
    one = contest("patch", "global", "local")
    network, critics = one.stepper.network, one.stepper.adversary.critics
    before = weights(network), weights(critics), weights(one.stepper.ema)
    terms = one.stepper.step(iter([batch()]), 1e-3, phase=phase).result().terms
    assert unchanged(network, before[0]) == (phase == Phase.CRITICS)
    assert unchanged(one.stepper.ema, before[2]) == (phase == Phase.CRITICS)
    assert unchanged(critics, before[1]) == (phase == Phase.NETWORK)
    assert ("pull" in terms) == (phase == Phase.BOTH)
    assert ("critics" in terms) == (phase != Phase.NETWORK)


def test_one_way_back_gives_the_gradients_of_the_sum():
    """By autograd of the weighted sum of all terms, through the network at once."""
    one = contest()
    network, adversary, given = one.stepper.network, one.stepper.adversary, batch()
    terms = one.stepper._contested(adversary, given, Phase.BOTH, looks=1)
    found = {name: p.grad.clone() for name, p in network.named_parameters()}
    one.stepper.optimizer.zero_grad()
    critics = adversary.critics
    critics.zero_grad()
    target, valid = given.image.float() / 255, valid_from_hole(given.hole)
    image, scale, *_ = network(target, valid)
    own = inpainting_loss(image, target, valid, LOSS, scale)["loss"]
    told = Critics.say(critics.eval(), target, composite(target, image, valid), valid)
    total = own + 0.1 * told["adversarial"] + told["matching"]
    total.backward()
    # The critics have looked once since, in training: the vectors of their norm have moved.
    assert total.item() == pytest.approx(terms["loss"].item(), rel=1e-2)
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad, rtol=0.05, atol=2e-3)


def test_guided_critics_take_no_guide_for_one_that_gives_nothing():
    torch.manual_seed(0)
    critics, given = Critics(("patch", "local"), guided=True).eval(), batch()
    target, valid = given.image.float() / 255, valid_from_hole(given.hole)
    nothing = Guide(torch.rand_like(target), torch.zeros_like(valid))
    losses = [critics(target, target.flip(0), valid, guide) for guide in (None, nothing)]
    assert torch.equal(*losses)


def test_known_pixels_of_a_composite_teach_nothing():
    one = contest()
    given = batch()
    target, valid = given.image.float() / 255, valid_from_hole(given.hole)
    output = torch.rand_like(target).requires_grad_()
    told = one.stepper.adversary.say(target, composite(target, output, valid), valid)
    (told["adversarial"] + told["matching"]).backward()
    assert (output.grad[(valid > 0).expand_as(target)] == 0).all()
    assert (output.grad[(valid == 0).expand_as(target)] != 0).any()


def test_critics_learn_to_find_a_bad_fill():
    one = contest()
    adversary, given = one.stepper.adversary, batch()
    target, valid = given.image.float() / 255, valid_from_hole(given.hole)
    filled = composite(target, torch.full_like(target, 0.5), valid)
    losses = []
    for _ in range(40):
        loss = adversary.gradients(target, filled, valid, torch.tensor(1.0))
        adversary.step(2e-3, loss)
        losses.append(loss.item())
    assert losses[0] == pytest.approx(1.39, abs=0.15) and losses[-1] < losses[0] - 0.2


def test_critics_whose_loss_is_not_finite_stay_and_so_does_the_network():
    one = contest()
    network, critics = one.stepper.network, one.stepper.adversary.critics
    one.step(iter([batch()]), False)
    with torch.no_grad():
        critics.critics[0].score.bias.fill_(torch.nan)
    before = weights(network), weights(critics)
    one.step(iter([batch()]), False)
    assert one.state.skipped_steps == 1 and unchanged(network, before[0])
    after = critics.state_dict()
    for name, x in before[1].items():
        if not name.endswith(("_u", "_v")):  # of the power iteration, which has looked at weights
            assert torch.equal(x.nan_to_num(), after[name].nan_to_num())


def test_critics_that_have_won_are_reported_once(caplog, monkeypatch):
    monkeypatch.setattr(trainer_module, "WON_FOR", 3)
    monkeypatch.setattr(trainer_module, "WON", 10.0)
    one = contest()
    for _ in range(5):
        one.step(iter([batch()]), False)
    assert caplog.text.count("they find every fill") == 1 and one.state.won == 5
    monkeypatch.setattr(trainer_module, "WON", 0.0)
    one.step(iter([batch()]), False)
    assert one.state.won == 0


def test_a_killed_run_with_an_adversary_ends_bit_for_bit_as_if_it_had_not_been(
    pictures, tmp_path, monkeypatch, killed_at
):
    """In each of its phases; critics, their optimiser and their norms' vectors are equal too."""
    monkeypatch.setitem(
        RECIPES, "default",
        replace(RECIPES["default"], alone=(0.25, 0.5), critics=("patch", "local")),
    )  # fmt: skip
    flags = [*FLAGS, "--max-steps=8", "--checkpointing-steps=1", "--logging-steps=1"]
    run(pictures, tmp_path / "whole", *flags)
    for number in (2, 2, 3):  # from step 0, 1 and 2 on
        killed_at(number)
        with pytest.raises(Killed):
            run(pictures, tmp_path / "broken", *flags)
    killed_at(None)
    run(pictures, tmp_path / "broken", *flags)
    assert same(tmp_path / "whole", tmp_path / "broken")
    one, other = (load_state(tmp_path / name)["adversary"] for name in ("whole", "broken"))
    assert all(torch.equal(x, other["critics"][name]) for name, x in one["critics"].items())
    for key, moments in one["optimizer"]["state"].items():
        assert all(torch.equal(x, other["optimizer"]["state"][key][n]) for n, x in moments.items())
    curve = [r for r in records(tmp_path / "whole") if "loss" in r]
    assert ["pull" in r for r in curve] == [False] * 4 + [True] * 4
    assert ["critics" in r for r in curve] == [False] * 2 + [True] * 6


def test_with_the_weight_0_it_is_the_plain_run_bit_for_bit(pictures, tmp_path):
    run(pictures, tmp_path / "plain", "--max-steps=3", "--loss", "log_mse=1")
    zero = ["log_mse=1", "adversarial=0", "matching=0"]
    run(pictures, tmp_path / "zero", "--max-steps=3", "--loss", *zero)
    assert same(tmp_path / "plain", tmp_path / "zero")
    assert load_state(tmp_path / "zero")["adversary"] is None


def test_a_run_without_critics_can_go_on_with_them(pictures, tmp_path):
    run(pictures, tmp_path / "run", "--max-steps=2", "--checkpointing-steps=1")
    run(pictures, tmp_path / "run", "--max-steps=4", "--logging-steps=1", *FLAGS)
    assert "critics" in [r for r in records(tmp_path / "run") if "loss" in r][-1]


def test_a_dry_run_measures_steps_with_critics(pictures, tmp_path, monkeypatch, capsys):
    learned = []
    gradients = Adversary.gradients
    monkeypatch.setattr(
        Adversary, "gradients", lambda *given: learned.append(1) or gradients(*given)
    )
    run(pictures, tmp_path / "run", "--dry-run", "--max-steps=9", *FLAGS)
    assert len(learned) == STEPS and "s per step" in capsys.readouterr().out


def test_a_window_that_is_too_small_for_critics_is_told(pictures, tmp_path):
    exits_with("--crop is 16: critics need 32", pictures, tmp_path / "run", "--crop=16", *FLAGS)


def test_the_recipe_guided_learns_from_hints_and_shows_them_to_its_critics(
    pictures, tmp_path, monkeypatch, tiny_checkpoint, caplog
):
    recipe = RECIPES["guided"]
    network = replace(TINY, norm="none", guides=True)
    monkeypatch.setitem(RECIPES, "guided", replace(recipe, network=network, alone=(0.0, 0.0)))
    flags = ["--recipe=guided", "--max-steps=3", "--logging-steps=1"]
    run(pictures, tmp_path / "run", *flags)
    trained = load_pretrained(tmp_path / "run")
    assert trained.config.guides and trained.guide.heads[0].weight.any()
    critics = load_state(tmp_path / "run")["adversary"]["critics"]
    first = [x for name, x in critics.items() if "layers.0" in name and x.ndim == 4]
    assert [x.shape[1] for x in first] == [8, 8]
    assert "pull" in [r for r in records(tmp_path / "run") if "loss" in r][-1]
    run(pictures, tmp_path / "on", *flags, "--init-from", str(tiny_checkpoint))
    assert "was trained without guides" in caplog.text
    assert load_pretrained(tmp_path / "on").config.guides


@pytest.mark.parametrize("alone", [(0.0, 0.0), (1.0, 1.0)])
def test_the_recipe_structure_learns_structure_and_shows_its_lines_to_the_critic(
    pictures, tmp_path, monkeypatch, tiny_checkpoint, caplog, alone
):
    """With critics and, as in its first phase, without."""
    network = replace(TINY, norm="none", structure=(4, 4))
    recipe = replace(RECIPES["structure"], network=network, alone=alone)
    monkeypatch.setitem(RECIPES, "structure", recipe)
    flags = ["--recipe=structure", "--max-steps=3", "--logging-steps=1"]
    run(pictures, tmp_path / "run", *flags, "--init-from", str(tiny_checkpoint))
    assert "predicts no structure of this kind" in caplog.text
    trained = load_pretrained(tmp_path / "run")
    assert trained.structure.head.weight.any() and trained.guide.heads[0].weight.any()
    [*_, last] = [r for r in records(tmp_path / "run") if "loss" in r]
    assert last["smooth"] > 0 and last["line"] > 0 and ("pull" in last) == (alone == (0.0, 0.0))
    run(pictures, tmp_path / "plain", "--max-steps=1", "--init-from", str(tmp_path / "run"))
    assert load_pretrained(tmp_path / "plain").predicts_lines, "no recipe takes it away"


def test_of_original_and_fill_the_critic_sees_the_true_lines_where_they_are_predicted():
    given = batch()
    lines = (torch.rand(len(given.image), 1, *given.image.shape[-2:]) > 0.5) * 255
    told = torch.zeros_like(lines)
    nothing = torch.zeros(len(lines), 4, *lines.shape[-2:])
    found = read(given._replace(guide=torch.cat([nothing, lines, told], 1).byte()))
    plain, predicting = (
        ResidualUNet(replace(TINY, structure=channels)) for channels in ((), (4, 4))
    )
    assert found.shown(plain).line.max() == -1
    assert torch.equal(found.shown(predicting).line, (lines > 0).float())
