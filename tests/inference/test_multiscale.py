"""Holes deeper than the network sees, pictures larger than a tile."""

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting.inference.canvas import Canvas, Frame
from inpainting.inference.multiscale import BLOCK, DEEP, depth_exceeds, fill_canvas, fill_tiles
from inpainting.inference.tiles import find_tiles
from inpainting.models.base import Prediction


def canvas_of(width, height, *holes, colour=None) -> Canvas:
    """A picture of noise, or of one colour, with holes (left, top, right, bottom)."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    if colour is not None:
        pixels[:] = colour
    hole = np.zeros((height, width), bool)
    for left, top, right, bottom in holes:
        hole[top:bottom, left:right] = True
    return Canvas(Image.fromarray(pixels), ~hole, hole, Frame((width, height)))


class Recorder:
    """Paints one grey and remembers what it was given, and where."""

    def __init__(self, grey=0.5):
        self.grey, self.calls, self.scales = grey, [], []

    def __call__(self, image, valid, guide=None, before=None):
        self.calls.append((image.clone(), valid.clone()))
        return Prediction(torch.full_like(image, self.grey), None)

    def watch(self, run):
        self.scales.append(run.scale)


def test_depth_agrees_with_distances():
    known = np.random.default_rng(3).random((150, 130)) < 0.0006
    ys, xs = np.mgrid[0:150, 0:130]
    distance = np.min([np.maximum(abs(ys - y), abs(xs - x)) for y, x in np.argwhere(known)], axis=0)
    deep = depth_exceeds(known, DEEP)
    assert deep.any() and distance[deep].min() > DEEP
    assert deep[distance > DEEP + 2 * BLOCK].all()


def test_known_pixels_stay_and_holes_are_filled():
    canvas, paint = canvas_of(300, 500, (40, 50, 260, 450)), Recorder()
    before, hole = np.array(canvas.picture), canvas.hole.copy()
    fill_canvas(canvas, paint, paint.watch)
    after = np.asarray(canvas.picture)
    assert np.array_equal(after[~hole], before[~hole]) and (after[hole] == 128).all()
    assert canvas.known.all()


def test_a_shallow_hole_is_one_pass():
    paint = Recorder()
    fill_canvas(canvas_of(400, 400, (0, 100, 400, 120)), paint, paint.watch)
    assert paint.scales == [1]


def test_a_deep_hole_is_filled_from_the_coarsest_on():
    canvas, paint = canvas_of(400, 300, (60, 60, 340, 240)), Recorder()
    fill_canvas(canvas, paint, paint.watch)
    assert sorted(set(paint.scales), reverse=True) == [8, 4, 2, 1]
    assert paint.scales == sorted(paint.scales, reverse=True)
    shown = torch.cat([valid.flatten() for _, valid in paint.calls[-paint.scales.count(1) :]])
    assert shown.mean() > 0.5  # the middle is known by now, a rim is not


def test_only_one_known_pixel_fills_everything():
    canvas = canvas_of(333, 200, (0, 0, 333, 200))
    canvas.known[77, 5] = True

    def spread(image, valid, *_):
        mean = (image * valid).sum((2, 3)) / valid.sum((2, 3))
        return Prediction(mean[..., None, None].expand_as(image), None)

    colour = canvas.picture.getpixel((5, 77))
    fill_canvas(canvas, spread, lambda run: None)
    error = np.abs(np.asarray(canvas.picture).astype(int) - colour)
    assert error.max() <= 1


def test_what_is_neither_known_nor_hole_is_left_alone():
    canvas, paint = canvas_of(300, 300, (50, 50, 250, 250)), Recorder()
    canvas.hole[100:140] = False
    before, hole = np.array(canvas.picture), canvas.hole.copy()
    fill_canvas(canvas, paint, paint.watch)
    assert np.array_equal(np.asarray(canvas.picture)[~hole], before[~hole])
    assert (np.asarray(canvas.picture)[hole] == 128).all()


@pytest.mark.parametrize("size", [(200, 300), (40, 513), (700, 1000)])
def test_hole_content_changes_nothing(size):
    results = []
    for seed in (1, 2):
        canvas = canvas_of(*size, (10, 15, size[0] - 10, size[1] - 15))
        noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        canvas.picture.paste(Image.fromarray(noise), mask=Image.fromarray(canvas.hole))

        def paint(image, valid, *_):
            mean = (image * valid).mean((2, 3), keepdim=True)
            return Prediction(mean.expand_as(image), None)

        fill_canvas(canvas, paint, lambda run: None)
        results.append(np.asarray(canvas.picture))
    assert np.array_equal(*results)


def test_tiles_agree():
    """A fill that depends on the pixel alone comes out as if there were no tiles."""
    canvas = canvas_of(1300, 900, (0, 400, 1300, 430), (600, 0, 640, 900))
    expected = 255 - np.asarray(canvas.picture)
    hole = canvas.hole.copy()
    tiles = find_tiles(hole)
    assert len(tiles) > 4
    fill_tiles(canvas, tiles, lambda image, *_: Prediction(1 - image, None), lambda run: None)
    assert np.array_equal(np.asarray(canvas.picture)[hole], expected[hole])


def test_tiles_that_disagree_meet_in_steps_too_small_to_see():
    canvas = canvas_of(900, 200, (10, 80, 890, 120), colour=0)
    greys = iter([0.0, 1.0])

    def paint(image, *_):
        return Prediction(torch.stack([torch.full_like(one, next(greys)) for one in image]), None)

    fill_tiles(canvas, find_tiles(canvas.hole), paint, lambda run: None)
    row = np.asarray(canvas.picture)[100, 10:890, 0].astype(int)
    assert row.min() == 0 and row.max() == 255 and np.abs(np.diff(row)).max() <= 9


def test_batches_hold_no_more_than_they_may():
    holes = [(x, y, x + 4, y + 4) for x in range(100, 900, 200) for y in (100, 300)]
    paint = Recorder()
    fill_canvas(canvas_of(1000, 500, *holes), paint, paint.watch, largest=111)  # 3 of 64 × 64
    assert [len(image) for image, _ in paint.calls] == [3, 3, 2]


class Adder:
    """Adds one grey level to the hole's content, and remembers what it was given."""

    def __init__(self):
        self.holes, self.scales = [], []

    def __call__(self, image, valid, guide=None, before=None):
        self.holes.append(int((valid == 0).sum()))
        return Prediction(image + 1 / 255, None)

    def watch(self, run):
        self.scales.append(run.scale)


def test_every_scale_can_go_on_from_the_coarser_fill_over_the_whole_hole():
    canvas, add = canvas_of(256, 256, (60, 60, 196, 196), colour=100), Adder()
    hole = canvas.hole.copy()
    fill_canvas(canvas, add, add.watch, keep_deep=False)
    assert add.scales == [4, 2, 1] and add.holes == [34 * 34, 68 * 68, 136 * 136]
    filled = np.asarray(canvas.picture)
    assert canvas.known.all() and (filled[~hole] == 100).all()
    # Each scale has added one level to what the coarser one left.
    start, middle = filled[128, 128, 0] - 3, np.s_[80:176, 80:176]
    assert (filled[middle] == start + 3).all()


def test_a_hole_without_anything_known_near_keeps_the_coarser_fill():
    canvas, paint = canvas_of(1400, 1400, (10, 10, 1390, 1390)), Recorder()
    fill_canvas(canvas, paint, paint.watch, keep_deep=False)
    assert (np.asarray(canvas.picture)[20:1380, 20:1380] == 128).all()
    assert all(valid.any() for _, valid in paint.calls)
