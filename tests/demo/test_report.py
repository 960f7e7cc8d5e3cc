"""The numbers of a fill as the visitor reads them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from inpainting.demo import report, service
from inpainting.demo.checkpoint import checkpoint_name
from inpainting.demo.report import history_caption, report_html
from inpainting.evaluation.fill_report import measure
from inpainting.evaluation.metrics import score
from inpainting.inference.pipeline import Part
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
        f"{expected.hole_psnr:.1f} dB",
        f"whole: {expected.psnr:.1f} dB",
        f"{expected.hole_ssim:.3f}",
        f"whole: {expected.ssim:.3f}",
        f"{expected.hole_mse:,.1f}",
        "45 × 31 px · hole 5.2 %",
        "on CPU",
        "1 crop of 45 × 31 px at full resolution",
        checkpoint_name(),
        report.UNTOUCHED,
    ):
        assert words in text
    caption = f"cat · 45 × 31 px · hole 5.2 % · natural fill · {expected.hole_psnr:.1f} dB in hole"
    assert history_caption(served, measure(served.result), "cat") == caption


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
    assert f" · {name} · " in history_caption(served, measure(served.result), "cat")


def test_the_report_says_when_its_numbers_mean_nothing(served):
    own, damage = (report_html(served, measure(served.result), known) for known in (False, True))
    assert "If you removed an object" in own and "these numbers mean nothing" in own
    assert report.KNOWN_ORIGINAL in damage and report.OWN_PAINT not in damage


def test_equal_pictures_are_explained(served):
    measured = measure(served.result)
    equal = score(*[np.zeros((20, 20, 3), np.uint8)] * 2, np.eye(20, dtype=bool))
    text = report_html(served, measured._replace(scores=equal), known=False)
    assert text.count("∞") == 3 and report.INFINITE in text
    assert "inf dB" not in text
    unequal = measured._replace(scores=replace(equal, hole_psnr=20.0, psnr=math.nan))
    assert report.INFINITE not in report_html(served, unequal, known=False)
    assert "∞ dB in hole" in history_caption(served, measured._replace(scores=equal), "cat")


def test_pixels_that_were_touched_are_said(served):
    touched = measure(served.result)._replace(untouched=False)
    text = report_html(served, touched, known=False)
    assert report.TOUCHED in text and report.UNTOUCHED not in text
