"""What a fill gives and tells: without torch, for whoever shows fills and makes none."""

from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from inpainting.inference.parts import Part
from inpainting.types import Box, Hole


class Pass(NamedTuple):
    """One run of the network.

    ``boxes``: what it saw, as left, top, right, bottom in pixels of the picture; ``size``: height
    and width of what it was given; ``scale``: pixels of the picture per pixel of that.
    """

    boxes: tuple[Box, ...]
    size: tuple[int, int]
    scale: float


OnPass = Callable[[Pass], object]


class InpaintingResult(NamedTuple):
    """A filled picture, and what it was made from.

    ``image``: in the picture's mode, "L", "LA", "RGB" or "RGBA"; its ``info`` has the file's ICC
    profile and dots per inch, which Pillow writes when it is saved (``dpi=`` has to be passed).
    ``original``: the picture as it was given, decoded; ``hole``: bool (H, W), True = filled.
    ``passes``: runs of the network. ``expected_error``: mode "L", the mean absolute error in grey
    levels that the network expects of its own fill of each pixel of the hole, at most 255; 0
    outside the hole; None if it predicts none. ``notes``: sentences on how picture and mask were
    read, and on what could not be done. ``parts``: of the hole, and how each was filled. ``mode``,
    ``seed``: as asked for. ``lines``: mode "L", where the fill has followed a line, 255 =
    certainly; 0 outside the hole; None of a network that predicts none.
    """

    image: Image.Image
    original: Image.Image
    hole: Hole
    passes: tuple[Pass, ...]
    expected_error: Image.Image | None
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    mode: str = "faithful"
    seed: int = 0
    lines: Image.Image | None = None
