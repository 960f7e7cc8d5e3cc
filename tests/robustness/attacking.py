"""What attacks on the running app have in common."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image

from tests.robustness.odd_files import noise, saved
from tests.running_app import ROOT

MODES = {"local": "address", "space": "space_address"}  # fixtures of the app's URL
PICTURE = saved(Image.fromarray(noise(3)), "PNG")
LEAK = re.compile(  # what no answer may tell
    rf"Traceback|File \"|/root/|/home/|/usr/|{re.escape(str(ROOT))}|\.venv|site-packages|root:x:0"
)


def rotating(ways: Sequence[Any], attacks: Sequence[Any]) -> list[Any]:
    """Parameters (mode, way, attack): every attack in every mode on one way, in turn.

    That covers every way in every mode, if there are no fewer attacks than ways. All combinations
    are tried at night.
    """
    assert len(attacks) >= len(ways)

    def param(m: int, w: int, a: int) -> Any:
        usual = w == (a + m) % len(ways)
        marks = () if usual else pytest.mark.nightly
        return pytest.param(list(MODES)[m], ways[w], attacks[a], marks=marks)

    every = itertools.product(range(len(MODES)), range(len(ways)), range(len(attacks)))
    return [param(m, w, a) for m, w, a in every]
