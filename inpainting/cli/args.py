"""Types and spellings that the command lines share."""

import argparse

import torch

from inpainting.errors import first_line
from inpainting.inference.parts import SEEDS


def device(text: str) -> torch.device:
    """A device that this torch can use, as a type for argparse.

    Raises:
        argparse.ArgumentTypeError: when it cannot be used, with torch's reason.
    """
    try:
        return torch.empty(0, device=text).device
    except (RuntimeError, AssertionError) as error:
        raise argparse.ArgumentTypeError(f"{text} cannot be used ({first_line(error)})") from error


def positive(text: str) -> int:
    """An integer of at least 1, as a type for argparse.

    Raises:
        argparse.ArgumentTypeError: when it is smaller.
    """
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return int(text)


def seed(text: str) -> int:
    """An integer from 0 to 2**32 - 1, as a type for argparse.

    Raises:
        argparse.ArgumentTypeError: when it is another one.
    """
    if not 0 <= int(text) < SEEDS:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to {SEEDS - 1}")
    return int(text)


def dashed(argument: str) -> str:
    """``--a_b=c_d`` to ``--a-b=c_d``; values stay as they are."""
    name, equals, value = argument.partition("=")
    return name.replace("_", "-") + equals + value if name.startswith("--") else argument
