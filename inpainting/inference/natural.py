"""Texture for those parts of a filled picture that want it.

Parts near each other are filled together, each group in a box with as much context around it as it
is wide: what lies beyond costs nothing and is not copied.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from PIL import Image

from inpainting.inference.guide_image import given_in
from inpainting.inference.offsets import NothingToCopy
from inpainting.inference.texture import MOST_MISSING, fill_with_texture
from inpainting.masks.edit import any_per_block
from inpainting.types import Box, Flags, Hole, box_size, grow_box, in_box

NEAR = 32  # pixels: parts in touching blocks of this side are filled together
LEAST_CONTEXT = 32  # pixels around a group
MOST_GROUPS = 64  # of more than that one is made
SHARED = 4  # up to so many groups get the full work each, more of them share it
LEAST_MISSING = 300  # blocks of a group, however many groups there are


def add_texture(
    picture: Image.Image,
    known: Flags,
    wanted: Hole,
    seed: int,
    device: torch.device,
    share: float = 1.0,
    error: Image.Image | None = None,
    guide: Image.Image | None = None,
    on_step: Callable[[Box], object] = lambda box: None,
) -> Hole:
    """Fill missing pixels again, in place, with texture from around them.

    Args:
        picture: "RGB", filled: its fill is the first guess.
        known: bool (H, W), what may be copied.
        wanted: bool (H, W), the missing pixels that get texture.
        seed: 0 gives the best fill found, others vary it.
        device: where offsets are chosen.
        share: of the usual work and memory.
        error: "L", of the picture's size: the absolute error in grey levels expected of its fill.
        guide: of :mod:`inpainting.inference.guide_image`, which the fill has followed.
        on_step: is called with a group's box before each part of its work; what it raises ends the
            call.

    Returns:
        Bool (H, W), what of ``wanted`` was filled: around the rest there is nothing to copy.
    """
    done = np.zeros_like(wanted)
    groups = _groups(wanted)
    most = max(LEAST_MISSING, int(share * MOST_MISSING / max(1, len(groups) / SHARED)))
    for number, (box, hole) in enumerate(_in_context(groups, wanted)):
        pixels = np.array(picture.crop(box))
        generator = np.random.default_rng((seed, number))
        try:
            pixels[hole] = fill_with_texture(
                pixels, known[in_box(box)], hole, generator, device,
                vary=seed > 0, most_missing=most,
                error=None if error is None else np.array(error.crop(box)),
                given=None if guide is None else given_in(guide.crop(box)),
                on_step=partial(on_step, box),
            )  # fmt: skip
        except NothingToCopy:
            continue
        picture.paste(Image.fromarray(pixels), box[:2], Image.fromarray(hole))
        done[in_box(box)] |= hole
    return done


def _groups(wanted: Hole) -> list[tuple[Box, Hole]]:
    """The box of each group, and which of the box's pixels are its own."""
    import cv2

    rows, columns = (np.arange(0, side, NEAR) for side in wanted.shape)
    blocks = any_per_block(wanted, rows, columns)
    count, labels = cv2.connectedComponents(blocks.astype(np.uint8), connectivity=8)
    if count - 1 > MOST_GROUPS:
        count, labels = 2, blocks.astype(np.int32)
    groups = []
    for number in range(1, count):
        ys, xs = (np.flatnonzero((labels == number).any(axis)) * NEAR for axis in (1, 0))
        box = (int(xs[0]), int(ys[0]), int(xs[-1]) + NEAR, int(ys[-1]) + NEAR)
        inside = labels[ys[0] // NEAR : ys[-1] // NEAR + 1, xs[0] // NEAR : xs[-1] // NEAR + 1]
        cells = (inside == number).repeat(NEAR, 0).repeat(NEAR, 1)
        part = wanted[in_box(box)]
        groups.append((box, part & cells[: part.shape[0], : part.shape[1]]))
    return groups


def _in_context(groups: list[tuple[Box, Hole]], wanted: Hole) -> Iterator[tuple[Box, Hole]]:
    """Each group's box with its context, within the picture."""
    height, width = wanted.shape
    for (x, y, _, _), part in groups:
        ys, xs = (np.flatnonzero(part.any(axis)) for axis in (1, 0))
        left, top = int(x + xs[0]), int(y + ys[0])
        right, bottom = int(x + xs[-1] + 1), int(y + ys[-1] + 1)
        context = max(LEAST_CONTEXT, right - left, bottom - top)
        box = grow_box((left, top, right, bottom), context, context, (width, height))
        hole = np.zeros(box_size(box)[::-1], np.bool_)
        hole[top - box[1] : bottom - box[1], left - box[0] : right - box[0]] = part[
            ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1
        ]
        yield box, hole
