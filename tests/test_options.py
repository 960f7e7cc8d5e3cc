"""Flags and configuration files of the trainer."""

from pathlib import Path

import pytest
import yaml

from inpainting.errors import InvalidConfig
from training.options import changes, command, parse, resolved


def test_dashes_and_underscores_both_work():
    args = parse(["--max_steps=3", "--output-dir=x", "--push_to_hub", "--hub_model_id=a/b_c"])
    assert args.max_steps == 3 and args.push_to_hub and args.output_dir == Path("x")
    assert args.hub_model_id == "a/b_c"


def test_flags_of_other_trainers_are_understood():
    words = "--dataset_name u/d --resolution 128 --train_batch_size 4 --num_train_epochs 2 "
    words += "--max_train_steps 9 --learning_rate 0.1 --dataloader_num_workers 0 "
    words += "--resume_from_checkpoint latest --gradient_accumulation_steps 2 --seed 1"
    args = parse(words.split())
    assert (args.data, args.size, args.batch_size, args.epochs) == ("u/d", 128, 4, 2)
    assert (args.max_steps, args.lr, args.num_workers, args.resume) == (9, 0.1, 0, "latest")


def test_flags_win_over_the_file_and_the_file_over_defaults(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("batch_size: 4\nmax-steps: 7\nloss: [hole=6, valid=1]\ncpu: true\nlr: 1e-3\n")
    args = parse([f"--config={path}", "--max-steps=9"])
    assert (args.batch_size, args.max_steps, args.cpu, args.size) == (4, 9, True, 256)
    assert args.loss == ["hole=6", "valid=1"] and args.lr == 1e-3


def test_what_a_run_resolved_to_can_be_read_again(tmp_path):
    args = parse(["--max-steps=3", "--loss", "hole=1", "--mask-dir=m", "--hub-token=hf_canary"])
    path = tmp_path / "args.yaml"
    path.write_text(yaml.safe_dump(resolved(args)))
    assert "hf_canary" not in path.read_text()
    again = parse(["--config", str(path)])
    expected = vars(args) | {"hub_token": None, "config": path}
    assert vars(again) == expected


@pytest.mark.parametrize(
    "text, words",
    [
        ("batch-sise: 4", "'batch-sise', which is no option: did you mean batch-size"),
        ("batch-size: many", "batch-size is 'many': a value of type int is needed"),
        ("cpu: 3", "cpu is 3: true or false is needed"),
        ("recipe: best", "one of default, classic is needed"),
        ("size: [1, 2]", "one value is needed"),
        ("- a", "it holds a list"),
        ("a: [", "could not be read"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path, text, words):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(InvalidConfig, match=words.replace("(", "\\(")):
        parse(["--config", str(path)])
    with pytest.raises(InvalidConfig, match="could not be read"):
        parse(["--config", str(tmp_path / "missing.yaml")])


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--max-steps=0"], "--max-steps is 0: it must be above 0"),
        (["--num-workers=-1"], "must not be below 0"),
        (["--max-corrupt=2"], "must be from 0 to 1"),
        (["--lr=nan"], "--lr is nan"),
        (["--streaming"], "--streaming needs --data"),
        (["--batch=3"], "unrecognized arguments"),
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


def test_changes_are_those_that_decide_the_numbers():
    before = resolved(parse(["--seed=1", "--max-steps=3", "--output-dir=a"]))
    now = resolved(parse(["--seed=2", "--max-steps=9", "--output-dir=b", "--num-workers=0"]))
    assert changes(before, now) == ["--seed 2 (was 1)"]


def test_help_is_whole(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    shown = capsys.readouterr().out
    assert "keeping and watching" in shown and "accelerate launch" in shown
    assert all(len(line) <= 100 for line in shown.splitlines())
