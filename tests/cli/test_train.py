"""Flags of the trainer, from the command line and from files."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
import yaml

from inpainting.cli import train as module
from inpainting.cli.train import command, main, parse
from inpainting.errors import InvalidConfig
from inpainting.training.config import TrainConfig


def test_without_flags_it_is_the_dataclass():
    assert replace(parse([]), command="") == TrainConfig()


def test_every_flag_is_a_setting_and_every_setting_has_one():
    flags = {action.dest for action in module._parser()._actions} - {"help", "config"}
    assert flags == {field.name for field in fields(TrainConfig)} - {"command"}


def test_dashes_and_underscores_both_work():
    config = parse(["--max_steps=3", "--output-dir=x", "--push_to_hub", "--hub_model_id=a/b_c"])
    assert config.max_steps == 3 and config.push_to_hub and config.output_dir == Path("x")
    assert config.hub_model_id == "a/b_c"


def test_flags_of_other_trainers_are_understood():
    words = "--dataset_name u/d --resolution 128 --train_batch_size 4 --num_train_epochs 2 "
    words += "--max_train_steps 9 --learning_rate 0.1 --dataloader_num_workers 0 "
    words += "--resume_from_checkpoint latest --gradient_accumulation_steps 2 --seed 1"
    config = parse(words.split())
    assert (config.data, config.size, config.batch_size, config.epochs) == ("u/d", 128, 4, 2)
    assert (config.max_steps, config.lr, config.num_workers) == (9, 0.1, 0)
    assert (config.resume, config.seed) == ("latest", 1)


def test_flags_win_over_the_file_and_the_file_over_defaults(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("batch_size: 4\nmax-steps: 7\nloss: [hole=6, valid=1]\ncpu: true\nlr: 1e-3\n")
    config = parse([f"--config={path}", "--max-steps=9"])
    assert (config.batch_size, config.max_steps, config.cpu, config.size) == (4, 9, True, 256)
    assert config.loss == ["hole=6", "valid=1"] and config.lr == 1e-3


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--max-steps=3", "--loss", "hole=1", "tv=0.1", "--mask-dir=m", "--hub-token=hf_canary"],
        ["--streaming", "--data=u/d", "--lr=1e-05", "--crop=64", "--hub-private-repo", "--cpu"],
        ["--data=123", "--revision=1e5", "--hub-model-id=true", "--split=train[:10%]"],
    ],
)
def test_what_a_run_was_set_to_can_be_read_again(tmp_path, flags):
    config = parse(flags)
    path = tmp_path / "args.yaml"
    path.write_text(yaml.safe_dump(config.as_options()))
    assert "hf_canary" not in path.read_text()
    again = parse(["--config", str(path)])
    assert again == replace(config, hub_token=None, command=again.command)


@pytest.mark.parametrize(
    "text, words",
    [
        ("batch-size: many", "argument --batch-size/--train-batch-size: invalid int value: 'many'"),
        ("cpu: 3", "argument --cpu: ignored explicit argument '3'"),
        ("recipe: best", "argument --recipe: invalid choice: 'best'"),
        ("size: [1, 2]", "invalid int value: '[1, 2]'"),
        ("max-steps: 0", "--max-steps is 0: it must be above 0"),
    ],
)
def test_values_of_a_file_are_checked_as_if_they_had_been_typed(tmp_path, capsys, text, words):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(SystemExit) as end:
        parse(["--config", str(path)])
    assert end.value.code == 2 and words in capsys.readouterr().err


def test_an_unknown_name_in_a_file_ends_in_one_sentence(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("batch-sise: 4")
    with pytest.raises(InvalidConfig, match="did you mean batch-size"):
        parse(["--config", str(path)])
    with pytest.raises(SystemExit, match="^error: --config .*did you mean batch-size"):
        main(["--config", str(path)])


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--max-steps=0"], "--max-steps is 0: it must be above 0"),
        (["--streaming"], "--streaming needs --data"),
        (["--batch=3"], "unrecognized arguments"),
        (["--seed=1.5"], "argument --seed: invalid int value"),
    ],
)
def test_mistakes_in_flags_are_named(capsys, flags, words):
    with pytest.raises(SystemExit):
        parse(flags)
    assert words in capsys.readouterr().err


def test_the_command_is_shown_without_the_token():
    for words in (["--hub-token", "hf_canary"], ["--hub_token=hf_canary"]):
        shown = command(["train.py", *words, "--seed", "1"])
        assert "hf_canary" not in shown and shown.endswith("--seed 1") and "TOKEN" in shown
        assert parse([*words, "--seed", "1"]).command == shown


def test_help_is_whole(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    shown = capsys.readouterr().out
    assert "keeping and watching" in shown and "accelerate launch" in shown
    assert all(len(line) <= 100 for line in shown.splitlines())
