"""Measures of texture: closed forms, and slow loops as oracles."""

import math
from dataclasses import asdict

import numpy as np
import pytest

from inpainting.evaluation.texture import RING, Texture, gradient, grid, ring, seam, texture
from tests.evaluation.samples import noise

NEED_TRUTH = ("sharpness", "band_1", "band_2", "band_4", "vgg", "gram")


def grey(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels.astype(np.uint8)[..., None], 3, axis=2)


@pytest.fixture
def hole() -> np.ndarray:
    inside = np.zeros((60, 80), bool)
    inside[20:40, 30:50] = True
    return inside


@pytest.fixture
def picture() -> np.ndarray:
    """Noise of moderate contrast, so that a part of it can be taken away."""
    return noise(60, 80) // 2 + 60


def test_the_truth_itself_is_as_sharp_as_the_truth(picture, hole):
    measured = texture(picture, hole, picture)
    for name in ("sharpness", "band_1", "band_2", "band_4"):
        assert getattr(measured, name) == 1
    assert measured.ring_sharpness == pytest.approx(1, abs=0.1)
    assert measured.seam == pytest.approx(1, abs=0.1)
    assert measured.texture_distance < 3 and measured.grid < 3


def test_a_flat_fill_has_no_texture(picture, hole):
    smear = np.where(hole[..., None], np.uint8(120), picture)
    measured = texture(smear, hole, picture)
    inner = np.zeros_like(hole)
    inner[20:39, 30:49] = True  # the last row and column of the hole look at known pixels
    assert gradient(smear.mean(axis=2))[inner].max() == 0
    assert measured.sharpness < 0.15 and measured.ring_sharpness < 0.15
    assert measured.band_1 < 0.1 and measured.texture_distance > 10


def test_half_the_contrast_is_half_as_sharp_and_a_quarter_of_the_energy(hole):
    levels = np.random.default_rng(0).integers(-25, 26, (60, 80)) * 4 + 120
    whole = np.ones_like(hole)
    half = (levels - 120) // 2 + 120
    measured = texture(grey(half), whole, grey(levels))
    assert measured.sharpness == pytest.approx(0.5)
    for name in ("band_1", "band_2", "band_4"):
        assert getattr(measured, name) == pytest.approx(0.25)
    assert math.isnan(measured.ring_sharpness) and math.isnan(measured.seam)
    assert math.isnan(measured.texture_distance)  # nothing is known around it


@pytest.mark.parametrize(("period", "strongest"), [(3, "band_1"), (7, "band_2"), (14, "band_4")])
def test_each_band_is_of_its_own_octave(period, strongest, hole):
    waves = np.sin(2 * np.pi * np.arange(80) / period)[None].repeat(60, axis=0)
    found = asdict(texture(grey(128 + 40 * waves), hole, noise(60, 80)))
    white = asdict(texture(noise(60, 80, seed=1), hole, noise(60, 80)))
    relative = {name: found[name] / white[name] for name in ("band_1", "band_2", "band_4")}
    assert max(relative, key=relative.get) == strongest


def test_without_a_truth_what_needs_one_is_nan(picture, hole):
    known, alone = asdict(texture(picture, hole, picture)), asdict(texture(picture, hole))
    for name in Texture.__dataclass_fields__:
        assert math.isnan(alone[name]) if name in NEED_TRUTH else alone[name] == known[name]


def test_nothing_to_be_relative_to_is_nan(hole):
    flat = np.full((60, 80, 3), 90, np.uint8)
    measured = texture(flat, hole, flat)
    for name in ("sharpness", "ring_sharpness", "band_1", "band_2", "band_4", "seam"):
        assert math.isnan(getattr(measured, name))
    assert measured.grid == measured.texture_distance == 0


@pytest.mark.parametrize("amplitude", [1, 5, 40])
@pytest.mark.parametrize("pattern", ["checkerboard", "rows", "columns"])
def test_the_grid_of_a_pattern_is_its_amplitude(pattern, amplitude, hole):
    y, x = np.mgrid[:60, :80]
    place = {"checkerboard": x + y, "rows": y, "columns": x}[pattern]
    levels = 128.0 + amplitude * (1 - 2 * (place % 2))
    assert grid(levels, hole) == pytest.approx(amplitude)
    everywhere = np.ones_like(hole)  # the picture's border, too
    assert grid(levels, everywhere) == pytest.approx(amplitude)


def test_the_grid_of_a_slope_is_nothing_and_that_of_noise_is_small(hole):
    y, x = np.mgrid[:60, :80]
    assert grid(2.0 * x + y, hole) == pytest.approx(0, abs=1e-9)
    values = np.random.default_rng(0).normal(128, 10, (400, 400))
    assert grid(values, np.ones((400, 400), bool)) < 0.2


def test_a_hole_of_one_pixel_has_no_grid():
    inside = np.zeros((9, 9), bool)
    inside[4, 4] = True
    measured = texture(noise(9, 9), inside, noise(9, 9, seed=1))
    assert measured.grid == 0 and math.isfinite(measured.sharpness)


def test_the_ring_is_of_pixels_within_a_distance():
    inside = np.zeros((70, 90), bool)
    inside[30:33, 40:50] = True
    inside[5, 5] = True
    missing = np.argwhere(inside)
    slow = np.zeros_like(inside)
    for y, x in np.ndindex(*inside.shape):
        squared = ((missing - (y, x)) ** 2).sum(axis=1).min()
        slow[y, x] = 0 < squared <= RING**2
    np.testing.assert_array_equal(ring(inside), slow)


def test_the_seam_counts_every_pair_across_the_edge_once(rng):
    levels = rng.normal(100, 20, (24, 30))
    inside = rng.random((24, 30)) < 0.2
    around = ~inside & (rng.random((24, 30)) < 0.7)
    across, beside = [], []
    for y, x in np.ndindex(24, 30):
        for down, right in ((0, 1), (1, 0)):
            if y + down < 24 and x + right < 30:
                a, b = (y, x), (y + down, x + right)
                step = abs(levels[a] - levels[b])
                if inside[a] != inside[b]:
                    across.append(step)
                if around[a] and around[b]:
                    beside.append(step)
    assert seam(levels, inside, around) == pytest.approx(np.mean(across) / np.mean(beside))


def test_a_step_of_twice_the_steps_around_it_is_a_seam_of_two():
    ramp = np.arange(60.0)[None, :].repeat(20, axis=0) * 2  # 2 levels a pixel
    inside = np.zeros((20, 60), bool)
    inside[:, 20:30] = True
    ramp[:, 20:30] += 2  # 4 on the left, 0 on the right; beside it rows differ by 0
    around = np.zeros_like(inside)
    around[0, 10:20] = True  # 9 pairs of 2
    assert seam(ramp, inside, around) == pytest.approx((4 + 0) / 2 / 2)


def test_the_texture_distance_is_how_far_gradients_must_move():
    y, x = np.mgrid[:60, :80]
    inside = np.zeros((60, 80), bool)
    inside[:, 40:] = True
    levels = np.where(inside, 40 + 2 * x, 0 + 1 * x)  # gradient 2 in the hole, 1 in the ring
    levels[:, 40:] -= levels[0, 40] - levels[0, 39] - 1  # no step
    slopes = gradient(levels.astype(float))
    assert set(slopes[inside][:-1]) <= {0, 2} and set(slopes[ring(inside)]) == {1}
    # The last column has no forward difference.
    assert texture(grey(levels), inside).texture_distance == pytest.approx((39 * 1 + 1 * 1) / 40)


def test_gradients_are_forward_differences():
    levels = np.array([[0.0, 3.0], [4.0, 4.0]])
    assert gradient(levels).tolist() == [[5.0, 1.0], [0.0, 0.0]]
