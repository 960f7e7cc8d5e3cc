"""Thousands of odd and broken files: read as they should be, or refused in one of our sentences."""

import re
import time
from collections import Counter

import pytest

from inpainting.errors import InvalidImage
from inpainting.images import REFUSALS, decode
from tests.odd_files import odd_files, reference

PATTERNS = [re.compile(re.sub(r"\\\{.*?\}", ".*", re.escape(words)), re.DOTALL)
            for words in REFUSALS]  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow warns of much that it reads


def refusal_of(message: str) -> int:
    """Which of the fixed sentences it is."""
    return next(k for k, pattern in enumerate(PATTERNS) if pattern.fullmatch(message))


def test_every_odd_file_is_read_right_or_refused():
    outcomes: Counter[str] = Counter()
    for file in odd_files():
        start = time.monotonic()
        try:
            image = decode(file.content)
        except InvalidImage as error:
            assert file.expected is None, f"{file.name}: {error}"
            outcomes[f"refused {refusal_of(str(error))}"] += 1
            continue
        finally:
            assert time.monotonic() - start < 10, f"{file.name} hangs"
        assert not image.info and not image.getexif()
        for expected in (file.expected, reference(file.content)):
            if expected is not None:
                assert (image.size, image.mode) == (expected.size, expected.mode), file.name
                assert image.tobytes() == expected.tobytes(), file.name
        outcomes["read"] += 1
        outcomes["read, and known before"] += file.expected is not None
    assert outcomes.total() - outcomes["read, and known before"] >= 2000
    assert outcomes["read"] > 500 and outcomes["read, and known before"] > 100
    assert len(outcomes) > 6, "too few ways to be refused"


def test_the_files_are_the_same_for_the_same_seed():
    files = odd_files()
    assert files == odd_files() and len({file.name for file in files}) == len(files)
