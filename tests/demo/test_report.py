"""The numbers of a fill as the visitor reads them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from inpainting.demo import report, service
from inpainting.demo.checkpoint import checkpoint_name
from inpainting.demo.report import fill_name, filled_with, report_html
from inpainting.evaluation.fill_report import measure
from inpainting.evaluation.metrics import score
from inpainting.inference.parts import Part
from inpainting.inference.result import Pass
from inpainting.masks.convert import hole_from_mask_image
from tests.demo.visitor import box_mask

pytestmark = pytest.mark.usefixtures("tiny_pipeline")


@pytest.fixture
def served(noise):
    """A fill of a hole of 12×6 pixels."""
    mask_image = box_mask((45, 31), (5, 6, 17, 12))
    return service.fill(noise(45, 31), hole_from_mask_image(mask_image, (45, 31)))


def test_numbers_are_those_of_the_pictures(served):
    original, filled, hole = (
        np.array(served.result.original),
        served.result.image,
        served.result.hole,
    )
    expected = score(original, np.array(filled), hole)
    text = report_html(served, measure(served.result), known=False)
    for words in (
        f"{expected.hole_psnr:.1f} <small>dB</small>",
        f"whole picture: {expected.psnr:.1f} dB",
        f"{expected.hole_ssim:.3f}",
        f"whole picture: {expected.ssim:.3f}",
        f"{expected.hole_mse:,.1f}",
        "45 × 31 px · hole 5.2 %",
        "on CPU",
        "1 crop of 45 × 31 px at full resolution",
        checkpoint_name(),
        report.UNTOUCHED,
    ):
        assert words in text


@pytest.mark.parametrize(
    ("mode", "natural", "name", "words"),
    [
        ("auto", (True, False, False), "natural fill, try 3", "1 of 3 holes with copied texture"),
        ("auto", (True,), "natural fill, try 3", "copied texture in the hole"),
        ("auto", (False, False), "natural fill", "the network alone filled all 2 holes"),
        ("faithful", (False,), "faithful fill", "the network alone filled the hole"),
    ],
)
def test_the_numbers_say_which_fill_they_belong_to(served, mode, natural, name, words):
    parts = tuple(Part((0, 0, 1, 1), 1, copied) for copied in natural)
    served = served._replace(result=served.result._replace(mode=mode, seed=2, parts=parts))
    text = report_html(served, measure(served.result), known=False)
    assert f"<strong>{name.capitalize()}</strong>: {words}</p>" in text
    assert (fill_name(served.result), filled_with(served.result)) == (name, words)


def test_the_report_says_when_its_numbers_mean_nothing(served):
    own, damage = (report_html(served, measure(served.result), known) for known in (False, True))
    assert report.OWN_PAINT in own and report.KNOWN_ORIGINAL not in own
    assert report.KNOWN_ORIGINAL in damage and report.OWN_PAINT not in damage
    folded = f"<details><summary>{report.AGAINST_GIVEN}</summary><dl"
    assert folded in own and folded not in damage and "PSNR" in damage


def test_equal_pictures_are_explained(served):
    measured = measure(served.result)
    equal = score(*[np.zeros((20, 20, 3), np.uint8)] * 2, np.eye(20, dtype=bool))
    text = report_html(served, measured._replace(scores=equal), known=False)
    assert text.count("∞") == 3 and report.INFINITE in text
    assert "inf dB" not in text
    unequal = measured._replace(scores=replace(equal, hole_psnr=20.0, psnr=math.nan))
    assert report.INFINITE not in report_html(served, unequal, known=False)


def test_pixels_that_were_touched_are_said(served):
    touched = measure(served.result)._replace(untouched=False)
    text = report_html(served, touched, known=False)
    assert report.TOUCHED in text and report.UNTOUCHED not in text


def test_every_report_is_another_one(served):
    one, two = (report_html(served, measure(served.result), known=False) for _ in range(2))
    assert one != two  # the page shows only what has changed


def test_runs_of_the_network_are_counted_by_their_size(served):
    def run(scale, size, boxes):
        return Pass(((0, 0, 1, 1),) * boxes, size, scale)

    passes = (run(2, (30, 40), 1), run(1, (60, 80), 1), run(1, (60, 80), 2), run(1.5, (9, 9), 1))
    assert report.runs(served.result._replace(passes=passes)) == (
        "1 crop of 40 × 30 px at 1/2 of it<br>3 crops of 80 × 60 px at full resolution"
        "<br>1 crop of 9 × 9 px at 1/1.5 of it"
    )
