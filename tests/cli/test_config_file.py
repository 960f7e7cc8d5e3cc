"""A YAML file of options is the command line that it stands for."""

import argparse
from pathlib import Path

import pytest

from inpainting.cli.config_file import read_config
from inpainting.errors import InvalidConfig


@pytest.fixture
def read(tmp_path):
    """A function of a file's text that gives its arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--lr", "--learning-rate", type=float)
    parser.add_argument("--loss", nargs="+")
    parser.add_argument("--cpu", action="store_true")

    def call(text: str) -> list[str]:
        path = tmp_path / "options.yaml"
        path.write_text(text)
        return read_config(path, parser)

    return call


@pytest.mark.parametrize(
    "text, arguments",
    [
        ("batch-size: 4", ["--batch-size=4"]),
        ("batch_size: 4\nlearning_rate: 1e-3", ["--batch-size=4", "--learning-rate=1e-3"]),
        ("lr: -1", ["--lr=-1"]),  # with its sign, which must not look like a flag
        ("loss: [hole=6, valid=1]", ["--loss", "hole=6", "valid=1"]),
        ("loss: hole=6", ["--loss=hole=6"]),
        ("cpu: true", ["--cpu"]),
        ("cpu: false", []),
        ("cpu: null\nbatch-size: null", []),
        ("cpu: 3", ["--cpu=3"]),  # argparse refuses it as it would on the command line
        ("lr: true", ["--lr=True"]),
        ("", []),
        ("# nothing but a comment", []),
    ],
)
def test_values_become_words(read, text, arguments):
    assert read(text) == arguments


@pytest.mark.parametrize(
    "text, words",
    [
        ("batch-sise: 4", "'batch-sise', which is no option: did you mean batch-size"),
        ("3: 4", "3, which is no option: see train.py --help"),
        ("config: b.yaml", "'config', which is no option"),
        ("help: true", "'help', which is no option"),
        ("- a", "could not be read .it holds a list.*`batch-size: 16` are needed"),
        ("a: [", "could not be read"),
        ("just words", "it holds a str"),
    ],
)
def test_mistakes_are_named(read, text, words):
    with pytest.raises(InvalidConfig, match=words):
        read(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidConfig, match="absent.yaml could not be read"):
        read_config(tmp_path / "absent.yaml", argparse.ArgumentParser())
