"""Whole runs in this process: what they are made of, refuse and say."""

import weakref

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from PIL import Image

from inpainting import load_pretrained
from inpainting.data.sources import DataSet, load_split
from inpainting.training.checkpoints import save_state
from inpainting.training.config import TrainConfig
from inpainting.training.loop import make_accelerator, precision
from inpainting.training.step import Stepper
from inpainting.training.validation import bare_fill, set_aside
from tests.training.runs import exits_with, records, run


def test_the_recipe_error_learns_what_is_expected_and_nothing_else(
    pictures, tmp_path, tiny_checkpoint
):
    flags = [f"--init-from={tiny_checkpoint}", "--recipe=error", "--validation-images=4"]
    run(pictures, tmp_path / "run", *flags, "--max-steps=30", "--lr=0.01", "--logging-steps=5")
    before = load_pretrained(tiny_checkpoint).state_dict()
    after = load_pretrained(tmp_path / "run").state_dict()
    for name, weight in after.items():
        assert torch.equal(weight, before[name]) != name.startswith("doubt."), name
    losses = [row["uncertainty"] for row in records(tmp_path / "run") if "uncertainty" in row]
    assert losses[-1] < losses[0]


def test_the_recipe_guide_learns_to_follow_and_fills_as_before_without(
    pictures, tmp_path, tiny_checkpoint
):
    flags = [f"--init-from={tiny_checkpoint}", "--recipe=guide", "--validation-images=4"]
    run(pictures, tmp_path / "run", *flags, "--max-steps=4", "--lr=0.01")
    old, new = load_pretrained(tiny_checkpoint), load_pretrained(tmp_path / "run")
    before, after = old.state_dict(), new.state_dict()
    for name, weight in after.items():
        assert name.startswith("guide.") or torch.equal(weight, before[name]), name
    assert all(head.weight.any() for head in new.guide.heads)
    image, valid = torch.rand(1, 3, 16, 16), (torch.rand(1, 1, 16, 16) > 0.5).float()
    assert torch.equal(new(image, valid).image, old(image, valid).image)
    # A recipe without guides trains the rest.
    again = ["--init-from", str(tmp_path / "run"), "--max-steps=2", "--validation-images=4"]
    run(pictures, tmp_path / "on", *again)
    on = load_pretrained(tmp_path / "on").state_dict()
    for name, weight in after.items():
        if name.startswith("guide."):
            assert torch.equal(on[name], weight)
    assert not torch.equal(on["head.weight"], after["head.weight"])


@pytest.mark.parametrize("recipe", ["error", "guide"])
def test_a_part_alone_is_learned_for_given_weights_only(pictures, tmp_path, recipe):
    exits_with("give it by --init-from", pictures, tmp_path / "run", f"--recipe={recipe}")


def test_a_network_is_saved_with_the_scale_that_its_error_has(pictures, tmp_path, tiny_checkpoint):
    """Measured on the pictures set aside, what was saved expects what it makes."""
    run(pictures, tmp_path / "run", f"--init-from={tiny_checkpoint}", "--max-steps=1")
    images = load_split(DataSet(str(pictures), cache_dir=tmp_path), None)
    _, validation = set_aside(images, 48, 0, 64)
    saved = load_pretrained(tmp_path / "run")
    assert saved.config.error_scale != 1
    times = validation.scores(bare_fill(saved, torch.device("cpu")))["expected_error"]
    assert times == pytest.approx(1, abs=0.02)


def test_mistakes_end_in_one_sentence(pictures, tmp_path):
    output = tmp_path / "run"
    exits_with("needs a multiple of 4", pictures, output, "--crop=30")
    exits_with("at most --size 64", pictures, output, "--crop=68")
    exits_with("no folder", tmp_path / "missing", output)
    exits_with("resume from", pictures, output, f"--resume={tmp_path}")
    exits_with("is no folder", pictures, output, f"--mask-dir={tmp_path / 'absent'}")
    exits_with("holds no PNG", pictures, output, f"--mask-dir={pictures}")
    (pictures / "masks").mkdir()
    exits_with("would be trained on", pictures, output, f"--mask-dir={pictures / 'masks'}")
    exits_with("needs the package", pictures, output, "--report-to=trackio")
    (tmp_path / "file").touch()
    exits_with("cannot be written to", pictures, tmp_path / "file" / "run")


def test_nothing_that_was_given_is_written_over(pictures, tmp_path, tiny_checkpoint):
    before = {path: path.read_bytes() for path in tiny_checkpoint.iterdir()}
    exits_with("would be written over", pictures, tiny_checkpoint, f"--init-from={tiny_checkpoint}")
    exits_with("was written by no run in this folder", pictures, tiny_checkpoint)
    assert {path: path.read_bytes() for path in tiny_checkpoint.iterdir()} == before
    exits_with("would be taken for data", pictures, pictures / "run")
    exits_with("would be taken for data", pictures, pictures)


def test_two_processes_that_would_be_one_are_told(pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")  # as accelerate launch --cpu leaves it
    monkeypatch.setenv("MASTER_PORT", "29500")
    run(pictures, tmp_path / "run", "--max-steps=1")
    assert "add --multi_gpu" in capsys.readouterr().err


def test_the_model_goes_before_the_process_group(pictures, tmp_path, monkeypatch):
    """Or the model would hold the group last, and the end of the process may wait for ever."""
    models: list[weakref.ref] = []

    def note(stepper, *args):
        made(stepper, *args)
        models.append(weakref.ref(stepper.model))

    def end(accelerator):
        alive.append([model() for model in models])
        ended(accelerator)

    alive: list[list] = []
    made, ended = Stepper.__init__, Accelerator.end_training
    monkeypatch.setattr(Stepper, "__init__", note)
    monkeypatch.setattr(Accelerator, "end_training", end)
    run(pictures, tmp_path / "run", "--max-steps=1")
    assert alive == [[None]]


def test_full_disk_is_told_and_training_goes_on(pictures, tmp_path, monkeypatch, caplog):
    writes = []

    def full_sometimes(folder, state, step, keep):
        writes.append(step)
        if step in (2, 4):
            raise OSError(28, "No space left on device")
        return save_state(folder, state, step, keep)

    monkeypatch.setattr("inpainting.training.resume.save_state", full_sometimes)
    run(pictures, tmp_path / "run", "--max-steps=5", "--checkpointing-steps=1")
    assert caplog.text.count("The state could not be written") == 2
    assert writes == [1, 2, 3, 4, 5]
    monkeypatch.setattr(
        "inpainting.training.resume.save_state", lambda *args: full_sometimes(*args[:2], 2, 3)
    )
    exits_with("No space left", pictures, tmp_path / "other", "--max-steps=2")


def test_losses_and_masks_of_the_users_choice(pictures, tmp_path, rng):
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(np.kron(rng.random((4, 4)) < 0.3, np.ones((8, 8))) > 0).save(masks / "a.png")
    run(
        pictures, tmp_path / "run", "--max-steps=2", "--logging-steps=1", "--loss", "hole=6",
        "valid=1", "tv=0.1", f"--mask-dir={masks}", "--mask-share=1",
    )  # fmt: skip
    first = records(tmp_path / "run")[0]
    assert {"hole", "valid", "tv", "uncertainty"} <= first.keys() and "log_mse" not in first


def test_tensorboard_gets_the_curve(pictures, tmp_path):
    pytest.importorskip("tensorboard")
    flags = ["--max-steps=4", "--logging-steps=2", "--report-to=tensorboard"]
    run(pictures, tmp_path / "run", *flags)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (event,) = (tmp_path / "run").rglob("events.out.tfevents.*.0")
    board = EventAccumulator(str(event.parent)).Reload()
    logged = {record["step"]: record["loss"] for record in records(tmp_path / "run")[:-1]}
    assert {e.step: e.value for e in board.Scalars("loss")} == pytest.approx(logged)


def test_dry_run_prints_the_plan_and_writes_nothing(pictures, tmp_path, capsys):
    run(pictures, tmp_path / "run", "--epochs=3", "--dry-run")
    shown = capsys.readouterr().out
    assert "steps  17, 0 of them done" in shown and "34 = 3.1 epochs of 11" in shown
    assert "MB per process" in shown and "minutes left" in shown
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("budget", ["--epochs=2", "--max-steps=12", "--max-minutes=0.02"])
def test_every_kind_of_budget_ends_with_a_full_cosine(pictures, tmp_path, budget):
    flags = [budget, "--logging-steps=1", "--validation-steps=9999"]
    run(pictures, tmp_path / "run", *flags, "--lr=1", "--lr-warmup-steps=1")
    rates = [record["lr"] for record in records(tmp_path / "run") if "lr" in record]
    assert rates[0] > 0.5 or "minutes" in budget  # of which one step may take many
    assert rates == sorted(rates, reverse=True) and rates[-1] == pytest.approx(0.01, abs=0.02)


def test_a_stream_without_a_length_needs_an_end(tables, tmp_path):
    exits_with("give --max-steps or --max-minutes", tables, tmp_path / "run", "--streaming")


@pytest.mark.parametrize("has_it, expected", [(True, "bf16"), (False, "no")])
def test_the_precision_is_the_machines_unless_it_is_chosen(monkeypatch, has_it, expected):
    monkeypatch.setattr("inpainting.inference.device.cpu_has_bfloat16", lambda: has_it)
    assert precision("auto", cpu=True) == expected
    assert precision("fp16", cpu=True) == "fp16" and precision("no", cpu=True) == "no"


def test_the_accelerator_is_what_the_settings_say(tmp_path):
    config = TrainConfig(
        cpu=True, mixed_precision="no", gradient_accumulation_steps=3, output_dir=tmp_path
    )
    accelerator = make_accelerator(config)
    assert accelerator.device.type == "cpu" and accelerator.mixed_precision == "no"
    assert accelerator.gradient_accumulation_steps == 3 and not accelerator.trackers
