"""A run that goes on: exactly as if it had not been stopped, or with a sentence why not."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from inpainting.training.checkpoints import load_state, save_state, state_files
from inpainting.training.recipes import RECIPES
from tests.conftest import TINY
from tests.training.runs import NETWORKS, Killed, exits_with, records, run, same

pytestmark = pytest.mark.usefixtures("no_curve")


def without_clock(output: Path) -> list[dict]:
    clock = {"minutes": 0, "images_per_second": 0}
    return [record | clock for record in records(output)]


@pytest.mark.parametrize(
    "flags", [("--recipe=default", "--gradient-accumulation-steps=2"), ("--recipe=classic",)]
)
def test_resumed_run_equals_the_uninterrupted_one(pictures, tmp_path, killed_at, flags):
    flags = [*flags, "--max-steps=7", "--checkpointing-steps=2", "--logging-steps=3"]
    run(pictures, tmp_path / "whole", *flags)
    for number in (6, 2):
        killed_at(number)
        with pytest.raises(Killed):
            run(pictures, tmp_path / "broken", *flags)
    killed_at(None)
    assert load_state(tmp_path / "broken")["progress"]["step"] == 4
    run(pictures, tmp_path / "broken", *flags)
    assert same(tmp_path / "whole", tmp_path / "broken")
    assert without_clock(tmp_path / "whole") == without_clock(tmp_path / "broken")


def test_a_stream_is_trained_on_and_resumed_exactly(tables, tmp_path, killed_at):
    flags = ["--streaming", "--max-steps=15", "--checkpointing-steps=2", "--validation-images=2"]
    flags += ["--validation-steps=10"]
    run(tables, tmp_path / "whole", *flags)
    killed_at(12)
    with pytest.raises(Killed):
        run(tables, tmp_path / "broken", *flags)
    killed_at(None)
    run(tables, tmp_path / "broken", *flags)
    assert same(tmp_path / "whole", tmp_path / "broken")
    assert records(tmp_path / "whole")[-1]["samples"] == 30


@pytest.mark.parametrize("recipe", NETWORKS)
def test_a_state_of_version_0_1_is_gone_on_from(pictures, tmp_path, recipe, caplog):
    """It had no ``architecture``, but ``residual`` and the numbers of both networks."""
    old, new = tmp_path / "old", tmp_path / "new"
    run(pictures, new, "--max-steps=2", f"--recipe={recipe}")
    shutil.copytree(new, old)
    state = load_state(old)
    config = {"fold": 2, "smooth_steps": 6, **asdict(NETWORKS[recipe])}
    assert state["config"].pop("architecture") and state["config"].items() <= config.items()
    state["config"] = config | {"residual": recipe == "default"}
    save_state(old, state, 2, keep=1)
    for folder in (new, old):
        caplog.clear()
        run(pictures, folder, "--max-steps=3", f"--recipe={recipe}")
        assert "Resuming at step 2" in caplog.messages
    assert same(old, new)


def test_finished_run_says_so_and_changes_nothing(pictures, tmp_path, caplog):
    run(pictures, tmp_path / "run", "--max-steps=2")
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    assert "finished already" not in caplog.text
    run(pictures, tmp_path / "run", "--max-steps=2")
    assert "finished already" in caplog.text
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before


def test_never_begins_anew_and_options_that_changed_are_told(pictures, tmp_path, caplog):
    output = tmp_path / "run"
    run(pictures, output, "--max-steps=4")
    run(pictures, output, "--max-steps=5", "--seed=3")
    assert "Not as before: --seed 3 (was 0)" in caplog.text
    run(pictures, output, "--max-steps=2", "--resume=never")
    assert [path.name[:13] for path in state_files(output)] == ["step-00000002"]
    assert records(output)[-1]["step"] == 2


def test_another_run_can_be_gone_on_from(pictures, tmp_path):
    run(pictures, tmp_path / "first", "--max-steps=6", "--checkpointing-steps=4")
    shutil.copytree(tmp_path / "first", tmp_path / "shorter")
    state_files(tmp_path / "shorter")[0].unlink()
    run(pictures, tmp_path / "second", "--max-steps=6", f"--resume={tmp_path / 'shorter'}")
    assert same(tmp_path / "first", tmp_path / "second")
    assert records(tmp_path / "second")[-1]["step"] == 6


def test_states_that_do_not_fit_are_refused(pictures, tmp_path, monkeypatch):
    output = tmp_path / "run"
    run(pictures, output, "--max-steps=1")
    exits_with("of recipe 'default', not 'classic'", pictures, output, "--recipe=classic")
    wider = replace(RECIPES["default"], network=replace(TINY, channels=(8, 16)))
    monkeypatch.setitem(RECIPES, "default", wider)
    exits_with("network of another shape", pictures, output)


def test_damaged_newest_state_is_passed_over(pictures, tmp_path, caplog):
    output = tmp_path / "run"
    run(pictures, output, "--max-steps=5", "--checkpointing-steps=2")
    newest = state_files(output)[0]
    newest.write_bytes(newest.read_bytes()[:1000])
    run(pictures, output, "--max-steps=7", "--checkpointing-steps=2")
    assert "is damaged" in caplog.text and "Resuming at step 4" in caplog.text
    assert records(output)[-1]["step"] == 7 and records(output)[-1]["samples"] == 14
