"""Groups of parts: each in its own surroundings, none forgotten."""

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting.inference import natural
from inpainting.inference.natural import (
    LEAST_CONTEXT,
    MOST_GROUPS,
    NEAR,
    _groups,
    _in_context,
    add_texture,
)
from inpainting.inference.offsets import NothingToCopy

CPU = torch.device("cpu")


def hole_with(height, width, *boxes):
    hole = np.zeros((height, width), bool)
    for left, top, right, bottom in boxes:
        hole[top:bottom, left:right] = True
    return hole


def test_every_missing_pixel_is_in_one_group(rng):
    for shape in [(1, 1), (1, 300), (200, 3), (321, 257)]:
        wanted = rng.random(shape) < 0.001
        wanted[-1, -1] = True
        seen = np.zeros(shape, int)
        for box, hole in _in_context(_groups(wanted), wanted):
            left, top, right, bottom = box
            assert 0 <= left < right <= shape[1] and 0 <= top < bottom <= shape[0]
            assert hole.shape == (bottom - top, right - left)
            seen[top:bottom, left:right] += hole
        assert np.array_equal(seen, wanted)


def test_what_is_near_is_one_group_and_what_is_far_is_not():
    far = 5 * NEAR
    near = hole_with(400, 500, (40, 40, 50, 50), (60, 50, 70, 60))
    apart = hole_with(400, 500, (40, 40, 50, 50), (40 + far, 40, 50 + far, 50))
    assert len(_groups(near)) == 1 and len(_groups(apart)) == 2


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_context_is_as_wide_as_the_hole_and_ends_with_the_picture(corner):
    width, height, side = 300, 260, LEAST_CONTEXT + 20
    left, top = corner[0] * (width - side), corner[1] * (height - side)
    wanted = hole_with(height, width, (left, top, left + side, top + side))
    ((box, hole),) = _in_context(_groups(wanted), wanted)
    assert box == (
        max(0, left - side), max(0, top - side),
        min(width, left + 2 * side), min(height, top + 2 * side),
    )  # fmt: skip
    assert hole.sum() == side**2


def test_a_speck_has_the_least_context():
    wanted = hole_with(300, 300, (150, 140, 151, 141))
    ((box, hole),) = _in_context(_groups(wanted), wanted)
    assert box == (150 - LEAST_CONTEXT, 140 - LEAST_CONTEXT,
                   151 + LEAST_CONTEXT, 141 + LEAST_CONTEXT)  # fmt: skip
    assert np.argwhere(hole).tolist() == [[LEAST_CONTEXT, LEAST_CONTEXT]]


@pytest.fixture
def recorder(monkeypatch):
    """Instead of texture the number of the call; gives what each was called with."""
    calls = []

    def paint(picture, known, hole, generator, device, **options):
        calls.append((picture.copy(), known.copy(), hole.copy(), options))
        return np.full((np.count_nonzero(hole), 3), len(calls), np.uint8)

    monkeypatch.setattr(natural, "fill_with_texture", paint)
    return calls


def specks(side: int, apart: int):
    wanted = np.zeros((side, side), bool)
    wanted[apart // 2 :: apart, apart // 2 :: apart] = True
    return wanted


@pytest.mark.parametrize("across", [8, 9])
def test_more_groups_than_that_are_one(recorder, across):
    apart = 3 * NEAR
    wanted = specks(across * apart, apart)
    picture = Image.new("RGB", wanted.shape[::-1], (200, 100, 50))
    done = add_texture(picture, ~wanted, wanted, 0, CPU)
    assert len(recorder) == (across**2 if across**2 <= MOST_GROUPS else 1)
    assert np.array_equal(done, wanted)
    pixels = np.asarray(picture)
    assert (pixels[~wanted] == (200, 100, 50)).all() and (pixels[wanted] != 200).all()
    assert sum(hole.sum() for _, _, hole, _ in recorder) == wanted.sum()


def test_many_groups_share_the_work_and_a_share_makes_it_less(recorder):
    def most(across, share=1.0):
        recorder.clear()
        wanted = specks(across * 3 * NEAR, 3 * NEAR)
        add_texture(Image.new("RGB", wanted.shape), ~wanted, wanted, 0, CPU, share)
        (value,) = {options["most_missing"] for *_, options in recorder}
        return value

    assert most(1) > most(6) > 0 and most(1) > most(1, 0.25) > 0


def test_each_group_gets_the_error_expected_in_its_box(recorder, rng):
    wanted = hole_with(120, 500, (40, 40, 60, 70), (440, 50, 460, 60))
    error = rng.integers(0, 256, wanted.shape, dtype=np.uint8)
    picture = Image.new("RGB", (500, 120))
    add_texture(picture, ~wanted, wanted, 0, CPU, error=Image.fromarray(error))
    boxes = [box for box, _ in _in_context(_groups(wanted), wanted)]
    assert len(boxes) == 2
    for (*_, options), (left, top, right, bottom) in zip(recorder, boxes, strict=True):
        assert np.array_equal(options["error"], error[top:bottom, left:right])
    recorder.clear()
    add_texture(picture, ~wanted, wanted, 0, CPU)
    assert [options["error"] for *_, options in recorder] == [None, None]


def test_done_is_what_was_filled(monkeypatch):
    """Around the right hole there is nothing to copy: it stays as it is."""

    def paint(picture, known, hole, generator, device, **options):
        if picture.max() < 100:
            raise NothingToCopy
        return np.full((np.count_nonzero(hole), 3), 9, np.uint8)

    monkeypatch.setattr(natural, "fill_with_texture", paint)
    left, right = (40, 40, 60, 70), (440, 50, 460, 60)
    wanted = hole_with(120, 500, left, right)
    picture = Image.new("RGB", (500, 120))
    picture.paste((250, 0, 0), (0, 0, 250, 120))
    before = np.array(picture)
    done = add_texture(picture, ~wanted, wanted, 0, CPU)
    assert np.array_equal(done, hole_with(120, 500, left))
    after = np.asarray(picture)
    assert (after[done] == 9).all() and np.array_equal(after[~done], before[~done])


def test_seeds_vary_but_the_first(recorder):
    wanted = hole_with(90, 90, (40, 40, 50, 50))
    for seed in (0, 1, 2**32 - 1):
        add_texture(Image.new("RGB", (90, 90)), ~wanted, wanted, seed, CPU)
    assert [options["vary"] for *_, options in recorder] == [False, True, True]


def test_steps_are_told_with_the_groups_box_and_may_end_the_call(noise):
    wanted = hole_with(100, 500, (40, 40, 50, 50), (440, 40, 450, 50))
    boxes = []
    add_texture(noise(500, 100), ~wanted, wanted, 0, CPU, on_step=boxes.append)
    expected = [box for box, _ in _in_context(_groups(wanted), wanted)]
    assert list(dict.fromkeys(boxes)) == expected and len(boxes) > 2 * len(expected)

    def stop(box):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_texture(noise(500, 100), ~wanted, wanted, 0, CPU, on_step=stop)


def test_holes_far_apart_are_filled_apart(noise):
    """Another picture around one of them changes nothing in the other."""
    left, right = (50, 45, 80, 75), (550, 40, 570, 70)
    wanted = hole_with(120, 620, left, right)
    picture = noise(620, 120)
    other = picture.copy()
    other.paste(noise(220, 120), (400, 0))
    fills = []
    for image in (picture, other):
        assert np.array_equal(add_texture(image, ~wanted, wanted, 0, CPU), wanted)
        fills.append((np.asarray(image.crop(left)), np.asarray(image.crop(right))))
    (a_left, a_right), (b_left, b_right) = fills
    assert np.array_equal(a_left, b_left) and not np.array_equal(a_right, b_right)
