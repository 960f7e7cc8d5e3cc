"""Random lines, brush strokes and boxes, drawn white on a black Pillow image.

Lengths are given in pixels at 256 px and scale with the shorter side.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from inpainting.types import Hole

Size = tuple[int, int]  # height, width in pixels
Sampler = Callable[[Size, Generator], Hole]


class Drawing:
    """The image that a random hole is drawn on."""

    def __init__(self, size: Size) -> None:
        self.height, self.width = size
        self.scale = min(size) / 256
        self.restore(Image.new("L", (self.width, self.height)))

    def points(self, generator: Generator, count: int) -> np.ndarray:
        """``count`` random points (x, y), float (count, 2), in pixels of this image."""
        return generator.uniform(0, (self.width, self.height), size=(count, 2))

    def polyline(self, points: np.ndarray, width: float, round_joints: bool = True) -> None:
        """Connect points, float (n, 2), by a line ``width`` wide at 256 px."""
        thick = max(1, round(width * self.scale))
        self.pen.line([tuple(p) for p in points], fill=255, width=thick)
        if round_joints:
            for x, y in points:
                r = thick / 2
                self.pen.ellipse((x - r, y - r, x + r, y + r), fill=255)

    def restore(self, image: Image.Image) -> None:
        """Go on with an earlier copy of the image."""
        self.image, self.pen = image, ImageDraw.Draw(image)

    def hole(self) -> Hole:
        """Bool (H, W), True = missing: what was drawn on."""
        return np.array(self.image) > 0


def draw_line(drawing: Drawing, generator: Generator, shrink: float = 1) -> None:
    """One straight line between two random points, 3–12 px thick, both times ``shrink``."""
    ends = drawing.points(generator, 2)
    ends[1] = (1 - shrink) * ends[0] + shrink * ends[1]  # at 1 exactly what was drawn
    drawing.polyline(ends, shrink * generator.uniform(3, 12), round_joints=False)


def draw_stroke(drawing: Drawing, generator: Generator, shrink: float = 1) -> None:
    """One brush stroke of 4–12 corners, up to 60 px apart and 8–32 px wide, times ``shrink``."""
    draw_free_form(drawing, generator, (4, 13), 60 * shrink, (8 * shrink, 32 * shrink))


def draw_box(drawing: Drawing, generator: Generator, shrink: float = 1) -> None:
    """One rectangle with sides of 16–96 px, times ``shrink``."""
    draw_boxes(drawing, generator, (1, 2), (16 * shrink, 96 * shrink))


def draw_free_form(
    drawing: Drawing,
    generator: Generator,
    corners: tuple[int, int],
    length: float,
    width: tuple[float, float],
) -> None:
    """One free-form brush stroke, after arXiv:1806.03589, appendix.

    The heading turns a little at each corner; every second one may turn back.

    Args:
        drawing: is drawn on.
        generator: source of all randomness.
        corners: least number of segments, and one more than the most.
        length: longest segment, in pixels at 256 px.
        width: thinnest and thickest, likewise.
    """
    points = [drawing.points(generator, 1)[0]]
    angle = generator.uniform(0, 2 * np.pi)
    for corner in range(generator.integers(*corners)):
        turn = generator.normal(0, 0.5)
        heading = angle + turn + (np.pi if corner % 2 else 0) * (generator.random() < 0.5)
        step = generator.uniform(0.1, 1) * length * drawing.scale
        points.append(points[-1] + step * np.array((np.cos(heading), np.sin(heading))))
        angle = heading
    drawing.polyline(np.array(points), generator.uniform(*width))


def draw_boxes(
    drawing: Drawing, generator: Generator, count: tuple[int, int], side: tuple[float, float]
) -> None:
    """``count[0]`` to ``count[1] - 1`` rectangles, their sides between ``side``, at 256 px."""
    for _ in range(generator.integers(*count)):
        width, height = np.maximum(1, generator.uniform(*side, size=2) * drawing.scale)
        x = generator.uniform(0, max(0, drawing.width - width))
        y = generator.uniform(0, max(0, drawing.height - height))
        drawing.pen.rectangle((x, y, x + (width - 1), y + (height - 1)), fill=255)
