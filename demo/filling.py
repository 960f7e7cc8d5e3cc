"""The network behind the page: loaded once, lent a GPU where there is one to lend."""

import functools
import itertools
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.context import LocalContext
from PIL import Image

from inpainting import InpaintingPipeline
from inpainting.checkpoint import weights_digest
from inpainting.errors import CheckpointError
from inpainting.pipeline import Filled, Pass

from . import limits, spaces
from .recent import Recent
from .refusal import Refusal, readable_errors

GPU_SECONDS = 10  # a fill takes less than one; ZeroGPU serves short claims first

OnPass = Callable[[Pass], object]


class Run(NamedTuple):
    """A fill, the seconds it took, and the device it ran on."""

    filled: Filled
    seconds: float
    device: str


class Checkpoint(NamedTuple):
    """Which network: arguments of :func:`inpainting.load_pretrained`."""

    name: str | None
    revision: str | None
    sha256: str | None


def checkpoint() -> Checkpoint:
    """What the environment names: a folder or ``user/repo@commit``; by default what is bundled.

    Raises:
        CheckpointError: for a Hub id without a commit, whose files could change any day.
    """
    given = os.environ.get("INPAINTING_CHECKPOINT") or None
    sha256 = os.environ.get("INPAINTING_SHA256") or None
    if given is None or Path(given).is_dir():
        return Checkpoint(given, None, sha256)
    name, _, revision = given.partition("@")
    if not re.fullmatch("[0-9a-f]{40}", revision):
        raise CheckpointError(
            f"INPAINTING_CHECKPOINT is {given}: give a folder, or a Hub id with a commit, such as "
            "user/repo@0123456789012345678901234567890123456789."
        )
    return Checkpoint(name, revision, sha256)


@functools.cache
def load_pipeline(device: str | None = None) -> InpaintingPipeline:
    """The network, loaded once per process and device."""
    name, revision, sha256 = checkpoint()
    return InpaintingPipeline.from_pretrained(name, revision, device=device, sha256=sha256)


def local_pipeline() -> InpaintingPipeline:
    """The network where it can always run: a lent GPU is there during a fill only."""
    return load_pipeline("cpu" if spaces else None)


@functools.cache
def checkpoint_name() -> str:
    """Which weights these are: a name and the beginning of their SHA-256."""
    name, revision, _ = checkpoint()
    short = (name or "bundled weights").rstrip("/").rpartition("/")[2]
    return f"{short}, {weights_digest(name, revision)[:8]}"


# Gradio frees a cancelled request's place at once, while its thread still computes.
places = threading.BoundedSemaphore(limits.FILLS)


@readable_errors
def run(device: str | None, image: Image.Image, mask_image: Image.Image, *options: Any) -> Run:
    """Fill; ``options`` are those of :meth:`InpaintingPipeline.fill`, in its order."""
    pipeline = load_pipeline(device)
    with places:
        start = time.perf_counter()
        filled = pipeline.fill(image, mask_image, *options)
    seconds = time.perf_counter() - start
    return Run(filled, seconds, pipeline.device.type.upper().replace("CUDA", "GPU"))


if spaces:
    run_on_lent_gpu = spaces.GPU(duration=GPU_SECONDS)(run)


def fill(
    image: Image.Image,
    mask_image: Image.Image,
    strategy: str = "crop",
    feather: int = 0,
    on_pass: OnPass | None = None,
) -> Run:
    """Fill on the lent GPU, if there is one, else where the pipeline is.

    Raises:
        Refusal: the sentence of an :class:`inpainting.InpaintingError`.
        Whatever ``on_pass`` raises; a lent GPU is another process and does not call it.
    """
    if not spaces:
        return run(None, image, mask_image, strategy, feather, on_pass)
    try:
        return run_on_lent_gpu(None, image, mask_image, strategy, feather)
    except Refusal:
        raise
    except gr.Error:  # no GPU free, or the visitor's quota is used up
        return run("cpu", image, mask_image, strategy, feather, on_pass)


def check_wanted() -> None:
    """Whether anybody waits for the running event's answer.

    Raises:
        Overtaken: when its client has left; Gradio notices, but cannot stop a function.
    """
    blocks, number = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks and number:
        event = blocks._queue.event_ids_to_events.get(number)
        if event is None or not event.alive:  # cancelled, or left alone
            raise Overtaken


class Requests:
    """Which request of each visitor is the last."""

    def __init__(self) -> None:
        self._numbers: Recent[str | None, int] = Recent()
        self._count = itertools.count(1)

    def begin(self, visitor: str | None) -> int:
        """The number of a new request; every earlier one of this visitor is overtaken."""
        number = self._numbers[visitor] = next(self._count)
        return number

    def check(self, visitor: str | None, number: int) -> None:
        """Whether a request is still the visitor's last.

        Raises:
            Overtaken: when it is not.
        """
        if self._numbers.get(visitor) != number:
            raise Overtaken

    def forget(self, visitor: str | None) -> None:
        """The visitor has left: what still runs for them ends."""
        self._numbers.pop(visitor, None)


class Overtaken(Exception):
    """The visitor has asked for something newer, or has left."""
