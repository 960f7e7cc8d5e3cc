"""What goes wrong in a real browser: refused files and fills, a lost connection, a busy server."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Route

from tests.browser.demo import Demo
from tests.browser.photos import mandelbrot, noise

pytestmark = pytest.mark.browser


@pytest.fixture
def demo(visit: Callable[..., Demo]) -> Demo:
    return visit()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    mandelbrot().save(tmp_path / "mine.png")
    return tmp_path / "mine.png"


def fake_png(folder: Path) -> Path:
    (folder / "fake.png").write_bytes(b"This is no picture. " * 20)
    return folder / "fake.png"


def pdf(folder: Path) -> Path:
    (folder / "letter.pdf").write_bytes(b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF")
    return folder / "letter.pdf"


def too_many_pixels(folder: Path) -> Path:
    Image.new("1", (8000, 6400)).save(folder / "poster.png")
    return folder / "poster.png"


def too_many_bytes(folder: Path) -> Path:
    with (folder / "raw.png").open("wb") as file:
        file.truncate(101 * 2**20)
    return folder / "raw.png"


def state(demo: Demo) -> tuple[object, ...]:
    """What a visitor would miss: photo, strokes, steps, zoom and brush."""
    looks = demo.shown(), demo.shown("front"), demo.hole()
    return (
        demo.js("session.photo.name"), demo.kinds(), demo.js("session.history.steps.length"),
        demo.steps().count(), demo.view(), demo.js("stage.radius"),
        *(look.tobytes() for look in looks),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (fake_png, "not a picture"),
        (pdf, "not a picture"),
        (too_many_pixels, "50 megapixels"),
        (too_many_bytes, "100 MB are the most"),
    ],
)
def test_a_refused_file_changes_nothing(demo, photo, tmp_path, make, words):
    demo.open(photo)
    demo.stroke((0.2, 0.2), (0.3, 0.2))
    demo.set_fill_on_release(False)
    demo.draw((0.6, 0.6), (0.8, 0.6))
    demo.wheel(0.3, 0.3, -500)
    demo.page.keyboard.press("]")
    before = state(demo)
    demo.give(make(tmp_path))
    demo.until_says(words)
    assert demo.is_error()
    demo.until(lambda: state(demo) == before)
    with demo.filling():  # and it goes on
        demo.press("fill")


def test_a_refused_fill_leaves_the_last_result(demo, photo):
    demo.open(photo)
    demo.stroke()
    before = demo.shown()
    demo.set_fill_on_release(False)
    demo.draw((0.5, 0.5))
    demo.press("invert")
    demo.draw((0.5, 0.5))
    assert demo.hole().all()
    demo.press("fill")
    demo.until_says("Everything is painted")
    assert demo.is_error()
    np.testing.assert_array_equal(demo.shown(), before)
    assert demo.hole().all() and demo.fills() == 2  # the example, and the stroke


def test_a_fill_that_the_server_refuses_gives_the_strokes_back(demo, photo):
    demo.open(photo)
    demo.page.evaluate("""() => {
        const { server } = window.inpainting.session;
        const { fill } = server;
        server.fill = (data) => fill.call(server, { ...data, mode: "none" });
    }""")
    before = demo.shown()
    demo.draw((0.4, 0.5), (0.6, 0.5))
    demo.until_says("does not fit the app")
    assert demo.is_error() and demo.hole().any()
    np.testing.assert_array_equal(demo.shown(), before)


def test_an_overtaken_fill_does_not_come_back(demo, photo):
    demo.open(photo)
    with held(demo, "**/queue/join*") as requests:
        demo.draw((0.2, 0.2), (0.3, 0.2))
        demo.until(lambda: requests)
        demo.page.locator(".examples button").nth(1).click()
        demo.until(lambda: demo.js("session.photo.name") != "mine")
    demo.until_says("Filled in")
    demo.until_rests()
    assert demo.js("session.photo.example.name") == demo.js("session.photo.name")
    assert demo.kinds()[-2:] == ["open", "fill"]
    assert demo.js("session.step.patches.length") == 1


@contextmanager
def patient_with_reloads(demo: Demo) -> Iterator[None]:
    """What is asked of the page inside has no answer yet while it is being reloaded."""
    ask = demo.js

    def patient(expression: str) -> object:
        try:
            return ask(expression)
        except PlaywrightError as error:
            if "context was destroyed" not in str(error) and "avigat" not in str(error):
                raise
            return None

    demo.js = patient
    yield
    demo.js = ask


@contextmanager
def held(demo: Demo, pattern: str) -> Iterator[list[Route]]:
    """Requests that are kept from the server until the end of the block."""
    requests: list[Route] = []
    demo.page.route(pattern, lambda request: requests.append(request))
    yield requests
    for request in requests:
        request.continue_()
    demo.page.unroute(pattern)


def test_strokes_during_a_fill_are_filled_after_it(demo, photo):
    demo.open(photo)
    with held(demo, "**/queue/join*") as requests:
        demo.draw((0.2, 0.2), (0.3, 0.2))
        demo.until(lambda: requests)
        demo.draw((0.6, 0.7), (0.8, 0.7))
        assert demo.hole()[:, 200:].any()
    demo.until(lambda: demo.js("session.step.patches.length") == 2)
    demo.until_rests()
    assert not demo.hole().any() and demo.filled_hole()[:, 150:].any()


def test_a_lost_connection_during_a_fill_loses_nothing(demo, photo):
    demo.open(photo)
    demo.stroke((0.2, 0.2), (0.3, 0.2))
    demo.page.evaluate("window.isFormer = true")
    demo.page.context.set_offline(True)
    demo.draw((0.6, 0.6), (0.8, 0.6))
    demo.until_says("connection is lost")
    assert demo.is_error()
    demo.draw((0.6, 0.8), (0.8, 0.8))  # goes on meanwhile
    assert demo.hole()[150:].any()
    demo.page.context.set_offline(False)
    with patient_with_reloads(demo):  # Gradio reloads the page
        demo.until(lambda: demo.js("!window.isFormer && session?.step?.fill"))
        demo.until(lambda: demo.js("!session.filling && session.hole.isEmpty()"))
    demo.until_says("Filled in")
    demo.until_rests()
    assert (demo.js("session.photo.name"), demo.size()) == ("mine", mandelbrot().size)
    tops = demo.js("session.step.patches.map(({ box }) => box.top / session.photo.height)")
    bottoms = demo.js("session.step.patches.map(({ box }) => box.bottom / session.photo.height)")
    assert min(tops[1:]) < 0.6 and max(bottoms) > 0.8  # both strokes


def test_a_lost_connection_during_an_upload_loses_nothing(demo, photo):
    demo.page.context.set_offline(True)
    demo.give(photo)
    demo.until_says("connection is lost")
    demo.draw((0.4, 0.5), (0.6, 0.5))
    demo.page.context.set_offline(False)
    demo.until(lambda: demo.js("session?.step?.fill && session.photo.path"))
    demo.until_rests()
    assert demo.js("session.photo.name") == "mine" and demo.size() == mandelbrot().size
    assert demo.filled_hole().any()


def test_a_busy_server_says_so_and_the_strokes_stay(demo, photo):
    demo.open(photo)
    busy = "The app is busy: 20 requests are waiting already. Please try again in a few seconds."
    demo.page.route(
        "**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": busy})
    )
    demo.draw((0.4, 0.5), (0.6, 0.5))
    demo.until_says("busy")
    assert demo.is_error() and demo.hole().any()
    demo.page.unroute("**/queue/join*")
    with demo.filling():
        demo.press("fill")


def test_fill_waits_for_a_mask_file_that_is_on_its_way(demo, photo, tmp_path):
    mask_image = Image.new("L", mandelbrot().size)
    mask_image.paste(255, (200, 100, 220, 120))
    mask_image.save(tmp_path / "mask.png")
    demo.open(photo)
    demo.set_fill_on_release(False)
    demo.draw((0.2, 0.2))
    with demo.filling(), held(demo, "**/upload*") as requests:
        demo.give(tmp_path / "mask.png", kind="mask")
        demo.until(lambda: requests)
        demo.press("fill")
    assert (demo.filled_hole() == (np.array(mask_image) > 0)).all()


def test_a_tab_closed_in_mid_upload_leaves_no_traceback(visit, tmp_path, tmp_path_factory):
    def logs() -> dict[Path, str]:
        return {p: p.read_text() for p in tmp_path_factory.getbasetemp().glob("log*/app.txt")}

    demo = visit()
    before = logs()  # of other modules' apps, too, which may have had their own
    noise(2000, 1500).save(tmp_path / "large.png")  # 9 MB
    session = demo.page.context.new_cdp_session(demo.page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000},
    )
    with demo.page.expect_request("**/upload*"):
        demo.give(tmp_path / "large.png")
    demo.page.close(run_before_unload=False)
    other = visit()  # is served after it
    other.stroke()
    added = [text.removeprefix(before.get(path, "")) for path, text in logs().items()]
    assert added and not [text for text in added if re.search("Traceback|Error", text)]
