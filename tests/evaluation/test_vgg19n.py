"""Features and their two distances, against slow loops; files that are something else."""

import math

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inpainting.errors import CheckpointError
from inpainting.evaluation import scoring
from inpainting.evaluation.texture import texture
from inpainting.evaluation.vgg19n import SHAPES, Vgg19n
from tests.evaluation.samples import noise


def random_weights() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(shape, generator=generator) / math.prod(shape[1:]) ** 0.5
        for name, shape in SHAPES.items()
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("vgg") / "weights.safetensors"
    save_file(random_weights(), file)
    return file


@pytest.fixture(scope="module")
def vgg(path) -> Vgg19n:
    return Vgg19n(path)


@pytest.fixture
def hole() -> np.ndarray:
    inside = np.zeros((21, 27), bool)
    inside[5:12, 8:17] = True
    return inside


def test_features_are_those_of_torchs_own_layers(vgg):
    """nn.Conv2d with its own reflection, and its pools."""
    weights, picture = random_weights(), noise(21, 27)
    sizes = [("conv1_1", 3, 64), ("conv1_2", 64, 64), ("pool", 0, 0), ("conv2_1", 64, 128),
             ("conv2_2", 128, 128), ("pool", 0, 0), ("conv3_1", 128, 256)]  # fmt: skip
    seen = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    matrix = weights["preprocess.weight"][:, :, 0, 0]
    seen = torch.einsum("oi,bihw->bohw", matrix, seen)
    seen = seen + weights["preprocess.bias"][:, None, None]
    expected = []
    for name, inner, outer in sizes:
        if name == "pool":
            seen = torch.nn.MaxPool2d(2)(seen)
            continue
        layer = torch.nn.Conv2d(inner, outer, 3, padding=1, padding_mode="reflect")
        state = {part: weights[f"{name}.{part}"] for part in ("weight", "bias")}
        layer.load_state_dict(state)
        with torch.no_grad():
            seen = layer(seen).relu()
        expected.append(seen[0])
    found = vgg.features(picture)
    assert [tuple(each.shape) for each in found] == [
        (64, 21, 27), (64, 21, 27), (128, 10, 13), (128, 10, 13), (256, 5, 6),
    ]  # fmt: skip
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
        assert ours.dtype == torch.float32 and not ours.requires_grad


def test_distances_are_what_loops_over_positions_give(vgg, hole):
    original = noise(21, 27)
    result = np.where(hole[..., None], noise(21, 27, seed=1), original)
    vggs, grams = [], []
    layers = zip((1, 1, 2, 2, 4), vgg.features(original), vgg.features(result), strict=True)
    for step, truth, filled in layers:
        squares, matrix, other, count = [], 0, 0, 0
        for y, x in np.ndindex(*truth.shape[1:]):
            if hole[y * step : (y + 1) * step, x * step : (x + 1) * step].any():
                a, b = truth[:, y, x].double().numpy(), filled[:, y, x].double().numpy()
                unit_a, unit_b = a / np.linalg.norm(a), b / np.linalg.norm(b)
                squares.append(((unit_a - unit_b) ** 2).sum())
                matrix, other = matrix + np.outer(a, a), other + np.outer(b, b)
                count += 1
        vggs.append(np.mean(squares))
        matrix, other = matrix / count, other / count
        grams.append(np.linalg.norm(other - matrix) / np.linalg.norm(matrix))
    assert vgg.distances(original, result, hole) == pytest.approx(
        (np.mean(vggs), np.mean(grams)), rel=1e-4
    )


def test_equal_pictures_have_no_distance(vgg, hole):
    assert vgg.distances(noise(21, 27), noise(21, 27), hole) == (0, 0)


def test_the_features_of_an_original_are_computed_once(vgg, hole, monkeypatch):
    seen, features = [], vgg.features
    monkeypatch.setattr(vgg, "features", lambda picture: seen.append(picture) or features(picture))
    original, others = noise(21, 27, seed=5), [noise(21, 27, seed=i) for i in (6, 7)]
    measured = [vgg.distances(original, other, hole) for other in others]
    assert len(seen) == 3 and len(set(measured)) == 2
    changed = original.copy()
    original[0, 0] ^= 255  # the caller's array may change afterwards
    assert vgg.distances(changed, others[0], hole) == measured[0] and len(seen) == 4


@pytest.mark.parametrize("size", [(8, 8), (8, 30), (9, 11)])
def test_the_smallest_pictures_are_measured_and_smaller_ones_are_not(vgg, size):
    inside = np.zeros(size, bool)
    inside[2:5, 2:5] = True
    assert all(map(math.isfinite, vgg.distances(noise(*size), noise(*size, seed=1), inside)))
    small = inside[:7], noise(7, size[1])
    assert all(map(math.isnan, vgg.distances(small[1], small[1], small[0])))


def test_a_hole_beyond_the_last_whole_position_counts_where_it_can_be_seen(vgg):
    inside = np.zeros((9, 11), bool)
    inside[8, 10] = True  # pools leave it out
    assert all(map(math.isfinite, vgg.distances(noise(9, 11), noise(9, 11, seed=1), inside)))


def test_textures_have_them_where_there_is_a_truth(vgg, hole):
    original, result = noise(21, 27), noise(21, 27, seed=1)
    measured = texture(result, hole, original, vgg)
    assert (measured.vgg, measured.gram) == vgg.distances(original, result, hole)
    assert math.isnan(texture(result, hole, vgg=vgg).vgg)
    assert math.isnan(texture(result, hole, original).gram)


def test_a_file_is_read_once_per_process(path):
    assert scoring.vgg_of(path) is scoring.vgg_of(path) and scoring.vgg_of(None) is None


@pytest.mark.parametrize("problem", ["missing", "no file of its kind", "lacks", "shape", "nan"])
def test_another_file_is_refused(problem, tmp_path):
    weights, file = random_weights(), tmp_path / "weights.safetensors"
    message = r"--vgg-weights .*weights\.safetensors could not be read .*normalised weights"
    if problem == "no file of its kind":
        file.write_bytes(b"no weights")
    elif problem != "missing":
        if problem == "lacks":
            del weights["conv2_2.bias"]
            message = r"conv2_2\.bias is missing"
        elif problem == "shape":
            weights["conv3_1.weight"] = weights["conv3_1.weight"][:, :, :1].contiguous()
            message = r"conv3_1\.weight is missing, not needed or of another shape"
        else:
            weights["conv1_1.bias"][0] = math.nan
            message = r"NaN or infinity in conv1_1\.bias"
        save_file(weights, file)
    with pytest.raises(CheckpointError, match=message):
        Vgg19n(file)
