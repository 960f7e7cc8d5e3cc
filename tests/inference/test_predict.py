"""The one way to run a network: any size, both precisions, and one pass over a whole picture."""

import numpy as np
import pytest
import torch

from inpainting import InpaintingPipeline
from inpainting.inference.device import fast_dtype
from inpainting.inference.predict import Predictor
from inpainting.io.tensors import pad_to_multiple
from tests.models.networks import NARROW, trained

CPU = torch.device("cpu")
PRECISIONS = [torch.float32, torch.bfloat16]


def sample(height, width, count=2):
    """Float (B, 3, H, W) and (B, 1, H, W)."""
    image, valid = torch.rand(count, 3, height, width), torch.rand(count, 1, height, width) > 0.4
    return image, valid.float()


def hole_of(rng, height, width) -> np.ndarray:
    hole = rng.random((height, width)) < 0.3
    hole[0, 0], hole[-1, -1] = False, True
    return hole


@pytest.mark.parametrize("size", [(1, 1), (3, 130), (31, 33), (64, 48)])
@pytest.mark.parametrize("name", NARROW)
def test_any_size_equals_the_network_on_padded_input(name, size):
    predictor = Predictor(trained(name), CPU, torch.float32)
    image, valid = sample(*size)
    prediction = predictor(image, valid)
    padded = (pad_to_multiple(x, predictor.model.config.multiple) for x in (image, valid))
    with torch.no_grad():
        expected = predictor.model(*padded)
    for found, whole in zip(prediction, expected, strict=True):
        if whole is None:
            assert found is None
        else:
            cut = whole[..., : size[0], : size[1]]
            torch.testing.assert_close(found, cut, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", NARROW)
def test_predictions_are_float32_without_gradients_in_either_precision(name, dtype):
    predictor = Predictor(trained(name), CPU, dtype)
    image, valid = sample(32, 40)
    prediction = predictor(image.requires_grad_(), valid)
    assert prediction.image.shape == image.shape and prediction.image.dtype == torch.float32
    assert not prediction.image.requires_grad
    assert (prediction.scale is not None) == predictor.predicts_error == name.startswith("residual")
    if prediction.scale is not None:
        assert prediction.scale.shape == valid.shape and prediction.scale.dtype == torch.float32


@pytest.mark.parametrize("name", NARROW)
def test_bfloat16_predicts_about_the_same(name):
    model = trained(name)
    image, valid = sample(64, 48)
    exact, rounded = (Predictor(model, CPU, dtype)(image, valid).image for dtype in PRECISIONS)
    difference = (exact - rounded).abs() / exact.abs().max().clamp(min=1)
    assert 0 < difference.max() and difference.mean() < 0.01


@pytest.mark.parametrize("has_it", [True, False])
def test_without_a_precision_it_is_the_cpus_fast_one(tiny_model, monkeypatch, has_it):
    monkeypatch.setattr("inpainting.inference.device.cpu_has_bfloat16", lambda: has_it)
    expected = torch.bfloat16 if has_it else torch.float32
    assert Predictor(tiny_model, "cpu").dtype is expected
    assert InpaintingPipeline(tiny_model, "cpu").predictor.dtype is expected
    for dtype in PRECISIONS:  # what is asked for is what runs
        assert Predictor(tiny_model, "cpu", dtype).dtype is dtype


@pytest.mark.parametrize("has_it", [True, False])
def test_the_copy_on_the_cpu_is_its_own_and_in_the_cpus_fast_precision(
    tiny_model, monkeypatch, has_it
):
    monkeypatch.setattr("inpainting.inference.device.cpu_has_bfloat16", lambda: has_it)
    predictor = Predictor(tiny_model, CPU, torch.float32)
    copy = predictor.on_cpu()
    assert copy.device == CPU and copy.dtype is fast_dtype(CPU)
    weights = zip(predictor.model.parameters(), copy.model.parameters(), strict=True)
    assert all(torch.equal(a, b) and a.data_ptr() != b.data_ptr() for a, b in weights)


def test_norms_are_fused_into_a_copy(tiny_model):
    predictor = Predictor(tiny_model, CPU)
    kinds = [
        {type(module) for module in model.modules()} for model in (predictor.model, tiny_model)
    ]
    assert torch.nn.BatchNorm2d not in kinds[0] and torch.nn.BatchNorm2d in kinds[1]


def test_it_runs_without_gradients_and_leaves_them_on(tiny_model):
    predictor = Predictor(tiny_model, CPU)
    predictor(*sample(8, 8))
    assert torch.is_grad_enabled() and all(p.grad is None for p in predictor.model.parameters())


@pytest.mark.parametrize("size", [(1, 2), (31, 50), (64, 48)])
@pytest.mark.parametrize("name", NARROW)
def test_fill_is_the_pipelines_pass_over_the_whole_picture(name, size, rng):
    pipe = InpaintingPipeline(trained(name), CPU, torch.float32)
    picture, hole = rng.integers(0, 256, (*size, 3), np.uint8), hole_of(rng, *size)
    pixels, error = pipe.predictor.fill(picture, hole)
    result = pipe.fill(picture, hole, "original")
    assert pixels.dtype == np.uint8 and pixels.shape == picture.shape
    assert np.array_equal(np.asarray(result.image)[hole], pixels[hole])
    if not pipe.predictor.predicts_error:
        assert error is None and result.expected_error is None
        return
    assert error.dtype == np.float32 and error.shape == size and (error > 0).all()
    levels = np.rint(error.clip(max=255))
    assert np.array_equal(np.asarray(result.expected_error)[hole], levels[hole])


def test_fill_predicts_known_pixels_too_and_reads_no_missing_ones(rng):
    """A bare forward: nothing is pasted back, unlike what the pipeline does."""
    predictor = Predictor(trained("paper, units"), CPU, torch.float32)
    picture, hole = rng.integers(0, 256, (30, 44, 3), np.uint8), hole_of(rng, 30, 44)
    pixels, _ = predictor.fill(picture, hole)
    assert not np.array_equal(pixels[~hole], picture[~hole])
    other = np.where(hole[..., None], 255 - picture, picture)
    assert np.array_equal(predictor.fill(other, hole)[0], pixels)
