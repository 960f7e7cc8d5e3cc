"""What programs are told about a fill."""

import json

import numpy as np
import pytest
from PIL import Image

from inpainting.facts import facts, untouched
from inpainting.metrics import score
from inpainting.pipeline import Filled, Pass

RUN = Pass(((0, 0, 30, 20),), (20, 30), 1)


@pytest.fixture
def mask_image() -> Image.Image:
    mask_image = Image.new("L", (30, 20))
    mask_image.paste(255, (5, 5, 15, 11))
    return mask_image


def test_facts_are_the_scores_and_what_was_run(noise, mask_image):
    original, other = noise(30, 20), noise(30, 20)
    result = Image.composite(other, original, mask_image)
    told = facts(original, mask_image, Filled(result, (RUN,), None))
    assert (told["width"], told["height"], told["hole_ratio"]) == (30, 20, 0.1)
    assert told["untouched_pixels_equal"] is True
    expected = score(np.array(original), np.array(result), np.array(mask_image) > 0)
    assert told["scores"]["hole_psnr"] == pytest.approx(expected.hole_psnr, abs=1e-5)
    assert json.loads(json.dumps(told))["passes"] == [
        {"boxes": [[0, 0, 30, 20]], "size": [20, 30], "scale": 1}
    ]
    assert facts(original, mask_image, Filled(other, (), None))["untouched_pixels_equal"] is False


def test_an_infinite_psnr_is_null(noise, mask_image):
    original = noise(30, 20)
    scores = facts(original, mask_image, Filled(original.copy(), (), None))["scores"]
    assert scores["psnr"] is None and scores["hole_psnr"] is None and scores["ssim"] == 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_one_touched_pixel_is_seen(noise, mask_image, mode):
    original = noise(30, 20).convert(mode)
    hole = np.array(mask_image) > 0
    result = original.copy()
    result.putpixel((6, 6), (0,) * len(mode))
    assert untouched(original, result, hole)
    pixel = original.getpixel((29, 19))
    result.putpixel((29, 19), (*pixel[:-1], pixel[-1] ^ 1))
    assert not untouched(original, result, hole)
