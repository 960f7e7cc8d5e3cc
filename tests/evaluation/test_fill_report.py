"""What programs are told about a fill."""

import json

import numpy as np
import pytest
from PIL import Image

from inpainting import InpaintingResult
from inpainting.evaluation.fill_report import fill_report, measure, untouched
from inpainting.evaluation.metrics import score
from inpainting.inference.parts import Part
from inpainting.inference.result import Pass

HOLE = np.zeros((20, 30), bool)
HOLE[5:11, 5:15] = True
RUN = Pass(((0, 0, 30, 20),), (20, 30), 1)


def test_the_report_has_the_scores_and_what_was_run(noise):
    original, other = noise(30, 20), noise(30, 20)
    image = Image.composite(other, original, Image.fromarray(HOLE))
    result = InpaintingResult(image, original, HOLE, (RUN,), None)
    told = fill_report(result)
    assert (told["width"], told["height"], told["hole_ratio"]) == (30, 20, 0.1)
    assert told["untouched_pixels_equal"] is True
    expected = score(np.array(original), np.array(image), HOLE)
    assert measure(result) == (expected, 0.1, True)
    assert told["scores"]["hole_psnr"] == pytest.approx(expected.hole_psnr, abs=1e-5)
    assert json.loads(json.dumps(told))["passes"] == [
        {"boxes": [[0, 0, 30, 20]], "size": [20, 30], "scale": 1}
    ]
    changed = fill_report(InpaintingResult(other, original, HOLE, (), None))
    assert changed["untouched_pixels_equal"] is False


def test_the_report_says_what_each_part_was_filled_with(noise):
    picture = noise(30, 20)
    parts = (Part((5, 5, 10, 11), 30, True), Part((10, 5, 15, 11), 30, False))
    result = InpaintingResult(picture, picture, HOLE, (), None, parts=parts, mode="natural", seed=7)
    told = json.loads(json.dumps(fill_report(result)))
    assert (told["mode"], told["seed"]) == ("natural", 7)
    assert told["parts"] == [
        {"box": [5, 5, 10, 11], "pixels": 30, "filled": "natural"},
        {"box": [10, 5, 15, 11], "pixels": 30, "filled": "faithful"},
    ]


def test_an_infinite_psnr_is_null(noise):
    original = noise(30, 20)
    scores = fill_report(InpaintingResult(original.copy(), original, HOLE, (), None))["scores"]
    assert scores["psnr"] is None and scores["hole_psnr"] is None and scores["ssim"] == 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_one_touched_pixel_is_seen(noise, mode):
    original = noise(30, 20).convert(mode)
    image = original.copy()
    image.putpixel((6, 6), (0,) * len(mode))
    assert untouched(original, image, HOLE)
    pixel = original.getpixel((29, 19))
    image.putpixel((29, 19), (*pixel[:-1], pixel[-1] ^ 1))
    assert not untouched(original, image, HOLE)
