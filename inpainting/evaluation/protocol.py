"""The protocols: which picture meets which hole.

Two draw a hole for every picture, at 256×256:

* ``lines``: 1–10 straight lines of 3–12 px (:func:`~inpainting.masks.random.sample_lines`);
* ``irregular``: the six hole-ratio buckets of arXiv:1804.07723. Picture i gets bucket ``i mod 6``,
  and its hole touches the border if ``i // 6`` is odd.

Two use pictures at their own size and a folder of masks in the shape of objects, see
:class:`~inpainting.evaluation.object_masks.ObjectMasks`:

* ``objects``: the hole is an object of another picture, so that what it hides is known;
* ``removal``: the hole is the picture's own object, as users draw it, and there is no truth.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from inpainting.errors import InvalidConfig
from inpainting.evaluation.object_masks import OBJECT_HOLES, TRANSPLANTED, ObjectMasks
from inpainting.masks.random import sample_lines
from inpainting.masks.ratios import BUCKETS, sample_bucket
from inpainting.seeding import generator_for
from inpainting.types import Hole, Pixels

DRAWN_HOLES = ("lines", "irregular")
PROTOCOLS = (*DRAWN_HOLES, *OBJECT_HOLES)  # a place in it is part of a drawn hole's seed
BUCKET_NAMES = tuple(f"{low:g}-{high:g}" for low, high in BUCKETS)


@dataclass(frozen=True)
class Pair:
    """A picture and its hole: what every method gets, and nothing else."""

    index: int  # in the data set's split
    protocol: str
    bucket: str  # a name from BUCKET_NAMES, or "" where there are none
    label: str  # the class, or "" where there are none
    original: Pixels
    hole: Hole
    truth: bool = True  # whether what the original shows in the hole is what should be there

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
        InvalidConfig: for another protocol than ``DRAWN_HOLES``.
    """
    if protocol not in DRAWN_HOLES:
        raise InvalidConfig(f"No hole is drawn for {protocol!r}: use one of {list(DRAWN_HOLES)}.")
    generator = generator_for(seed, PROTOCOLS.index(protocol), index)
    if protocol == "lines":
        hole = sample_lines((size, size), generator)
        while not hole.any() or hole.all():
            hole = sample_lines((size, size), generator)
        return hole, ""
    bucket, border = index % len(BUCKETS), bool(index // len(BUCKETS) % 2)
    return sample_bucket((size, size), generator, bucket, border), BUCKET_NAMES[bucket]


def pairs(
    dataset: Any,
    indices: Sequence[int],
    protocol: str,
    seed: int,
    size: int,
    masks: ObjectMasks | None = None,
) -> Iterator[Pair]:
    """The pairs of a protocol, one at a time.

    Args:
        dataset: a split as from :func:`inpainting.data.sources.load_splits`: column ``image``, and
            ``label`` if there are classes.
        indices: which of its pictures.
        protocol: one of ``DRAWN_HOLES``, or with ``masks`` of ``PROTOCOLS``.
        seed: of drawn holes.
        size: side of the square pictures of drawn holes, in pixels.
        masks: of the same split; the indices are of pictures that take part.

    Raises:
        InvalidImage: when a picture, or its mask, cannot be read.
        InvalidMask: when a mask marks nothing or everything, with its name.
    """
    names = class_names(dataset)
    for index in indices:
        item = dataset[index]
        label = names[item["label"]] if names else ""
        if masks is not None and protocol in OBJECT_HOLES:
            picture = np.array(item["image"].convert("RGB"))
            hole = masks.hole(protocol, index, item["image"].size)
            yield Pair(index, protocol, "", label, picture, hole, protocol == TRANSPLANTED)
        else:
            hole, bucket = hole_for(protocol, index, seed, size)
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
