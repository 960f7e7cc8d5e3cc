"""The page as it is found in a real browser: for everybody, in a light and a dark window."""

import re

import pytest

pytestmark = pytest.mark.browser

NAMELESS = """() => [...document.querySelectorAll("button, input, a, summary")]
    .filter((e) => e.checkVisibility() && !(
        e.ariaLabel || e.title || e.innerText?.trim() || e.labels?.length
        || e.closest("label")?.innerText.trim() || e.querySelector("img[alt]")
    )).map((e) => e.outerHTML)"""


def test_a_new_visitor_sees_an_example_filled_on_one_screen(visit, keep):
    demo = visit("desktop")
    page = demo.page
    assert "Filled in" in demo.status() and not demo.is_error()
    assert demo.kinds() == ["open", "fill"] and not demo.hole().any() and demo.size() == (451, 300)
    for part in (".stage", ".status", "[data-act=fill]", ".examples"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + min(box["height"], 100) <= 800
    assert demo.overflow() <= 0
    assert "Tabby" in (label := page.locator(".stage").get_attribute("aria-label")).title()
    assert "451 × 300 pixels, filled once" in label
    assert "Your picture goes to the machine that runs this app" in page.inner_text(".about")
    keep(demo)


def test_everything_has_a_name(visit):
    demo = visit("desktop")
    page = demo.page
    for menu in ("select", "more"):
        page.locator(f"[data-menu={menu}] summary").click()
        page.locator(f"[data-menu={menu}] .sheet").wait_for()
        assert page.evaluate(NAMELESS) == []
        page.keyboard.press("Escape")
        page.locator(f"[data-menu={menu}] .sheet").wait_for(state="hidden")
    demo.press("measure")
    page.locator("#report .facts").wait_for()
    assert page.evaluate(NAMELESS) == []


def test_dark(visit, keep):
    demo = visit("dark")
    colour = demo.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert all(int(part) < 64 for part in re.findall(r"\d+", colour)[:3])
    keep(demo)


def test_every_example_is_filled_by_a_click(visit):
    demo = visit()
    count = demo.page.locator(".examples button").count()
    assert count >= 6
    for index in range(count):
        demo.pick_example(index)
        assert not demo.is_error() and demo.kinds()[-2:] == ["open", "fill"]
        assert not demo.hole().any() and demo.js("session.step.patches.length") == 1


def test_the_first_example_is_filled_before_anything_is_asked_of_it(visit):
    demo = visit()
    assert demo.fills() == 1 and not any("/upload" in url for url in demo.asked)
    before = demo.shown()
    demo.stroke((0.3, 0.3), (0.5, 0.3))
    assert (demo.shown() != before).any()
    picture, name = demo.download()
    assert picture.size == demo.size() and name == "1_scratches_filled.png"
