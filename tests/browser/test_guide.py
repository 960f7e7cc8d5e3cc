"""Colours drawn into a fill in a real browser: it is filled again, and follows them."""

import numpy as np
import pytest
from PIL import Image

from tests.browser.demo import Demo

pytestmark = pytest.mark.browser

BLUE, GREEN = (60, 90, 190), (70, 170, 60)


@pytest.fixture(params=["desktop", "phone"])
def mine(visit, tmp_path, request) -> Demo:
    """A photo, blue above green, in whose middle a hole was filled."""
    rng = np.random.default_rng(0)
    halves = np.where(np.arange(300)[:, None, None] < 150, BLUE, GREEN)
    pixels = halves + rng.integers(-20, 20, (300, 300, 3))
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "mine.png")
    demo = visit(request.param)
    demo.open(tmp_path / "mine.png")
    demo.set_fill_on_release(False)
    for row in (0.4, 0.45, 0.5, 0.55, 0.6):
        demo.draw((0.35, row), (0.65, row))
    with demo.filling():
        demo.press("fill")
    demo.set_fill_on_release(True)
    return demo


def greenness(demo: Demo) -> float:
    """Of the middle of the hole."""
    pixels = np.array(demo.download()[0]).astype(float)[125:175, 120:180]
    return float((pixels[..., 1] - pixels[..., 2]).mean())


def test_a_fill_follows_the_colours_that_are_drawn_into_it(mine, keep):
    demo = mine
    before = greenness(demo)
    demo.press("colour")
    assert "takes the colour there" in demo.status()
    with demo.filling():
        demo.draw((0.5, 0.9), (0.4, 0.55), (0.6, 0.42))
    keep(demo)
    green = greenness(demo)
    with demo.filling():
        demo.draw((0.5, 0.1), (0.4, 0.42), (0.6, 0.48), (0.4, 0.55))
    blue = greenness(demo)
    assert green > before + 10 and blue < green - 20
    hole = demo.filled_hole()
    assert demo.steps().count() == 4 and not hole[:90].any()
    demo.press("undo")
    assert greenness(demo) == green
    demo.press("undo")
    assert greenness(demo) == before


def test_the_colour_can_be_chosen(mine):
    demo = mine
    demo.press("colour")
    demo.page.locator("[data-colour]").evaluate(
        """(input) => {
            input.value = "#ff0000";
            input.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    demo.set("mode", "faithful")
    demo.until_rests()
    with demo.filling():
        demo.draw((0.4, 0.5), (0.6, 0.5))
    assert demo.js("session.step.fill.asked.guide[0].colour") == "#ff0000"
    pixels = np.array(demo.download()[0]).astype(float)[148:152, 130:170]
    assert (pixels[..., 0] - pixels[..., 2]).mean() > 60


def test_a_stroke_that_says_nothing_is_told(mine):
    demo = mine
    demo.press("colour")
    demo.draw((0.1, 0.1), (0.2, 0.1))
    assert "lies beside the fill" in demo.until_says("beside")
    assert not demo.js("session.guide.length")


def test_without_a_hole_there_is_nothing_to_guide(visit, tmp_path):
    Image.new("RGB", (90, 60), GREEN).save(tmp_path / "mine.png")
    demo = visit("desktop")
    demo.open(tmp_path / "mine.png")
    demo.page.keyboard.press("c")
    assert demo.button("colour").get_attribute("aria-pressed") == "true"
    demo.draw((0.4, 0.5), (0.6, 0.5))
    demo.until_says("First paint over what should go")
