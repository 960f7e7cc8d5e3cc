"""What holds for every picture, hole and size.

python -m pytest tests/robustness/test_properties.py --hypothesis-profile long    # 10,800 examples
"""

import io

import numpy as np
import pytest
import scipy.ndimage
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inpainting import InpaintingPipeline, ResidualUNet
from inpainting.inference.canvas import Canvas, Frame
from inpainting.inference.multiscale import fill_canvas
from inpainting.inference.pipeline import STRATEGIES
from inpainting.inference.tiles import CELL, LARGEST, OVERLAP, find_tiles
from inpainting.io.images import decode
from inpainting.io.tensors import crop_back, pad_to_multiple, to_image, to_tensor
from inpainting.masks.convert import (
    batch_of,
    composite,
    hole_from_mask_image,
    mask_image_from_hole,
    valid_from_hole,
)
from inpainting.masks.edit import feather
from inpainting.masks.files import read_mask_file
from inpainting.models.base import Prediction
from tests.conftest import TINY

SIDES = st.one_of(st.integers(1, 70), st.sampled_from([255, 256, 257, 511, 513, 1024]))
LONG = st.one_of(SIDES, st.sampled_from([2047, 4096, 4097]))
SEEDS = st.integers(0, 2**32 - 1)
MODES = st.sampled_from(["1", "L", "LA", "RGB", "RGBA", "CMYK", "I;16"])


def picture(mode: str, width: int, height: int, seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, (height, width), np.uint16))
    if mode == "1":
        return Image.fromarray(rng.random((height, width)) < 0.5)
    channels = {"L": (), "LA": (2,), "RGB": (3,)}.get(mode, (4,))
    array = rng.integers(0, 256, (height, width, *channels), np.uint8)
    if mode == "CMYK":
        return Image.frombytes("CMYK", (width, height), array.tobytes())
    return Image.fromarray(array)


@st.composite
def holes(draw: st.DrawFn, sides: st.SearchStrategy[int] = SIDES) -> np.ndarray:
    """Bool (H, W): boxes, lines, specks, noise, and what touches every border."""
    width, height = draw(sides), draw(SIDES)
    if draw(st.booleans()):
        width, height = height, width
    hole = np.zeros((height, width), bool)
    rng = np.random.default_rng(draw(SEEDS))
    for kind in draw(
        st.lists(st.sampled_from(["box", "row", "column", "speck", "noise"]), max_size=5)
    ):
        y, x = rng.integers(height), rng.integers(width)
        if kind == "box":
            hole[y : y + rng.integers(1, 400), x : x + rng.integers(1, 400)] = True
        elif kind == "row":
            hole[y] = True
        elif kind == "column":
            hole[:, x] = True
        elif kind == "speck":
            hole[y, x] = True
        else:
            hole |= rng.random(hole.shape) < rng.random()
    return hole


@given(MODES, SIDES, SIDES, SEEDS)
def test_decoding_a_file_is_decoding_its_pixels(mode, width, height, seed):
    source = picture(mode, width, height, seed)
    stream = io.BytesIO()
    source.save(stream, "TIFF" if mode == "CMYK" else "PNG")
    decoded, direct = decode(stream.getvalue()), decode(source)
    assert decoded.size == direct.size == (width, height)
    assert decoded.mode == direct.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
    assert decoded.tobytes() == direct.tobytes()
    assert decode(decoded).tobytes() == decoded.tobytes()


@given(LONG, SIDES, st.integers(1, 128), st.integers(1, 2))
def test_padding_adds_zeros_and_cropping_takes_them_away(width, height, multiple, channels):
    tensor = torch.full((1, channels, height, width), 0.5)
    padded = pad_to_multiple(tensor, multiple)
    assert padded.shape[2] % multiple == padded.shape[3] % multiple == 0
    assert padded.shape[2] < height + multiple and padded.shape[3] < width + multiple
    assert torch.equal(crop_back(padded, height, width), tensor)
    assert (padded != 0).sum() == tensor.numel()


@given(SIDES, SIDES, SEEDS)
def test_tensors_and_pictures_are_each_other_s_mirror(width, height, seed):
    source = picture("RGB", width, height, seed)
    assert to_image(to_tensor(source)).tobytes() == source.tobytes()


@given(holes(LONG))
def test_masks_are_read_as_they_were_written(hole):
    size = hole.shape[::-1]
    mask_image = mask_image_from_hole(hole)
    if hole.any():
        white = read_mask_file(mask_image, size).mask_image
        assert np.array_equal(np.asarray(white) > 0, hole)
    if hole.any() and not hole.all():
        assert np.array_equal(hole_from_mask_image(mask_image, size), hole)


@given(holes(), st.integers(0, 500))
def test_feathering_stays_inside_the_hole_and_grows_inwards(hole, width):
    share = np.asarray(feather(hole, width)).astype(int)
    assert (share[~hole] == 0).all()
    if width == 0:
        assert (share[hole] == 255).all()
    for axis in (0, 1):
        assert np.abs(np.diff(share, axis=axis)).max(initial=0) <= 255 // (width + 1) + 1


@given(holes(), SEEDS)
def test_what_is_known_survives_a_composite_bit_for_bit(hole, seed):
    rng = np.random.default_rng(seed)
    image = torch.from_numpy(rng.standard_normal((1, 3, *hole.shape)).astype(np.float32))
    output = torch.from_numpy(rng.standard_normal((1, 3, *hole.shape)).astype(np.float32))
    missing = batch_of(hole)
    image = torch.where(missing, torch.nan, image)
    result = composite(image, output, valid_from_hole(missing))
    assert torch.equal(result, torch.where(missing, output, image))
    assert not result.isnan().any()


@given(holes(LONG), st.sampled_from([LARGEST, LARGEST // 2]))
def test_tiles_cover_every_missing_pixel_and_stay_inside(hole, largest):
    height, width = hole.shape
    covered = np.zeros_like(hole)
    for tile in find_tiles(hole, largest):
        left, top, right, bottom = tile.box
        x0, y0, x1, y1 = tile.core
        assert 0 <= left <= x0 < x1 <= right <= width and 0 <= top <= y0 < y1 <= bottom <= height
        assert max(right - left, bottom - top) <= largest + 2 * OVERLAP + CELL
        covered[y0:y1, x0:x1] = True
    assert not (hole & ~covered).any()


@given(holes(LONG), st.integers(0, 255))
def test_tiles_paint_every_missing_pixel_and_nothing_else(hole, colour):
    if hole.all():
        return
    source = picture("RGB", hole.shape[1], hole.shape[0], 0)
    canvas = Canvas(source.copy(), ~hole, hole.copy(), Frame(source.size))

    def paint(image: torch.Tensor, *_: object) -> Prediction:
        return Prediction(torch.full_like(image, colour / 255), None)

    fill_canvas(canvas, paint, lambda _: None)
    painted, given_ = np.asarray(canvas.picture), np.asarray(source)
    assert (painted[hole] == colour).all()
    assert np.array_equal(painted[~hole], given_[~hole])


@pytest.fixture(scope="module")
def pipe() -> InpaintingPipeline:
    torch.manual_seed(0)
    return InpaintingPipeline(ResidualUNet(TINY), device="cpu", dtype=torch.float32)


SMALL = st.integers(1, 90)


@given(st.data(), holes(SMALL), st.sampled_from(["L", "LA", "RGB", "RGBA"]), SEEDS)
def test_the_whole_fill_changes_the_hole_only(pipe, data, hole, mode, seed):
    hole = hole[:90, :90]
    source = picture(mode, hole.shape[1], hole.shape[0], seed)
    alpha = np.asarray(source)[..., -1] if mode in ("LA", "RGBA") else np.full(hole.shape, 255)
    opaque = alpha > 0
    if not hole.any() or not (opaque & ~hole).any():
        return
    strategy, feather = data.draw(st.sampled_from(STRATEGIES)), data.draw(st.integers(0, 40))
    mask_image = mask_image_from_hole(hole)
    filled = pipe.fill(source, mask_image, strategy, feather).image
    assert (filled.size, filled.mode) == (source.size, mode)
    before, after = np.asarray(source), np.asarray(filled)
    assert np.array_equal(before[~hole], after[~hole])
    if mode in ("LA", "RGBA"):
        parts, count = scipy.ndimage.label(hole, np.ones((3, 3)))
        for part in (parts == number for number in range(1, count + 1)):
            expected = alpha[part] if opaque[part].all() else 255
            assert np.array_equal(after[part][..., -1], np.broadcast_to(expected, part.sum()))
