"""What may come of an odd file: what a plain decoder reads of it, or one of our sentences."""

import re

import numpy as np
from PIL import Image

from inpainting.errors import EmptyHole, NothingKnown
from inpainting.io.images import REFUSALS, decode
from inpainting.masks.edit import resize
from tests.robustness.odd_files import OddFile, reference, saved

PATTERNS = [re.compile(re.sub(r"\\\{.*?\}", ".*", re.escape(words)), re.DOTALL)
            for words in REFUSALS]  # fmt: skip
MASK = Image.new("L", (8, 8))
MASK.paste(255, (2, 2, 5, 5))
MASK_FILE = saved(MASK, "PNG")
# What a whole fill refuses beside pictures that cannot be read.
UNFILLABLE = {str(EmptyHole()), str(NothingKnown())}


def refusal_of(message: str) -> int | None:
    """Which of the fixed sentences it is."""
    return next((k for k, each in enumerate(PATTERNS) if each.fullmatch(message)), None)


def check_answer(file: OddFile, result: bytes) -> None:
    """The size and the pixels outside the hole are those of a plain decoder."""
    image, expected = decode(result), reference(file.content)
    assert (image.size, image.mode) == (expected.size, expected.mode), file.name
    known = np.asarray(resize(MASK, image.size)) == 0
    assert np.array_equal(np.asarray(image)[known], np.asarray(expected)[known]), file.name
    assert b"secret" not in result and not image.info


def check_refusal(file: OddFile, words: str) -> None:
    assert words in UNFILLABLE or refusal_of(words) is not None, f"{file.name}: {words}"
    assert file.expected is None or words in UNFILLABLE, f"{file.name}: {words}"
