"""Write the demo's photos, masks and originals.

    PYTHONPATH=. python docs/make_examples.py [FOLDER]

Every run writes the same: randomness is seeded, and nothing is downloaded. The photos are some that
scikit-image ships, and one that lies in ``examples/`` already. A mask is white where the picture is
to be repainted. Four examples have damage burnt into the photo, and the original under it is known;
two remove an object, and nobody knows what was behind it. What a visitor reads about each stands in
``examples/examples.json``.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import skimage.data
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from inpainting.seeding import generator_for

EXAMPLES = Path(__file__).parents[1] / "examples"
LONGEST_SIDE = 512
SEED = 7
FINE = 4  # ink is drawn this many times larger, and reduced: smooth edges
FAINTEST = 8  # levels of ink from which on a pixel counts as damaged
WARM_WHITE = (242, 238, 228)

Size = tuple[int, int]  # width, height
Points = list[tuple[float, float]]
Colour = tuple[int, int, int]
Ink = Callable[[Size], Image.Image]  # where damage lies: "L" of that size, 255 = nothing else shows


class Burnt(NamedTuple):
    """Damage in one colour, and how many pixels around it the mask covers."""

    ink: Ink
    colour: Colour
    margin: int


class Removed(NamedTuple):
    """Objects to remove, each inside one outline, in pixels of the reduced photo."""

    outlines: list[Points]


TREE: Points = [
    (478, 100), (512, 100), (512, 342), (440, 342), (438, 300), (432, 200), (440, 160), (460, 120),
]  # fmt: skip
LEFT_TOWER: Points = [  # down to the lamp that stands before it
    (156, 95), (166, 95), (168, 296), (132, 296), (148, 180), (150, 150), (156, 148),
]  # fmt: skip
RIGHT_TOWER: Points = [  # with the lamps at its foot: half a star of light would stay
    (352, 95), (362, 95), (364, 148), (369, 150), (372, 190), (384, 290), (396, 300), (396, 342),
    (318, 342), (318, 290), (349, 285), (349, 150), (354, 148),
]  # fmt: skip


def drawn(draw: Callable[[ImageDraw.ImageDraw, Size], None]) -> Ink:
    """Ink that ``draw`` paints in pixels of an image ``FINE`` times as large."""

    def ink(size: Size) -> Image.Image:
        large = Image.new("L", (size[0] * FINE, size[1] * FINE))
        draw(ImageDraw.Draw(large), large.size)
        return large.reduce(FINE)

    return ink


def line(pen: ImageDraw.ImageDraw, points: np.ndarray, width: float, level: int = 255) -> None:
    """Connect points, float (n, 2), in pixels of the photo, with round joints."""
    pen.line([tuple(p * FINE) for p in points], level, round(width * FINE), joint="curve")


def scratches(pen: ImageDraw.ImageDraw, size: Size) -> None:
    """Long scratches that shake a little, and specks of dust: an old print."""
    generator = generator_for(SEED, 0)
    width, height = size[0] / FINE, size[1] / FINE
    for _ in range(11):
        start = generator.uniform((0, 0), (width, height))
        angle = generator.normal(np.pi / 2, 0.5)
        steps = np.linspace(0, generator.uniform(0.4, 1.1) * height, 24)[:, None]
        points = start + steps * (np.cos(angle), np.sin(angle)) - (0, height / 3)
        points += np.cumsum(generator.normal(0, 0.45, points.shape), axis=0)
        line(pen, points, generator.uniform(1.2, 2.6))
    for x, y in generator.uniform((0, 0), (width, height), (26, 2)) * FINE:
        radius = generator.uniform(0.8, 1.9) * FINE
        pen.ellipse((x - radius, y - radius, x + radius * 1.3, y + radius), 255)


def wires(pen: ImageDraw.ImageDraw, size: Size) -> None:
    """Three slack cables, and three birds on the middle one."""
    x = np.linspace(-5, size[0] / FINE + 5, 80)
    middle = x / x[-1]
    for left, right, slack in ((20, 6, 16), (46, 30, 20), (160, 60, 14)):
        y = left + (right - left) * middle + 4 * slack * middle * (1 - middle)
        line(pen, np.stack([x, y], axis=1), 2)
        for at, facing in ((330, 1), (352, 1), (431, -1)) if left == 46 else ():
            bird(pen, at, float(np.interp(at, x, y)), facing)


def bird(pen: ImageDraw.ImageDraw, x: float, y: float, facing: int) -> None:
    """A small bird that sits at a point, looking right (1) or left (-1)."""
    body: Points = [
        (-8, 7), (-3.5, 0), (-4, -5), (-1.5, -10), (1, -13.5), (4, -14), (6, -12), (8.5, -11),
        (6, -10), (5.5, -5), (3.5, -1), (0, 1), (-4, 2.5),
    ]  # fmt: skip
    pen.polygon([((x + facing * u) * FINE, (y + v) * FINE) for u, v in body], 255)


# Which of the seven segments of a digit are lit: top, upper left, upper right, middle, lower left,
# lower right, bottom.
SEGMENTS = {
    "0": "1110111", "1": "0010010", "2": "1011101", "3": "1011011", "4": "0111010",
    "5": "1101011", "6": "1101111", "7": "1010010", "8": "1111111", "9": "1111011",
}  # fmt: skip
BARS = (
    ((0, 0), (1, 0)), ((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 1), (1, 1)), ((0, 1), (0, 2)),
    ((1, 1), (1, 2)), ((0, 2), (1, 2)),
)  # fmt: skip


def date(text: str) -> Ink:
    """A date in the lower right corner, as film cameras burnt it in: seven bars a digit."""

    def draw(pen: ImageDraw.ImageDraw, size: Size) -> None:
        step, wide, half = 15, 8.5, 9  # pixels of the photo: of a character, a digit, half a height
        left, top = size[0] / FINE - step * len(text) - 30, size[1] / FINE - 34
        for i, character in enumerate(text):
            corner = np.array((left + i * step, top))
            if character == "'":
                line(pen, corner + ((8, -1), (7, 5)), 2.6)
            for bar, lit in zip(BARS, SEGMENTS.get(character, ""), strict=False):
                if lit == "1":
                    (x0, y0), (x1, y1) = bar
                    ends = np.array(((x0, y0), (x1, y1))) * (wide, half)
                    ends[:, 0] -= (ends[:, 1] - half) * 0.12  # it leans
                    gap = (ends[1] - ends[0]) * 0.1
                    line(pen, corner + ends + (gap, -gap), 2.6)

    sharp = drawn(draw)
    return lambda size: ImageChops.lighter(
        sharp(size), sharp(size).filter(ImageFilter.GaussianBlur(1.6)).point(lambda v: v * 0.7)
    )


def caption(text: str, height: int) -> Ink:
    """A caption in the upper right, on the lighter half of the table."""

    def draw(pen: ImageDraw.ImageDraw, size: Size) -> None:
        font = ImageFont.load_default(height * FINE)
        middle = (size[0] * 0.83, size[1] * 0.16)
        pen.text(middle, text, 255, font, anchor="mm", align="center")

    return drawn(draw)


def skimage_photo(file: str) -> Path:
    return Path(skimage.data.__file__).parent / file


# Where a photo comes from, and what is to be repainted.
SOURCES: dict[str, tuple[Path, Burnt | Removed]] = {
    "1_scratches": (skimage_photo("chelsea.png"), Burnt(drawn(scratches), WARM_WHITE, 1)),
    "2_tree": (EXAMPLES / "2_tree.jpg", Removed([TREE])),
    "3_wires": (skimage_photo("camera.png"), Burnt(drawn(wires), (34, 34, 34), 1)),
    "4_date_stamp": (skimage_photo("astronaut.png"), Burnt(date("'98  7 24"), (255, 148, 36), 2)),
    "5_caption": (skimage_photo("coffee.png"), Burnt(caption("good\nmorning", 40), WARM_WHITE, 1)),
    "6_two_towers": (skimage_photo("rocket.jpg"), Removed([LEFT_TOWER, RIGHT_TOWER])),
}


def burn(photo: Image.Image, damage: Burnt) -> tuple[Image.Image, Image.Image]:
    """The damaged photo, and the mask that covers the damage with its fringe."""
    ink = damage.ink(photo.size)
    damaged = photo.copy()
    damaged.paste(damage.colour, mask=ink)
    mask_image = ink.point(lambda level: 255 * (level >= FAINTEST))
    return damaged, mask_image.filter(ImageFilter.MaxFilter(2 * damage.margin + 1))


def outlined(size: Size, outlines: list[Points]) -> Image.Image:
    """The mask of objects; edges are soft, and what is left of them would be continued inside."""
    mask_image = Image.new("L", size)
    for outline in outlines:
        ImageDraw.Draw(mask_image).polygon(outline, fill=255)
    return mask_image.filter(ImageFilter.MaxFilter(7))


def save(photo: Image.Image, path: Path) -> None:
    photo.save(path, quality=92, subsampling=0)


def write(folder: Path, name: str, source: Path, what: Burnt | Removed) -> None:
    """One example: ``NAME.jpg``, ``NAME_mask.png`` and, if damaged, ``NAME_original.jpg``."""
    photo = Image.open(source).convert("RGB")
    photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if isinstance(what, Burnt):
        shown, mask_image = burn(photo, what)
        save(photo, folder / f"{name}_original.jpg")
    else:
        shown, mask_image = photo, outlined(photo.size, what.outlines)
    mask_image.save(folder / f"{name}_mask.png", optimize=True)
    if source.parent != EXAMPLES:
        save(shown, folder / f"{name}.jpg")
    elif source.parent != folder:  # a photo that is there already is not compressed again
        shutil.copy(source, folder)


def main(folder: Path) -> None:
    """Write every example's files."""
    for name, (source, what) in SOURCES.items():
        write(folder, name, source, what)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES)
