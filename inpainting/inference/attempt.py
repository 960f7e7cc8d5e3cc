"""One try of a fill: a decoded picture and its hole to the result, with what memory there is."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpainting.errors import NothingKnown
from inpainting.inference.canvas import Canvas, Frame
from inpainting.inference.line_image import expected_lines
from inpainting.inference.multiscale import fill_canvas, fill_tiles
from inpainting.inference.natural import add_texture
from inpainting.inference.parts import Part, find_parts, wants_texture
from inpainting.inference.predict import Predictor
from inpainting.inference.restore import keep_grey, restore
from inpainting.inference.result import InpaintingResult, OnPass, Pass
from inpainting.inference.tiles import LARGEST, around, whole
from inpainting.io.images import alpha_of
from inpainting.types import Box, Flags, Hole, in_box

LONGEST_SIDE = 512  # of the picture that the strategy "resize" fills, in pixels
NOTHING_COPIED = "Around a hole there is no texture to copy; it was filled by the network alone."


class Attempt(NamedTuple):
    """Where and how a fill is tried; ``largest``: side of a tile in pixels."""

    predictor: Predictor
    strategy: str
    largest: int


class Asked(NamedTuple):
    """The options of :meth:`InpaintingPipeline.fill` that are the same in every attempt."""

    feather: int
    on_pass: OnPass | None
    mode: str
    seed: int
    guide: Image.Image | None
    lines: Image.Image | None
    passes: int


def fill_once(attempt: Attempt, picture: Image.Image, hole: Hole, asked: Asked) -> InpaintingResult:
    """Fill, or fail for want of memory; ``picture`` stays as it is.

    Raises:
        NothingKnown: when everything outside the hole is transparent.
    """
    passes: list[Pass] = []

    def note(run: Pass) -> None:
        passes.append(run)
        if asked.on_pass:
            asked.on_pass(run)

    canvas = _canvas(attempt.predictor, picture, hole, asked)
    known = canvas.known.copy()  # filling adds to it
    box = _run_network(attempt, canvas, note, asked.passes)
    parts, notes = _copy_texture(attempt, canvas, known, hole, asked)
    keep_grey(canvas.picture, known, hole, box, asked.guide)
    filled = restore(canvas.picture, picture, hole, asked.feather)
    error = _inside(canvas.error, hole, box)
    lines = expected_lines(canvas.expected, asked.lines, hole)
    return InpaintingResult(
        filled, picture, hole, tuple(passes), error, notes, parts, asked.mode, asked.seed, lines
    )


def _run_network(attempt: Attempt, canvas: Canvas, note: OnPass, passes: int) -> Box:
    """Fill the canvas as the strategy says, in place.

    Returns:
        What of it may have changed.
    """
    predict = partial(attempt.predictor, passes=passes)
    box = around(canvas.hole)  # the rest of a large picture costs nothing
    if attempt.strategy in ("crop", "scales"):
        part, keep_deep = canvas.cut(box), attempt.strategy == "crop"
        fill_canvas(part, predict, note, attempt.largest, keep_deep)
        canvas.picture.paste(part.picture, box[:2])
    elif attempt.strategy == "original":
        fill_tiles(canvas, [whole(canvas.hole)], predict, note)
    else:
        small = canvas.shrunk(LONGEST_SIDE)
        fill_tiles(small, [whole(small.hole)], predict, note)
        large = small.picture.resize(canvas.picture.size, Image.Resampling.BICUBIC)
        canvas.picture.paste(large, mask=Image.fromarray(canvas.hole))
        box = whole(canvas.hole).box  # transparent pixels were filled too, wherever they lie
    return box


def _copy_texture(
    attempt: Attempt, filled: Canvas, known: Flags, hole: Hole, asked: Asked
) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """Copy texture into the parts of the hole that want it, in place.

    Returns:
        How each part was filled, and a sentence if one could not be filled as asked.
    """
    box = around(hole)
    found = find_parts(hole[in_box(box)], known[in_box(box)])
    natural = wants_texture(found, asked.mode)
    kept = False
    if natural.any():
        numbers = np.flatnonzero(natural) + 1
        wanted = np.zeros_like(hole)
        wanted[in_box(box)] = np.isin(found.labels, numbers)
        device, share = attempt.predictor.device, (attempt.largest / LARGEST) ** 2
        done = add_texture(
            filled.picture,
            known,
            wanted,
            asked.seed,
            device,
            share,
            filled.error,
            asked.guide,
            _on_step(asked),
        )
        reached = np.unique(found.labels[done[in_box(box)]])
        was_done = np.isin(np.arange(1, len(natural) + 1), reached)
        kept = bool((natural & ~was_done).any())
        natural = was_done
    x, y = box[:2]
    parts = tuple(
        Part((left + x, top + y, right + x, bottom + y), pixels, bool(copied))
        for (left, top, right, bottom), pixels, copied in zip(
            found.boxes, found.pixels, natural, strict=True
        )
    )
    return parts, (NOTHING_COPIED,) if kept else ()


def _on_step(asked: Asked) -> Callable[[Box], object]:
    """``on_pass`` for the steps of the copying, which are no runs of the network."""
    on_pass = asked.on_pass
    if on_pass is None:
        return lambda box: None
    return lambda box: on_pass(Pass((box,), (box[3] - box[1], box[2] - box[0]), 1))


def _canvas(predictor: Predictor, picture: Image.Image, hole: Hole, asked: Asked) -> Canvas:
    """The picture to paint on, and what of it may be looked at."""
    known = ~hole
    if alpha := alpha_of(picture):
        known &= np.asarray(alpha) > 0
    if not known.any():
        raise NothingKnown
    painted = picture.copy() if picture.mode == "RGB" else picture.convert("RGB")
    error, expected = (
        Image.new("L", picture.size) if predicts else None
        for predicts in (predictor.predicts_error, predictor.predicts_lines)
    )
    frame = Frame(picture.size)
    return Canvas(painted, known, hole, frame, error, asked.guide, expected, asked.lines)


def _inside(error: Image.Image | None, hole: Hole, box: Box) -> Image.Image | None:
    """The expected error without what a coarse pixel covers beside the hole; ``box`` has it."""
    if error is not None:
        error.paste(0, box, Image.fromarray(~hole[in_box(box)]))
    return error
