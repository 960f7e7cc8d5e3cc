"""Training samples: pictures with random holes, and how they become a batch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from inpainting.data.augment import PLAIN, at_size, plain_view, turned_view
from inpainting.data.hints import draw_guide
from inpainting.data.sampler import SampleIndex
from inpainting.data.sources import read_cell
from inpainting.data.store import PictureStore
from inpainting.errors import InvalidImage, InvalidMask
from inpainting.masks.drawing import Sampler
from inpainting.seeding import generator_for
from inpainting.types import Hole, Pixels

LEAST, MOST = 0.02, 0.75  # share of a cut that should be missing
MARGIN, ENCLOSED = 4, 0.75  # pixels along a cut's sides that are known, in this share of the cuts


class Sample(NamedTuple):
    """``picture`` uint8 (S, S, 3) RGB and ``hole`` bool (S, S), True = missing.

    ``guide``: of :func:`inpainting.data.hints.draw_guide`, where samples have one.
    """

    picture: Pixels
    hole: Hole
    guide: NDArray[np.uint8] | None = None


class Batch(NamedTuple):
    """Samples stacked: ``image`` uint8 (B, 3, S, S), ``hole`` bool (B, 1, S, S).

    ``image`` lies in memory as `torch.channels_last`. ``weight``: float scalar, 1, or 0 where no
    file of the batch could be read. ``errors``: a sentence for each that could not. ``guide``:
    uint8 (B, 6, S, S), where samples have one, see :func:`inpainting.data.hints.draw_guide`.
    """

    image: Tensor
    hole: Tensor
    weight: Tensor
    errors: tuple[str, ...]
    guide: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """The batch there; a GPU is not waited for."""
        image, hole, weight = (x.to(device, non_blocking=True) for x in self[:3])
        guide = None if self.guide is None else self.guide.to(device, non_blocking=True)
        return Batch(image, hole, weight, self.errors, guide)


class HoledImages(Dataset):
    """Augmented square crops with random holes; the index and the seed decide a sample.

    Pictures are resized to ``size``, cut and flipped, a quarter of them turned and zoomed too; the
    hole is drawn at ``size``, so that its strokes keep their width, and both are cut to ``crop``,
    around something missing; in most cuts a thin margin is known.

    Args:
        images: pictures that indices without a cell point to, as
            :func:`inpainting.data.sources.load_splits` gives them; None for a stream.
        sample_hole: a sampler of :mod:`inpainting.masks.random`.
        size: side of the square that a picture is resized to, in pixels.
        crop: side of the window that is returned; None = ``size``.
        seed: first part of every item's randomness.
        room: bytes of memory for pictures that were read; see :class:`PictureStore`.
        guided: whether samples have a guide.
    """

    def __init__(
        self,
        images: Any,
        sample_hole: Sampler,
        size: int = 256,
        crop: int | None = None,
        seed: int = 0,
        room: int = 0,
        guided: bool = False,
    ) -> None:
        self.images, self.sample_hole = images, sample_hole
        self.size, self.crop, self.seed = size, crop or size, seed
        self.guided = guided
        self.store = PictureStore(self._read, 0 if images is None else len(images), room)

    def __getitem__(self, index: SampleIndex) -> Sample | str:
        """The sample; where its file cannot be read, a sentence about it."""
        generator = generator_for(self.seed, index.epoch, index.number)
        try:
            whole = self.sample_hole((self.size, self.size), generator)
            hole, left, top = self._cut(whole, generator)
            picture = self._picture(index)
        except (InvalidImage, InvalidMask) as error:
            return f"picture {index.number} of epoch {index.epoch}: {error}"
        view = plain_view if generator.random() < PLAIN else turned_view
        seen = view(picture, self.size, (left, top, self.crop), generator)
        return Sample(seen, hole, draw_guide(seen, hole, generator) if self.guided else None)

    def _picture(self, index: SampleIndex) -> Pixels:
        if index.cell is None:
            return self.store[index.number]
        return at_size(read_cell(index.cell), self.size)

    def _read(self, number: int) -> Pixels:
        return at_size(self.images[number]["image"], self.size)

    def _cut(self, hole: Hole, generator: np.random.Generator) -> tuple[Hole, int, int]:
        """A window around a missing pixel, its left and its top.

        A hole of few pixels has the noisiest gradient of all. What is missing up to a side of the
        window is seen from one direction only: its error stays large and dominates the gradient of
        the rest (docs/experiments.md, 67 and 70).
        """
        if self.crop == self.size or not hole.any():
            return hole[: self.crop, : self.crop], 0, 0
        margin = MARGIN if generator.random() < ENCLOSED else 0
        missing = np.flatnonzero(hole)
        for _ in range(10):
            y, x = divmod(int(missing[generator.integers(len(missing))]), self.size)
            corner = np.array([x, y]) - generator.integers(margin, self.crop - margin, size=2)
            left, top = np.clip(corner, 0, self.size - self.crop).tolist()
            rows, columns = (slice(k + margin, k + self.crop - margin) for k in (top, left))
            inner = hole[rows, columns]
            if LEAST < np.count_nonzero(inner) / self.crop**2 < MOST:
                break
        return np.pad(inner, margin), left, top


def collate(samples: Sequence[Sample | str], crop: int) -> Batch:
    """One batch; unreadable samples are replaced by repeating a readable one.

    Args:
        samples: of :class:`HoledImages`.
        crop: side of the samples in pixels, for a batch that has none.
    """
    errors = tuple(sample for sample in samples if isinstance(sample, str))
    good = [sample for sample in samples if not isinstance(sample, str)]
    weight = torch.tensor(float(bool(good)))
    if not good:
        grey = np.full((crop, crop, 3), 128, dtype=np.uint8)
        good = [Sample(grey, np.zeros((crop, crop), dtype=np.bool_))]
    whole = [good[i % len(good)] for i in range(len(samples))]
    pictures, holes = (
        torch.from_numpy(np.stack(x)) for x in zip(*(s[:2] for s in whole), strict=True)
    )
    guides = [sample.guide for sample in whole if sample.guide is not None]
    guide = torch.from_numpy(np.stack(guides)).movedim(-1, 1) if guides else None
    return Batch(pictures.movedim(-1, 1), holes[:, None], weight, errors, guide)
