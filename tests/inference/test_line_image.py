"""Drawn lines: how a drawing is read, made smaller, followed, and put beside what is predicted."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import InpaintingPipeline, ResidualUNet
from inpainting.errors import InvalidConfig, InvalidGuide
from inpainting.inference.line_image import expected_lines, levels_of, read_lines, shrink_lines
from tests.conftest import TINY
from tests.models.networks import follow_guides

SIZE = (48, 32)


@pytest.fixture
def hole() -> np.ndarray:
    hole = np.zeros((32, 48), bool)
    hole[8:24, 12:40] = True
    return hole


def drawing(*strokes: tuple[slice, slice, int], paper: int | None = None) -> Image.Image:
    """Strokes of a grey level on paper, or on nothing: "LA"."""
    pixels = np.zeros((32, 48, 2), np.uint8)
    if paper is not None:
        pixels[:] = paper, 255
    for rows, columns, level in strokes:
        pixels[rows, columns] = level, 255
    return Image.fromarray(pixels, "LA")


DARK = (slice(10, 12), slice(0, 48), 0)
LIGHT = (slice(20, 22), slice(0, 48), 255)


def test_dark_is_a_line_light_is_none_and_transparent_says_nothing(hole):
    line, told = levels_of(read_lines(drawing(DARK, LIGHT), hole))
    rows = np.zeros_like(hole)
    rows[10:12], rows[20:22] = True, True
    assert np.array_equal(told, rows & hole)
    assert line[10:12, 12:40].all() and line.sum() == 2 * 28


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA"])
def test_on_paper_everything_is_said(hole, mode):
    line, told = levels_of(read_lines(drawing(DARK, paper=255).convert(mode), hole))
    assert np.array_equal(told, hole) and line.sum() == 2 * 28


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (drawing(DARK).resize((10, 10)), "is 10×10 pixels but the picture is 48×32"),
        (drawing((slice(0, 4), slice(0, 48), 0)), "says nothing inside the hole"),
        (drawing(), "says nothing inside the hole"),
        (drawing(DARK, paper=0), "dark in more than half"),
    ],
)
def test_what_cannot_be_used_is_told(hole, image, said):
    with pytest.raises(InvalidGuide, match=said):
        read_lines(image, hole)


def test_a_thin_line_survives_being_made_smaller(hole):
    lines = read_lines(drawing((slice(10, 11), slice(0, 48), 0), LIGHT), hole)
    line, told = levels_of(shrink_lines(lines, (12, 8)))
    assert line[2, 3:10].all() and line.sum() == 7
    assert told[5, 3:10].all() and not line[5].any() and not told[3].any()


def test_what_was_drawn_stands_before_what_was_predicted(hole):
    predicted = Image.new("L", SIZE, 100)
    level = np.asarray(expected_lines(predicted, read_lines(drawing(DARK, LIGHT), hole), hole))
    assert not level[~hole].any()
    assert (level[10:12, 12:40] == 255).all() and not level[20:22].any()
    assert (level[14:18, 12:40] == 100).all()
    assert expected_lines(None, None, hole) is None


def pipeline(**changes) -> InpaintingPipeline:
    """Of a network whose structure reaches the fill."""
    torch.manual_seed(0)
    network = ResidualUNet(replace(TINY, **changes))
    follow_guides(network)
    parts = [network.head, *([network.structure.head] if network.structure else [])]
    for parameter in (p for part in parts for p in part.parameters()):
        torch.nn.init.normal_(parameter, std=0.1)
    return InpaintingPipeline(network, device="cpu", dtype=torch.float32)


@pytest.mark.parametrize("strategy", ["crop", "resize", "original", "scales"])
@pytest.mark.parametrize("large", [False, True])
def test_a_fill_follows_lines_at_every_scale(rng, strategy, large):
    """A hole of one scale, and one so deep that it is filled from coarse to fine."""
    pipe = pipeline(structure=(4, 4))
    side = 160 if large else 48
    photo = Image.fromarray(rng.integers(90, 160, (side, side, 3), dtype=np.uint8))
    hole = np.zeros((side, side), bool)
    hole[8 : side - 8, 8 : side - 8] = True
    pixels = np.zeros((side, side, 2), np.uint8)
    middle = side // 2
    pixels[middle - 2 : middle + 2, 16 : side - 16] = 0, 255
    mask = Image.fromarray(hole)
    options = {"strategy": strategy, "mode": "faithful"}
    plain = pipe.fill(photo, mask, **options)
    drawn = pipe.fill(photo, mask, **options, lines=Image.fromarray(pixels, "LA"))
    apart = np.abs(np.asarray(plain.image, float) - np.asarray(drawn.image, float)).sum(-1)
    assert (apart[middle - 2 : middle + 2, 16 : side - 16] > 0).mean() > 0.3
    assert not apart[~hole].any()
    assert plain.lines.size == photo.size and np.asarray(plain.lines)[hole].any()
    assert not np.asarray(plain.lines)[~hole].any()
    assert (np.asarray(drawn.lines)[middle - 2 : middle + 2, 16 : side - 16] == 255).all()


def test_a_network_without_structure_may_see_lines_and_predicts_none(rng, hole):
    photo = Image.fromarray(rng.integers(0, 256, (32, 48, 3), dtype=np.uint8))
    result = pipeline(guides=True).fill(photo, Image.fromarray(hole), lines=drawing(DARK))
    assert result.lines is None


def test_a_network_that_was_trained_without_lines_says_so(tiny_model, hole):
    pipe = InpaintingPipeline(tiny_model, device="cpu")
    with pytest.raises(InvalidConfig, match="trained without lines"):
        pipe.fill(Image.new("RGB", SIZE), Image.fromarray(hole), lines=drawing(DARK))
