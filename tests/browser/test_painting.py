"""Painting in a real browser: where strokes begin, how wide they are, zoom and pan."""

import re

import numpy as np
import pytest
from PIL import Image

from tests.browser.demo import Demo
from tests.browser.photos import mandelbrot

pytestmark = pytest.mark.browser


@pytest.fixture
def canvas(visit, tmp_path) -> Demo:
    """A page with an own photo, where strokes wait for Fill."""
    mandelbrot().save(tmp_path / "mine.png")
    demo = visit("desktop")
    demo.open(tmp_path / "mine.png")
    demo.set_fill_on_release(False)
    return demo


def width_shown(demo: Demo) -> int:
    """Pixels that the page says the brush is wide."""
    return int(re.fullmatch(r"(\d+) px", demo.page.locator(".size output").inner_text())[1])


def painted_width(demo: Demo) -> int:
    """Rows of the tallest column that is painted."""
    return int(demo.hole().sum(axis=0).max())


def test_a_stroke_may_begin_and_end_beside_the_photo(canvas, keep):
    demo = canvas
    demo.draw((-0.03, 0.5), (1.03, 0.5))
    hole = demo.hole()
    rows = np.flatnonzero(hole.any(axis=1))
    assert hole[rows].mean(axis=1).max() == 1  # from border to border
    assert len(rows) < 0.1 * demo.size()[1]
    keep(demo)
    demo.press("clear")
    demo.draw((-0.05, -0.1), (-0.05, 0.5))
    assert not demo.hole().any() and demo.kinds()[-1] == "erase"  # clear: beside it is nothing


def test_a_click_is_a_dot_of_the_brush_size(canvas):
    demo = canvas
    demo.draw((0.5, 0.5))
    assert abs(painted_width(demo) - width_shown(demo)) <= 2
    rows, columns = np.nonzero(demo.hole())
    width, height = demo.size()
    assert rows.mean() + 0.5 == pytest.approx(height / 2, abs=1)
    assert columns.mean() + 0.5 == pytest.approx(width / 2, abs=1)


def test_the_brush_has_the_size_that_is_shown(canvas):
    demo = canvas
    sizes = [width_shown(demo)]
    for _ in range(4):
        demo.page.keyboard.press("]")
        sizes.append(width_shown(demo))
    assert sizes == sorted(set(sizes))
    demo.draw((0.3, 0.5), (0.6, 0.5))
    assert abs(painted_width(demo) - sizes[-1]) <= 2
    for expected in sizes[-2::-1]:
        demo.page.keyboard.press("[")
        assert width_shown(demo) == expected
    demo.press("clear")
    slider = demo.page.locator("[data-size]")
    slider.fill("70")
    assert width_shown(demo) > 2 * sizes[0]
    assert f"{width_shown(demo)} px" == slider.get_attribute("aria-valuetext")
    demo.draw((0.3, 0.5), (0.6, 0.5))
    assert abs(painted_width(demo) - width_shown(demo)) <= 2


@pytest.mark.parametrize("side", [400, 1500, 4000])
def test_the_first_brush_fits_the_photo(visit, tmp_path, side):
    Image.new("RGB", (side * 5 // 4, side), "teal").save(tmp_path / "plain.png")
    demo = visit()
    demo.page.keyboard.press("]")
    demo.open(tmp_path / "plain.png")
    assert 0.02 * side <= width_shown(demo) <= 0.03 * side


def test_the_eraser_takes_away(canvas):
    demo = canvas
    demo.draw((0.2, 0.5), (0.8, 0.5))
    before = demo.hole()
    demo.press("eraser")
    demo.draw((0.5, 0.3), (0.5, 0.7))
    after = demo.hole()
    assert after.sum() < before.sum() and not (after & ~before).any()
    assert not after[:, demo.size()[0] // 2].any()
    demo.press("brush")
    demo.draw((0.45, 0.5), (0.55, 0.5))
    np.testing.assert_array_equal(demo.hole(), before)


def test_the_wheel_zooms_where_the_pointer_is(canvas, keep):
    demo = canvas
    point = (0.3, 0.6)
    before, place, shown = painted_at(demo, point), demo.at(*point), width_shown(demo)
    for _ in range(3):
        demo.wheel(*point, -300)
        assert demo.at(*point) == pytest.approx(place, abs=2)
    near = painted_at(demo, point)
    keep(demo)
    assert near.sum() < before.sum() and width_shown(demo) < shown
    demo.page.keyboard.press("0")
    assert width_shown(demo) == shown
    assert painted_at(demo, point).sum() == pytest.approx(before.sum(), abs=4)


def painted_at(demo: Demo, point: tuple[float, float]) -> np.ndarray:
    """What a click there paints, into an empty hole."""
    demo.press("clear")
    demo.draw(point)
    return demo.hole()


@pytest.mark.parametrize("button", ["left", "middle"])
def test_space_with_a_drag_and_the_middle_button_pan(canvas, button):
    demo = canvas
    demo.wheel(0.5, 0.5, -500)
    x, y, scale = demo.view()
    start, end = demo.at(0.5, 0.5), demo.at(0.55, 0.53)
    if button == "left":
        demo.press("brush")  # what was pressed last takes no space bar
        demo.page.keyboard.down("Space")
    demo.draw((0.5, 0.5), (0.55, 0.53), button=button)
    moved = demo.view()
    demo.page.keyboard.up("Space")
    assert moved == pytest.approx((x + end[0] - start[0], y + end[1] - start[1], scale), abs=1)
    assert not demo.hole().any() and demo.kinds()[-1] == "open"
    demo.draw((0.5, 0.5))  # space is let go: this paints, and the picture is no more "before"
    assert demo.hole().any() and not demo.js("stage.isBefore")


def test_buttons_and_keys_zoom(canvas):
    demo = canvas
    shown = demo.page.locator(".fit output")
    fit, words = demo.view(), shown.inner_text()
    demo.press("zoom-in")
    near = demo.view()
    assert near[2] > fit[2] and shown.inner_text() != words
    demo.press("zoom-out")
    assert demo.view() == pytest.approx(fit)
    demo.page.keyboard.press("+")
    assert demo.view() == pytest.approx(near)
    demo.page.keyboard.press("-")
    demo.page.keyboard.press("+")
    demo.press("fit")
    assert demo.view() == pytest.approx(fit) and shown.inner_text() == words


def test_what_is_painted_is_seen_where_it_is(canvas):
    demo = canvas
    demo.draw((0.3, 0.4), (0.6, 0.4))
    sharp = demo.js("stage.sharp")
    for turned in (0, -400):
        if turned:
            demo.wheel(0.45, 0.4, turned)
        x, y, scale = demo.view()
        front = demo.shown("front")[..., 3] > 0
        rows, columns = np.nonzero(front)
        photo_rows = (rows / sharp - y) / scale
        painted = np.nonzero(demo.hole())
        assert photo_rows.min() == pytest.approx(painted[0].min(), abs=1.5 / scale + 0.5)
        assert photo_rows.max() == pytest.approx(painted[0].max() + 1, abs=1.5 / scale + 0.5)
        assert columns.size
