"""The pipeline: a picture and a mask image of any size and kind to the filled picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from inpainting.errors import InvalidConfig, NothingKnown, OutOfMemory
from inpainting.inference.canvas import Canvas, Frame
from inpainting.inference.device import is_out_of_memory, release_memory
from inpainting.inference.multiscale import OnPass, Pass, around, fill_canvas, fill_tiles
from inpainting.inference.predict import Predictor
from inpainting.inference.restore import keep_grey, restore
from inpainting.inference.tiles import LARGEST, whole
from inpainting.io.images import ImageSource, alpha_of, decode, read_picture
from inpainting.masks.convert import hole_from_mask_image
from inpainting.masks.meaning import meaning
from inpainting.models.base import Network
from inpainting.models.checkpoint import load_pretrained
from inpainting.types import Box, Hole, in_box

SMALLER = LARGEST // 2  # side of a tile in pixels where memory ran out
LONGEST_SIDE = 512  # of the picture that the strategy "resize" fills, in pixels
STRATEGIES = ("crop", "resize", "original")


class InpaintingResult(NamedTuple):
    """A filled picture, and what it was made from.

    ``image``: in the picture's mode, "L", "LA", "RGB" or "RGBA"; its ``info`` has the file's ICC
    profile and dots per inch, which Pillow writes when it is saved (``dpi=`` has to be passed).
    ``original``: the picture as it was given, decoded; ``hole``: bool (H, W), True = filled.
    ``passes``: runs of the network. ``expected_error``: mode "L", the mean absolute error in grey
    levels that the network expects of each pixel of the hole, at most 255; 0 outside the hole; None
    if it predicts none. ``notes``: sentences on how picture and mask were read.
    """

    image: Image.Image
    original: Image.Image
    hole: Hole
    passes: tuple[Pass, ...]
    expected_error: Image.Image | None
    notes: tuple[str, ...] = ()


class InpaintingPipeline:
    """Fills the holes of any picture.

    Args:
        model, device, dtype: see :class:`inpainting.inference.predict.Predictor`.
    """

    def __init__(
        self,
        model: Network,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.predictor = Predictor(model, device, dtype)

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path | None = None,
        revision: str | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        sha256: str | None = None,
    ) -> "InpaintingPipeline":
        """Load weights from a folder or the Hub; without arguments the bundled ones, offline.

        Args:
            name_or_path: folder with ``config.json`` and ``model.safetensors``, or ``user/repo``.
            revision: branch, tag or commit of the Hub repository.
            device, dtype: as for the class.
            sha256: digest that the weights' file must have.

        Raises:
            CheckpointError: when a file is missing or the weights do not fit, with the reason.
        """
        return cls(load_pretrained(name_or_path, revision, sha256), device, dtype)

    def __call__(self, image: ImageSource, mask_image: ImageSource) -> Image.Image:
        """The filled picture of :meth:`fill`, which says more."""
        return self.fill(image, mask_image).image

    def fill(
        self,
        image: ImageSource,
        mask_image: ImageSource,
        strategy: str = "crop",
        feather: int = 0,
        on_pass: OnPass | None = None,
    ) -> InpaintingResult:
        """Fill the white part of ``mask_image``.

        Args:
            image: picture of any size and kind that :func:`inpainting.io.images.decode` reads.
            mask_image: of the same size; white = repaint, black = keep; docs/masks.md says what
                else is understood.
            strategy: "crop" works around the holes, at full resolution and from coarse to fine;
                "resize" shrinks the picture to ``LONGEST_SIDE`` and runs the network once;
                "original" runs it once on the whole picture, whatever memory that takes.
            feather: width in pixels, inside the hole, over which the picture's own pixels fade
                into the fill: for masks drawn wider than what they cover.
            on_pass: is told of every run of the network before it starts; what it raises ends
                the call.

        Returns:
            The filled picture, of the same size, and more. Pixels outside the hole are the
            picture's own, bit for bit, alpha included, in the file's own colour space; where it is
            grey around the hole, the fill is. Transparent pixels count as unknown: hidden colours
            do not leak into the fill. A part of the hole with transparent pixels becomes opaque.

        Where memory runs out, it is done again in smaller pieces, at last on the CPU.

        Raises:
            InvalidImage: when either cannot be read.
            InvalidMask: when the mask has another size, marks nothing or everything, or does not
                say what is to be repainted.
            InvalidConfig: for an unknown strategy, or a feather that is no number of pixels.
            OutOfMemory: when nothing of that helps.
        """
        picture, about_picture = read_picture(image)
        white, about_mask = meaning(decode(mask_image, grey=True), picture)
        hole = hole_from_mask_image(white, picture.size)
        result = self.fill_hole(picture, hole, strategy, feather, on_pass)
        return result._replace(notes=(*about_picture, *about_mask))

    def fill_hole(
        self,
        picture: Image.Image,
        hole: Hole,
        strategy: str = "crop",
        feather: int = 0,
        on_pass: OnPass | None = None,
    ) -> InpaintingResult:
        """:meth:`fill` of what has been decoded already.

        Args:
            picture: of :func:`inpainting.io.images.read_picture`; it stays as it is.
            hole: bool (H, W), True = missing; of the picture's size, neither empty nor full.
            strategy, feather, on_pass: as for :meth:`fill`.
        """
        if strategy not in STRATEGIES:
            raise InvalidConfig(f"There is no strategy {strategy!r}: use one of {STRATEGIES}.")
        if not isinstance(feather, int) or feather < 0:
            raise InvalidConfig(f"feather is {feather!r}: give a number of pixels, 0 or more.")
        feather = min(feather, max(hole.shape))  # no hole is deeper
        for attempt in self._attempts(strategy):
            try:
                return _fill(attempt, picture, hole, feather, on_pass)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            release_memory()
        raise OutOfMemory(
            f"There is not enough memory to fill a picture of {picture.width}×{picture.height} "
            "pixels: make it smaller, or close other programs."
        )

    def _attempts(self, strategy: str) -> Iterator["_Attempt"]:
        """Each needs less memory of the device than the one before, the last one none."""
        yield _Attempt(self.predictor, strategy, LARGEST)
        if strategy == "original":
            yield _Attempt(self.predictor, "crop", LARGEST)
        yield _Attempt(self.predictor, "crop", SMALLER)
        if self.predictor.device.type != "cpu":
            yield _Attempt(self.predictor.on_cpu(), "crop", SMALLER)


class _Attempt(NamedTuple):
    """Where and how a fill is tried; ``largest``: side of a tile in pixels."""

    predictor: Predictor
    strategy: str
    largest: int


def _fill(
    attempt: _Attempt,
    picture: Image.Image,
    hole: Hole,
    feather: int,
    on_pass: OnPass | None,
) -> InpaintingResult:
    passes: list[Pass] = []

    def note(run: Pass) -> None:
        passes.append(run)
        if on_pass:
            on_pass(run)

    canvas = _canvas(attempt.predictor, picture, hole)
    known = canvas.known.copy()  # filling adds to it
    box = around(hole)  # the rest of a large picture costs nothing
    if attempt.strategy == "crop":
        part = canvas.cut(box)
        fill_canvas(part, attempt.predictor, note, attempt.largest)
        canvas.picture.paste(part.picture, box[:2])
    elif attempt.strategy == "original":
        fill_tiles(canvas, [whole(hole)], attempt.predictor, note)
    else:
        small = canvas.shrunk(LONGEST_SIDE)
        fill_tiles(small, [whole(small.hole)], attempt.predictor, note)
        large = small.picture.resize(picture.size, Image.Resampling.BICUBIC)
        canvas.picture.paste(large, mask=Image.fromarray(hole))
        box = whole(hole).box  # transparent pixels were filled too, wherever they lie
    keep_grey(canvas.picture, known, hole, box)
    filled = restore(canvas.picture, picture, hole, feather)
    return InpaintingResult(filled, picture, hole, tuple(passes), _inside(canvas.error, hole, box))


def _canvas(predictor: Predictor, picture: Image.Image, hole: Hole) -> Canvas:
    """The picture to paint on, and what of it may be looked at.

    Raises:
        NothingKnown: when everything outside the hole is transparent.
    """
    known = ~hole
    if alpha := alpha_of(picture):
        known &= np.asarray(alpha) > 0
    if not known.any():
        raise NothingKnown
    painted = picture.copy() if picture.mode == "RGB" else picture.convert("RGB")
    error = Image.new("L", picture.size) if predictor.predicts_error else None
    return Canvas(painted, known, hole, Frame(picture.size), error)


def _inside(error: Image.Image | None, hole: Hole, box: Box) -> Image.Image | None:
    """The expected error without what a coarse pixel covers beside the hole; ``box`` has it."""
    if error is not None:
        error.paste(0, box, Image.fromarray(~hole[in_box(box)]))
    return error
