"""Steps in a real browser: what is done can be undone, redone, gone back to and saved."""

import numpy as np
import pytest
from PIL import Image

from tests.browser.demo import Demo
from tests.browser.photos import disc, mandelbrot, texture

pytestmark = pytest.mark.browser

ROWS = (0.2, 0.5, 0.8)


@pytest.fixture
def mine(visit, tmp_path) -> Demo:
    mandelbrot().save(tmp_path / "mine.png")
    demo = visit("desktop")
    demo.open(tmp_path / "mine.png")
    return demo


def pixels(demo: Demo) -> np.ndarray:
    return np.array(demo.download()[0])


def test_a_second_stroke_goes_on_with_the_result_and_every_step_can_be_had(mine, keep):
    demo = mine
    assert not demo.steps().count() or not demo.steps().first.is_visible()
    pictures = [np.array(mandelbrot())]
    for row in ROWS:
        demo.stroke((0.3, row), (0.7, row))
        pictures.append(pixels(demo))
        hole = demo.filled_hole()
        np.testing.assert_array_equal(pictures[-1][~hole], pictures[-2][~hole])
        assert (pictures[-1] != pictures[-2]).any()
    assert demo.steps().count() == 4
    keep(demo)
    for index, picture in enumerate(pictures):
        saved, name = demo.download(demo.steps().nth(index).locator(".get"))
        np.testing.assert_array_equal(np.array(saved), picture)
        assert name == "mine_filled.png"
    look = demo.shown()
    demo.steps().nth(1).locator("button").first.click()
    np.testing.assert_array_equal(pixels(demo), pictures[1])
    assert (demo.shown() != look).any()
    demo.steps().nth(3).locator("button").first.click()
    np.testing.assert_array_equal(demo.shown(), look)
    demo.steps().nth(1).locator("button").first.click()
    demo.stroke((0.3, 0.35), (0.7, 0.35))  # another way on from there
    assert demo.steps().count() == 3


def state(demo: Demo) -> tuple[bytes, int, tuple[int, int]]:
    """What is painted, how many fills lie on the photo, and its size."""
    return demo.hole().tobytes(), demo.js("session.step.patches.length"), demo.size()


def undone_and_redone(demo: Demo, states: list) -> None:
    """Undo leads back through all states, and redo forth again."""
    for expected in states[-2::-1]:
        demo.press("undo")
        assert state(demo) == expected
    for expected in states[1:]:
        demo.page.keyboard.press("Control+Shift+z")
        assert state(demo) == expected


def test_everything_that_paints_can_be_undone(mine, tmp_path):
    demo = mine
    demo.set_fill_on_release(False)
    mask_image = Image.new("L", demo.size())
    mask_image.paste(255, (20, 20, 60, 60))
    mask_image.save(tmp_path / "mask.png")
    states = [state(demo)]

    def done() -> None:
        demo.until_rests()
        states.append(state(demo))
        assert states[-1] != states[-2]

    demo.draw((0.3, 0.3), (0.6, 0.3))
    done()
    demo.press("eraser")
    demo.draw((0.45, 0.2), (0.45, 0.4))
    done()
    for act in ("grow", "invert", "invert", "shrink"):
        demo.press(act)
        done()
    with demo.filling():
        demo.press("fill")
    done()
    demo.press("brush")
    demo.draw((0.3, 0.7), (0.6, 0.7))
    done()
    demo.press("clear")
    done()
    demo.give_mask(tmp_path / "mask.png")
    done()
    undone_and_redone(demo, states)


def test_a_stroke_and_its_fill_are_one_step(mine):
    demo = mine
    empty = state(demo)
    demo.stroke((0.3, 0.3), (0.6, 0.3))
    filled = state(demo)
    demo.page.keyboard.press("Control+z")
    assert state(demo) == empty
    demo.page.keyboard.press("Control+y")
    assert state(demo) == filled


def test_selections_and_damage_can_be_undone(visit, tmp_path):
    ground = texture(200, 150)
    ground[disc((200, 150), 100, 75, 30)] = (230, 80, 60)
    Image.fromarray(ground).save(tmp_path / "disc.png")
    demo = visit("desktop")
    demo.open(tmp_path / "disc.png")
    states = [state(demo)]
    demo.select("object")
    demo.draw((0.45, 0.5), (0.55, 0.5))
    demo.until_says("Selected")
    states.append(state(demo))
    demo.press("measure")
    with demo.filling():
        demo.page.get_by_role("button", name="Damage and fill").click()
    demo.press("edit")
    for expected in states[::-1]:
        while state(demo) != expected:
            assert demo.button("undo").is_enabled()
            demo.press("undo")
    demo.press("redo")
    assert state(demo) == states[1]


def test_another_photo_starts_clean_and_can_be_undone(mine, tmp_path):
    demo = mine
    demo.stroke()
    former = state(demo)
    other = mandelbrot(160, 120)
    other.save(tmp_path / "other.png")
    demo.open(tmp_path / "other.png")
    assert not demo.page.locator(".history").is_visible()
    assert not demo.button("another").is_visible() and not demo.hole().any()
    result, name = demo.download()
    np.testing.assert_array_equal(np.array(result), np.array(other))
    assert name == "other_filled.png"
    demo.press("undo")
    assert state(demo) == former and demo.download()[1] == "mine_filled.png"
    assert demo.steps().count() == 2
    demo.press("redo")
    assert demo.size() == (160, 120)
