"""``eval.py``: options, what it prints, errors."""

import json
import runpy
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inpainting.cli import eval as command
from inpainting.data.sources import DataSet
from inpainting.evaluation import report
from inpainting.evaluation.config import DEFAULT_METHODS, MEASURED_STRATEGIES, EvalConfig
from inpainting.evaluation.protocol import DRAWN_HOLES, PROTOCOLS
from tests.running_app import ROOT


def test_without_options_it_is_the_full_table_as_users_run_it():
    config = command.parse([])
    assert replace(config, workers=0) == EvalConfig()
    assert (config.strategy, config.dtype, config.split) == ("crop", None, "test")
    assert (config.methods, config.protocols) == (DEFAULT_METHODS, DRAWN_HOLES)


def test_masks_of_objects_add_their_protocols():
    assert command.parse(["--object-masks=masks"]).protocols == PROTOCOLS
    chosen = command.parse(["--object-masks=masks", "--protocols", "removal"])
    assert chosen.protocols == ("removal",) and chosen.object_masks == Path("masks")


def test_the_bare_network_has_one_mode():
    methods = command.parse(["--strategy=network"]).methods
    assert methods == tuple(method for method in DEFAULT_METHODS if method != "auto")
    assert "natural" not in DEFAULT_METHODS and command.parse(["--methods", "natural"])


def test_objects_without_masks_are_one_line_for_the_user(tmp_path):
    with pytest.raises(SystemExit, match=r"^eval\.py: --protocols objects needs --object-masks"):
        command.main(["--protocols", "objects", f"--data={tmp_path}"])


@pytest.mark.parametrize("strategy", MEASURED_STRATEGIES)
def test_strategy_and_precision_are_options(strategy):
    config = command.parse(["--strategy", strategy, "--precision=bfloat16"])
    assert (config.strategy, config.dtype) == (strategy, torch.bfloat16)
    assert command.parse(["--precision=auto"]).dtype is None


@pytest.mark.parametrize(
    "config",
    [
        EvalConfig(),
        EvalConfig(
            data=DataSet("a folder", "the image", "v1"), checkpoint="user/net", revision="abc",
            split="validation", limit=7, protocols=("lines",), methods=("model", "ns"), seed=3,
            size=128, strategy="network", output_dir=Path("out put"),
        ),
        EvalConfig(
            protocols=PROTOCOLS, methods=("model", "natural"), object_masks=Path("the masks"),
            vgg_weights=Path("vgg.safetensors"),
        ),
    ],
)  # fmt: skip
def test_the_command_of_settings_is_read_back_as_the_same_settings(config):
    python, script, *words = shlex.split(config.command())
    assert (python, script) == ("python", "eval.py")
    assert replace(command.parse(words), workers=config.workers) == config


def test_it_prints_the_table_that_it_writes(
    image_folder, tiny_checkpoint, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(report, "write_charts", lambda *_: None)
    for name in ("grid", "contact_sheet"):
        monkeypatch.setattr(report.Pictures, name, lambda *_: None)
    options = [f"--data={image_folder({'cat': 4, 'dog': 4})}", "--protocols", "lines"]
    options += ["--methods", "model", "mean", "--size=32", "--workers=0", "--device=cpu"]
    options += ["--precision=float32", f"--checkpoint={tiny_checkpoint}"]
    command.main([*options, f"--output_dir={tmp_path / 'out'}"])
    printed = capsys.readouterr().out
    assert printed.strip() == (tmp_path / "out" / "table.md").read_text(encoding="utf-8").strip()
    assert "model (tiny)" in printed
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["command"].startswith("python eval.py --data=")
    assert (results["strategy"], results["precision"]) == ("crop", "float32")


def test_options_may_be_written_with_underscores():
    config = command.parse(["--output_dir=a_b", "--limit", "3"])
    assert (str(config.output_dir), config.limit) == ("a_b", 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "0"], "0 is not a positive number"),
        (["--device", "toaster"], "toaster cannot be used"),
        (["--methods", "magic"], "invalid choice: 'magic'"),
        (["--strategy", "magic"], "invalid choice: 'magic'"),
        (["--precision", "float16"], "invalid choice: 'float16'"),
    ],
)
def test_wrong_options_are_named(options, message, capsys):
    with pytest.raises(SystemExit):
        command.parse(options)
    assert message in capsys.readouterr().err


def test_methods_given_twice_are_measured_once():
    config = command.parse(["--methods", "ns", "mean", "ns", "--protocols", "lines", "lines"])
    assert (config.methods, config.protocols) == (("ns", "mean"), ("lines",))


def test_errors_are_one_line_for_the_user(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["eval.py", "--data", str(tmp_path / "nowhere")])
    with pytest.raises(SystemExit, match=r"^eval\.py: .*nowhere"):
        runpy.run_path(str(ROOT / "eval.py"), run_name="__main__")
