"""The kinds of fill in a real browser: the switch, another try, both of them compared."""

import numpy as np
import pytest

from inpainting.demo import events
from tests.browser.demo import Demo

pytestmark = pytest.mark.browser

DEEP = 1  # index of an example with one hole, deep enough for copied texture


@pytest.fixture
def removal(visit):
    """A function that opens the page and lets it remove an object, in a window of that kind."""

    def open_page(kind: str = "window") -> Demo:
        demo = visit(kind)
        demo.page.locator("#again").wait_for(state="hidden")  # of scratches there is one fill
        demo.pick_example(DEEP)
        demo.page.locator("#again").wait_for()
        assert "Natural fill, try 1: copied texture" in demo.page.inner_text("#report")
        return demo

    return open_page


def filled(demo: Demo) -> np.ndarray:
    """The filled picture, once nothing is on its way."""
    demo.until_answered()
    return np.array(demo.slider_pictures()[1])


def test_another_try_changes_the_hole_and_nothing_else(removal, keep):
    demo = removal()
    _, mask_image = events.read_example(events.EXAMPLES[DEEP])
    hole = np.array(mask_image) > 0
    first = filled(demo)
    demo.press_fill("#again")
    second = filled(demo)
    assert "Natural fill, try 2" in demo.page.inner_text("#report")
    changed = (first != second).any(axis=2)
    assert changed[hole].any() and not changed[~hole].any()
    demo.page.focus("#again")
    with demo.new_facts():
        demo.page.keyboard.press("Enter")
    assert "Natural fill, try 3" in demo.page.inner_text("#report")
    keep(demo)
    demo.press_fill()
    assert "Natural fill, try 1" in demo.page.inner_text("#report")
    assert np.array_equal(filled(demo), first)
    demo.press_fill("#again")
    demo.stroke((0.3, 0.3), (0.35, 0.3))
    demo.press_fill("#again")  # of another mask, this is the first one
    assert "Natural fill, try 1" in demo.page.inner_text("#report")


def test_impatience_gives_the_next_try_and_no_error(removal):
    demo = removal()
    for _ in range(3):
        demo.page.click("#again")
    demo.press_fill("#again")
    demo.until_answered()
    assert "Natural fill, try" in demo.page.inner_text("#report")
    assert not demo.page.locator(".toast-body").count()


def test_the_switch_counts_for_the_next_fill(removal):
    demo = removal()
    page = demo.page
    natural = filled(demo)
    asked = len([url for url in demo.asked if "/queue/join" in url])
    page.get_by_label("Faithful").focus()
    page.keyboard.press("Space")
    assert page.get_by_label("Faithful").is_checked()
    assert asked == len([url for url in demo.asked if "/queue/join" in url])  # nothing yet
    with demo.new_facts():
        page.keyboard.press("f")  # a key, on the switch too
    assert "Faithful fill: the network alone filled the hole" in page.inner_text("#report")
    page.locator("#again").wait_for(state="hidden")
    assert not np.array_equal(filled(demo), natural)
    demo.pick_example(DEEP + 2)
    page.get_by_text("Faithful fill: the network alone filled all 2 holes").wait_for()
    demo.pick_example(DEEP)
    page.get_by_text("Faithful fill: the network alone filled the hole").wait_for()
    page.get_by_label("Natural").check()
    demo.press_fill()
    assert np.array_equal(filled(demo), natural)
    page.locator("#again").wait_for()


def test_both_kinds_are_compared(removal):
    demo = removal()
    demo.unfold("comparison")
    demo.page.get_by_role("button", name="Fill this hole in other ways, too").click()
    captions = demo.page.locator("#comparison .caption-label")
    captions.nth(2).wait_for()
    names = [caption.split(":")[0].strip() for caption in captions.all_inner_texts()[:2]]
    assert names == ["This network, natural fill, try 1", "This network, faithful fill"]
    hidden = "gallery => gallery.scrollHeight - gallery.clientHeight"  # pixels, and captions
    assert demo.page.locator("#comparison .grid-wrap").evaluate(hidden) <= 0


def test_both_kinds_on_a_phone(removal, keep):
    demo = removal("phone")
    assert demo.overflow() <= 0
    for part in ("#mode", "#again"):
        box = demo.page.locator(part).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    demo.page.get_by_text("Faithful", exact=True).tap()
    demo.press_fill()
    assert "Faithful fill" in demo.page.inner_text("#report")
    keep(demo)
