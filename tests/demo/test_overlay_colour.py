"""The paint over a hole stands out on every picture, to people who see red and green alike too."""

import numpy as np
import pytest
from PIL import Image, ImageColor
from skimage import data

from inpainting.demo import images
from inpainting.demo.images import EDGE, SHADE, mark
from tests.demo.colour_vision import VISIONS, Values, differences
from tests.running_app import ROOT

FOLDER = ROOT / "examples"
SHIPPED = (
    "astronaut", "brick", "camera", "chelsea", "coffee", "coins", "colorwheel", "grass", "gravel",
    "hubble_deep_field", "immunohistochemistry", "moon", "page", "retina", "rocket", "text",
)  # fmt: skip
PATCHES, SIDE, STEP = 60, 16, 4  # of a picture; pixels on a side; every fourth is looked at
MEDIAN, FEW = 16, 7  # CIEDE2000 of a picture's patches, and of the 5 % that change least
LINE = 50  # CIEDE2000 of a line of one pixel beside what is on both of its sides
RED = "#ff3b30"  # the paint that vanished on grass
MEADOW = Image.new("RGB", (64, 64), (92, 122, 52))


def picture(name: str) -> Image.Image:
    if name in SHIPPED:
        return Image.fromarray(np.asarray(getattr(data, name)())).convert("RGB")
    return Image.open(FOLDER / name).convert("RGB")


NAMES = (*SHIPPED, *sorted(path.name for path in FOLDER.glob("*.jpg")))


@pytest.fixture(scope="module")
def pictures() -> dict[str, Image.Image]:
    return {name: picture(name) for name in NAMES}


def patches(image: Image.Image) -> Values:
    """Some of the pixels of squares at random places: float (PATCHES, pixels, 3) in [0, 255]."""
    pixels = np.array(image, float)
    most = np.array(pixels.shape[:2]) - SIDE
    places = np.random.default_rng(0).integers(0, most, (PATCHES, 2))
    return np.stack(
        [pixels[y : y + SIDE : STEP, x : x + SIDE : STEP].reshape(-1, 3) for y, x in places]
    )


def tinted(image: Image.Image) -> Image.Image:
    """The picture with all of it painted over."""
    return mark(image, Image.new("L", image.size, 255))


def change(image: Image.Image, vision: str) -> Values:
    """CIEDE2000 (PATCHES) between the picture and itself painted over."""
    return differences(patches(image), patches(tinted(image)), vision).mean(axis=1)


def stands_out(image: Image.Image, vision: str) -> bool:
    """Whether the paint changes what is seen, at the median place and where it changes least."""
    changed = change(image, vision)
    return bool(np.median(changed) >= MEDIAN and np.percentile(changed, 5) >= FEW)


@pytest.mark.parametrize("vision", VISIONS)
def test_the_paint_stands_out_on_every_picture(pictures, vision):
    assert not [name for name, image in pictures.items() if not stands_out(image, vision)]


@pytest.mark.parametrize("vision", VISIONS)
def test_a_red_paint_would_fail(pictures, vision, monkeypatch):
    monkeypatch.setattr(images, "PAINT", RED)
    assert [name for name, image in pictures.items() if not stands_out(image, vision)]


def test_red_vanishes_on_a_meadow_where_red_and_green_look_alike(monkeypatch):
    now = {vision: change(MEADOW, vision).min() for vision in VISIONS}
    monkeypatch.setattr(images, "PAINT", RED)
    red = {vision: change(MEADOW, vision).min() for vision in VISIONS}
    assert red["normal"] > MEDIAN > FEW > max(red["protanopia"], red["deuteranopia"])
    assert min(now.values()) > 2 * MEDIAN


@pytest.mark.parametrize("vision", VISIONS)
def test_no_picture_hides_both_lines_of_an_edge(pictures, vision):
    light, dark = (np.array(ImageColor.getrgb(colour), float) for colour in (EDGE, SHADE))
    between = differences(light, dark, vision)
    for name, image in pictures.items():
        inside = differences(light, patches(tinted(image)), vision).mean(axis=1)
        outside = differences(dark, patches(image), vision).mean(axis=1)
        shown = np.maximum(np.minimum(inside, between), np.minimum(outside, between))
        assert shown.min() >= LINE, name
