"""A YAML file of options for an argparse parser, under the names of its flags."""

import argparse
import difflib
from pathlib import Path
from typing import Any

import yaml

from inpainting.errors import InvalidConfig, first_line


def read_config(path: Path, parser: argparse.ArgumentParser) -> dict[str, Any]:
    """The values that a file gives, by destination.

    Args:
        path: of a YAML mapping; its keys are flags of the parser, with dashes or underscores.
        parser: knows every flag and its type.

    Raises:
        InvalidConfig: when the file cannot be read, a key is no flag, or a value does not fit one.
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
    actions = {flag[2:]: action for action in parser._actions for flag in action.option_strings}
    found = {}
    for key, value in given.items():
        action = actions.get(str(key).replace("_", "-"))
        if action is None or action.dest in ("help", "config"):
            near = difflib.get_close_matches(str(key).replace("_", "-"), actions, 1)
            hint = f": did you mean {near[0]}?" if near else ": see train.py --help."
            raise InvalidConfig(f"--config {path} holds {key!r}, which is no option{hint}")
        found[action.dest] = _typed(action, value, f"--config {path}: {key}")
    return found


def _typed(action: argparse.Action, value: Any, where: str) -> Any:
    """The value that the flag would have had.

    Raises:
        InvalidConfig: when the flag would not take it.
    """
    if value is None:
        return None
    wanted = "true or false" if action.nargs == 0 else "a list" if action.nargs else "one value"
    try:
        if action.nargs == 0 and not isinstance(value, bool):
            raise ValueError
        if action.nargs == 0:
            return value
        if action.nargs:
            return [str(item) for item in value] if isinstance(value, list) else [str(value)]
        if isinstance(value, (list, dict)):
            raise ValueError
        if action.choices is not None and value not in action.choices:
            wanted = f"one of {', '.join(map(str, action.choices))}"
            raise ValueError
        if callable(action.type):
            wanted = f"a value of type {getattr(action.type, '__name__', action.type)}"
            return action.type(str(value))
        return str(value)
    except ValueError as error:
        raise InvalidConfig(f"{where} is {value!r}: {wanted} is needed.") from error
