"""What can be looked at beside a result: classical fills, and how the hole closed.

Both look at the surroundings of the hole only, which travel with the page as three PNG files:
picture, mask image, and fill. The server remembers nothing.
"""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpainting.baselines import BASELINES
from inpainting.closing import closing
from inpainting.coarse_to_fine import around
from inpainting.images import decode
from inpainting.metrics import score
from inpainting.pipeline import InpaintingPipeline

from .pictures import keep, preview

CLASSICAL = {"ns": "Navier–Stokes", "telea": "Telea", "biharmonic": "Biharmonic"}
MOST_BIHARMONIC = 60_000  # missing pixels: a system of equations larger than that takes minutes
TILE = 220  # pixels, of a level of the closing hole
SHOWN = 900  # pixels, of a comparison

Captioned = tuple[Image.Image | str, str]


class Window(NamedTuple):
    """The hole's surroundings: "RGB" picture as given, "L" mask image, "RGB" fill."""

    original: Image.Image
    mask_image: Image.Image
    result: Image.Image

    @classmethod
    def around_hole(
        cls, original: Image.Image, mask_image: Image.Image, result: Image.Image
    ) -> "Window":
        """Cut it out of three pictures of one size."""
        box = around(np.asarray(mask_image) > 0)
        return cls(original.crop(box).convert("RGB"), mask_image.crop(box),
                   result.crop(box).convert("RGB"))  # fmt: skip

    @classmethod
    def from_files(cls, paths: Sequence[str]) -> "Window":
        """The mirror of :meth:`to_files`."""
        original, mask_image, result = paths
        return cls(decode(original), decode(mask_image, grey=True), decode(result))

    def to_files(self) -> list[str]:
        """Write three files and give their paths."""
        return [keep(image, name) for name, image in zip(self._fields, self, strict=True)]

    @property
    def hole(self) -> np.ndarray:
        """Bool (H, W), True = missing."""
        return np.asarray(self.mask_image) > 0


def comparison(window: Window) -> Iterator[list[Captioned]]:
    """The network's fill beside the classical ones, one more with every step."""
    original, hole = np.asarray(window.original), window.hole
    shown = [_scored("This network", original, np.asarray(window.result), hole, "")]
    yield list(shown)
    for method, label in CLASSICAL.items():
        if method == "biharmonic" and hole.sum() > MOST_BIHARMONIC:
            blank = window.original.copy()
            blank.paste((128, 128, 128), mask=window.mask_image)
            words = f"{label}: left out, {hole.sum():,} unknowns take minutes"
            shown.append((preview(blank, SHOWN), words))
        else:
            start = time.perf_counter()
            filled = BASELINES[method](original, hole)
            took = f" · {time.perf_counter() - start:.2f} s"
            shown.append(_scored(label, original, filled, hole, took))
        yield list(shown)


def levels(pipeline: InpaintingPipeline, window: Window) -> list[Captioned]:
    """How the hole closes level by level, on a view of it."""
    small = preview(window.original, TILE)
    mask_image = window.mask_image.resize(small.size, Image.Resampling.BOX)
    hole = np.asarray(mask_image) >= 64  # thin lines must not vanish
    if not hole.any() or hole.all():
        return []
    return [
        (
            level.picture.resize(small.size, Image.Resampling.NEAREST),
            f"{level.picture.width} × {level.picture.height}: {level.known:.0%} known",
        )
        for level in closing(pipeline.model, small, hole)
    ]


def _scored(
    label: str, original: np.ndarray, filled: np.ndarray, hole: np.ndarray, took: str
) -> Captioned:
    scores = score(original, filled, hole)
    words = f"{label}: {scores.hole_psnr:.1f} dB, SSIM {scores.hole_ssim:.3f}{took}"
    return preview(Image.fromarray(filled), SHOWN), words.replace("inf dB", "∞ dB")
