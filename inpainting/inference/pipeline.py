"""The pipeline: a picture and a mask image of any size and kind to the filled picture."""

from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image

from inpainting.errors import InvalidConfig, OutOfMemory
from inpainting.inference.attempt import Asked, Attempt, fill_once
from inpainting.inference.device import is_out_of_memory, release_memory
from inpainting.inference.guide_image import read_guide
from inpainting.inference.line_image import read_lines
from inpainting.inference.parts import MODES, SEEDS
from inpainting.inference.predict import Predictor
from inpainting.inference.result import InpaintingResult, OnPass
from inpainting.inference.tiles import LARGEST
from inpainting.io.images import ImageSource, decode, read_picture
from inpainting.masks.convert import hole_from_mask_image
from inpainting.masks.meaning import meaning
from inpainting.models.base import Network
from inpainting.models.checkpoint import load_pretrained
from inpainting.models.passes import check_passes
from inpainting.types import Hole

SMALLER = LARGEST // 2  # side of a tile in pixels where memory ran out
STRATEGIES = ("crop", "resize", "original", "scales")
NO_LINES = (
    "This network was trained without lines: give weights of the recipe structure, guided or "
    "guide, or draw in colour."
)


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

    def __call__(
        self, image: ImageSource, mask_image: ImageSource, guide: ImageSource | None = None
    ) -> Image.Image:
        """The filled picture of :meth:`fill`, which says more."""
        return self.fill(image, mask_image, guide=guide).image

    def fill(
        self,
        image: ImageSource,
        mask_image: ImageSource,
        strategy: str = "crop",
        feather: int = 0,
        on_pass: OnPass | None = None,
        *,
        mode: str = "auto",
        seed: int = 0,
        guide: ImageSource | None = None,
        lines: ImageSource | None = None,
        passes: int | None = None,
    ) -> InpaintingResult:
        """Fill the white part of ``mask_image``.

        Args:
            image: picture of any size and kind that :func:`inpainting.io.images.decode` reads.
            mask_image: of the same size; white = repaint, black = keep; docs/masks.md says what
                else is understood.
            strategy: "crop" works around the holes, at full resolution and from coarse to fine;
                "resize" shrinks the picture to 512 px and runs the network once;
                "original" runs it once on the whole picture, whatever memory that takes;
                "scales" is "crop" with every scale run over the whole hole, started from the
                enlarged coarser fill: for networks that look at what stands in the hole, which the
                bundled one does not.
            feather: width in pixels, inside the hole, over which the picture's own pixels fade
                into the fill: for masks drawn wider than what they cover.
            on_pass: is told of every run of the network before it starts, and of every step of
                the copying of texture; what it raises ends the call.
            mode: "faithful" is the network's fill, the nearest to the original on average, but
                deep in large holes without texture; "natural" copies texture of the surroundings
                into every hole; "auto" does so where the hole is deeper than
                :data:`~inpainting.inference.parts.THIN` pixels, and is "faithful" elsewhere.
            seed: of the copying, 0 … 2**32 - 1: the same gives the same pixels, others give other
                tries; the first, 0, is the best one found.
            guide: colours to be continued, painted on a transparent picture of the same size: where
                it is at least half opaque, inside the hole. They are filled over.
            lines: where the fill is to have borders, drawn dark on a transparent picture of the
                same size; light is where it is to have none, transparent where the network decides;
                for networks trained with lines, which the bundled one is not.
            passes: how often the network looks at each scale, 1 to as often as it was trained for,
                which is the default.

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
            InvalidGuide: when guide or lines have another size, or give nothing inside the hole.
            InvalidConfig: for an unknown strategy, mode or seed, a feather that is no number of
                pixels, more passes than the network was trained for, or lines for one that was
                trained without.
            OutOfMemory: when nothing of that helps.
        """
        picture, about_picture = read_picture(image)
        white, about_mask = meaning(decode(mask_image, grey=True), picture)
        hole = hole_from_mask_image(white, picture.size)
        given, about_guide = (None, ()) if guide is None else read_guide(guide, hole)
        drawn = None if lines is None else read_lines(lines, hole)
        result = self.fill_hole(
            picture, hole, strategy, feather, on_pass,
            mode=mode, seed=seed, guide=given, lines=drawn, passes=passes,
        )  # fmt: skip
        return result._replace(notes=(*about_picture, *about_mask, *about_guide, *result.notes))

    def fill_hole(
        self,
        picture: Image.Image,
        hole: Hole,
        strategy: str = "crop",
        feather: int = 0,
        on_pass: OnPass | None = None,
        *,
        mode: str = "auto",
        seed: int = 0,
        guide: Image.Image | None = None,
        lines: Image.Image | None = None,
        passes: int | None = None,
    ) -> InpaintingResult:
        """:meth:`fill` of what has been decoded already.

        Args:
            picture: of :func:`inpainting.io.images.read_picture`; it stays as it is.
            hole: bool (H, W), True = missing; of the picture's size, neither empty nor full.
            strategy, feather, on_pass, mode, seed, passes: as for :meth:`fill`.
            guide: of :func:`inpainting.inference.guide_image.read_guide`.
            lines: of :func:`inpainting.inference.line_image.read_lines`.
        """
        if mode not in MODES:
            raise InvalidConfig(f"There is no mode {mode!r}: use one of {MODES}.")
        if not isinstance(seed, int) or not 0 <= seed < SEEDS:
            raise InvalidConfig(f"seed is {seed!r}: give a whole number, 0 … {SEEDS - 1}.")
        if strategy not in STRATEGIES:
            raise InvalidConfig(f"There is no strategy {strategy!r}: use one of {STRATEGIES}.")
        if not isinstance(feather, int) or feather < 0:
            raise InvalidConfig(f"feather is {feather!r}: give a number of pixels, 0 or more.")
        feather = min(feather, max(hole.shape))  # no hole is deeper
        passes = check_passes(self.predictor.model, passes)
        if lines and not self.predictor.model.sees_lines:
            raise InvalidConfig(NO_LINES)
        asked = Asked(feather, on_pass, mode, seed, guide, lines, passes)
        for attempt in self._attempts(strategy):
            try:
                return fill_once(attempt, picture, hole, asked)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            release_memory()
        raise OutOfMemory(
            f"There is not enough memory to fill a picture of {picture.width}×{picture.height} "
            "pixels: make it smaller, or close other programs."
        )

    def _attempts(self, strategy: str) -> Iterator[Attempt]:
        """Each needs less memory of the device than the one before, the last one none."""
        yield Attempt(self.predictor, strategy, LARGEST)
        if strategy == "original":
            yield Attempt(self.predictor, "crop", LARGEST)
        yield Attempt(self.predictor, "crop", SMALLER)
        if self.predictor.device.type != "cpu":
            yield Attempt(self.predictor.on_cpu(), "crop", SMALLER)
