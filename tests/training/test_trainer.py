"""One step: it learns, accumulates, and is not taken where a number is not finite."""

import time
from copy import deepcopy
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from inpainting import ResidualUNet
from inpainting.data.dataset import Batch
from inpainting.errors import DataError, InvalidConfig
from inpainting.training.step import Stepper
from inpainting.training.trainer import IN_A_ROW
from tests.conftest import TINY
from tests.training.runs import batch, make_trainer


def test_overfits_one_batch():
    torch.manual_seed(0)
    one = make_trainer(ResidualUNet(TINY))
    same_batch = batch()
    losses = [one.step(iter([same_batch]), False)[0]["log_mse"] for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]


def test_accumulated_passes_are_one_large_batch():
    """Without batch norm, two passes of two pictures step as one of four does."""
    torch.manual_seed(0)
    halves, model = [batch(), batch(0.5)], ResidualUNet(replace(TINY, norm="none"))
    whole = Batch(*(torch.cat([h[i] for h in halves]) for i in (0, 1)), torch.tensor(1.0), ())
    ends = []
    for flags, given in [((), [whole]), (("--gradient-accumulation-steps=2",), halves)]:
        copy = ResidualUNet(model.config)
        copy.load_state_dict(model.state_dict())
        one = make_trainer(copy, flags)
        terms, _ = one.step(iter(given), False)
        ends.append((terms["loss"], copy.state_dict()))
    assert ends[0][0] == pytest.approx(ends[1][0], abs=1e-5)
    for name, weight in ends[0][1].items():
        torch.testing.assert_close(weight, ends[1][1][name], atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("spoil", ["loss", "gradient"])
def test_a_step_that_is_not_finite_is_not_taken(spoil, caplog):
    model = ResidualUNet(TINY)
    one = make_trainer(model)
    one.step(iter([batch()]), False)  # so that the optimiser and the average have a memory
    if spoil == "loss":
        with torch.no_grad():
            model.head.bias.fill_(torch.inf)
    else:
        model.head.bias.register_hook(lambda gradient: gradient * torch.nan)
    before = {name: w.clone() for name, w in model.state_dict().items()}
    averaged = {name: w.clone() for name, w in one.stepper.ema.state_dict().items()}
    moments = deepcopy(one.stepper.optimizer.state_dict()["state"])
    for k in range(1, IN_A_ROW):
        one.step(iter([batch()]), False)
        assert one.state.skipped_steps == one.state.in_a_row == k
    assert "was not taken" in caplog.text
    assert all(torch.equal(w, before[name]) for name, w in model.state_dict().items())
    after = one.stepper.optimizer.state_dict()["state"]
    assert all(torch.equal(after[k][name], moments[k][name]) for k in after for name in after[k])
    assert all(torch.equal(w, averaged[name]) for name, w in one.stepper.ema.state_dict().items())
    with pytest.raises(InvalidConfig, match="10 times in a row"):
        one.step(iter([batch()]), False)


def test_one_bad_step_does_not_end_a_run():
    model = ResidualUNet(TINY)
    one = make_trainer(model)
    bad = batch()._replace(weight=torch.tensor(torch.nan))
    for given in (batch(), bad, batch(), bad, batch()):
        one.step(iter([given]), False)
    assert one.state.skipped_steps == 2 and one.state.in_a_row == 0
    assert all(torch.isfinite(w).all() for w in model.state_dict().values())


def test_a_step_draws_from_no_global_random_numbers():
    """Why a state holds none: a sample's ticket decides all of it."""
    one = make_trainer(ResidualUNet(TINY))
    given = batch()
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    one.step(iter([given]), False)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])


def test_unreadable_files_are_counted_up_to_a_share(capsys):
    one = make_trainer(ResidualUNet(TINY), ("--max-corrupt=0.25",))  # of the 8 in an epoch
    for k in (1, 2):
        one.step(iter([batch(errors=("a.jpg is damaged",))]), False)
        assert one.state.skipped_files == k
    with pytest.raises(DataError, match="3 of 6 samples could not be read, more than"):
        one.step(iter([batch(errors=("b.jpg is damaged",))]), False)
    assert capsys.readouterr().err.count("skipped a.jpg is damaged") == 2


def test_numbers_that_are_read_a_step_later_are_the_same_ones(monkeypatch):
    """As on a GPU, whose numbers are read when the next step has been ordered."""
    states, weights = [], []
    bad = batch()._replace(weight=torch.tensor(torch.nan))
    given = [batch(), batch(errors=("a.jpg is damaged",)), bad, batch()]
    torch.manual_seed(0)
    start = ResidualUNet(TINY).state_dict()
    for late in (False, True):
        model = ResidualUNet(TINY)
        model.load_state_dict(start)
        one = make_trainer(model, ("--max-corrupt=1",))
        monkeypatch.setattr(Stepper, "lags", late)
        for k, each in enumerate(given, 1):
            terms, _ = one.step(iter([each]), False)
            assert one.state.step == k and len(one.under_way) == late
            assert bool(terms) == (k > late)
        one.settle()
        one.state.seconds = one.state.logged.totals["seconds"] = 0
        states.append(asdict(one.state))
        weights.append(model.state_dict())
    assert states[0] == states[1]
    assert states[0]["skipped_steps"] == 1 and states[0]["logged"]["count"] == 3
    assert all(torch.equal(w, weights[1][name]) for name, w in weights[0].items())


def test_time_between_steps_counts_and_other_work_does_not():
    one = make_trainer(ResidualUNet(TINY))
    one.step(iter([batch()]), False)
    time.sleep(0.3)  # as for a batch that comes late
    one.step(iter([batch()]), False)
    first = one.state.seconds
    assert first > 0.3
    one.settle()
    time.sleep(1)  # as for a validation
    one.step(iter([batch()]), False)
    assert one.state.seconds - first < 1
