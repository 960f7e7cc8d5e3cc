"""From a picture and a mask image to the filled picture."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from .canvas import Canvas, Flags
from .checkpoint import load_pretrained
from .coarse_to_fine import around, fill_canvas, fill_regions
from .errors import InvalidConfig, NothingKnown, OutOfMemory
from .fold_norm import fold_norm
from .images import ImageSource, crop_back, decode, pad_to_multiple
from .masks import feathered, hole_from_mask_image
from .memory import is_out_of_memory, release
from .precision import fast_dtype
from .regions import LARGEST, Box, Region, whole
from .unet import PConvUNet

SMALLER = LARGEST // 2  # side of a piece in pixels where memory ran out
LONGEST_SIDE = 512  # of the picture that the strategy "resize" fills, in pixels
STRATEGIES = ("crop", "resize", "original")


class Pass(NamedTuple):
    """One run of the network.

    ``boxes``: what it saw, as left, top, right, bottom in pixels of the picture; ``size``: height
    and width of what it was given; ``scale``: pixels of the picture per pixel of that.
    """

    boxes: tuple[Box, ...]
    size: tuple[int, int]
    scale: float


class Filled(NamedTuple):
    """``image``: "RGBA" if the picture has transparency, else "RGB". ``passes``: what was run.

    ``doubt``: mode "L", how far off the network expects each pixel of the hole to be, as a mean
    absolute error in grey levels, at most 255; 0 outside the hole. None from a network that does
    not say.
    """

    image: Image.Image
    passes: tuple[Pass, ...]
    doubt: Image.Image | None


OnPass = Callable[[Pass], object]


class InpaintingPipeline:
    """Fills the holes of any picture.

    Args:
        model: the network; norms are folded into convolutions, in a copy.
        device: where it runs; default: CUDA if there is one, else the CPU.
        dtype: of the features, float32 or bfloat16; default: whichever is faster there.
    """

    def __init__(
        self,
        model: PConvUNet,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dtype = dtype or fast_dtype(self.device)
        self.model = fold_norm(model).to(self.device)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

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
        """The picture of :meth:`fill`, which has the arguments and errors, and nothing else."""
        return self.fill(image, mask_image).image

    def fill(
        self,
        image: ImageSource,
        mask_image: ImageSource,
        strategy: str = "crop",
        feather: int = 0,
        on_pass: OnPass | None = None,
    ) -> Filled:
        """Fill the white part of ``mask_image``.

        Args:
            image: picture of any size and kind that :func:`inpainting.images.decode` reads.
            mask_image: of the same size; white (≥ 128) = repaint, black or transparent = keep.
            strategy: "crop" works around the holes, at full resolution and from coarse to fine;
                "resize" shrinks the picture to ``LONGEST_SIDE`` and runs the network once;
                "original" runs it once on the whole picture, whatever memory that takes.
            feather: width in pixels, inside the hole, over which the picture's own pixels fade
                into the fill: for masks drawn wider than what they cover.
            on_pass: is told of every run of the network before it starts; what it raises ends
                the call.

        Returns:
            The filled picture, of the same size, what was run, and how sure it is. Pixels
            outside the hole are the picture's own, bit for bit, and so is its alpha. Transparent
            pixels count as unknown: hidden colours do not leak into the fill.

        Where memory runs out, it is done again in smaller pieces, at last on the CPU.

        Raises:
            InvalidImage: when either cannot be read.
            InvalidMask: when the mask has another size, or marks nothing or everything.
            InvalidConfig: for an unknown strategy, or a feather that is no number of pixels.
            OutOfMemory: when nothing of that helps.
        """
        if strategy not in STRATEGIES:
            raise InvalidConfig(f"There is no strategy {strategy!r}: use one of {STRATEGIES}.")
        if not isinstance(feather, int) or feather < 0:
            raise InvalidConfig(f"feather is {feather!r}: give a number of pixels, 0 or more.")
        picture = decode(image)
        hole = hole_from_mask_image(decode(mask_image, grey=True), picture.size)[0, 0].numpy()
        feather = min(feather, max(hole.shape))  # deeper is no hole
        for attempt in self._attempts(strategy):
            try:
                return attempt.pipeline._fill(attempt, picture, hole, feather, on_pass)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            release()
        raise OutOfMemory(
            f"There is not enough memory to fill a picture of {picture.width}×{picture.height} "
            "pixels: make it smaller, or close other programs."
        )

    def _attempts(self, strategy: str) -> Iterator["_Attempt"]:
        """Each needs less memory than the one before; the CPU's is not the device's."""
        yield _Attempt(self, strategy, LARGEST)
        if strategy == "original":
            yield _Attempt(self, "crop", LARGEST)
        yield _Attempt(self, "crop", SMALLER)
        if self.device.type != "cpu":
            on_cpu = copy.copy(self)
            on_cpu.device = torch.device("cpu")
            on_cpu.dtype = fast_dtype(on_cpu.device)
            on_cpu.model = copy.deepcopy(self.model).to(on_cpu.device)
            yield _Attempt(on_cpu, "crop", SMALLER)

    def _fill(
        self,
        attempt: "_Attempt",
        picture: Image.Image,
        hole: Flags,
        feather: int,
        on_pass: OnPass | None,
    ) -> Filled:
        known = ~hole
        if picture.mode == "RGBA":
            known &= np.asarray(picture.getchannel("A")) > 0
        if not known.any():
            raise NothingKnown
        canvas = Canvas(_painted_on(picture, feather), known, hole)
        run = _Run(self, picture.size, on_pass)
        box = around(hole)  # the rest of a large picture costs nothing
        if attempt.strategy == "crop":
            part = canvas.cut(box)
            fill_canvas(part, run.paint, run.watch, attempt.largest)
            canvas.picture.paste(part.picture, box[:2])
        elif attempt.strategy == "original":
            fill_regions(canvas, [whole(hole)], run.paint, run.watch)
        else:
            small = canvas.shrunk(LONGEST_SIDE)
            fill_regions(small, [whole(small.hole)], run.paint, run.watch)
            large = small.picture.resize(picture.size, Image.Resampling.BICUBIC)
            canvas.picture.paste(large, mask=Image.fromarray(hole))
        filled = canvas.picture
        if picture.mode == "RGBA":
            filled.putalpha(picture.getchannel("A"))
        if feather:
            filled = Image.composite(filled, picture, feathered(hole, feather))
        return Filled(filled, tuple(run.passes), run.doubt_inside(hole, box))


class _Attempt(NamedTuple):
    """Where and how a fill is tried; ``largest``: side of a piece in pixels."""

    pipeline: InpaintingPipeline
    strategy: str
    largest: int


class _Run:
    """One attempt: moves crops to the device and back, and notes each run of the network."""

    def __init__(
        self,
        pipeline: InpaintingPipeline,
        size: tuple[int, int],
        on_pass: OnPass | None,
    ) -> None:
        self.pipeline, self.size, self.on_pass = pipeline, size, on_pass
        self.passes: list[Pass] = []
        self.doubt = Image.new("L", size) if pipeline.model.config.residual else None
        self._watched: tuple[Canvas, list[Region]]

    @torch.inference_mode()
    def paint(self, image: Tensor, valid: Tensor) -> Tensor:
        """Float (B, 3, H, W) and (B, 1, H, W), any size, to float (B, 3, H, W) on the CPU."""
        device, dtype, model = self.pipeline.device, self.pipeline.dtype, self.pipeline.model
        height, width = image.shape[-2:]
        multiple = model.config.multiple
        image, valid = (pad_to_multiple(x.to(device), multiple) for x in (image, valid))
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            painted = model(image.contiguous(memory_format=torch.channels_last), valid)
        if self.doubt and painted.scale is not None:
            scale = crop_back(painted.scale, height, width)[:, 0]
            self._note(self.doubt, (255 * scale).clamp(max=255).round().byte().cpu().numpy())
        return crop_back(painted.image, height, width).cpu()

    def watch(self, canvas: Canvas, regions: list[Region]) -> None:
        left, top, right, bottom = regions[0].box
        boxes = tuple(self._clip(canvas.in_picture(region.box)) for region in regions)
        self.passes.append(Pass(boxes, (bottom - top, right - left), canvas.scale))
        self._watched = canvas, regions
        if self.on_pass:
            self.on_pass(self.passes[-1])

    def doubt_inside(self, hole: Flags, box: Box) -> Image.Image | None:
        """What was noted, without what a coarse pixel covers beside the hole; ``box`` has it."""
        if self.doubt:
            left, top, right, bottom = box
            known = Image.fromarray(~hole[top:bottom, left:right])
            self.doubt.paste(0, box, known)
        return self.doubt

    def _note(self, doubt: Image.Image, levels: NDArray[np.uint8]) -> None:
        """Put (B, h, w) where the watched regions are to be filled; finer scales come later."""
        canvas, regions = self._watched
        for region, level in zip(regions, levels, strict=True):
            left, top, right, bottom = region.core
            x, y = region.box[:2]
            part = Image.fromarray(level[top - y : bottom - y, left - x : right - x])
            hole = Image.fromarray(canvas.hole[top:bottom, left:right])
            box = self._clip(canvas.in_picture(region.core))
            size = box[2] - box[0], box[3] - box[1]
            doubt.paste(part.resize(size), box, hole.resize(size, Image.Resampling.NEAREST))

    def _clip(self, box: tuple[float, float, float, float]) -> Box:
        width, height = self.size
        left, top, right, bottom = (round(side) for side in box)
        return left, top, min(width, right), min(height, bottom)


def _painted_on(picture: Image.Image, feather: int) -> Image.Image:
    """ "RGB", a copy only where the picture itself is needed again."""
    return picture if picture.mode == "RGB" and not feather else picture.convert("RGB")
