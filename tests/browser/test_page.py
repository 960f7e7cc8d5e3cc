"""The page in a real browser: as it is found, on every screen, by keyboard, for everybody."""

import re

import pytest

from tests.browser.demo import hole_share

pytestmark = pytest.mark.browser


def test_first_example_is_filled_at_load_and_everything_has_a_name(visit, keep):
    demo = visit("desktop")
    keep(demo)
    page = demo.page
    assert "451 × 300 px" in demo.facts()
    cards = page.locator("#report .card").all_inner_texts()
    assert [text.split()[0] for text in cards] == ["PSNR", "SSIM", "MSE"]
    assert re.search(r"\d+\.\d dB\s+whole: \d+\.\d dB", cards[0])
    assert "these numbers mean nothing" in page.inner_text("#report")
    assert [picture.size for picture in demo.slider_pictures()] == [(451, 300)] * 2
    assert {picture.format for picture in demo.slider_pictures()} == {"PNG"}
    for part in ("#slider", "#report .cards", "#fill", "#examples"):  # on one screen
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 800
    closed = page.locator(".label-wrap").evaluate_all("x => x.filter(y => y.matches('.open'))")
    assert not closed  # everything else is folded away
    for part in ("masks", "damage", "maps", "comparison", "levels", "visit"):
        demo.unfold(part)
    nameless = page.evaluate("""() => [...document.querySelectorAll("button, input, a")]
        .filter((e) => e.checkVisibility() && e.type !== "file" && !(
            e.ariaLabel || e.title || e.innerText?.trim() || e.labels?.length
            || e.closest("label")?.innerText.trim() || e.querySelector("img[alt]")
        )).map((e) => e.outerHTML)""")
    assert nameless == []


def test_dark(visit, keep):
    demo = visit("dark")
    keep(demo)
    red, green, blue = re.findall(
        r"\d+", demo.page.evaluate("getComputedStyle(document.body).backgroundColor")
    )[:3]
    assert max(int(red), int(green), int(blue)) < 64


def test_phone(visit, keep):
    demo = visit("phone")
    page = demo.page
    assert demo.overflow() <= 0
    alone = hole_share(demo.facts())
    page.click("#editor button[aria-label='Brush Size']")
    picker = page.locator("#editor .size_picker").bounding_box()
    assert picker["x"] >= 0 and picker["x"] + picker["width"] <= 390
    page.click("#editor button[aria-label='Brush Size']")
    scrolled = page.evaluate("scrollY")
    demo.touch_stroke()
    assert page.evaluate("scrollY") == scrolled  # the finger painted, it did not scroll
    assert hole_share(demo.press_fill()) > alone
    assert demo.overflow() <= 0
    keep(demo)


def test_keys(visit):
    demo = visit()
    page = demo.page
    page.keyboard.press("e")
    page.locator("#editor button[aria-label=Erase].highlight").wait_for()
    page.keyboard.press("b")
    page.locator("#editor button[aria-label=Brush].highlight").wait_for()
    with demo.new_facts():
        page.keyboard.press("f")
    radius = demo.brush_radius()
    demo.press_size("]")
    assert demo.brush_radius() > radius
    for _ in range(3):
        demo.press_size("[")
    assert demo.brush_radius() < radius
    page.click("#editor [aria-label='Brush Size']")
    picker = page.locator("#editor .size_picker input")
    assert (picker.get_attribute("min"), picker.get_attribute("max")) == ("1", "100")
    demo.unfold("damage")
    seed = page.get_by_label("Seed")
    seed.fill("")
    seed.press("b")  # typed, not pressed
    assert "Keys:" in page.inner_text("#privacy")
