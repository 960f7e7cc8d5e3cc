"""What every classical fill promises, and what each recovers exactly."""

import numpy as np
import pytest

from inpainting.classical.diffusion import biharmonic, mean_fill
from inpainting.classical.registry import CLASSICAL
from inpainting.errors import NothingKnown, SizeMismatch

every_fill = pytest.mark.parametrize(
    "fill", [classical.fill for classical in CLASSICAL.values()], ids=CLASSICAL.keys()
)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def blob(height: int, width: int) -> np.ndarray:
    """A hole in the middle and one at the border."""
    hole = np.zeros((height, width), bool)
    hole[height // 3 : height // 2, width // 4 : width // 2] = True
    hole[: height // 5, -width // 6 :] = True
    return hole


@every_fill
@pytest.mark.parametrize("size", [(24, 36), (31, 17)])
def test_only_hole_pixels_change_and_the_input_stays(fill, size):
    image, hole = noise(*size), blob(*size)
    before = image.copy()
    result = fill(image, hole)
    assert result.dtype == np.uint8 and result.shape == image.shape
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(result[~hole], image[~hole])


@every_fill
def test_hole_content_is_never_read(fill):
    image, hole = noise(24, 36), blob(24, 36)
    vandalised = np.where(hole[..., None], noise(24, 36, seed=1), image)
    np.testing.assert_array_equal(fill(image, hole), fill(vandalised, hole))


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("mean", 0), ("telea", 3), ("ns", 0), ("biharmonic", 0), ("patchmatch", 0)],
)
def test_a_constant_colour_is_recovered(name, tolerance):
    """OpenCV's Telea adds its rounding up from pixel to pixel."""
    image, hole = np.full((32, 40, 3), (200, 17, 90), np.uint8), blob(32, 40)
    result = CLASSICAL[name].fill(np.where(hole[..., None], np.uint8(0), image), hole)
    assert np.abs(result.astype(int) - image).max() <= tolerance


@every_fill
def test_an_empty_hole_gives_a_copy(fill):
    image = noise(16, 16)
    result = fill(image, np.zeros((16, 16), bool))
    np.testing.assert_array_equal(result, image)
    assert not np.shares_memory(result, image)


@every_fill
def test_a_full_hole_is_refused(fill):
    with pytest.raises(NothingKnown):
        fill(noise(16, 16), np.ones((16, 16), bool))


@every_fill
def test_another_size_is_refused(fill):
    with pytest.raises(SizeMismatch):
        fill(noise(16, 18), np.zeros((18, 16), bool))


@every_fill
def test_one_known_pixel_is_enough(fill):
    image, hole = noise(8, 8), np.ones((8, 8), bool)
    hole[3, 4] = False
    assert fill(image, hole)[3, 4].tolist() == image[3, 4].tolist()


def test_mean_fill_is_the_rounded_mean_of_known_pixels():
    image = np.zeros((1, 4, 3), np.uint8)
    image[0, :, 0] = (10, 11, 12, 255)
    image[0, :, 1] = (0, 0, 2, 255)  # mean 0.67
    hole = np.array([[False, False, False, True]])
    assert mean_fill(image, hole)[0, 3].tolist() == [11, 1, 0]


def test_biharmonic_recovers_linear_ramps():
    y, x = np.mgrid[:40, :48]
    image = np.stack([4 * x + y, 200 - 2 * x, 2 * y + x], axis=-1).astype(np.uint8)
    hole = np.zeros((40, 48), bool)
    hole[10:25, 12:30] = True
    holed = np.where(hole[..., None], np.uint8(0), image)
    np.testing.assert_array_equal(biharmonic(holed, hole), image)
