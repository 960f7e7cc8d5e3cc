"""Measuring a fill: which picture meets which hole, and what is scored.

Two protocols, each of which uses every picture once, at 256×256:

* ``lines``: 1–10 straight lines of 3–12 px (:func:`~inpainting.random_masks.sample_lines`);
* ``irregular``: the six hole-ratio buckets of arXiv:1804.07723. Picture i gets bucket ``i mod 6``,
  and its hole touches the border if ``i // 6`` is odd.

The fill is put into the hole only, rounded to uint8, and then scored: known pixels are the
original's whatever a method makes of them. :mod:`inpainting.summary` averages the rows.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .baselines import BASELINES, Fill
from .errors import InvalidConfig
from .images import crop_back, pad_to_multiple, to_image, to_tensor
from .masks import valid_from_hole
from .metrics import DATA_RANGE, Hole, Pixels, score
from .random_masks import BUCKETS, generator_for, sample_bucket, sample_lines
from .summary import MODEL, Row
from .uncertainty import PixelSample, sample_pixels
from .unet import PConvUNet

PROTOCOLS = ("lines", "irregular")

# Picture and hole to uint8 (H, W, 3) and, from a network that says how sure it is, float (H, W):
# the expected mean absolute error in grey levels.
Paint = Callable[[Pixels, Hole], tuple[Pixels, NDArray[np.float32] | None]]
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
        image: upright 8-bit PIL image as from :func:`inpainting.images.decode`; alpha is ignored.
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
        return hole[0].numpy(), ""
    bucket, border = index % len(BUCKETS), bool(index // len(BUCKETS) % 2)
    return sample_bucket((size, size), generator, bucket, border)[0].numpy(), BUCKET_NAMES[bucket]


def pairs(
    dataset: Any, indices: Sequence[int], protocol: str, seed: int, size: int
) -> Iterator[Pair]:
    """The pairs of a protocol, one at a time.

    Args:
        dataset: a split as from :func:`inpainting.data.load_splits`: column ``image``, and
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


def model_paint(model: PConvUNet, device: str | torch.device = "cpu") -> Paint:
    """A network on one picture at a time, padded to a size that it takes."""
    model, multiple = model.to(device).eval(), model.config.multiple

    def paint(image: Pixels, hole: Hole) -> tuple[Pixels, NDArray[np.float32] | None]:
        picture = to_tensor(Image.fromarray(image))
        valid = valid_from_hole(torch.from_numpy(hole)[None, None])
        padded = [pad_to_multiple(tensor, multiple).to(device) for tensor in (picture, valid)]
        with torch.inference_mode():
            painted = model(*padded)
        filled = np.array(to_image(crop_back(painted.image, *hole.shape)))
        if painted.scale is None:
            return filled, None
        scale = crop_back(painted.scale, *hole.shape)[0, 0]
        return filled, DATA_RANGE * scale.float().cpu().numpy()

    return paint


def model_fill(model: PConvUNet, device: str | torch.device = "cpu") -> Fill:
    """A network as a fill: :func:`model_paint` without the scale."""
    paint = model_paint(model, device)
    return lambda image, hole: paint(image, hole)[0]


def composited(pair: Pair, filled: Pixels) -> Pixels:
    """The original's known pixels and the fill's others: uint8 (H, W, 3)."""
    return np.where(pair.hole[..., None], filled, pair.original)


def score_fill(method: str, fill: Fill, pair: Pair) -> Row:
    """Fill, composite, score.

    Returns:
        A row: ``index``, ``class``, ``protocol``, ``bucket``, ``key``, ``hole_ratio`` (measured),
        ``method``, ``milliseconds`` (the fill alone), and every measure of
        :class:`~inpainting.metrics.Scores`.
    """
    start = time.perf_counter()
    filled = fill(pair.original, pair.hole)
    return _row(method, pair, filled, time.perf_counter() - start)


def score_paint(paint: Paint, pair: Pair) -> tuple[Row, PixelSample | None]:
    """:func:`score_fill` for a network, with pixels to judge its certainty by, if it has one."""
    start = time.perf_counter()
    filled, scale = paint(pair.original, pair.hole)
    row = _row(MODEL, pair, filled, time.perf_counter() - start)
    if scale is None:
        return row, None
    pixels = pair.protocol, pair.original, composited(pair, filled), scale, pair.hole, pair.index
    return row, sample_pixels(*pixels)


def _row(method: str, pair: Pair, filled: Pixels, seconds: float) -> Row:
    return {
        "index": pair.index,
        "class": pair.label,
        "protocol": pair.protocol,
        "bucket": pair.bucket,
        "key": pair.key,
        "hole_ratio": float(pair.hole.mean()),
        "method": method,
        "milliseconds": 1000 * seconds,
        **asdict(score(pair.original, composited(pair, filled), pair.hole)),
    }


def score_baselines(methods: Sequence[str], pair: Pair) -> list[Row]:
    """One row per baseline; a top-level function of picklable values, so any process can run it."""
    return [score_fill(method, BASELINES[method], pair) for method in methods]


def examples(rows: Sequence[Row], protocol: str, method: str) -> list[Row]:
    """Rows to show, chosen by rank of hole PSNR and not by eye: each bucket's median picture.

    Where there are no buckets: the middles of six equal parts, from worst to best.
    """
    chosen = []
    own = [row for row in rows if (row["protocol"], row["method"]) == (protocol, method)]
    buckets = sorted({row["bucket"] for row in own})
    each = 1 if buckets != [""] else min(6, len(own))
    for bucket in buckets:
        ranked = sorted((r for r in own if r["bucket"] == bucket), key=lambda r: r["hole_psnr"])
        chosen += [ranked[(2 * k + 1) * len(ranked) // (2 * each)] for k in range(each)]
    return chosen
