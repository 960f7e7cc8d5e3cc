"""Validation: gain over the smooth fill on pictures set aside from training, and their grids."""

import copy
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
from PIL import Image

from inpainting.data.sampler import Cell, cell_key
from inpainting.data.sources import decoded, read_cell
from inpainting.errors import InvalidImage
from inpainting.evaluation.config import BARE
from inpainting.evaluation.grids import GridRow, five_column_grid
from inpainting.evaluation.metrics import PSNR_CAP
from inpainting.evaluation.protocol import Pair, pairs
from inpainting.evaluation.scoring import (
    NetworkFill,
    composited,
    network_fill,
    score_fill,
    score_network,
)
from inpainting.evaluation.uncertainty import times_too_large
from inpainting.io.files import atomic_write
from inpainting.io.tensors import to_image, to_tensor
from inpainting.masks.convert import batch_of, mask_image_from_hole, valid_from_hole
from inpainting.models.base import Network
from inpainting.models.biharmonic import smooth_fill
from inpainting.models.residual_unet import ResidualUNetConfig
from inpainting.types import Hole, Pixels

SAMPLES = "samples.png"  # the newest grid; earlier ones are in a folder of that name


@dataclass(frozen=True)
class Validation:
    """Pairs that training never sees; they are of the training split, not of the test split."""

    pairs: list[Pair]

    def scores(self, fill: NetworkFill) -> dict[str, float]:
        """The measures that experiments are compared by; none where nothing is set aside.

        Args:
            fill: of :func:`bare_fill`.

        Returns:
            ``psnr``: mean PSNR of the composited fills in dB, each capped. ``gain_lines`` and
            ``gain_irregular``: mean gain in hole PSNR, in dB, over the smooth fill of the same
            pairs, which is as good as the best classical fill. ``expected_error``: how many times
            the measured error the expected one is, the geometric mean of both protocols.
        """
        if not self.pairs:
            return {}
        rows, pixels = [], []
        for pair in self.pairs:
            row, sample = score_network(fill, pair, textured=False)
            rows.append(row)
            pixels += [sample] if sample else []
        scores = {"psnr": float(np.mean([min(row["psnr"], PSNR_CAP) for row in rows]))}
        for protocol in dict.fromkeys(pair.protocol for pair in self.pairs):
            gains = [
                min(row["hole_psnr"], PSNR_CAP) - start
                for row, start in zip(rows, self._starts, strict=True)
                if row["protocol"] == protocol
            ]
            scores[f"gain_{protocol}"] = float(np.mean(gains))
        if pixels:
            scores["expected_error"] = times_too_large(pixels)
        return scores

    @cached_property
    def _starts(self) -> list[float]:
        """Hole PSNR of the smooth fill, pair by pair."""
        scores = [
            score_fill("start", _smooth, pair, textured=False)["hole_psnr"] for pair in self.pairs
        ]
        return [min(score, PSNR_CAP) for score in scores]

    def grid(self, fill: NetworkFill) -> Image.Image | None:
        """Six pairs, filled, as a five-column grid; None where nothing is set aside."""
        rows = [
            GridRow(
                pair.original,
                mask_image_from_hole(pair.hole),
                composited(pair, fill(pair.original, pair.hole)[0]),
                pair.label,
            )
            for pair in self.pairs[:3] + self.pairs[3:][-3:]
        ]
        return five_column_grid(rows) if rows else None


def bare_fill(model: Network, device: torch.device) -> NetworkFill:
    """The bare network in float32, so that numbers of different machines can be compared."""
    return network_fill(model, BARE, device, torch.float32)


def calibrated(model: Network, times: float) -> Network:
    """The same network, its weights shared, with an expected error divided by ``times``."""
    shared = copy.copy(model)
    config = model.config
    if isinstance(config, ResidualUNetConfig):
        shared.config = replace(config, error_scale=round(config.error_scale / times, 4))
    return shared


def write_samples(grid: Image.Image | None, folder: Path, step: int) -> None:
    """Write a grid as ``samples.png``, and once more under its step, to be kept."""
    if grid is None:
        return
    picture = io.BytesIO()
    grid.save(picture, "png")
    kept = folder / Path(SAMPLES).stem / f"step-{step:08d}.png"
    for path in (kept, folder / SAMPLES):
        with atomic_write(path) as file:
            file.write(picture.getbuffer())


def set_aside(images: Any, count: int, seed: int, size: int) -> tuple[Any, Validation]:
    """Split off pictures for validation, half with lines and half with irregular holes.

    Args:
        images: a training split.
        count: how many, at most a tenth.
        seed: decides which, and their holes.
        size: side of the square pictures, in pixels.

    Returns:
        The pictures left for training, and the others. Files that cannot be read stay in training,
        which counts them.
    """
    count = min(count, len(images) // 10)
    order = [int(i) for i in np.random.default_rng(seed).permutation(len(images))]
    files = images.with_format(None)
    chosen = list(islice((i for i in order if _readable(files[i]["image"])), count))
    if not chosen:
        return images, Validation([])
    left = set(order).difference(chosen)
    validation = _validation(images.select(chosen), seed, size)
    return images.select([i for i in order if i in left]), validation


def set_aside_of_stream(
    rows: Iterable[Any], count: int, seed: int, size: int
) -> tuple[frozenset[str], Validation]:
    """The first readable pictures of a stream, as :func:`set_aside`.

    Returns:
        Keys (:func:`~inpainting.data.sampler.cell_key`) of the pictures that are not to be trained
        on, and the pictures.
    """
    cells = list(islice((row["image"] for row in rows if _readable(row["image"])), count))
    if not cells:
        return frozenset(), Validation([])
    kind = datasets.Features({"image": datasets.Image(decode=False)})
    held = decoded(datasets.Dataset.from_dict({"image": cells}, features=kind))
    return frozenset(cell_key(cell) for cell in cells), _validation(held, seed, size)


def _validation(held: Any, seed: int, size: int) -> Validation:
    half = len(held) // 2
    return Validation(
        [
            *pairs(held, range(half), "lines", seed, size),
            *pairs(held, range(half, len(held)), "irregular", seed, size),
        ]
    )


def _readable(cell: Cell) -> bool:
    try:
        return bool(read_cell(cell))
    except InvalidImage:
        return False


def _smooth(image: Pixels, hole: Hole) -> Pixels:
    valid = valid_from_hole(batch_of(hole))
    steps = ResidualUNetConfig().smooth_steps
    return np.array(to_image(smooth_fill(to_tensor(Image.fromarray(image)), valid, steps)))
