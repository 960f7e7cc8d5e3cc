"""The trainer: it learns, it resumes exactly, it writes what the pipeline reads."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator

import train
from inpainting import InpaintingPipeline, PConvUNet, load_pretrained
from inpainting.ema import moving_average
from inpainting.recipes import RECIPES, WARMUP_STEPS, lr_at
from inpainting.resume import load_state, save_state, state_path
from tests.conftest import TINY
from tests.fake_hub import fake_hub

ROOT = Path(train.__file__).parent
QUICK = ["--size=64", "--crop=32", "--batch-size=2", "--num-workers=0", "--cpu"]
QUICK += ["--mixed-precision=no"]  # one process has one precision, and not every CPU has bf16


@pytest.fixture(autouse=True)
def tiny_presets(monkeypatch):
    """Both recipes on a tiny network: the loop is what is tested here."""
    monkeypatch.setattr("train.PConvUNetConfig.preset", lambda name: TINY)


@pytest.fixture
def pictures(image_folder, monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return image_folder({"cat": 8, "dog": 8})


def run(pictures: Path, output: Path, *flags: str) -> None:
    train.main(["--data", str(pictures), "--output-dir", str(output), *QUICK, *flags])


def test_overfits_one_batch():
    torch.manual_seed(0)
    recipe, accelerator = RECIPES["default"], Accelerator(cpu=True)
    model = PConvUNet(TINY).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    image = torch.stack([x * 8, y * 8, (x // 4 + y // 4) % 2 * 255]).byte()[None]
    batch = {"image": image.repeat(2, 1, 1, 1), "hole": torch.rand(2, 1, 32, 32) < 0.3}
    losses = [
        train.train_step(model, batch, optimizer, accelerator, recipe)["loss"] for _ in range(60)
    ]
    assert losses[-1] < 0.5 * losses[0]


def test_a_loss_that_is_not_finite_stops_before_the_step():
    model = PConvUNet(TINY).train()
    optimizer = torch.optim.AdamW(model.parameters())
    with torch.no_grad():
        model.head.bias.fill_(torch.inf)
    before = {name: w.clone() for name, w in model.named_parameters()}
    batch = {
        "image": torch.zeros(1, 3, 32, 32, dtype=torch.uint8),
        "hole": torch.rand(1, 1, 32, 32) < 0.5,
    }
    with pytest.raises(train.InvalidConfig, match="smaller --lr"):
        train.train_step(model, batch, optimizer, Accelerator(cpu=True), RECIPES["default"])
    assert all(torch.equal(w, before[name]) for name, w in model.named_parameters())


@pytest.mark.parametrize("recipe", ["default", "classic"])
def test_writes_what_the_pipeline_reads(pictures, tmp_path, recipe):
    output = tmp_path / "run"
    run(pictures, output, "--recipe", recipe, "--max-steps=9", "--epochs=3")
    names = {path.name for path in output.iterdir()}
    assert names >= {"config.json", "model.safetensors", "README.md", "metrics.jsonl", "loss.png"}
    assert load_pretrained(output).config == TINY
    card = (output / "README.md").read_text()
    assert "cc-by-nc-sa-4.0" in card and f"| recipe | {recipe} |" in card
    history = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
    assert len(history) == 2 and all(np.isfinite(record["loss"]) for record in history)
    filled = InpaintingPipeline.from_pretrained(output)(
        np.zeros((20, 20, 3), np.uint8), np.eye(20, dtype=bool)
    )
    assert filled.size == (20, 20)


def test_samples_grid_is_drawn_where_there_is_validation(image_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    pictures = image_folder({".": 30})
    run(pictures, tmp_path / "run", "--max-steps=1", "--validation-images=2")
    assert (tmp_path / "run" / "samples.png").exists()
    record = json.loads((tmp_path / "run" / "metrics.jsonl").read_text())
    assert 5 < record["psnr"] < 60
    # One step of warm-up leaves the network at its start.
    assert abs(record["gain_lines"]) < 0.5 and abs(record["gain_irregular"]) < 0.5


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_pretrained(folder).state_dict()


@pytest.mark.parametrize("recipe", ["default", "classic"])
def test_resumed_run_equals_the_uninterrupted_one(pictures, tmp_path, monkeypatch, recipe):
    flags = ["--recipe", recipe, "--max-steps=7", "--checkpointing-steps=2"]
    run(pictures, tmp_path / "whole", *flags)
    step, calls = train.train_step, []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return step(*args)

    monkeypatch.setattr(train, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(pictures, tmp_path / "broken", *flags)
    monkeypatch.setattr(train, "train_step", step)
    assert load_state(tmp_path / "broken", recipe)["progress"]["step"] == 4
    run(pictures, tmp_path / "broken", *flags)
    a, b = weights(tmp_path / "whole"), weights(tmp_path / "broken")
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_finished_run_says_so_and_changes_nothing(pictures, tmp_path, capsys):
    run(pictures, tmp_path / "run", "--max-steps=2")
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    run(pictures, tmp_path / "run", "--max-steps=2")
    assert "finished already" in capsys.readouterr().out
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before


def test_fine_tuning_starts_from_the_given_weights(tiny_checkpoint, tiny_model):
    network = train.initial_network(RECIPES["default"], str(tiny_checkpoint))
    assert network.config == tiny_model.config
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(weight, tiny_model.state_dict()[name], atol=1e-3, rtol=1e-3)
    fresh = train.initial_network(RECIPES["default"], None)
    assert not torch.equal(fresh.head.weight, network.head.weight)


def exits_with(words: str, *arguments) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert words in str(caught.value)


def test_mistakes_end_in_one_sentence(pictures, tmp_path, capsys):
    output = tmp_path / "run"
    exits_with("needs a multiple of 4", pictures, output, "--crop=30")
    exits_with("no folder", tmp_path / "missing", output)
    exits_with("resume from", pictures, output, f"--resume={tmp_path}")
    for flags, words in [
        (["--max-steps=0"], "--max-steps is 0"),
        (["--push-to-hub"], "--hub-model-id"),
    ]:
        with pytest.raises(SystemExit):
            run(pictures, output, *flags)
        assert words in capsys.readouterr().err


def test_state_of_another_recipe_and_damaged_state_are_refused(pictures, tmp_path):
    output = tmp_path / "run"
    run(pictures, output, "--max-steps=1")
    exits_with("of recipe 'default', not 'classic'", pictures, output, "--recipe=classic")
    path = state_path(output)
    path.write_bytes(path.read_bytes()[:100])
    exits_with("is damaged", pictures, output)


def test_failed_save_leaves_the_old_state_whole(tmp_path):
    save_state(tmp_path, {"recipe": "default", "step": 1})
    with pytest.raises((AttributeError, TypeError)):
        save_state(tmp_path, {"recipe": "default", "step": lambda: 0})
    assert load_state(tmp_path, "default")["step"] == 1


def test_dashes_and_underscores_both_work():
    args = train.parse_args(
        ["--max_steps=3", "--output-dir=x", "--push_to_hub", "--hub_model_id=a/b"]
    )
    assert args.max_steps == 3 and args.push_to_hub and args.output_dir == Path("x")


def test_learning_rate_warms_up_and_ends_at_one_percent():
    recipe = RECIPES["default"]
    assert lr_at(recipe, 1.0, 0, 0.0) == pytest.approx(1 / WARMUP_STEPS)
    assert lr_at(recipe, 1.0, WARMUP_STEPS, 0.0) == pytest.approx(1.0)
    assert lr_at(recipe, 1.0, 9999, 0.5) == pytest.approx(0.505)
    assert lr_at(recipe, 1.0, 9999, 1.0) == pytest.approx(0.01)
    assert lr_at(replace(recipe, schedule=False), 1.0, 0, 0.7) == 1.0


def test_moving_average_follows_weights_and_copies_counters():
    model = PConvUNet(TINY)
    ema = moving_average(model, decay=0.9)
    ema.update_parameters(model)
    with torch.no_grad():
        model.head.bias += 1
        model.encoder[0].first.norm.num_batches_tracked += 5
    ema.update_parameters(model)
    assert torch.allclose(ema.module.head.bias, model.head.bias - 2 / 11)  # decay (1+1)/(10+1)
    assert ema.module.encoder[0].first.norm.num_batches_tracked == 5


@pytest.mark.slow
def test_script_with_workers_pushes_to_a_hub(image_folder, tmp_path):
    """The command a practitioner types, as a process, with the shipped network."""
    pictures = image_folder({"cat": 8, "dog": 8})
    with fake_hub() as hub:
        environment = os.environ | {
            "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": "hf_canary", "HF_HUB_DISABLE_XET": "1",
        }  # fmt: skip
        command = [
            sys.executable, str(ROOT / "train.py"), "--data", str(pictures),
            "--output-dir", str(tmp_path / "run"), *QUICK, "--num-workers=2", "--max-steps=3",
            "--push-to-hub", "--hub-model-id", "user/net",
        ]  # fmt: skip
        output = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300
        )
        assert output.returncode == 0, output.stderr
        files = next(iter(hub.files["user/net"].values()))
    assert {"config.json", "model.safetensors", "README.md"} <= set(files)
    assert not any(name.startswith("state") for name in files)
    assert "Pushed to user/net at revision" in output.stdout
    assert "hf_canary" not in output.stdout + output.stderr
