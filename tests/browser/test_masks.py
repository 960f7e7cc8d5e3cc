"""Masks in a real browser: own files, changed and saved; test damage."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from tests.browser.demo import Demo, hole_share

pytestmark = pytest.mark.browser

EXAMPLE = 451 * 300  # pixels


def test_own_mask_inverted_filled_saved(visit, keep, tmp_path):
    mask_image = Image.new("L", (902, 600), 255)
    mask_image.paste(0, (200, 200, 400, 300))
    mask_image.save(tmp_path / "mine.png")
    demo = visit()
    page = demo.page
    demo.unfold("masks")
    with demo.changing():
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Open a mask file").click()
        chooser.value.set_files(tmp_path / "mine.png")
    page.get_by_text("invert it").wait_for()
    keep(demo)
    assert "resized from 902×600 to 451×300" in demo.messages()
    with demo.changing():
        page.get_by_role("button", name="Invert", exact=True).click()
    assert hole_share(demo.press_fill()) == pytest.approx(100 * 5000 / EXAMPLE, abs=0.11)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the mask").click()
    assert download.value.suggested_filename == "1_scratches_mask.png"
    saved = np.array(Image.open(download.value.path()))
    assert saved[120, 150] == 255 and saved[20, 20] == 0
    assert saved.mean() / 255 == pytest.approx(5000 / EXAMPLE, abs=2e-4)
    with demo.changing():
        page.get_by_role("button", name="Grow or shrink").click()  # by 4, as the slider stands
    demo.stroke((0.8, 0.65), (0.8, 0.65))  # and what is painted on it lies where it should
    assert hole_share(demo.press_fill()) > 100 * 108 * 58 / EXAMPLE - 0.2


def test_damage_is_filled_and_its_numbers_mean_something(visit, keep):
    demo = visit()
    demo.unfold("damage")
    demo.page.get_by_label("boxes").check()
    with demo.changing():
        facts = demo.press_fill("text=Damage and fill")
    keep(demo)
    assert 9 < hole_share(facts) <= 10
    assert "Test damage: what was under it is known" in demo.page.inner_text("#report")
    demo.press_fill()  # the same damage, read back from the editor
    assert "Test damage: what was under it is known" in demo.page.inner_text("#report")
    demo.stroke()
    demo.press_fill()
    assert "these numbers mean nothing" in demo.page.inner_text("#report")


@contextmanager
def stepping(demo: Demo, undo: int, redo: int) -> Iterator[None]:
    """What is done inside replaces the mask: then there are so many steps to undo and to redo."""
    with demo.changing():
        yield
        counts = f'#mask_steps [data-undo="{undo}"][data-redo="{redo}"]'
        demo.page.locator(counts).wait_for(state="attached")


def test_what_replaces_the_mask_is_undone_like_a_stroke(visit, tmp_path):
    demo = visit()
    page = demo.page
    demo.stroke((0.8, 0.65), (0.85, 0.65))
    painted = hole_share(demo.press_fill())
    demo.unfold("masks")
    with stepping(demo, 1, 0):
        page.get_by_role("button", name="Grow or shrink").click()
    grown = hole_share(demo.press_fill())
    assert grown > painted
    with stepping(demo, 2, 0):
        page.get_by_role("button", name="Invert", exact=True).click()
    box = Image.new("L", (451, 300))
    box.paste(255, (50, 50, 90, 90))
    box.save(tmp_path / "mine.png")
    with stepping(demo, 3, 0):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Open a mask file").click()
        chooser.value.set_files(tmp_path / "mine.png")
    assert hole_share(demo.press_fill()) == pytest.approx(100 * 1600 / EXAMPLE, abs=0.11)
    for undone, expected in enumerate((100 - grown, grown, painted), 1):
        with stepping(demo, 3 - undone, undone):
            page.keyboard.press("Control+z")
        assert hole_share(demo.press_fill()) == pytest.approx(expected, abs=0.11)
    with stepping(demo, 1, 2):
        demo.click_tool("Redo")
    assert hole_share(demo.press_fill()) == grown
    with stepping(demo, 0, 3):
        demo.click_tool("Undo")
    assert hole_share(demo.press_fill()) == painted


def test_a_mask_that_does_not_say_what_it_means_is_refused(visit, tmp_path):
    demo = visit()
    demo.unfold("masks")
    Image.new("L", (451, 300), 1).save(tmp_path / "labels.png")
    with demo.page.expect_file_chooser() as chooser:
        demo.page.get_by_role("button", name="Open a mask file").click()
    chooser.value.set_files(tmp_path / "labels.png")
    assert "brightest value is 1 of 255" in demo.message()
    assert "hole 10.9 %" in demo.press_fill()  # what was painted is still there
