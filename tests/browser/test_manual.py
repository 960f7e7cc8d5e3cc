"""Fill on release switched off, in a real browser: what is painted waits for Fill."""

import numpy as np
import pytest

from tests.browser.demo import Demo
from tests.browser.photos import mandelbrot

pytestmark = pytest.mark.browser


@pytest.fixture
def manual(visit, tmp_path) -> Demo:
    """A page with an own photo, where strokes wait for Fill."""
    mandelbrot().save(tmp_path / "mine.png")
    demo = visit()
    demo.open(tmp_path / "mine.png")
    demo.set_fill_on_release(False)
    return demo


def hold_fills(demo: Demo) -> list:
    """From now on fills wait, in this list, until ``let_go``."""
    held = []
    demo.page.route("**/queue/join*", lambda route: held.append(route))
    return held


def let_go(demo: Demo, held: list) -> None:
    while held:
        held.pop(0).continue_()
    demo.page.unroute("**/queue/join*")


@pytest.mark.parametrize("way", ["fill", "Enter", "f"])
def test_strokes_are_kept_until_fill(manual, way):
    demo, before = manual, manual.fills()
    demo.draw((0.3, 0.3), (0.6, 0.3))
    demo.draw((0.3, 0.7), (0.6, 0.7))
    painted = demo.hole()
    rows = np.flatnonzero(painted.any(axis=1)) / demo.size()[1]
    assert rows.min() < 0.31 and rows.max() > 0.69 and demo.fills() == before
    assert "Press Fill" in demo.status()
    with demo.filling():
        demo.press("fill") if way == "fill" else demo.page.keyboard.press(way)
    assert demo.fills() == before + 1 and not demo.hole().any()
    filled = demo.filled_hole()
    assert filled[painted].all() and filled.sum() < 3 * painted.sum()


def test_ten_clicks_are_one_fill(manual):
    demo, before = manual, manual.fills()
    demo.draw((0.3, 0.3), (0.6, 0.3))
    with demo.filling():
        for _ in range(10):
            demo.press("fill")
    assert demo.fills() == before + 1 and demo.js("session.step.patches.length") == 1
    assert "Nothing is painted yet" in demo.status() or "Filled in" in demo.status()


def test_nothing_painted_and_everything_painted_are_said(manual):
    demo, before = manual, manual.fills()
    demo.press("fill")
    demo.until_says("Nothing is painted yet: paint over what should go.")
    assert demo.is_error()
    demo.page.evaluate("inpainting.session.hole.fill(1)")
    demo.press("fill")
    demo.until_says("Everything is painted: leave something to fill from.")
    assert demo.is_error() and demo.fills() == before


def test_strokes_during_a_fill_wait_for_the_next_one(manual):
    demo = manual
    held = hold_fills(demo)
    demo.draw((0.3, 0.3), (0.6, 0.3))
    demo.press("fill")
    demo.until(lambda: held)
    demo.draw((0.3, 0.7), (0.6, 0.7))
    later = demo.hole()
    with demo.filling():
        let_go(demo, held)
    np.testing.assert_array_equal(demo.hole(), later)  # none lost, none filled unasked
    with demo.filling():
        demo.press("fill")
    assert not demo.hole().any() and demo.filled_hole()[later].all()
    assert demo.js("session.step.patches.length") == 2


def test_with_fill_on_release_they_are_filled_one_after_the_other(manual):
    demo = manual
    demo.set_fill_on_release(True)
    held = hold_fills(demo)
    source = np.array(mandelbrot())
    demo.draw((0.3, 0.2), (0.6, 0.2))
    demo.until(lambda: held)
    for row in (0.5, 0.8):
        demo.draw((0.3, row), (0.6, row))
    let_go(demo, held)
    demo.until(lambda: demo.js("session.step.patches.length") == 2)
    demo.until_rests()
    assert not demo.hole().any()
    result = np.array(demo.download()[0])
    changed = (result != source).any(axis=(1, 2))
    rows = [round(row * demo.size()[1]) for row in (0.2, 0.5, 0.8)]
    assert all(changed[row - 2 : row + 3].any() for row in rows)
    demo.press("undo")
    demo.press("undo")
    assert demo.kinds()[-1] == "open" and not demo.hole().any()


def test_undo_takes_back_a_fill_that_runs(manual):
    demo = manual
    held = hold_fills(demo)
    demo.draw((0.3, 0.3), (0.6, 0.3))
    painted = demo.hole()
    demo.press("fill")
    demo.until(lambda: held)
    demo.press("undo")
    np.testing.assert_array_equal(demo.hole(), painted)
    let_go(demo, held)
    with demo.filling():
        demo.press("fill")
    assert demo.js("session.step.patches.length") == 1 and not demo.is_error()
