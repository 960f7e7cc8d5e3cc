"""Random holes: each sampler is a function of (size, generator) and draws at the final size.

Lengths are given in pixels at 256 px and scale with the shorter side.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.random import Generator
from PIL import Image, ImageDraw
from torch import Tensor

from .errors import InvalidConfig

Size = tuple[int, int]
Sampler = Callable[[Size, Generator], Tensor]

# The hole ratios of arXiv:1804.07723, section 4.1: (low, high].
BUCKETS = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))
CLEAR_BORDER = 1 / 16  # share of each side that a hole away from the border leaves alone
ATTEMPTS = 200


def generator_for(seed: int, *index: int) -> Generator:
    """A generator that depends on (seed, index) alone, whatever was drawn before."""
    return np.random.default_rng((seed, *index))


def sample_lines(size: Size, generator: Generator) -> Tensor:
    """1–10 straight lines, 3–12 px thick, between random points: the report's holes.

    Args:
        size: ``(height, width)`` in pixels.
        generator: source of all randomness.

    Returns:
        Bool (1, H, W), True = missing; likewise for every sampler in this file.
    """
    canvas = _Canvas(size)
    for _ in range(generator.integers(1, 11)):
        _one_line(canvas, generator)
    return canvas.hole()


def sample_strokes(size: Size, generator: Generator) -> Tensor:
    """1–6 free-form strokes: random walks of 4–12 corners, 8–32 px wide.

    After the free-form masks of arXiv:1806.03589, appendix: angle turns a little at each
    corner, every second one back, so that strokes bend like a brush.
    """
    canvas = _Canvas(size)
    for _ in range(generator.integers(1, 7)):
        _one_stroke(canvas, generator)
    return canvas.hole()


def sample_boxes(size: Size, generator: Generator) -> Tensor:
    """1–4 rectangles with sides of 16–96 px."""
    canvas = _Canvas(size)
    _boxes(canvas, generator, count=(1, 5), side=(16, 96))
    return canvas.hole()


def sample_thin(size: Size, generator: Generator) -> Tensor:
    """LaMa's *thin* holes at 256 px: 4–50 strokes, up to 40 px long and 10 px wide."""
    canvas = _Canvas(size)
    for _ in range(generator.integers(4, 51)):
        _free_form(canvas, generator, corners=(2, 5), length=40, width=(1, 10))
    return canvas.hole()


def sample_medium(size: Size, generator: Generator) -> Tensor:
    """LaMa's *medium* holes: 4–5 strokes, up to 100 px by 50 px; boxes of 10–50 px at times."""
    return _strokes_or_boxes(size, generator, (4, 6), 100, (10, 50), boxes=(1, 6), side=(10, 50))


def sample_thick(size: Size, generator: Generator) -> Tensor:
    """LaMa's *thick* holes: 1–5 strokes, up to 200 px by 100 px; boxes of 30–150 px at times."""
    return _strokes_or_boxes(size, generator, (1, 6), 200, (20, 100), boxes=(1, 4), side=(30, 150))


def sample_bucket(size: Size, generator: Generator, bucket: int, border: bool) -> Tensor:
    """An irregular hole whose ratio lies in one bucket, by rejection.

    Strokes are added until the hole is large enough; one that grew too large, or touches the
    border against ``border``, is drawn again.

    Args:
        size: ``(height, width)``, at least 32×32 pixels so that every bucket can be met.
        generator: source of all randomness.
        bucket: index into ``BUCKETS``.
        border: True = the hole touches the picture's border; False = it stays 1/16 of each side
            away from it.

    Raises:
        InvalidConfig: when no such hole was found, which happens to tiny sizes only.
    """
    low, high = BUCKETS[bucket]
    for _ in range(ATTEMPTS):
        hole = _grow(size, generator, target=generator.uniform(low, high), border=border)
        if low < hole.float().mean() <= high and touches_border(hole) == border:
            return hole
    raise InvalidConfig(
        f"No hole of ratio ({low}, {high}] was found for {size[0]}×{size[1]} pixels: use at "
        "least 32×32."
    )


def sample_damage(size: Size, generator: Generator, kind: str, share: float) -> Tensor:
    """Test damage: pieces of one kind until a share of the picture is missing.

    A piece that would overshoot the share is left out and a smaller one tried; what is missing at
    the end is seldom more than a piece of the smallest size from it.

    Args:
        size: ``(height, width)`` in pixels.
        generator: source of all randomness.
        kind: a name of ``DAMAGE``: "lines", "strokes" or "boxes", as the samplers draw them.
        share: to be missing, in (0, 1).

    Raises:
        InvalidConfig: for another kind or share.
    """
    if kind not in DAMAGE:
        raise InvalidConfig(f"There is no damage {kind!r}: use one of {tuple(DAMAGE)}.")
    if not 0 < share < 1:
        raise InvalidConfig(
            f"A share of {share:g} cannot be missing: give more than 0, less than 1."
        )
    canvas, most = _Canvas(size), share * size[0] * size[1]
    for shrink in (1.0, 0.5, 0.25, 0.12):
        for _ in range(ATTEMPTS):
            before = canvas.image.copy()
            DAMAGE[kind](canvas, generator, shrink)
            missing = canvas.image.histogram()[255]
            if missing > max(most, 1):
                canvas.restore(before)
                break
            if missing > 0.98 * most:
                return canvas.hole()
    return canvas.hole()


def sample_mix(size: Size, generator: Generator) -> Tensor:
    """What training sees: 3 in 10 lines, 4 in 10 a bucket of each size, the rest of every kind.

    An empty or full hole is drawn again: it would teach nothing.
    """
    while True:
        kind = generator.random()
        if kind < 0.3:
            hole = sample_lines(size, generator)
        elif kind < 0.7:
            border = bool(generator.integers(2))
            hole = sample_bucket(size, generator, int(generator.integers(len(BUCKETS))), border)
        else:
            others = (sample_strokes, sample_boxes, sample_thin, sample_medium, sample_thick)
            hole = others[generator.integers(len(others))](size, generator)
        if hole.any() and not hole.all():
            return hole


def touches_border(hole: Tensor) -> bool:
    """Whether a bool hole (…, H, W) has a missing pixel in its outermost rows or columns."""
    edges = (hole[..., 0, :], hole[..., -1, :], hole[..., :, 0], hole[..., :, -1])
    return any(bool(edge.any()) for edge in edges)


SAMPLERS: dict[str, Sampler] = {
    "lines": sample_lines,
    "strokes": sample_strokes,
    "boxes": sample_boxes,
    "thin": sample_thin,
    "medium": sample_medium,
    "thick": sample_thick,
    "mix": sample_mix,
}


class _Canvas:
    """A black Pillow image on which holes are drawn white; lengths in pixels at 256 px."""

    def __init__(self, size: Size) -> None:
        self.height, self.width = size
        self.scale = min(size) / 256
        self.image = Image.new("L", (self.width, self.height))
        self.draw = ImageDraw.Draw(self.image)

    def points(self, generator: Generator, count: int) -> np.ndarray:
        """``count`` random points (x, y), in pixels of the canvas."""
        return generator.uniform(0, (self.width, self.height), size=(count, 2))

    def stroke(self, points: np.ndarray, width: float, round_joints: bool = True) -> None:
        thick = max(1, round(width * self.scale))
        self.draw.line([tuple(p) for p in points], fill=255, width=thick)
        if round_joints:
            for x, y in points:
                r = thick / 2
                self.draw.ellipse((x - r, y - r, x + r, y + r), fill=255)

    def restore(self, image: Image.Image) -> None:
        self.image, self.draw = image, ImageDraw.Draw(image)

    def hole(self) -> Tensor:
        return torch.from_numpy(np.array(self.image) > 0)[None]


def _free_form(
    canvas: _Canvas,
    generator: Generator,
    corners: tuple[int, int],
    length: float,
    width: tuple[float, float],
) -> None:
    """One brush stroke of at least one segment; lengths in pixels at 256 px."""
    points = [canvas.points(generator, 1)[0]]
    angle = generator.uniform(0, 2 * np.pi)
    for corner in range(generator.integers(*corners)):
        turn = generator.normal(0, 0.5)
        heading = angle + turn + (np.pi if corner % 2 else 0) * (generator.random() < 0.5)
        step = generator.uniform(0.1, 1) * length * canvas.scale
        points.append(points[-1] + step * np.array((np.cos(heading), np.sin(heading))))
        angle = heading
    canvas.stroke(np.array(points), generator.uniform(*width))


def _strokes_or_boxes(
    size: Size,
    generator: Generator,
    strokes: tuple[int, int],
    length: float,
    width: tuple[float, float],
    boxes: tuple[int, int],
    side: tuple[float, float],
) -> Tensor:
    """LaMa's mixture: free-form strokes, and in 3 of 10 holes rectangles instead."""
    canvas = _Canvas(size)
    if generator.random() < 0.3:
        _boxes(canvas, generator, boxes, side)
    else:
        for _ in range(generator.integers(*strokes)):
            _free_form(canvas, generator, (2, 5), length, width)
    return canvas.hole()


def _boxes(
    canvas: _Canvas, generator: Generator, count: tuple[int, int], side: tuple[float, float]
) -> None:
    for _ in range(generator.integers(*count)):
        width, height = np.maximum(1, generator.uniform(*side, size=2) * canvas.scale)
        x = generator.uniform(0, max(0, canvas.width - width))
        y = generator.uniform(0, max(0, canvas.height - height))
        canvas.draw.rectangle((x, y, x + (width - 1), y + (height - 1)), fill=255)


def _grow(size: Size, generator: Generator, target: float, border: bool) -> Tensor:
    """Strokes of one style until ``target`` of the picture is missing."""
    canvas = _Canvas(size)
    thickness = generator.uniform(4, 12 + 60 * target)
    inside = _inside(size)
    for _ in range(ATTEMPTS):
        _free_form(canvas, generator, (2, 8), 80, (0.5 * thickness, thickness))
        hole = canvas.hole() if border else canvas.hole() & inside
        if hole.float().mean() >= target:
            break
    return hole


def _one_line(canvas: _Canvas, generator: Generator, shrink: float = 1) -> None:
    ends = canvas.points(generator, 2)
    ends[1] = (1 - shrink) * ends[0] + shrink * ends[1]  # at 1 exactly what was drawn
    canvas.stroke(ends, shrink * generator.uniform(3, 12), round_joints=False)


def _one_stroke(canvas: _Canvas, generator: Generator, shrink: float = 1) -> None:
    _free_form(canvas, generator, (4, 13), 60 * shrink, (8 * shrink, 32 * shrink))


def _one_box(canvas: _Canvas, generator: Generator, shrink: float) -> None:
    _boxes(canvas, generator, (1, 2), (16 * shrink, 96 * shrink))


DAMAGE = {"lines": _one_line, "strokes": _one_stroke, "boxes": _one_box}


def _inside(size: Size) -> Tensor:
    """True where a hole away from the border may be: bool (1, H, W)."""
    height, width = size
    dy, dx = max(1, int(height * CLEAR_BORDER)), max(1, int(width * CLEAR_BORDER))
    inside = torch.zeros(1, height, width, dtype=torch.bool)
    inside[:, dy : height - dy, dx : width - dx] = True
    return inside
