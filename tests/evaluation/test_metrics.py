"""Closed forms, scikit-image's own answer, and the definitions at the edges."""

import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from inpainting.errors import InvalidImage, SizeMismatch
from inpainting.evaluation.metrics import PSNR_CAP, SSIM_WINDOW, Scores, l1, mse, psnr, score, ssim


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def box(height: int, width: int, rows: slice, columns: slice) -> np.ndarray:
    hole = np.zeros((height, width), bool)
    hole[rows, columns] = True
    return hole


def test_one_grey_level_everywhere():
    black = np.zeros((20, 30, 3), np.uint8)
    assert mse(black, black + 1) == 1
    assert psnr(black, black + 1) == pytest.approx(20 * math.log10(255))
    assert l1(black, black + 1) == pytest.approx(100 / 255)


def test_black_against_white_is_the_worst():
    black, white = np.zeros((12, 12, 3), np.uint8), np.full((12, 12, 3), 255, np.uint8)
    assert (mse(black, white), psnr(black, white), l1(black, white)) == (255**2, 0, 100)
    # Two constants: only SSIM's luminance term is left, c1 / (255² + c1) with c1 = (0.01 · 255)².
    assert ssim(black, white) == pytest.approx(1e-4 / (1 + 1e-4))


def test_known_mse_of_a_few_pixels():
    original = np.full((10, 10, 3), 100, np.uint8)
    result = original.copy()
    result[0, 0] = (110, 100, 97)  # squares 100 + 0 + 9
    assert mse(original, result) == pytest.approx(109 / 300)
    assert mse(original, result, box(10, 10, slice(0, 1), slice(0, 2))) == pytest.approx(109 / 6)
    assert l1(original, result) == pytest.approx(100 * 13 / 300 / 255)


def test_differences_do_not_wrap_around():
    low, high = np.full((4, 4, 3), 5, np.uint8), np.full((4, 4, 3), 250, np.uint8)
    assert mse(low, high) == mse(high, low) == 245**2


def test_hole_measures_are_whole_measures_of_a_crop():
    original, result = noise(40, 50, 1), noise(40, 50, 2)
    part = (slice(5, 25), slice(10, 42))
    hole = box(40, 50, *part)
    for measure in (mse, l1, psnr):
        expected = measure(original[part], result[part])
        assert measure(original, result, hole) == pytest.approx(expected)


def test_a_whole_hole_is_the_whole_picture():
    original, result, everything = noise(20, 20, 1), noise(20, 20, 2), np.ones((20, 20), bool)
    for measure in (mse, l1, psnr):
        assert measure(original, result, everything) == pytest.approx(measure(original, result))


def test_whole_psnr_is_hole_psnr_minus_the_hole_ratio_in_db():
    original, hole = noise(32, 32, 1), box(32, 32, slice(3, 20), slice(8, 30))
    composited = np.where(hole[..., None], noise(32, 32, 2), original)
    expected = psnr(original, composited, hole) - 10 * math.log10(hole.mean())
    assert psnr(original, composited) == pytest.approx(expected)


def test_ssim_is_scikit_images():
    original = noise(33, 47, 1)
    result = np.clip(original + np.random.default_rng(2).normal(0, 30, original.shape), 0, 255)
    result = result.astype(np.uint8)
    mean, full = structural_similarity(
        original,
        result,
        channel_axis=-1,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    hole = box(33, 47, slice(0, 9), slice(20, 47))
    assert ssim(original, result) == mean
    assert ssim(original, result, hole) == pytest.approx(full[:9, 20:].mean())
    border = SSIM_WINDOW // 2
    assert full[border:-border, border:-border].mean() == pytest.approx(mean)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2), (10, 10), (11, 10), (11, 11)])
def test_ssim_of_small_pictures_is_defined(size):
    original, result = noise(*size, seed=1), noise(*size, seed=2)
    assert ssim(original, original) == 1
    assert -1 <= ssim(original, result) < 1
    assert -1 <= ssim(original, result, np.ones(size, bool)) < 1


def test_equal_pictures():
    picture, hole = noise(16, 16), box(16, 16, slice(2, 9), slice(2, 9))
    expected = Scores(math.inf, 1, 0, 0, math.inf, 1, 0, 0)
    assert score(picture, picture, hole) == expected


def test_an_empty_hole_has_no_measure():
    scores = score(noise(16, 16, 1), noise(16, 16, 2), np.zeros((16, 16), bool))
    for name in ("hole_psnr", "hole_ssim", "hole_mse", "hole_l1"):
        assert math.isnan(getattr(scores, name))
    assert math.isfinite(scores.psnr)


@pytest.mark.parametrize("size", [(24, 31), (8, 300), (3, 2), (700, 540)])
def test_score_is_each_measure(size):
    """Also where it is added up square by square, most of them untouched."""
    original, hole = noise(*size, 1), np.zeros(size, bool)
    hole[: size[0] // 3 + 1, size[1] // 2 :] = True
    result = np.where(hole[..., None], noise(*size, 2), original)
    scores = score(original, result, hole)
    for name, measure in {"psnr": psnr, "ssim": ssim, "mse": mse, "l1": l1}.items():
        assert getattr(scores, name) == pytest.approx(measure(original, result), rel=1e-11)
        own = measure(original, result, hole)
        assert getattr(scores, f"hole_{name}") == pytest.approx(own, rel=1e-11)


def test_the_cap_is_an_rms_error_of_a_quarter_grey_level():
    rms = 255 / 10 ** (PSNR_CAP / 20)
    assert rms == pytest.approx(0.255)


def test_wrong_input_is_refused():
    picture = noise(8, 9)
    with pytest.raises(InvalidImage, match="float64 .* uint8"):
        mse(picture / 255, picture)
    with pytest.raises(InvalidImage, match=r"\(8, 9\)"):
        ssim(picture[..., 0], picture[..., 0])
    with pytest.raises(InvalidImage, match="9×8 .* 8×8"):
        psnr(picture, picture[:, :8])
    with pytest.raises(SizeMismatch, match="8×9 .* 9×8"):
        score(picture, picture, np.zeros((9, 8), bool))
