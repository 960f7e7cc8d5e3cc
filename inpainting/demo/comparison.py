"""A hole's surroundings, filled by the networks and by classical methods.

All are cropped to the hole and shown beside the original.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpainting.classical.registry import CLASSICAL
from inpainting.demo.images import error_map, preview
from inpainting.demo.report import fill_name
from inpainting.demo.service import ServedFill
from inpainting.evaluation.metrics import score
from inpainting.evaluation.texture import texture
from inpainting.inference.result import InpaintingResult
from inpainting.inference.tiles import around
from inpainting.masks.convert import hole_from_mask_image, mask_image_from_hole
from inpainting.types import Hole, Pixels, in_box

COMPARED = tuple(n for n in ("ns", "telea", "biharmonic", "patchmatch") if n in CLASSICAL)
MOST_BIHARMONIC = 60_000  # missing pixels: a system of equations larger than that takes minutes
MOST_PATCHMATCH = 60_000  # missing pixels, and
MOST_SEARCHED = 500_000  # pixels of the window: beyond either a search takes many seconds
ORIGINAL, AS_GIVEN = "Original", "The photo as it was given"
NETWORK = "This network, {}"
OTHER_NETWORK = "Network {}, {}"
AFTER = "This network after pass {}"
DOUBT = "What it doubts after pass {}: {:.1f} levels of error expected on average"
ALIKE = NETWORK.format("natural and faithful fill, which are alike here")
SHOWN = 900  # pixels, of a comparison

NOTHING: Mapping[str, Callable[[], ServedFill]] = MappingProxyType({})

Captioned = tuple[Image.Image | str, str]


class Window(NamedTuple):
    """The hole's surroundings: "RGB" picture as given, "L" mask image, "RGB" fill."""

    original: Image.Image
    mask_image: Image.Image
    result: Image.Image

    @classmethod
    def around_hole(cls, result: InpaintingResult) -> "Window":
        """Cut it out of a fill."""
        box = around(result.hole)
        mask_image = mask_image_from_hole(result.hole[in_box(box)])
        original, filled = (x.crop(box).convert("RGB") for x in (result.original, result.image))
        return cls(original, mask_image, filled)

    @property
    def hole(self) -> Hole:
        """Bool (H, W), True = missing."""
        return hole_from_mask_image(self.mask_image, self.original.size)


def comparison(
    given: InpaintingResult,
    known: bool,
    other: Callable[[], InpaintingResult],
    passes: Mapping[str, Callable[[], ServedFill]] = NOTHING,
    networks: Mapping[str, Callable[[], ServedFill]] = NOTHING,
) -> Iterator[list[Captioned]]:
    """The original, the networks' fills and classical ones, one more at each step.

    Args:
        given: the fill that is shown.
        known: whether its original is what was there before the damage.
        other: makes the fill of the other mode: of the whole picture, because what is copied into
            a hole may come from outside its window.
        passes: makes the network's fill after each pass before its last one, by its number.
        networks: makes the fill of other networks, by name.
    """
    window = Window.around_hole(given)
    original, hole = window.original, window.hole
    first: Captioned = (preview(original, SHOWN), ORIGINAL if known else AS_GIVEN)
    name = NETWORK.format(fill_name(given))
    shown = [first, _scored(name, original, np.asarray(window.result), hole, "")]
    yield list(shown)
    second = other()
    pixels = _in_window(second)
    if np.array_equal(pixels, np.asarray(window.result)):
        shown[1:] = [_scored(ALIKE, original, pixels, hole, "")]
    else:
        name = NETWORK.format(fill_name(second))
        shown.append(_scored(name, original, pixels, hole, ""))
    yield list(shown)
    for number, fill_by in passes.items():
        earlier = fill_by().result
        shown.append(_scored(AFTER.format(number), original, _in_window(earlier), hole, ""))
        shown += _doubt(number, earlier)
        yield list(shown)
    for title, fill_by in networks.items():
        served = fill_by()
        name = OTHER_NETWORK.format(title, fill_name(served.result))
        took = f" · {served.seconds:.2f} s"
        shown.append(_scored(name, original, _in_window(served.result), hole, took))
        yield list(shown)
    for method in COMPARED:
        title, fill = CLASSICAL[method]
        if too_large := _too_large(method, hole):
            blank = window.original.copy()
            blank.paste((128, 128, 128), mask=window.mask_image)
            shown.append((preview(blank, SHOWN), f"{title}: left out, {too_large}"))
        else:
            start = time.perf_counter()
            filled = fill(np.asarray(original), hole)
            took = f" · {time.perf_counter() - start:.2f} s"
            shown.append(_scored(title, original, filled, hole, took))
        yield list(shown)


def _doubt(number: str, result: InpaintingResult) -> list[Captioned]:
    """The expected error of a pass, of a network that expects one."""
    if result.expected_error is None:
        return []
    box = around(result.hole)
    part = result.expected_error.crop(box)
    mean = np.asarray(part)[result.hole[in_box(box)]].mean()
    chart = error_map(part)
    return [] if chart is None else [(chart, DOUBT.format(number, mean))]


def _in_window(result: InpaintingResult) -> Pixels:
    return np.asarray(result.image.crop(around(result.hole)).convert("RGB"))


def _too_large(name: str, hole: Hole) -> str:
    """Why nobody would wait for that fill; "" where it is quick enough."""
    missing = int(hole.sum())
    if name == "biharmonic" and missing > MOST_BIHARMONIC:
        return f"{missing:,} unknowns take minutes"
    if name == "patchmatch" and (missing > MOST_PATCHMATCH or hole.size > MOST_SEARCHED):
        return f"{missing:,} unknowns in {hole.size:,} pixels take many seconds"
    return ""


def _scored(title: str, original: Image.Image, filled: Pixels, hole: Hole, took: str) -> Captioned:
    scores = score(np.asarray(original), filled, hole)
    sharp = texture(filled, hole).ring_sharpness
    sharpness = "" if np.isnan(sharp) else f", sharpness {sharp:.2f}"
    words = f"{title}: {scores.hole_psnr:.1f} dB, SSIM {scores.hole_ssim:.3f}{sharpness}{took}"
    picture = Image.fromarray(filled)
    picture.info = dict(original.info)  # its colour space
    return preview(picture, SHOWN), words.replace("inf dB", "∞ dB")
