"""Painting in a real browser: strokes, eraser, undo, zoom, and when they are filled."""

import pytest
from PIL import Image

from tests.browser.demo import hole_share

pytestmark = pytest.mark.browser


def test_strokes_are_undone_redone_and_erased(visit):
    demo = visit()
    page = demo.page
    alone = hole_share(demo.facts())
    demo.stroke()
    more = hole_share(demo.press_fill())
    assert more > alone
    page.click("#editor button[aria-label=Undo]")
    page.locator("#editor button[aria-label=Redo]:not([disabled])").wait_for()
    assert hole_share(demo.press_fill()) == alone
    page.keyboard.press("Control+Shift+z")
    page.locator("#editor button[aria-label=Undo]:not([disabled])").wait_for()
    assert hole_share(demo.press_fill()) == more
    page.keyboard.press("Control+z")
    page.locator("#editor button[aria-label=Redo]:not([disabled])").wait_for()
    page.click("#editor button[aria-label=Erase]")
    demo.stroke((0.2, 0.4), (0.8, 0.65))
    assert hole_share(demo.press_fill()) < alone - 1.2  # more than the stroke, were it still there


def test_a_zoomed_picture_is_painted_finer(visit, tmp_path):
    demo, shares = visit(), []
    for zoom, colour in ((0, "teal"), (4, "olive")):
        Image.new("RGB", (300, 300), colour).save(tmp_path / "plain.png")
        demo.open(tmp_path / "plain.png")
        for _ in range(zoom):
            demo.page.click("#editor button[aria-label='Zoom in']")
        demo.until_still()
        demo.stroke()
        shares.append(hole_share(demo.press_fill()))
    assert shares[1] < shares[0]
    demo.page.click("#editor button[aria-label=Pan]")
    demo.stroke((0.4, 0.4), (0.6, 0.6))  # moves the picture, paints nothing
    assert hole_share(demo.press_fill()) == shares[1]


def test_fill_after_every_stroke_is_an_option(visit):
    demo = visit()

    def fills() -> int:
        return sum("/queue/join" in url for url in demo.asked)

    before = fills()
    demo.stroke()
    demo.page.get_by_label("Fill after every stroke").check()
    with demo.new_facts():
        demo.stroke((0.3, 0.6), (0.4, 0.6))
    assert fills() == before + 1  # of the second stroke alone


def test_impatience_gives_one_answer_and_no_error(visit):
    demo = visit()
    demo.stroke()
    for _ in range(4):
        demo.page.click("#fill")
    assert hole_share(demo.press_fill()) > 10.9
    demo.until_answered()
    assert not demo.page.locator(".toast-body").count()


def test_keys_follow_their_place_where_a_layout_has_no_latin_letters(visit):
    demo = visit()
    undo = demo.page.locator("#editor button[aria-label=Undo]:not([disabled])")
    demo.stroke()
    undo.wait_for()
    demo.press_key("я", "KeyZ", ctrlKey=True)  # Russian
    demo.page.locator("#editor button[aria-label=Redo]:not([disabled])").wait_for()
    demo.press_key("Я", "KeyZ", ctrlKey=True, shiftKey=True)
    undo.wait_for()
    demo.press_key("у", "KeyE")
    demo.page.locator("#editor button[aria-label=Erase].highlight").wait_for()
    demo.press_key("z", "KeyY", ctrlKey=True)  # German: Z lies where Y does elsewhere
    demo.page.locator("#editor button[aria-label=Redo]:not([disabled])").wait_for()
    with demo.new_facts():
        demo.press_key("φ", "KeyF")  # Greek


def test_alt_gr_types_characters_and_is_no_shortcut(visit):
    demo = visit()
    before = demo.brush_radius()
    listen = "addEventListener('input', () => window.resized = true, {capture: true})"
    for held in ({"modifierAltGraph": True}, {"ctrlKey": True, "altKey": True}):
        demo.page.evaluate(f"{listen}; window.resized = false")
        demo.press_key("]", "Digit9", **held)  # German
        demo.page.wait_for_function("window.resized")
        assert demo.brush_radius() > before
        before = demo.brush_radius()
    demo.press_key("ę", "KeyE", modifierAltGraph=True)  # Polish: a letter, and not the eraser
    demo.press_key("ü", "BracketLeft")  # German, where [ is elsewhere
    demo.press_key("e", "KeyE", altKey=True)
    assert demo.brush_radius() == before  # that looks for the brush's size, and finds it
