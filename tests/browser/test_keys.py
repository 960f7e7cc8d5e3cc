"""The page without a mouse and without eyes: keys, focus, names, contrast."""

import re
from collections.abc import Callable

import pytest

from tests.browser.demo import Demo

pytestmark = pytest.mark.browser

FOCUSED = """() => {
    const element = document.activeElement;
    const shown = element.type === "file" ? element.closest("label") : element;
    const style = getComputedStyle(shown);
    const box = shown.getBoundingClientRect();
    const label = element.labels?.[0]?.innerText;
    const name = element.ariaLabel || element.innerText?.trim() || label;
    return {
        name: (name || "").split("\\n")[0], tag: element.tagName,
        ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
        ours: Boolean(element.closest(".inpaint")),
    };
}"""
# Texts whose contrast with what is behind them is below 4.5 : 1 (WCAG 2.2, 1.4.3).
FAINT = """() => {
    const parts = (colour) => [...colour.match(/[\\d.]+/g).map(Number), 1].slice(0, 4);
    const light = (colour) => colour.slice(0, 3).map((level) => level / 255)
        .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const colour = parts(getComputedStyle(e).backgroundColor);
            if (colour[3] > 0.95) return colour;
        }
        return [255, 255, 255, 1];
    };
    const texts = [...document.querySelectorAll("body *")].filter((e) =>
        e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && !e.matches(":disabled, :disabled *, script, style")
        && [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    const faint = texts.filter((e) => {
        const [one, two] = [light(parts(getComputedStyle(e).color)), light(behind(e))];
        return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05) < 4.5;
    });
    return { count: texts.length, faint: faint.map((e) => e.outerHTML.slice(0, 200)) };
}"""
ORDER = [
    "Edit", "Measure", "Close-up of a tabby cat", "Open a photo", "Brush", "Eraser", "Colour",
    "Select for me", "Brush size", "Undo", "Hold to see before", "Slider between before and after",
    "Zoom out", "Show all", "Zoom in", "More", "Fill as soon as I let go", "Download", "Fill",
]  # fmt: skip


@pytest.fixture
def demo(visit: Callable[..., Demo]) -> Demo:
    return visit("desktop")


def focus(demo: Demo) -> dict[str, object]:
    return demo.page.evaluate(FOCUSED)


def tab_to(demo: Demo, name: str) -> None:
    for _ in range(60):
        demo.page.keyboard.press("Tab")
        if focus(demo)["name"].startswith(name):
            return
    raise AssertionError(f"Tab does not lead to {name}.")


def test_tab_leads_to_everything_and_shows_where_it_is(demo, keep):
    found = []
    for _ in range(60):
        demo.page.keyboard.press("Tab")
        here = focus(demo)
        if here["tag"] == "BODY":
            break
        assert here["name"] and here["seen"]
        if here["ours"]:
            assert here["ring"], here
        found.append(here["name"])
        if here["name"] == "Fill":
            keep(demo)
    for name, wanted in zip(found[: len(ORDER)], ORDER, strict=True):
        assert name.startswith(wanted)
    assert len(set(found) & set(demo.page.locator(".examples button").all_inner_texts())) == 6
    assert {"Go to step: Original", "Download: Original", "Download: Fill 1"} <= set(found)


def test_menus_open_by_enter_and_close_by_escape(demo):
    for name, menu in (("Select for me", "select"), ("More", "more")):
        tab_to(demo, name)
        sheet = demo.page.locator(f"[data-menu={menu}] .sheet")
        demo.page.keyboard.press("Enter")
        sheet.wait_for()
        demo.page.keyboard.press("Tab")
        assert demo.page.evaluate("Boolean(document.activeElement.closest('.sheet'))")
        demo.page.keyboard.press("Escape")
        sheet.wait_for(state="hidden")
        assert focus(demo)["name"].startswith(name)


def test_a_tool_is_chosen_by_keys_alone(demo):
    tab_to(demo, "Select for me")
    demo.page.keyboard.press("Enter")
    for _ in range(3):
        demo.page.keyboard.press("Tab")
    demo.page.keyboard.press("Enter")
    assert demo.js("session.tool") == {"kind": "select", "what": "bright text", "box": False}
    assert demo.button("brush").get_attribute("aria-pressed") == "false"


def test_an_example_opens_by_enter(demo):
    tab_to(demo, "Caption")
    with demo.filling():
        demo.page.keyboard.press("Enter")
    assert demo.js("session.photo.example.title") == "Caption"


def test_the_line_between_before_and_after_moves_by_arrows(demo):
    tab_to(demo, "Slider between")
    demo.page.keyboard.press("Enter")
    assert focus(demo)["name"].startswith("Line between before")
    assert demo.js("stage.split") == 0.5
    first = demo.shown()
    for _ in range(10):
        demo.page.keyboard.press("ArrowRight")
    assert demo.js("stage.split") == pytest.approx(0.6)
    assert (demo.shown() != first).any()
    for _ in range(3):
        demo.page.keyboard.press("ArrowLeft")
    assert demo.js("stage.split") == pytest.approx(0.57)


def test_before_is_shown_while_a_key_is_held(demo):
    after = demo.shown()
    tab_to(demo, "Hold to see before")
    demo.page.keyboard.down("Enter")
    assert demo.js("stage.isBefore") and (demo.shown() != after).any()
    demo.page.keyboard.up("Enter")
    assert not demo.js("stage.isBefore")
    demo.page.evaluate("document.activeElement.blur()")
    demo.page.keyboard.down(" ")
    assert demo.js("stage.isBefore")
    demo.page.keyboard.up(" ")
    assert not demo.js("stage.isBefore") and (demo.shown() == after).all()


def test_keys_count_by_their_place_on_other_alphabets(demo):
    demo.press_key("у", "KeyE")  # as typed on a Russian layout
    assert demo.js("session.tool.kind") == "eraser"
    demo.press_key("и", "KeyB")
    assert demo.js("session.tool.kind") == "brush"
    radius = demo.js("stage.radius")
    demo.press_key("ъ", "BracketRight")
    assert demo.js("stage.radius") == pytest.approx(1.25 * radius)
    demo.press_key("х", "BracketLeft")
    assert demo.js("stage.radius") == pytest.approx(radius)
    demo.press_key("я", "KeyZ", ctrlKey=True)
    assert demo.kinds() == ["open"]
    demo.press_key("Я", "KeyZ", ctrlKey=True, shiftKey=True)
    assert demo.kinds() == ["open", "fill"]
    with demo.filling():
        demo.press("undo")
        demo.press_key("а", "KeyF")


def test_letters_count_by_what_they_type_where_they_are_latin(demo):
    demo.press_key("z", "KeyY", ctrlKey=True)  # as on a German layout
    assert demo.kinds() == ["open"]
    demo.press_key("y", "KeyZ", ctrlKey=True)
    assert demo.kinds() == ["open", "fill"]


def test_alt_gr_types_characters_and_is_no_shortcut(demo):
    kinds = demo.kinds()
    for key, code in (("€", "KeyE"), ("ę", "KeyE"), ("ż", "KeyZ"), ("«", "KeyZ")):
        demo.press_key(key, code, ctrlKey=True, altKey=True)
    demo.press_key("s", "KeyS", altKey=True)
    assert demo.js("session.tool.kind") == "brush" and demo.kinds() == kinds
    radius = demo.js("stage.radius")
    demo.press_key("]", "Digit9", ctrlKey=True, altKey=True)  # so it is typed on a German layout
    assert demo.js("stage.radius") == pytest.approx(1.25 * radius)


def test_what_is_typed_into_a_field_is_no_shortcut(demo):
    field = demo.page.locator("[data-by]")
    demo.reveal(field)
    field.focus()
    for key in ("s", "f", "a", "o", "[", "1", "Enter"):
        demo.page.keyboard.press(key)
    assert demo.js("session.tool.kind") == "brush" and demo.fills() == 1
    assert "1" in field.input_value()
    demo.page.keyboard.press("Control+z")
    assert demo.kinds() == ["open", "fill"]


def test_everything_has_a_name_and_a_role(demo):
    demo.press("measure")
    demo.page.locator("#report .facts").wait_for()
    for menu in (None, "select", "more"):
        if menu:
            demo.page.locator(f"[data-menu={menu}] summary").click()
        tree = demo.page.locator("body").aria_snapshot()
        nameless = r"- (button|link|checkbox|radio|slider|textbox|spinbutton)(?! \")"
        assert not [line for line in tree.splitlines() if re.search(nameless + r"( \[|:|$)", line)]
    tree = demo.page.locator(".inpaint").aria_snapshot()
    assert not re.search(r"- img(?! \")", tree)
    for part in (
        'heading "Remove things from photos, and repair them" [level=1]',
        'img "Close-up of a tabby cat', 'button "Brush" [pressed]', 'button "Eraser"',
        'button "Fill as soon as I let go" [pressed]', 'slider "Brush size"', 'toolbar "Tools"',
        'button "Measure" [pressed]', 'radio "Natural: for removed things" [checked]',
    ):  # fmt: skip
        assert part in tree
    unpressed = demo.page.locator("[data-act=eraser], [data-act=slider], [data-act=edit]")
    assert {e.get_attribute("aria-pressed") for e in unpressed.all()} == {"false"}


def test_a_reader_is_told_of_a_fill_and_of_its_time(demo):
    status = demo.page.get_by_role("status").first
    assert status.get_attribute("aria-live") == "polite"
    demo.page.evaluate("""() => {
        window.told = [];
        const status = document.querySelector(".inpaint [role=status]");
        new MutationObserver(() => window.told.push(status.textContent))
            .observe(status, { childList: true, characterData: true, subtree: true });
    }""")
    demo.stroke()
    told = demo.page.evaluate("window.told")
    assert told[0] == "Filling …" and re.match(r"Filled in \d+\.\d s\.", told[-1])
    label = demo.page.locator(".stage").get_attribute("aria-label")
    assert "filled 2 times" in label and "451 × 300 pixels" in label


@pytest.mark.parametrize("kind", ["desktop", "dark"])
def test_texts_can_be_read(visit, kind):
    demo = visit(kind)
    demo.press("measure")
    demo.page.locator("#report .facts").wait_for()
    for menu in ("select", "more"):
        demo.page.locator(f"[data-menu={menu}] summary").click()
        for words, sort in (("It went wrong.", "error"), ("So it is.", "note"), ("Look", "")):
            demo.page.evaluate("([words, sort]) => window.inpainting.session.say(words, sort)",
                               [words, sort])  # fmt: skip
            read = demo.page.evaluate(FAINT)
            assert read["count"] > 30 and read["faint"] == []
