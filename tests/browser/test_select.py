"""Select for me in a real browser: rough paint snaps to what is meant, or it is said why not."""

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.browser.demo import Demo
from tests.browser.photos import disc, texture

pytestmark = pytest.mark.browser

SIZE = (240, 180)
TRUTH = disc(SIZE, 100, 90, 35)
AROUND = [
    ((100 + 41 * math.cos(turn)) / SIZE[0], (90 + 41 * math.sin(turn)) / SIZE[1])
    for turn in np.linspace(0, 2 * math.pi, 13)
]


@pytest.fixture
def shown(visit, tmp_path):
    """A function that opens a picture, given as an array."""

    def open_picture(pixels: np.ndarray) -> Demo:
        Image.fromarray(pixels).save(tmp_path / "mine.png")
        demo = visit("desktop")
        demo.open(tmp_path / "mine.png")
        return demo

    return open_picture


def with_disc() -> np.ndarray:
    pixels = texture(*SIZE)
    pixels[TRUTH] = np.random.default_rng(2).normal((220, 80, 60), 8, (TRUTH.sum(), 3)).clip(0, 255)
    return pixels


def drawn(draw_on) -> tuple[np.ndarray, np.ndarray]:
    """Texture with something drawn on it, and where that is."""
    mask = Image.new("L", SIZE)
    draw_on(ImageDraw.Draw(mask))
    return texture(*SIZE), np.array(mask) > 127


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return (one & other).sum() / (one | other).sum()


def snapped(demo: Demo, *points) -> np.ndarray:
    """What rough paint has become."""
    steps, fills = demo.kinds(), demo.fills()
    demo.draw(*points)
    demo.until_says("Selected.")
    assert demo.kinds() == [*steps, "select"] and demo.fills() == fills  # looked at, then filled
    return demo.hole()


@pytest.mark.parametrize(
    ("box", "points"),
    [
        (False, [(0.32, 0.42), (0.42, 0.64), (0.52, 0.42)]),
        (False, AROUND),
        (True, [(0.25, 0.26), (0.58, 0.74)]),
        (True, [(0.58, 0.74), (0.25, 0.26)]),
    ],
)
def test_an_object_is_found_filled_and_undone(shown, keep, box, points):
    demo = shown(with_disc())
    demo.select("object", box=box)
    assert overlap(snapped(demo, *points), TRUTH) > 0.85
    keep(demo)
    with demo.filling():
        demo.page.keyboard.press("Enter")
    assert overlap(demo.filled_hole(), TRUTH) > 0.75  # it was grown, for its soft edge
    after = np.array(demo.download()[0])
    assert (after[TRUTH] != with_disc()[TRUTH]).any()
    demo.press("undo")
    assert overlap(demo.hole(), TRUTH) > 0.85
    demo.press("undo")
    assert not demo.hole().any() and demo.kinds()[-1] == "open"


def test_what_is_selected_is_added_and_can_be_changed(shown):
    pixels = with_disc()
    second = disc(SIZE, 195, 60, 22)
    pixels[second] = (60, 60, 230)
    demo = shown(pixels)
    demo.select("object")
    first = snapped(demo, (0.32, 0.42), (0.42, 0.64), (0.52, 0.42))
    both = snapped(demo, (0.76, 0.29), (0.81, 0.42), (0.86, 0.29))
    assert both[first].all() and overlap(both, TRUTH | second) > 0.8
    demo.press("eraser")
    demo.draw((0.3, 0.5), (0.5, 0.5))
    assert 0 < demo.hole().sum() < both.sum()


@pytest.mark.parametrize(("what", "colour"), [("bright text", 250), ("dark text", 10)])
def test_only_the_letters_are_selected(shown, what, colour):
    font = ImageFont.load_default(28)
    pixels, letters = drawn(lambda draw: draw.text((40, 70), "12 May '98", fill=255, font=font))
    pixels[letters] = colour
    demo = shown(pixels)
    demo.select(what)
    demo.page.locator("[data-size]").fill("70")
    found = snapped(demo, (0.15, 0.42), (0.85, 0.42), (0.85, 0.53), (0.15, 0.53))
    assert found[letters].mean() > 0.95
    assert found.sum() < 3.2 * letters.sum()  # with their soft edges, and no more


def test_only_thin_lines_are_selected(shown):
    pixels, line = drawn(lambda draw: draw.line((0, 40, 240, 120), fill=255, width=2))
    pixels[line] = 250
    demo = shown(pixels)
    demo.select("thin lines")
    found = snapped(demo, (0.1, 0.27), (0.9, 0.62))
    inside = np.zeros_like(line)
    inside[:, 30:210] = True
    assert found[line & inside].mean() > 0.9 and found.sum() < 4.5 * line.sum()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("bright text", "No text stands out"),
        ("dark text", "No text stands out"),
        ("thin lines", "No thin line stands out"),
    ],
)
def test_where_there_is_nothing_it_is_said(shown, what, words):
    demo = shown(np.full((SIZE[1], SIZE[0], 3), 128, np.uint8))
    demo.select(what)
    demo.draw((0.3, 0.5), (0.7, 0.5))
    demo.until_says(words)
    demo.until_rests()
    assert demo.is_error() and demo.kinds()[-1] == "open" and not demo.hole().any()
    demo.press("brush")
    demo.stroke((0.3, 0.5), (0.7, 0.5))
