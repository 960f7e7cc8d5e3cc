"""Fills for visitors: so many at once, on the lent GPU where there is one to lend."""

import threading
import time
from typing import Any, NamedTuple

import gradio as gr
from PIL import Image

from inpainting.demo import limits, spaces
from inpainting.demo.checkpoint import DEFAULT, load_pipeline
from inpainting.demo.errors import UserError, readable_errors
from inpainting.inference.result import InpaintingResult, OnPass
from inpainting.types import Hole

GPU_SECONDS = 10  # a fill takes less than one; ZeroGPU serves short claims first

# Gradio frees a cancelled request's place at once, while its thread still computes.
places = threading.BoundedSemaphore(limits.FILLS)


class ServedFill(NamedTuple):
    """A fill, the seconds it took, the device it ran on, and the name of the network."""

    result: InpaintingResult
    seconds: float
    device: str
    network: str = DEFAULT


@readable_errors
def fill_on(
    device: str | None, network: str, picture: Image.Image, hole: Hole, *options: Any, **named: Any
) -> ServedFill:
    """Fill on a device; options are those of ``InpaintingPipeline.fill_hole``, in its order."""
    pipeline = load_pipeline(device, network)
    with places:
        start = time.perf_counter()
        result = pipeline.fill_hole(picture, hole, *options, **named)
    seconds = time.perf_counter() - start
    name = pipeline.predictor.device.type.upper().replace("CUDA", "GPU")
    return ServedFill(result, seconds, name, network)


if spaces:
    fill_on_lent_gpu = spaces.GPU(duration=GPU_SECONDS)(fill_on)


def fill(
    picture: Image.Image,
    hole: Hole,
    strategy: str = "crop",
    feather: int = 0,
    on_pass: OnPass | None = None,
    *,
    network: str = DEFAULT,
    **options: Any,
) -> ServedFill:
    """Fill on the lent GPU, if there is one, else where the pipeline is.

    Args:
        picture, hole, strategy, feather, on_pass, options: of ``InpaintingPipeline.fill_hole``.
        network: a name of :func:`inpainting.demo.checkpoint.networks`.

    Raises:
        UserError: the sentence of an :class:`inpainting.InpaintingError`.
        Whatever ``on_pass`` raises; a lent GPU is another process and does not call it.
    """
    if not spaces:
        return fill_on(None, network, picture, hole, strategy, feather, on_pass, **options)
    try:
        return fill_on_lent_gpu(None, network, picture, hole, strategy, feather, **options)
    except UserError:
        raise
    except gr.Error:  # no GPU free, or the visitor's quota is used up
        return fill_on("cpu", network, picture, hole, strategy, feather, on_pass, **options)
