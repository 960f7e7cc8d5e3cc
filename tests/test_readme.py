"""The README's commands and files exist as it says."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

import eval as evaluation_script
import train
from inpainting import __main__ as command_line

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FILL = re.findall(r"^python -m inpainting +([^#\n]*)", README, re.MULTILINE)
COMMANDS = re.findall(r"^python (train|eval)\.py +([^#\n]*)", README, re.MULTILINE)


@pytest.mark.parametrize("script, flags", COMMANDS)
def test_commands_parse(script, flags):
    parse = {"train": train.parse, "eval": evaluation_script.parse}[script]
    parse(shlex.split(flags))


@pytest.mark.parametrize("flags", FILL)
def test_command_line_parses(flags):
    assert command_line.parse(shlex.split(flags)).out == Path("filled")


def test_there_are_commands_for_both_scripts():
    assert {script for script, _ in COMMANDS} == {"train", "eval"} and FILL


def test_files_named_exist():
    links = re.findall(r"\]\(((?!http)[^)]+)\)", README)
    assert links and all((ROOT / link).exists() for link in links)
    for name in re.findall(r"inpainting/(\w+)\.py", README):
        assert (ROOT / "inpainting" / f"{name}.py").exists()


def test_front_matter_is_what_is_installed():
    matter = yaml.safe_load(README.split("---")[1])
    requirements = (ROOT / "requirements.txt").read_text()
    assert f"gradio[mcp]=={matter['sdk_version']}" in requirements
    assert matter["python_version"] == "3.12" and (ROOT / matter["app_file"]).exists()
    assert len(matter["short_description"]) <= 60


def test_the_three_lines_run(tmp_path, monkeypatch):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    monkeypatch.chdir(ROOT)
    exec(code.replace('"filled.png"', repr(str(tmp_path / "filled.png"))), {})
    assert (tmp_path / "filled.png").exists()


def test_every_flag_of_the_trainer_has_help(capsys):
    with pytest.raises(SystemExit):
        train.parse(["--help"])
    assert "--max-minutes" in capsys.readouterr().out
