"""The page on a phone: the photo from edge to edge, the tools at the thumb, and fingers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.browser.demo import Demo, Point
from tests.browser.photos import mandelbrot

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 390, 844
FINGER = 44  # pixels across that a finger hits
# Boxes of what can be pressed, by what it is called; a file input is pressed by its label.
PRESSABLE = """() => {
    const all = "button, summary, a, input, .button";
    const seen = [...document.querySelectorAll(all)].filter((e) => e.checkVisibility(
        { visibilityProperty: true, opacityProperty: true }));
    return seen.map((e) => {
        const { width, height } = (e.closest("label") ?? e).getBoundingClientRect();
        return [e.ariaLabel || e.title || e.innerText.trim() || e.outerHTML, width, height];
    });
}"""


class Fingers:
    """Fingers on the photo, one event at a time; each call tells where all of them are."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.session = demo.page.context.new_cdp_session(demo.page)

    def send(self, kind: str, *places: Point) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    @contextmanager
    def down(self, *places: Point) -> Iterator[None]:
        self.send("touchStart", *places)
        yield
        self.send("touchEnd")

    def move(self, *places: Point) -> None:
        self.send("touchMove", *places)


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    mandelbrot(600, 900).save(tmp_path / "portrait.png")
    return tmp_path / "portrait.png"


@pytest.fixture
def phone(visit: Callable[..., Demo]) -> Demo:
    return visit("phone")


def box_of(demo: Demo, selector: str) -> dict[str, float]:
    return demo.page.locator(selector).bounding_box()


def bottom(box: dict[str, float]) -> float:
    return box["y"] + box["height"]


def shown_photo(demo: Demo) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the photo on the screen."""
    return (*demo.at(0, 0), *demo.at(1, 1))


def differs(one: Sequence[float], other: Sequence[float]) -> bool:
    return not np.allclose(one, other)


def test_the_photo_reaches_from_edge_to_edge(phone, portrait, keep):
    left, _, right, low = shown_photo(phone)
    assert (left, right) == (0, WIDTH)
    assert low < box_of(phone, ".tools")["y"]
    phone.open(portrait)
    keep(phone)
    left, top, right, low = shown_photo(phone)
    assert (left, right) == (0, WIDTH)
    assert low - top >= 0.6 * HEIGHT
    assert low <= box_of(phone, ".tools")["y"]  # nothing of it is under the tools
    assert bottom(box_of(phone, ".status")) <= box_of(phone, ".tools")["y"]
    assert phone.overflow() <= 0


def test_whatever_can_be_pressed_fits_a_finger(phone):
    page = phone.page
    for menu in ("select", "more"):
        page.locator(f"[data-menu={menu}] summary").tap()
        sheet = box_of(phone, f"[data-menu={menu}] .sheet")
        assert sheet["x"] >= 0 and sheet["x"] + sheet["width"] <= WIDTH
        assert sheet["y"] >= 0 and bottom(sheet) <= box_of(phone, ".tools")["y"]
        assert small(phone) == []
    page.keyboard.press("Escape")
    phone.press("measure")
    page.locator("#report .facts").wait_for()
    assert small(phone) == []
    assert phone.overflow() <= 0


def small(demo: Demo) -> list[tuple[str, float, float]]:
    pressable = demo.page.evaluate(PRESSABLE)
    assert len(pressable) > 20
    return [one for one in pressable if min(one[1:]) < FINGER - 0.5]


def test_fill_is_at_the_thumb(phone):
    fill = box_of(phone, "[data-act=fill]")
    assert fill["y"] >= 0.75 * HEIGHT and bottom(fill) <= HEIGHT
    phone.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert box_of(phone, "[data-act=fill]") == fill
    text, bar = box_of(phone, ".about p"), box_of(phone, ".tools")
    assert bottom(text) <= bar["y"]  # the page's end can be read above the tools


def test_measure_is_shown_above_the_tools(phone):
    phone.press("measure")
    phone.until(lambda: bottom(box_of(phone, "#report .facts")) <= box_of(phone, ".tools")["y"])
    assert box_of(phone, "#report .facts")["y"] >= 0


def test_a_stroke_of_a_finger_is_filled_and_seen(phone):
    before = phone.shown()
    with phone.filling():
        phone.touch([(0.4, 0.3), (0.6, 0.35)])
    assert phone.page.evaluate("scrollY") == 0
    assert (phone.shown() != before).any()
    rows, columns = np.nonzero(phone.filled_hole())
    assert columns.min() < 0.41 * phone.size()[0] and columns.max() > 0.59 * phone.size()[0]
    assert 0.25 * phone.size()[1] < rows.min() and rows.max() < 0.4 * phone.size()[1]


def test_a_tap_paints_a_dot(phone):
    with phone.filling():
        phone.touch([(0.5, 0.5)])
    assert 0 < phone.filled_hole().sum() < 0.01 * phone.filled_hole().size


def test_two_fingers_zoom_and_never_paint(phone):
    before, fills = phone.view(), phone.fills()
    phone.touch([(0.45, 0.5), (0.2, 0.5)], [(0.55, 0.5), (0.8, 0.5)])
    assert phone.view()[2] == pytest.approx(6 * before[2], rel=0.1)
    assert not phone.hole().any() and phone.fills() == fills and phone.kinds()[-1] == "fill"
    phone.touch([(0.5, 0.45), (0.5, 0.48)], [(0.5, 0.55), (0.5, 0.52)])
    phone.touch([(0.42, 0.5), (0.5, 0.5)], [(0.58, 0.5), (0.501, 0.5)])
    assert phone.view() == pytest.approx(before)  # and back: the photo never gets smaller
    assert not phone.hole().any() and phone.fills() == fills


def test_a_second_finger_takes_a_stroke_back(phone):
    before, fills = phone.view(), phone.fills()
    kinds = phone.kinds()
    fingers = Fingers(phone)
    first, second = phone.at(0.4, 0.5), phone.at(0.6, 0.5)
    with fingers.down(first):
        fingers.move((first[0] + 20, first[1]))
        phone.until(lambda: phone.js("session.isDrawing"))
        assert phone.hole().any()
        fingers.send("touchStart", (first[0] + 20, first[1]), second)
        phone.until(lambda: not phone.hole().any())
        fingers.move((first[0] - 20, first[1]), (second[0] + 20, second[1]))
        phone.until(lambda: phone.view()[2] > 1.2 * before[2])
    phone.until_rests()
    assert not phone.hole().any() and not phone.shown("front").any()
    assert phone.fills() == fills and phone.kinds() == kinds


def test_two_fingers_move_what_is_zoomed(phone):
    phone.touch([(0.45, 0.5), (0.3, 0.5)], [(0.55, 0.5), (0.7, 0.5)])
    before = phone.view()
    fingers = Fingers(phone)
    (x0, y0), (x1, y1) = (120, 200), (260, 200)
    with fingers.down((x0, y0), (x1, y1)):
        fingers.move((x0 + 30, y0 + 15), (x1 + 30, y1 + 15))
        phone.until(lambda: differs(phone.view(), before))
    x, y, scale = phone.view()
    assert (x, y) == pytest.approx((before[0] + 30, before[1] + 15), abs=1)
    assert scale == pytest.approx(before[2])
    assert not phone.hole().any()


@pytest.mark.parametrize(("width", "height"), [(844, 390), (820, 1180), (320, 568), (640, 400)])
def test_every_window_shows_the_photo_and_fill(phone, portrait, width, height):
    phone.page.set_viewport_size({"width": width, "height": height})
    phone.until(lambda: phone.js("stage.width") == width)
    phone.open(portrait)
    fill, tools = box_of(phone, "[data-act=fill]"), box_of(phone, ".tools")
    assert fill["x"] >= 0 and fill["x"] + fill["width"] <= width
    assert 0.6 * height <= fill["y"] and bottom(fill) <= height
    _, top, _, low = shown_photo(phone)
    assert top >= 0 and low <= tools["y"] and low - top >= 0.5 * height
    assert phone.overflow() <= 0
    for menu in ("select", "more"):
        phone.page.locator(f"[data-menu={menu}] summary").tap()
        sheet = box_of(phone, f"[data-menu={menu}] .sheet")
        assert sheet["x"] >= 0 and sheet["x"] + sheet["width"] <= width
        assert sheet["y"] >= 0 and bottom(sheet) <= tools["y"]
