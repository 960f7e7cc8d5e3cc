"""What command lines print, on any terminal."""

import io
import sys


def print_anything() -> None:
    """Print what a terminal's encoding lacks as escapes: file names need not be text at all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
