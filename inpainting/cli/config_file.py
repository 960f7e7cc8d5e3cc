"""A YAML file of options as the command line that it stands for."""

import argparse
import difflib
from pathlib import Path
from typing import Any

import yaml

from inpainting.errors import InvalidConfig, first_line

NOT_OPTIONS = ("help", "config")  # of a file


def read_config(path: Path, parser: argparse.ArgumentParser) -> list[str]:
    """The arguments that a file stands for, which argparse checks as if they had been typed.

    Args:
        path: of a YAML mapping; its keys are flags of the parser, with dashes or underscores. Null
            stands for a flag that is not given.
        parser: knows every flag.

    Raises:
        InvalidConfig: when the file cannot be read, or a key is no flag.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if not isinstance(given, dict):
            raise ValueError(f"it holds a {type(given).__name__}")
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidConfig(
            f"--config {path} could not be read ({first_line(error)}): lines such as "
            "`batch-size: 16` are needed."
        ) from error
    flags = {flag[2:]: action for action in parser._actions for flag in action.option_strings}
    arguments: list[str] = []
    for key, value in given.items():
        name = str(key).replace("_", "-")
        action = flags.get(name)
        if action is None or action.dest in NOT_OPTIONS:
            near = difflib.get_close_matches(name, flags, 1)
            hint = f": did you mean {near[0]}?" if near else ": see train.py --help."
            raise InvalidConfig(f"--config {path} holds {key!r}, which is no option{hint}")
        arguments += _arguments(name, action, value)
    return arguments


def _arguments(name: str, action: argparse.Action, value: Any) -> list[str]:
    if value is None or (action.nargs == 0 and value is False):
        return []
    if action.nargs == 0 and value is True:
        return [f"--{name}"]
    if action.nargs and isinstance(value, list):
        return [f"--{name}", *map(str, value)]
    return [f"--{name}={value}"]
