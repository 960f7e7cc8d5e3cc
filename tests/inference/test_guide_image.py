"""Guides: how they are read and refused, and that a fill follows them."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import InpaintingPipeline
from inpainting.errors import InvalidGuide, InvalidImage
from inpainting.inference.guide_image import (
    NOT_TRANSPARENT,
    NOTHING_GIVEN,
    OUTSIDE,
    PARTLY_OUTSIDE,
    given_in,
    inside,
    read_guide,
    shrink,
)
from inpainting.inference.parts import MODES
from inpainting.inference.pipeline import STRATEGIES

RED = (230, 30, 30)


@pytest.fixture
def hole() -> np.ndarray:
    hole = np.zeros((40, 60), bool)
    hole[10:30, 10:50] = True
    return hole


def drawn(box=(15, 15, 25, 20), colour=RED, size=(60, 40), opacity=255) -> Image.Image:
    guide = Image.new("RGBA", size)
    guide.paste((*colour, opacity), box)
    return guide


def test_a_guide_is_opaque_where_it_gives_a_colour_inside_the_hole(hole):
    guide, notes = read_guide(drawn((5, 15, 25, 20), opacity=128), hole)
    expected = np.zeros_like(hole)
    expected[15:20, 10:25] = True
    assert np.array_equal(given_in(guide), expected) and notes == (PARTLY_OUTSIDE,)
    assert guide.getpixel((12, 16)) == (*RED, 255) and guide.getpixel((5, 16))[3] == 0
    assert read_guide(drawn(), hole)[1] == ()


def test_a_guide_is_read_from_a_file(hole, tmp_path):
    drawn().save(tmp_path / "guide.webp", lossless=True)
    assert read_guide(tmp_path / "guide.webp", hole)[0].getpixel((16, 16)) == (*RED, 255)
    with pytest.raises(InvalidImage, match="no picture file"):
        read_guide(tmp_path / "none.png", hole)


@pytest.mark.parametrize(
    ("guide", "words"),
    [
        (drawn(size=(61, 40)), "61×40 pixels but the picture is 60×40"),
        (Image.new("RGB", (60, 40), RED), NOT_TRANSPARENT),
        (Image.new("RGBA", (60, 40), (*RED, 255)), NOT_TRANSPARENT),
        (Image.new("RGBA", (60, 40)), NOTHING_GIVEN),
        (drawn(opacity=127), NOTHING_GIVEN),
        (drawn((0, 0, 9, 9)), OUTSIDE),
    ],
)
def test_what_is_no_guide_is_refused(hole, guide, words):
    with pytest.raises(InvalidGuide, match=re.escape(words)):
        read_guide(guide, hole)


def test_a_smaller_guide_has_the_means_of_what_is_given():
    guide = Image.new("RGBA", (6, 4))
    guide.putpixel((0, 0), (100, 0, 0, 255))
    guide.putpixel((1, 1), (200, 0, 50, 255))
    small = shrink(guide, (3, 2))
    assert given_in(small).sum() == 1
    assert small.getpixel((0, 0)) == pytest.approx((150, 0, 25, 255), abs=2)


def test_nothing_inside_is_none(hole):
    assert inside(drawn((0, 0, 9, 9)), hole) is None


@pytest.fixture(scope="module")
def pipe() -> InpaintingPipeline:
    return InpaintingPipeline.from_pretrained(device="cpu", dtype=torch.float32)


def redness(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image.convert("RGB"), np.float32)
    return pixels[..., 0] - pixels[..., 2]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("size", [(96, 96), (700, 600)])
def test_a_fill_follows_a_guide_at_every_scale(pipe, strategy, size):
    """In a grey photo, too, whose fill is grey otherwise; nothing outside of the hole changes."""
    width, height = size
    photo = Image.fromarray(
        np.random.default_rng(0).integers(90, 130, (height, width), dtype=np.uint8)
    ).convert("RGB")
    box = (width // 4, height // 4, 3 * width // 4, 3 * height // 4)
    mask_image = Image.new("L", size)
    mask_image.paste(255, box)
    stroke = (width // 3, height // 2 - 5, 2 * width // 3, height // 2 + 5)
    guide = drawn(stroke, size=size)
    result = pipe.fill(photo, mask_image, strategy, mode="faithful", guide=guide)
    plain = pipe.fill(photo, mask_image, strategy, mode="faithful")
    assert not redness(plain.image).any()
    left, top, right, bottom = stroke
    assert redness(result.image)[top:bottom, left:right].mean() > 60
    outside = np.asarray(mask_image) == 0
    assert np.array_equal(np.asarray(result.image)[outside], np.asarray(photo)[outside])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["L", "LA", "RGBA"])
def test_every_kind_of_picture_may_be_guided(pipe, noise, mode, kind):
    photo = noise(60, 40).convert(kind)
    mask_image = Image.new("L", (60, 40))
    mask_image.paste(255, (10, 10, 50, 30))
    result = pipe.fill(photo, mask_image, mode=mode, guide=drawn((5, 15, 25, 20)))
    assert result.image.mode == kind and result.notes[0] == PARTLY_OUTSIDE


def test_copied_texture_is_of_the_colour_that_is_wanted(pipe):
    """Half of the surroundings is blue, half green: each in turn is wanted in all of the hole."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(-25, 25, (160, 160, 3)) + np.where(
        np.arange(160)[None, :, None] < 80, (60, 90, 190), (70, 170, 60)
    )
    photo = Image.fromarray(pixels.astype(np.uint8))
    mask_image = Image.new("L", photo.size)
    mask_image.paste(255, (50, 50, 110, 110))
    greenness = {}
    for name, colour in (("blue", (60, 90, 190)), ("green", (70, 170, 60))):
        guide = Image.new("RGBA", photo.size)
        guide.paste((*colour, 255), (60, 60, 100, 100))
        filled = np.asarray(pipe.fill(photo, mask_image, mode="natural", guide=guide).image, float)
        greenness[name] = (filled[60:100, 60:100, 1] - filled[60:100, 60:100, 2]).mean()
        assert filled[60:100, 60:100].std(axis=(0, 1)).min() > 10  # texture, no flat stroke
    assert greenness["green"] > 60 and greenness["blue"] < -60


def test_a_call_takes_a_guide(pipe, noise):
    photo, mask_image = noise(60, 40), Image.new("L", (60, 40))
    mask_image.paste(255, (10, 10, 50, 30))
    assert pipe(photo, mask_image, drawn()) == pipe.fill(photo, mask_image, guide=drawn()).image
    assert pipe(photo, mask_image, drawn()) != pipe(photo, mask_image)
