"""The protocols: which picture meets which hole.

Each protocol uses every picture once, at 256×256:

* ``lines``: 1–10 straight lines of 3–12 px (:func:`~inpainting.masks.random.sample_lines`);
* ``irregular``: the six hole-ratio buckets of arXiv:1804.07723. Picture i gets bucket ``i mod 6``,
  and its hole touches the border if ``i // 6`` is odd.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from inpainting.errors import InvalidConfig
from inpainting.masks.random import sample_lines
from inpainting.masks.ratios import BUCKETS, sample_bucket
from inpainting.seeding import generator_for
from inpainting.types import Hole, Pixels

PROTOCOLS = ("lines", "irregular")
BUCKET_NAMES = tuple(f"{low:g}-{high:g}" for low, high in BUCKETS)


@dataclass(frozen=True)
class Pair:
    """A picture and its hole: what every method gets, and nothing else."""

    index: int  # in the data set's split
    protocol: str
    bucket: str  # a name from BUCKET_NAMES, or "" for lines
    label: str  # the class, or "" where there are none
    original: Pixels
    hole: Hole

    @property
    def key(self) -> str:
        """Fingerprint of the pixels and the hole: equal keys, same task."""
        digest = hashlib.sha256(str(self.original.shape).encode())
        digest.update(np.ascontiguousarray(self.original).tobytes())
        digest.update(np.packbits(self.hole).tobytes())
        return digest.hexdigest()[:16]


def prepare(image: Image.Image, size: int) -> Pixels:
    """The centre of a picture: short side to ``size`` (antialiased bicubic), then a square crop.

    Args:
        image: of :func:`inpainting.io.images.decode`; alpha is ignored.
        size: side of the result in pixels.

    Returns:
        Uint8 (size, size, 3), RGB.
    """
    square = ImageOps.fit(image.convert("RGB"), (size, size), Image.Resampling.BICUBIC)
    return np.array(square)


def hole_for(protocol: str, index: int, seed: int, size: int) -> tuple[Hole, str]:
    """The hole of picture ``index``; it depends on (seed, protocol, index, size) alone.

    The generator is ``generator_for(seed, position of the protocol in PROTOCOLS, index)``.

    Returns:
        Bool (size, size), True = missing, never empty; and the bucket's name or "".

    Raises:
        InvalidConfig: for an unknown protocol.
    """
    if protocol not in PROTOCOLS:
        raise InvalidConfig(f"There is no protocol {protocol!r}: use one of {list(PROTOCOLS)}.")
    generator = generator_for(seed, PROTOCOLS.index(protocol), index)
    if protocol == "lines":
        hole = sample_lines((size, size), generator)
        while not hole.any() or hole.all():
            hole = sample_lines((size, size), generator)
        return hole, ""
    bucket, border = index % len(BUCKETS), bool(index // len(BUCKETS) % 2)
    return sample_bucket((size, size), generator, bucket, border), BUCKET_NAMES[bucket]


def pairs(
    dataset: Any, indices: Sequence[int], protocol: str, seed: int, size: int
) -> Iterator[Pair]:
    """The pairs of a protocol, one at a time.

    Args:
        dataset: a split as from :func:`inpainting.data.sources.load_splits`: column ``image``, and
            ``label`` if there are classes.
        indices: which of its pictures.
        protocol: one of ``PROTOCOLS``.
        seed: of the holes.
        size: side of the square pictures, in pixels.
    """
    names = class_names(dataset)
    for index in indices:
        item = dataset[index]
        hole, bucket = hole_for(protocol, index, seed, size)
        label = names[item["label"]] if names else ""
        yield Pair(index, protocol, bucket, label, prepare(item["image"], size), hole)


def class_names(dataset: Any) -> list[str]:
    """The classes of a split, in label order; empty where pictures have no label."""
    label = dataset.features.get("label")
    return list(label.names) if label is not None else []


def class_counts(split: Any) -> dict[str, int]:
    """Pictures per class of a split, in label order; empty without classes."""
    names = class_names(split)
    if not names:
        return {}
    counts = Counter(split.with_format(None)["label"])
    return {name: counts[i] for i, name in enumerate(names)}


def spread_subset(count: int, limit: int | None, seed: int) -> list[int]:
    """At most ``limit`` of ``count`` indices, ascending and spread evenly.

    The range is cut into ``limit`` equal stretches and one index is drawn from each, so that
    classes stored one after the other keep their shares. Stretch k yields an index of bucket
    ``k mod 6`` if it holds one, so that the buckets keep theirs.
    """
    if limit is None or limit >= count:
        return list(range(count))
    generator = generator_for(seed)
    chosen = []
    for k in range(limit):
        stretch = range(k * count // limit, (k + 1) * count // limit)
        bucket = k % len(BUCKETS)
        candidates = [i for i in stretch if i % len(BUCKETS) == bucket] or stretch
        chosen.append(int(generator.choice(candidates)))
    return chosen
