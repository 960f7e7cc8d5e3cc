"""Before and after in place, in a real browser: held, or on both sides of a line."""

import numpy as np
import pytest

from tests.browser.demo import Demo
from tests.browser.photos import mandelbrot

pytestmark = pytest.mark.browser


@pytest.fixture
def filled(visit, tmp_path) -> tuple[Demo, np.ndarray, np.ndarray]:
    """A page with a filled photo, the stage's pixels before the fill, and after it."""
    mandelbrot().save(tmp_path / "mine.png")
    demo = visit("desktop")
    demo.open(tmp_path / "mine.png")
    before = demo.shown()
    demo.stroke((0.3, 0.5), (0.7, 0.5))
    after = demo.shown()
    assert (before != after).any()
    return demo, before, after


def label(demo: Demo) -> bool:
    return demo.page.locator(".stage .label").is_visible()


def test_the_eye_shows_before_as_long_as_it_is_held(filled, keep):
    demo, before, after = filled
    view = demo.view()
    demo.page.locator("[data-hold]").hover()
    demo.page.mouse.down()
    np.testing.assert_array_equal(demo.shown(), before)
    assert label(demo) and demo.view() == view
    keep(demo)
    demo.page.mouse.up()
    np.testing.assert_array_equal(demo.shown(), after)
    assert not label(demo) and demo.view() == view


def test_the_space_bar_does_so_too_at_any_zoom(filled):
    demo, _, _ = filled
    demo.wheel(0.5, 0.5, -400)
    after, view = demo.shown(), demo.view()
    demo.page.keyboard.down("Space")
    during = demo.shown()
    assert (during != after).any() and label(demo) and demo.view() == view
    demo.page.keyboard.up("Space")
    np.testing.assert_array_equal(demo.shown(), after)
    demo.press("undo")
    np.testing.assert_array_equal(demo.shown(), during)


def test_what_is_painted_is_not_seen_while_before_is(filled):
    demo, _, _ = filled
    demo.set_fill_on_release(False)
    demo.draw((0.2, 0.2), (0.4, 0.2))
    assert demo.shown("front").any()
    demo.page.keyboard.down("Space")
    assert not demo.shown("front").any()
    demo.page.keyboard.up("Space")
    assert demo.shown("front").any()


def sides(demo: Demo, before: np.ndarray, after: np.ndarray) -> tuple[int, int]:
    """Columns that still look as before, and from which on they look as after: no others do."""
    look = demo.shown()
    is_before = (look == before).all(axis=(0, 2))
    is_after = (look == after).all(axis=(0, 2))
    other = ~(is_before | is_after)
    assert other.sum() <= 6  # the line itself
    return np.flatnonzero(~is_after).min(), np.flatnonzero(~is_before).max()


def test_the_line_follows_its_control_and_the_pointer(filled, keep):
    demo, before, after = filled
    demo.press("slider")
    x, _, scale = demo.view()
    sharp = demo.js("stage.sharp")
    width = demo.size()[0] * scale

    def line() -> float:
        """Share of the photo that is shown as it was before."""
        look = demo.shown()
        column = np.flatnonzero((look[:, :, :3] == 255).all(axis=(0, 2)))
        return (column.mean() / sharp - x + 0.5) / width

    assert line() == pytest.approx(0.5, abs=0.01)
    for key, share in (("ArrowRight", 0.51), ("Home", 0.0), ("End", 1.0)):
        demo.page.keyboard.press(key)
        assert demo.js("stage.split") == pytest.approx(share)
    demo.page.locator(".split").fill("40")
    assert line() == pytest.approx(0.4, abs=0.01)
    sides(demo, before, after)
    demo.draw((0.4, 0.5), (0.6, 0.5))
    assert line() == pytest.approx(0.6, abs=0.01)
    assert demo.page.locator(".split").input_value() == "60"
    assert not demo.hole().any() and demo.kinds()[-1] == "fill" and demo.fills() == 2
    keep(demo)
    demo.press("slider")
    np.testing.assert_array_equal(demo.shown(), after)
    demo.stroke((0.5, 0.2), (0.6, 0.2))
    assert demo.fills() == 3
