"""The commands, files and links of the README and of docs/ exist as they say."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from inpainting.cli import eval as eval_command
from inpainting.cli import fill, train

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
FILL = re.findall(r"^(?:python -m inpainting|inpaint) fill +([^#\n]*)", TEXT, re.MULTILINE)
COMMANDS = re.findall(r"^python (train|eval)\.py +([^#\n]*)", README, re.MULTILINE)
EVAL = re.findall(r"^python eval\.py +([^#\n]*)", TEXT, re.MULTILINE)


@pytest.mark.parametrize("script, flags", COMMANDS)
def test_commands_parse(script, flags):
    parse = {"train": train.parse, "eval": eval_command.parse}[script]
    parse(shlex.split(flags))


@pytest.mark.parametrize("flags", EVAL)
def test_evaluations_parse(flags):
    eval_command.parse(shlex.split(flags))


@pytest.mark.parametrize("flags", FILL)
def test_command_line_parses(flags):
    assert fill.parse(shlex.split(flags)).out == Path("filled")


def test_there_are_commands_for_both_scripts():
    assert {script for script, _ in COMMANDS} == {"train", "eval"} and FILL


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(((?!http)[^)#]+)", page.read_text(encoding="utf-8"))
    assert all((page.parent / link).exists() for link in links)


def test_files_and_rooms_named_exist():
    for name in re.findall(r"`((?:inpainting|tests|docs|benchmarks|examples)/[\w./-]+)`", TEXT):
        assert (ROOT / name).exists(), name
    rooms = re.search(r"\| `inpainting/` \|.*?\n\n", README, re.DOTALL)[0]
    for room in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", rooms, re.MULTILINE):
        for name in re.findall(r"\w+", room):
            assert (ROOT / "inpainting" / name / "__init__.py").exists()


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
