"""What a reload of the tab brings back, and what it does when the server has forgotten."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.browser.demo import Demo
from tests.browser.photos import SIZE, mandelbrot

pytestmark = pytest.mark.browser


@pytest.fixture
def demo(visit: Callable[..., Demo], tmp_path: Path) -> Demo:
    """The page with an own photo, filled once, and a stroke on it that is not filled."""
    mandelbrot().save(tmp_path / "mine.png")
    demo = visit()
    demo.open(tmp_path / "mine.png")
    demo.stroke((0.2, 0.2), (0.3, 0.2))
    demo.set_fill_on_release(False)
    demo.draw((0.6, 0.6), (0.8, 0.6))
    assert demo.hole().any()
    return demo


def reload(demo: Demo) -> None:
    demo.page.reload()
    demo.until(lambda: demo.js("session?.step"))
    demo.until_rests()


def test_everything_is_there_again(demo, keep):
    before, painted, kinds = demo.shown(), demo.hole(), demo.kinds()
    uploads = sum("/upload" in url for url in demo.asked)
    reload(demo)
    keep(demo)
    assert (demo.js("session.photo.name"), demo.size()) == ("mine", SIZE)
    np.testing.assert_array_equal(demo.shown(), before)
    np.testing.assert_array_equal(demo.hole(), painted)
    assert demo.kinds() == kinds and demo.steps().count() == 2
    assert demo.button("auto").get_attribute("aria-pressed") == "false"
    assert sum("/upload" in url for url in demo.asked) == uploads
    with demo.filling():
        demo.press("fill")
    for _ in range(3):
        demo.press("undo")
    assert not demo.js("session.step.patches.length") and not demo.hole().any()
    demo.press("redo")
    demo.press("redo")
    np.testing.assert_array_equal(demo.hole(), painted)


def test_an_example_is_there_again(visit):
    demo = visit()
    demo.pick_example(2)
    demo.stroke()
    before, name = demo.shown(), demo.js("session.photo.name")
    reload(demo)
    assert demo.js("session.photo.name") == name and name != "1_scratches"
    np.testing.assert_array_equal(demo.shown(), before)


def test_files_that_the_server_has_deleted_meanwhile(demo):
    for url in delete_files(demo):
        assert demo.page.request.get(url).status in (403, 404)
    reload(demo)
    assert demo.js("session.photo.example?.name") == "1_scratches"
    assert "not kept" in demo.until_says("open it again")
    demo.set_fill_on_release(True)
    demo.stroke()


def test_a_photo_that_the_server_has_deleted_is_sent_once_more(demo):
    painted = demo.hole()
    uploads = sum("/upload" in url for url in demo.asked)
    delete_files(demo)
    with demo.filling():
        demo.press("fill")
    assert not demo.is_error() and sum("/upload" in url for url in demo.asked) > uploads
    assert demo.filled_hole()[painted].all()
    assert demo.download()[0].size == SIZE


def delete_files(demo: Demo) -> list[str]:
    """Delete the photo and its patches on the server, as it does after an hour: their addresses."""
    paths = demo.js("[session.photo.path, ...session.step.patches.map(({ path }) => path)]")
    assert len(paths) == 2
    for path in paths:
        Path(path).unlink()
    return [demo.js(f"session.server.file({path!r})") for path in paths]


def test_what_was_kept_by_another_version_is_no_obstacle(demo):
    demo.page.evaluate("sessionStorage.setItem('inpainting', '{\"steps\": 3}')")
    demo.page.evaluate("localStorage.setItem('inpainting-settings', '[')")
    demo.page.evaluate("window.inpainting.session.onchange = () => {}")  # keeps nothing any more
    reload(demo)
    assert demo.js("session.photo.example?.name") == "1_scratches"


def test_a_photo_that_is_still_being_sent_warns_first(visit, tmp_path):
    mandelbrot().save(tmp_path / "mine.png")
    demo = visit()
    asked = []
    demo.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    demo.open(tmp_path / "mine.png")
    demo.stroke()
    reload(demo)
    assert not asked  # the server has everything
    requests = []
    demo.page.route("**/upload*", lambda route: requests.append(route))
    demo.give(tmp_path / "mine.png")
    demo.until(lambda: requests)
    demo.draw((0.5, 0.5))  # browsers ask those only who have done something
    demo.page.reload()
    assert asked == ["beforeunload"]
