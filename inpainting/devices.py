"""A device named on a command line."""

import argparse

import torch

from .errors import first_line


def device(text: str) -> torch.device:
    """A device that this torch can use, as a type for argparse.

    Raises:
        argparse.ArgumentTypeError: when it cannot be used, with torch's reason.
    """
    try:
        return torch.empty(0, device=text).device
    except (RuntimeError, AssertionError) as error:
        raise argparse.ArgumentTypeError(f"{text} cannot be used ({first_line(error)})") from error
