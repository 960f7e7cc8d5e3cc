"""``inpaint COMMAND``: which command runs, and what is said where none can."""

import subprocess
import sys

import pytest

from inpainting.cli.main import COMMANDS, main
from tests.running_app import ROOT

# What main() is run with, one after the other: a command, and a package hidden from it.
NEEDED = [(0, "demo", "gradio"), (1, "eval", "datasets"), (2, "train", "accelerate")]
WITHOUT_PACKAGES = f"""
import sys
from inpainting.cli.main import main

for _, command, package in {NEEDED}:
    sys.modules[package] = None  # Python's way to say that there is no such module
    try:
        main([command])
    except SystemExit as end:
        print(end.code)
    except BaseException as error:
        print(command, repr(error))
    del sys.modules[package]
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_gets_the_rest_and_gives_the_exit_code(command, monkeypatch):
    given = []
    monkeypatch.setattr(f"inpainting.cli.{command}.main", lambda argv: given.append(argv) or 7)
    with pytest.raises(SystemExit) as end:
        main([command, "--seed", "1"])
    assert end.value.code == 7 and given == [["--seed", "1"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0 and "usage: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv, words", [([], "a command is needed"), (["paint"], "there is no command 'paint'")]
)
def test_no_command_and_an_unknown_one_are_wrong_usage(argv, words, capsys):
    with pytest.raises(SystemExit) as end:
        main(argv)
    said = capsys.readouterr()
    assert end.value.code == 2 and words in said.err and not said.out
    assert all(f"  {command}" in said.err for command in COMMANDS)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_the_commands(flag, capsys):
    with pytest.raises(SystemExit) as end:
        main([flag])
    shown = capsys.readouterr().out
    assert end.value.code == 0 and all(f"  {command}" in shown for command in COMMANDS)


@pytest.fixture(scope="module")
def ends() -> list[str]:
    """How each command ends without a package that it needs."""
    words = [sys.executable, "-c", WITHOUT_PACKAGES]
    return subprocess.run(
        words, capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.splitlines()  # fmt: skip


@pytest.mark.parametrize("place, command, package", NEEDED)
def test_a_missing_package_is_told_with_what_to_install(ends, place, command, package):
    assert f"inpaint {command} needs the package {package}" in ends[place]
    assert f"pip install 'pconv-inpainting[{command}]'" in ends[place]


def test_the_module_runs_and_filling_does_not_import_accelerate():
    code = """if True:
        import runpy, sys
        sys.argv = ["inpaint", "fill", "--help"]
        try:
            runpy.run_module("inpainting", run_name="__main__")
        except SystemExit as end:
            assert not end.code
        assert "accelerate" not in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "--mask" in done.stdout
