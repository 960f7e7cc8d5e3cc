"""The networks that the environment names, as pipelines that are loaded once."""

import functools
import json
import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from inpainting.demo import spaces
from inpainting.errors import CheckpointError, InvalidConfig, first_line
from inpainting.models import bundled

if TYPE_CHECKING:  # it loads torch, which takes longer than the page can wait
    from inpainting.inference.pipeline import InpaintingPipeline

DEFAULT = "default"  # the name of the network that fills unless another one is asked for
NAMES = "[a-z][a-z0-9-]{0,31}"

_loading = threading.Lock()


class Checkpoint(NamedTuple):
    """Arguments of :func:`inpainting.load_pretrained`."""

    name: str | None
    revision: str | None
    sha256: str | None


def networks() -> dict[str, Checkpoint]:
    """What can be asked to fill, by name.

    ``INPAINTING_CHECKPOINT``, a folder or ``user/repo@commit``, is the default one; without it the
    bundled network is. ``INPAINTING_NETWORKS`` names others, ``NAME=FOLDER`` or
    ``NAME=user/repo@commit``, separated by spaces.

    Raises:
        CheckpointError: for a Hub id without a commit, whose files could change any day, and for
            what is no name, or one twice.
    """
    given = os.environ.get("INPAINTING_CHECKPOINT") or None
    sha256 = os.environ.get("INPAINTING_SHA256") or None
    found = {DEFAULT: _pinned("INPAINTING_CHECKPOINT", given)._replace(sha256=sha256)}
    for item in os.environ.get("INPAINTING_NETWORKS", "").split():
        name, equals, place = item.partition("=")
        if not equals or not re.fullmatch(NAMES, name) or name in found:
            raise CheckpointError(
                f"INPAINTING_NETWORKS has {item}: give NAME=FOLDER or NAME=user/repo@commit, each "
                f"name of a-z, 0-9 and - once, and not {DEFAULT}."
            )
        found[name] = _pinned("INPAINTING_NETWORKS", place)
    return found


def _pinned(variable: str, given: str | None) -> Checkpoint:
    if given is None or Path(given).is_dir():
        return Checkpoint(given, None, None)
    name, _, revision = given.partition("@")
    if not re.fullmatch("[0-9a-f]{40}", revision):
        raise CheckpointError(
            f"{variable} is {given}: give a folder, or a Hub id with a commit, such as "
            "user/repo@0123456789012345678901234567890123456789."
        )
    return Checkpoint(name, revision, None)


def checkpoint(network: str = DEFAULT) -> Checkpoint:
    """A network of :func:`networks`.

    Raises:
        InvalidConfig: for a name that none has.
    """
    found = networks()
    if network not in found:
        raise InvalidConfig(f"There is no network {network!r}: use one of {tuple(found)}.")
    return found[network]


def described() -> list[dict[str, Any]]:
    """The networks as the page offers them: ``name``, whether it sees ``lines``, and ``passes``.

    Read from their shapes alone: torch is not loaded for it.

    Raises:
        CheckpointError: when one has no shape that can be read.
    """
    return [
        {
            "name": name,
            "lines": bool(shape.get("guides")),
            "passes": int(shape.get("passes", 1)),
        }
        for name, shape in ((name, _shape(place)) for name, place in networks().items())
    ]


def _shape(place: Checkpoint) -> dict[str, Any]:
    from huggingface_hub import hf_hub_download

    try:
        if place.revision:
            path = Path(hf_hub_download(place.name or "", bundled.CONFIG, revision=place.revision))
        else:
            path = Path(place.name or bundled.BUNDLED) / bundled.CONFIG
        shape = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{place.name or bundled.BUNDLED} has no {bundled.CONFIG} that can be read "
            f"({first_line(error)}): give a folder or repository that train.py has written."
        ) from error
    return shape if isinstance(shape, dict) else {}


def may_follow_the_page() -> bool:
    """Whether the networks are known to be right before they are loaded, so that they can wait.

    Not on a ZeroGPU Space, which lends its GPU to what is loaded before it serves.
    """
    only_bundled = {DEFAULT: Checkpoint(None, None, None)}
    return not spaces and networks() == only_bundled and bundled.is_intact()


def load_pipeline(device: str | None = None, network: str = DEFAULT) -> "InpaintingPipeline":
    """A network's pipeline, loaded once per process and device, by who asks first."""
    with _loading:
        return loaded(device, network)


@functools.cache
def loaded(device: str | None, network: str) -> "InpaintingPipeline":
    """What :func:`load_pipeline` gives; called at the same time, it would load twice."""
    from inpainting.inference.pipeline import InpaintingPipeline

    name, revision, sha256 = checkpoint(network)
    return InpaintingPipeline.from_pretrained(name, revision, device=device, sha256=sha256)


def local_pipeline() -> "InpaintingPipeline":
    """The pipeline that can always run: a lent GPU is there during a fill only."""
    return load_pipeline("cpu" if spaces else None)


@functools.cache
def checkpoint_name(network: str = DEFAULT) -> str:
    """A name for a network's weights, and the beginning of their SHA-256."""
    from inpainting.models.checkpoint import weights_digest

    name, revision, _ = checkpoint(network)
    short = (name or "bundled weights").rstrip("/").rpartition("/")[2]
    return f"{short}, {weights_digest(name, revision)[:8]}"
