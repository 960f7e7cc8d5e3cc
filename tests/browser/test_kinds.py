"""The kinds of fill in a real browser: natural or faithful, and another try."""

import numpy as np
import pytest

from inpainting.demo.examples import EXAMPLES, read_mask_image
from tests.browser.demo import Demo

pytestmark = pytest.mark.browser

DEEP = 1  # index of an example with a hole deep enough for copied texture


@pytest.fixture
def removal(visit) -> Demo:
    """A page that has removed an object."""
    demo = visit()
    assert not demo.button("another").is_visible()  # of scratches there is one fill
    demo.pick_example(DEEP)
    demo.button("another").wait_for()
    return demo


def filled(demo: Demo) -> np.ndarray:
    return np.array(demo.download()[0])


def test_another_try_changes_the_hole_and_nothing_else(removal, keep):
    demo = removal
    hole = np.array(read_mask_image(EXAMPLES[DEEP])) > 127
    first, name = filled(demo), demo.js("session.step.fill.answer.name")
    with demo.filling():
        demo.press("another")
    second = filled(demo)
    assert demo.js("session.step.fill.answer.name") != name
    changed = (first != second).any(axis=2)
    assert changed[hole].any() and not changed[~hole].any()
    with demo.filling():
        demo.page.keyboard.press("a")
    keep(demo)
    assert demo.js("session.step.patches.length") == 1  # in place of the first, not on it
    assert demo.steps().count() == 4
    demo.press("undo")
    np.testing.assert_array_equal(filled(demo), second)
    demo.press("undo")
    np.testing.assert_array_equal(filled(demo), first)


def test_another_try_is_of_the_last_hole_on_the_fills_before(removal):
    demo = removal
    first = filled(demo)
    demo.stroke((0.2, 0.2), (0.3, 0.2))
    with demo.filling():
        demo.page.evaluate("inpainting.session.again()")
    hole = demo.filled_hole()
    np.testing.assert_array_equal(filled(demo)[~hole], first[~hole])
    assert hole.sum() < 0.05 * hole.size and demo.js("session.step.patches.length") == 2


def test_impatience_gives_one_more_try_and_no_error(removal):
    demo, before = removal, removal.fills()
    with demo.filling():
        demo.page.evaluate("for (let i = 0; i < 5; i += 1) inpainting.toolbar.actions.another()")
    assert demo.fills() == before + 1 and not demo.is_error()


def test_the_switch_fills_the_last_hole_otherwise(removal, keep):
    demo = removal
    hole = demo.filled_hole()
    natural = filled(demo)
    with demo.filling():
        demo.set("mode", "faithful")
    assert demo.js("session.step.fill.answer.name") == "faithful fill"
    assert not demo.button("another").is_visible()
    changed = (filled(demo) != natural).any(axis=2)
    assert changed[hole].any() and not changed[~hole].any()
    keep(demo)
    with demo.filling():
        demo.set("mode", "auto")
    np.testing.assert_array_equal(filled(demo), natural)
    assert demo.button("another").is_visible()


def test_the_switch_counts_for_later_fills_and_visits(removal):
    demo = removal
    with demo.filling():
        demo.set("mode", "faithful")
    demo.pick_example(DEEP)
    assert demo.js("session.step.fill.answer.name") == "faithful fill"
    demo.page.evaluate("sessionStorage.clear()")
    with demo.page.expect_navigation():
        demo.page.reload()
    demo.until(lambda: demo.js("session?.step?.fill"))
    assert demo.page.locator("[data-set=mode][value=faithful]").is_checked()
    assert demo.js("session.step.fill.asked.mode") == "faithful"


def test_switched_while_it_fills_the_fill_is_of_the_new_kind(removal):
    demo = removal
    held: list = []
    demo.page.route("**/queue/join*", lambda route: held.append(route))
    demo.draw((0.3, 0.3), (0.4, 0.3))
    demo.until(lambda: held)
    demo.set("mode", "faithful")
    while held:
        held.pop(0).continue_()
    demo.page.unroute("**/queue/join*")
    demo.until(lambda: demo.js("session.step.fill?.asked.mode") == "faithful")
    demo.until_rests()
    assert demo.js("session.step.patches.length") == 2


def test_a_soft_edge_changes_the_hole_alone(removal):
    demo, results = removal, []
    before = filled(demo)
    for pixels in ("0", "6"):
        demo.set("feather", pixels)
        demo.stroke((0.3, 0.3), (0.4, 0.3))
        hole = demo.filled_hole()
        results.append(filled(demo))
        np.testing.assert_array_equal(results[-1][~hole], before[~hole])
        demo.press("undo")
    assert (results[0] != results[1]).any()
