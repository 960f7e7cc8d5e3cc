"""Whole calls of the pipeline: what they cost beside the network, and how that grows."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from benchmarks.measure import Work, exponent, in_turn, milliseconds, peak_megabytes
from inpainting import InpaintingPipeline
from inpainting.evaluation.tables import markdown
from inpainting.masks.convert import (
    batch_of,
    is_white,
    mask_image_from_hole,
    valid_from_hole,
)
from inpainting.masks.random import sample_lines
from inpainting.masks.ratios import sample_bucket
from inpainting.models.base import Network, Prediction
from inpainting.seeding import generator_for

Size = tuple[int, int]  # width, height in pixels
DrawMask = Callable[[Size], Image.Image]


class Stopwatch:
    """Adds up the time that a network runs.

    ``seconds``: so far.
    """

    def __init__(self, model: Network) -> None:
        self.seconds, self.model, self.forward = 0.0, model, model.forward
        model.forward = self.timed  # type: ignore[method-assign]

    def timed(self, *inputs: Any) -> Prediction:
        start = time.perf_counter()
        prediction = self.forward(*inputs)
        self.seconds += time.perf_counter() - start
        return prediction

    def stop(self) -> None:
        """Leave the network as it was."""
        self.model.forward = self.forward  # type: ignore[method-assign]


def photo(width: int, height: int) -> Image.Image:
    """Waves and noise: as slow to fill as any photo, and made of numbers alone."""
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
    wave = 128 + 60 * np.sin(y / 90) + 60 * np.cos(x / 70)
    rng, result = np.random.default_rng(0), Image.new("RGB", (width, height))
    for top in range(0, height, 500):  # in strips: 100 megapixels of floats would be too many
        strip = wave[top : top + 500, :, None] * (1, 0.8, 0.6)
        strip = np.clip(strip + rng.normal(0, 4, strip.shape), 0, 255).astype(np.uint8)
        result.paste(Image.fromarray(strip), (0, top))
    return result


def drawn(size: Size, draw: Callable[[ImageDraw.ImageDraw], object]) -> Image.Image:
    """A mask image."""
    mask_image = Image.new("L", size)
    draw(ImageDraw.Draw(mask_image))
    return mask_image


def disc(size: Size, area: float) -> Image.Image:
    """A round hole in the middle, ``area`` in pixels."""
    x, y, r = size[0] / 2, size[1] / 2, (area / np.pi) ** 0.5
    return drawn(size, lambda pen: pen.ellipse((x - r, y - r, x + r, y + r), fill=255))


def scratches(size: Size) -> Image.Image:
    """Eight lines of 12 px, from anywhere to anywhere."""
    ends = np.random.default_rng(0).uniform(0, size, (8, 2, 2))

    def draw(pen: ImageDraw.ImageDraw) -> None:
        for one, other in ends:
            pen.line([tuple(one), tuple(other)], fill=255, width=12)

    return drawn(size, draw)


def specks(size: Size) -> Image.Image:
    """500 dots of 9 px."""
    corners = np.random.default_rng(0).uniform(0, np.array(size) - 9, (500, 2))

    def draw(pen: ImageDraw.ImageDraw) -> None:
        for x, y in corners:
            pen.ellipse((x, y, x + 8, y + 8), fill=255)

    return drawn(size, draw)


def filling(size: Size, draw: DrawMask, mode: str = "faithful") -> Work:
    """A call of the pipeline, ready to go and warm."""
    pipe = InpaintingPipeline.from_pretrained()
    pipe.fill(photo(64, 64), disc((64, 64), 400), mode="natural")
    picture, mask_image = photo(*size), draw(size)
    return lambda: pipe.fill(picture, mask_image, mode=mode)


def overhead_table(pipe: InpaintingPipeline) -> str:
    """What a call costs beside its network, on pictures of 512 px."""
    rows, size = [], (512, 512)
    holes = {
        "lines": sample_lines(size, generator_for(1)),
        "30–40 %": sample_bucket(size, generator_for(2), 3, True),
        "a disc of 113 px": is_white(disc(size, 1e4)),
    }
    picture = photo(*size)
    for name, hole in holes.items():
        for strategy in ("crop", "original"):
            mask_image = mask_image_from_hole(hole)
            stopwatch, shares, totals = Stopwatch(pipe.predictor.model), [], []
            for _ in range(9):
                stopwatch.seconds, start = 0.0, time.perf_counter()
                pipe.fill(picture, mask_image, strategy, mode="faithful")
                totals.append(time.perf_counter() - start)
                shares.append((totals[-1] - stopwatch.seconds) / stopwatch.seconds)
            stopwatch.stop()
            rows.append(
                (name, strategy, f"{milliseconds(totals):.0f}", f"{statistics.median(shares):.1%}")
            )
            print(*rows[-1], flush=True)
    return markdown(("hole", "strategy", "whole call (ms)", "beside the network ÷ network"), rows)


def large_photo_table() -> str:
    """12 megapixels, holes of three kinds."""
    size, rows = (4000, 3000), []
    masks: dict[str, DrawMask] = {
        "a disc": partial(disc, area=0.02 * size[0] * size[1]),
        "eight scratches across it": scratches,
        "500 specks": specks,
    }
    for name, draw in masks.items():
        share = np.array(draw(size)).mean() / 255
        seconds, peak = _cost(size, draw)
        rows.append((name, f"{share:.1%}", f"{seconds:.2f}", f"{peak:.0f}"))
        print(*rows[-1], flush=True)
    return markdown(("hole", "share", "whole call (s)", "memory beyond the picture (MB)"), rows)


def texture_table() -> str:
    """What texture in a deep hole costs beside the network's fill, in turn."""
    rows = []
    for size, share in (((512, 512), 0.11), ((4000, 3000), 0.02)):
        draw = partial(disc, area=share * size[0] * size[1])
        works = {mode: filling(size, draw, mode) for mode in ("faithful", "auto")}
        times = in_turn(works, repeats=5)
        peak = peak_megabytes(filling, size, draw, "auto")
        seconds = (f"{statistics.median(times[mode]):.2f}" for mode in works)
        rows.append((f"{size[0]}×{size[1]}", f"{share:.0%}", *seconds, f"{peak:.0f}"))
        print(*rows[-1], flush=True)
    head = ("picture", "disc", "faithful (s)", "auto (s)", "auto: memory beyond the picture (MB)")
    return markdown(head, rows)


def _cost(size: Size, draw: DrawMask) -> tuple[float, float]:
    """Median seconds and peak megabytes of a call of the network alone."""
    times = in_turn({"call": filling(size, draw)}, repeats=5)["call"]
    return statistics.median(times), peak_megabytes(filling, size, draw)


def scaling_tables(pipe: InpaintingPipeline) -> str:
    """How time and memory grow, with the exponent of growth."""
    return "\n".join((_by_megapixels(), _by_hole(), _by_batch(pipe)))


def _by_megapixels() -> str:
    rows, sizes, times = [], (1, 3, 10, 30, 100), []
    for megapixels in sizes:
        side = round((megapixels * 1e6) ** 0.5)
        seconds, peak = _cost((side, side), partial(disc, area=40_000))
        times.append(seconds)
        rows.append((megapixels, f"{seconds:.2f}", f"{peak:.0f}", f"{peak / (4 * megapixels):.1f}"))
        print(*rows[-1], flush=True)
    head = ("megapixels", "call (s)", "memory beyond the picture (MB)", "÷ the picture's own")
    growth = f"Time grows with the picture to the power {exponent(sizes, times):.2f}.\n"
    return f"A hole of 40,000 pixels:\n\n{markdown(head, rows)}\n\n{growth}"


def _by_hole() -> str:
    size, shares, times, rows = (4000, 3000), (0.001, 0.005, 0.02, 0.08, 0.3), [], []
    for share in shares:
        seconds, peak = _cost(size, partial(disc, area=share * size[0] * size[1]))
        times.append(seconds)
        rows.append((f"{share:.1%}", f"{seconds:.2f}", f"{peak:.0f}"))
        print(*rows[-1], flush=True)
    head = ("hole, of 12 megapixels", "call (s)", "memory beyond the picture (MB)")
    growth = f"Time grows with the hole's area to the power {exponent(shares, times):.2f}.\n"
    return f"{markdown(head, rows)}\n\n{growth}"


def _by_batch(pipe: InpaintingPipeline) -> str:
    rows, batches, times = [], (1, 2, 4, 8, 16), []
    one = valid_from_hole(batch_of(is_white(disc((256, 256), 2e4)))).to(pipe.predictor.device)
    for batch in batches:
        picture = torch.rand(batch, 3, 256, 256, device=pipe.predictor.device)
        work = partial(pipe.predictor.run, picture, one.expand(batch, -1, -1, -1))
        times.append(statistics.median(in_turn({"run": work}, repeats=7)["run"]))
        rows.append((batch, f"{1000 * times[-1]:.0f}", f"{1000 * times[-1] / batch:.0f}"))
        print(*rows[-1], flush=True)
    head = ("pictures of 256 px in a batch", "network (ms)", "per picture (ms)")
    return f"{markdown(head, rows)}\n\nTime grows to the power {exponent(batches, times):.2f}.\n"
