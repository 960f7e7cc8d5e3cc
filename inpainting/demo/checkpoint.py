"""The checkpoint that the environment names, as pipelines that are loaded once."""

import functools
import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from inpainting.demo import spaces
from inpainting.errors import CheckpointError
from inpainting.models import bundled

if TYPE_CHECKING:  # it loads torch, which takes longer than the page can wait
    from inpainting.inference.pipeline import InpaintingPipeline

_loading = threading.Lock()


class Checkpoint(NamedTuple):
    """Arguments of :func:`inpainting.load_pretrained`."""

    name: str | None
    revision: str | None
    sha256: str | None


def checkpoint() -> Checkpoint:
    """``INPAINTING_CHECKPOINT``: a folder or ``user/repo@commit``; default: the bundled one.

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


def may_follow_the_page() -> bool:
    """Whether the network is known to be right before it is loaded, so that it can wait.

    Not on a ZeroGPU Space, which lends its GPU to what is loaded before it serves.
    """
    return not spaces and checkpoint() == Checkpoint(None, None, None) and bundled.is_intact()


def load_pipeline(device: str | None = None) -> "InpaintingPipeline":
    """The pipeline of the checkpoint, loaded once per process and device, by who asks first."""
    with _loading:
        return loaded(device)


@functools.cache
def loaded(device: str | None) -> "InpaintingPipeline":
    """What :func:`load_pipeline` gives; called at the same time, it would load twice."""
    from inpainting.inference.pipeline import InpaintingPipeline

    name, revision, sha256 = checkpoint()
    return InpaintingPipeline.from_pretrained(name, revision, device=device, sha256=sha256)


def local_pipeline() -> "InpaintingPipeline":
    """The pipeline that can always run: a lent GPU is there during a fill only."""
    return load_pipeline("cpu" if spaces else None)


@functools.cache
def checkpoint_name() -> str:
    """A name for the weights, and the beginning of their SHA-256."""
    from inpainting.models.checkpoint import weights_digest

    name, revision, _ = checkpoint()
    short = (name or "bundled weights").rstrip("/").rpartition("/")[2]
    return f"{short}, {weights_digest(name, revision)[:8]}"
