"""Write the demo's photos and masks from the pictures that scikit-image ships.

    PYTHONPATH=. python docs/make_examples.py [FOLDER]

Every run writes the same: randomness is seeded, and nothing is downloaded. A mask is white where
the picture is to be repainted; four simulate damage, so that the original under the hole is
known, and two remove an object.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import skimage.data
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from inpainting.masks.convert import mask_image_from_hole
from inpainting.masks.drawing import Sampler
from inpainting.masks.random import sample_lines, sample_strokes
from inpainting.seeding import generator_for

LONGEST_SIDE = 512
SEED = 7

Points = list[tuple[int, int]]
Painter = Callable[[tuple[int, int]], Image.Image]  # (width, height) of the photo to its mask

# Outlines in pixels of the reduced photo.
MODEL_SHUTTLE: Points = [
    (401, -1), (421, -1), (440, 20), (446, 36), (458, 60), (460, 195), (459, 236), (464, 262),
    (478, 272), (476, 282), (440, 292), (395, 295), (364, 284), (362, 268), (380, 235), (349, 230),
    (350, 208), (374, 180), (376, 60), (386, 36), (394, 36), (394, 20),
]  # fmt: skip
LEFT_TOWER: Points = [
    (156, 95), (166, 95), (165, 342), (126, 342), (133, 290), (148, 180), (150, 150), (156, 148),
]  # fmt: skip
RIGHT_TOWER: Points = [
    (352, 95), (362, 95), (364, 148), (369, 150), (372, 190), (384, 290), (388, 342), (346, 342),
    (349, 150), (354, 148),
]  # fmt: skip


def sampled(sampler: Sampler, index: int) -> Painter:
    """A random hole that depends on the seed and ``index`` alone."""
    generator = generator_for(SEED, index)
    return lambda size: mask_image_from_hole(sampler((size[1], size[0]), generator))


def outlined(*outlines: Points) -> Painter:
    """Objects to remove, each inside one outline."""

    def paint(size: tuple[int, int]) -> Image.Image:
        mask_image = Image.new("L", size)
        for outline in outlines:
            ImageDraw.Draw(mask_image).polygon(outline, fill=255)
        # Edges are soft: what is left of them would be continued into the hole.
        return mask_image.filter(ImageFilter.MaxFilter(7))

    return paint


def lettered(text: str, height: int) -> Painter:
    """A caption across the middle, thick enough to cover the blur around its letters."""

    def paint(size: tuple[int, int]) -> Image.Image:
        mask_image = Image.new("1", size)  # without grey edges
        middle = (size[0] // 2, size[1] // 2)
        font = ImageFont.load_default(height)
        ImageDraw.Draw(mask_image).text(
            middle, text, 1, font, anchor="mm", align="center", stroke_width=1
        )
        return mask_image.convert("L")

    return paint


EXAMPLES: dict[str, tuple[str, Painter]] = {
    "1_scratches": ("chelsea.png", sampled(sample_lines, 0)),
    "2_model_shuttle": ("astronaut.png", outlined(MODEL_SHUTTLE)),
    "3_caption": ("coffee.png", lettered("good\nmorning", 96)),
    "4_two_towers": ("rocket.jpg", outlined(LEFT_TOWER, RIGHT_TOWER)),
    "5_scribble": ("camera.png", sampled(sample_strokes, 4)),
    "6_satellite_trails": ("hubble_deep_field.jpg", sampled(sample_lines, 2)),
}


def main(folder: Path) -> None:
    """Write ``NAME.jpg`` and ``NAME_mask.png`` for every example."""
    for name, (source, paint) in EXAMPLES.items():
        photo = Image.open(Path(skimage.data.__file__).parent / source).convert("RGB")
        photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        photo.save(folder / f"{name}.jpg", quality=92, subsampling=0)
        paint(photo.size).save(folder / f"{name}_mask.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "examples")
