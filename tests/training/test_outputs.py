"""What a run leaves in its folder."""

import math
from dataclasses import replace

import numpy as np
import pytest
import yaml

from inpainting import InpaintingPipeline, load_pretrained
from tests.training.runs import NETWORKS, records, run


@pytest.mark.parametrize("recipe", ["default", "classic"])
def test_writes_what_the_pipeline_reads(pictures, tmp_path, recipe):
    output = tmp_path / "run"
    run(pictures, output, "--recipe", recipe, "--max-steps=9", "--epochs=3", "--logging-steps=4")
    names = {path.name for path in output.iterdir()}
    assert names >= {"config.json", "model.safetensors", "README.md", "metrics.jsonl", "loss.png"}
    config = load_pretrained(output).config
    if recipe == "default":
        config = replace(config, error_scale=1.0)  # measured, and tested elsewhere
    assert config == NETWORKS[recipe]
    card = (output / "README.md").read_text()
    assert "cc-by-nc-sa-4.0" in card and recipe in card
    history = records(output)
    assert [r["step"] for r in history if "loss" in r] == [4, 8]
    assert [r["step"] for r in history if "mean_loss" in r] == [6, 9]
    assert all(math.isfinite(r.get("loss", r.get("mean_loss"))) for r in history)
    filled = InpaintingPipeline.from_pretrained(output)(
        np.zeros((20, 20, 3), np.uint8), np.eye(20, dtype=bool)
    )
    assert filled.size == (20, 20)
    options = yaml.safe_load((output / "args.yaml").read_text())
    assert options["recipe"] == recipe and options["batch-size"] == 2


def test_samples_grid_is_drawn_where_there_is_validation(image_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    flags = ["--max-steps=2", "--validation-images=2", "--validation-steps=1"]
    run(image_folder({".": 30}), tmp_path / "run", *flags)
    assert (tmp_path / "run" / "samples.png").exists()
    grids = sorted(path.name for path in (tmp_path / "run" / "samples").iterdir())
    assert grids == ["step-00000001.png", "step-00000002.png"]
    first = records(tmp_path / "run")[0]
    assert 5 < first["psnr"] < 60
    # One step of warm-up leaves the network at its start.
    assert abs(first["gain_lines"]) < 0.5 and abs(first["gain_irregular"]) < 0.5


def test_a_card_that_a_person_edited_is_kept(pictures, tmp_path, caplog):
    output = tmp_path / "run"
    run(pictures, output, "--max-steps=1")
    card = (output / "README.md").read_text() + "\nBy me.\n"
    (output / "README.md").write_text(card)
    run(pictures, output, "--max-steps=2")
    assert (output / "README.md").read_text() == card
    assert "was edited and is kept as it is" in caplog.text
