"""What is scored: the fill inside the hole, and a network as users run it."""

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import InpaintingPipeline, PConvUNet
from inpainting.evaluation.config import BARE
from inpainting.evaluation.scoring import (
    composited,
    network_fill,
    score_classical,
    score_fill,
    score_network,
)
from inpainting.evaluation.statistics import MEASURES, NETWORK_MODES, TEXTURES
from inpainting.evaluation.texture import texture
from inpainting.inference.pipeline import STRATEGIES
from inpainting.inference.predict import Predictor
from inpainting.masks.convert import mask_image_from_hole
from inpainting.models.pconv_unet import PConvUNetConfig
from tests.evaluation.samples import a_pair, noise

PLAIN = PConvUNetConfig(channels=(8, 8), kernels=(3, 3), strides=(2, 2), units=(0, 0))


def test_known_pixels_are_the_originals_whatever_a_fill_does():
    pair = a_pair()

    def invert(image, hole):
        return 255 - image

    def careful(image, hole):
        return np.where(hole[..., None], 255 - image, image)

    honest, vandal = score_fill("a", careful, pair), score_fill("a", invert, pair)
    assert {k: honest[k] for k in MEASURES} == {k: vandal[k] for k in MEASURES}
    ratio = 10 * math.log10(pair.hole.mean())
    assert honest["psnr"] == pytest.approx(honest["hole_psnr"] - ratio)


def test_a_row_says_what_was_measured():
    pair = a_pair()
    row = score_fill("copy", lambda image, hole: image, pair)
    found = [row[name] for name in ("index", "class", "bucket", "method")]
    assert found == [7, "cat", "0.1-0.2", "copy"]
    assert row["hole_ratio"] == pair.hole.mean() and row["key"] == pair.key
    assert row["milliseconds"] >= 0 and row["hole_psnr"] == math.inf


def test_a_row_has_the_texture_of_what_stands_in_the_hole():
    pair = a_pair()
    row = score_fill("invert", lambda image, hole: 255 - image, pair)
    expected = texture(composited(pair, 255 - pair.original), pair.hole, pair.original)
    assert {name: row[name] for name in TEXTURES} == asdict(expected)


def test_without_a_truth_nothing_is_compared_with_what_was_there():
    pair = replace(a_pair(), truth=False)
    row = score_fill("invert", lambda image, hole: 255 - image, pair)
    assert all(math.isnan(row[name]) for name in (*MEASURES, "sharpness", "band_1"))
    assert all(math.isfinite(row[name]) for name in ("ring_sharpness", "seam", "grid"))


def test_every_baseline_scores_the_same_pair():
    rows = score_classical(["mean", "telea", "ns", "biharmonic"], a_pair())
    assert [row["method"] for row in rows] == ["mean", "telea", "ns", "biharmonic"]
    assert len({row["key"] for row in rows}) == 1
    assert all(math.isfinite(row[measure]) for row in rows for measure in MEASURES)


# A network


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_network_is_measured_as_users_run_it(strategy, tiny_model):
    pair = a_pair()
    mask_image = mask_image_from_hole(pair.hole)
    pipe = InpaintingPipeline(tiny_model, "cpu", torch.float32)
    expected = pipe.fill(Image.fromarray(pair.original), mask_image, strategy, mode="faithful")
    fill = network_fill(tiny_model, strategy, "cpu", torch.float32)
    image, error = fill(pair.original, pair.hole)
    np.testing.assert_array_equal(image, expected.image)
    np.testing.assert_array_equal(error, expected.expected_error)
    assert image.dtype == np.uint8 and error.dtype == np.float32


def test_without_a_strategy_it_is_the_pipelines_own(tiny_model):
    image, hole = noise(40, 600), np.zeros((40, 600), bool)
    hole[10:30, 40:560] = True  # wider than what "resize" fills at full resolution
    fills = [network_fill(tiny_model, *s, device="cpu", dtype=torch.float32)
             for s in ((), ("crop",), ("resize",))]  # fmt: skip
    default, crop, resize = (fill(image, hole)[0] for fill in fills)
    pipe = InpaintingPipeline(tiny_model, "cpu", torch.float32)
    faithful = pipe.fill(image, hole, mode="faithful").image
    np.testing.assert_array_equal(default, faithful)
    np.testing.assert_array_equal(default, crop)
    assert (default != resize).any()


@pytest.mark.parametrize("mode", NETWORK_MODES.values())
def test_a_mode_is_the_pipelines(mode, tiny_model, monkeypatch):
    given, fill_hole = [], InpaintingPipeline.fill_hole

    def noted(*arguments, mode, **options):
        given.append(mode)
        return fill_hole(*arguments, mode=mode, **options)

    monkeypatch.setattr(InpaintingPipeline, "fill_hole", noted)
    pair = a_pair()
    network_fill(tiny_model, device="cpu", dtype=torch.float32, mode=mode)(pair.original, pair.hole)
    assert given == [mode]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_bare_network_is_one_forward_pass(dtype, tiny_model):
    pair = a_pair()
    expected = Predictor(tiny_model, "cpu", dtype).fill(pair.original, pair.hole)
    got = network_fill(tiny_model, BARE, "cpu", dtype)(pair.original, pair.hole)
    for mine, theirs in zip(got, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert (got[0] != pair.original)[~pair.hole].any()  # it predicts known pixels, too


def test_the_score_of_a_network_has_pixels_to_judge_its_expected_error_by(tiny_model):
    pair = a_pair()
    fill = network_fill(tiny_model, BARE, "cpu", torch.float32)
    row, pixels = score_network(fill, pair)
    other = score_fill("model", lambda image, hole: fill(image, hole)[0], pair)
    assert row | {"milliseconds": 0} == other | {"milliseconds": 0}
    image, error = fill(pair.original, pair.hole)
    known = composited(pair, image).astype(float)
    expected = np.abs(pair.original - known).mean(axis=2)[pair.hole]
    assert pixels.protocol == "irregular" and len(pixels.error) <= pair.hole.sum()
    assert set(pixels.error) <= set(expected) and set(pixels.scale) <= set(error[pair.hole])
    assert score_network(fill, pair, method="auto")[1] is None  # another fill's error
    assert score_network(fill, replace(pair, truth=False))[1] is None
    plain = network_fill(PConvUNet(PLAIN).eval(), BARE, "cpu", torch.float32)
    assert score_network(plain, pair)[1] is None


@pytest.mark.parametrize("size", [(32, 32), (30, 45)])
def test_the_bare_network_sees_the_padded_picture(size):
    model = PConvUNet(PLAIN).eval()
    hole = np.zeros(size, bool)
    hole[4:9, 5:20] = True
    image = noise(*size)
    fill = network_fill(model, BARE, "cpu", torch.float32)
    result = fill(image, hole)[0]
    assert result.shape == image.shape and result.dtype == np.uint8
    changed = np.where(hole[..., None], 255 - image, image)
    np.testing.assert_array_equal(fill(changed, hole)[0], result)

    height, width = 32, size[1] + -size[1] % 4
    padded, valid = torch.zeros(1, 3, height, width), torch.zeros(1, 1, height, width)
    padded[..., : size[0], : size[1]] = torch.from_numpy(image).permute(2, 0, 1) / 255
    valid[..., : size[0], : size[1]] = torch.from_numpy(~hole)
    with torch.no_grad():
        output = model(padded, valid).image[0, :, : size[0], : size[1]]
    expected = (output.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(result, expected)
