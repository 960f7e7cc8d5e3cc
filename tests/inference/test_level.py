"""Block means, and a blur that never looks at what is unknown."""

import cv2
import numpy as np
import pytest

from inpainting.inference.level import Level, blur_known


def noise_level(rng, height, width, *boxes) -> Level:
    """Noise, with holes (left, top, right, bottom)."""
    hole = np.zeros((height, width), bool)
    for left, top, right, bottom in boxes:
        hole[top:bottom, left:right] = True
    return Level(rng.uniform(0, 255, (height, width, 3)).astype(np.float32), ~hole, hole)


def blocks(array, scale):
    """Row, column and pixels of every block."""
    for row in range(array.shape[0] // scale):
        for column in range(array.shape[1] // scale):
            rows, columns = (slice(k * scale, (k + 1) * scale) for k in (row, column))
            yield row, column, array[rows, columns]


@pytest.mark.parametrize("scale", [1, 2, 3, 5])
def test_a_block_is_a_mean_and_known_only_as_a_whole(rng, scale):
    shape = 4 * scale, 6 * scale
    picture = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    known = rng.random(shape) < 0.9
    hole = ~known & (rng.random(shape) < 0.5)
    level = Level.shrunk(picture, known, hole, scale)
    assert level.image.shape == (4, 6, 3) and level.image.dtype == np.float32
    for row, column, pixels in blocks(picture, scale):
        mean = pixels.reshape(-1, 3).mean(axis=0, dtype=float)
        assert np.abs(level.image[row, column] - mean).max() <= 0.51, "rounded at most"
    for row, column, flags in blocks(known, scale):
        assert level.known[row, column] == flags.all()
    for row, column, flags in blocks(hole, scale):
        assert level.hole[row, column] == flags.any()
    assert not (level.known & level.hole).any()


def test_half_the_size_is_means_of_four(rng):
    level = noise_level(rng, 6, 8, (1, 2, 4, 3))
    half = level.halved()
    assert half.image.shape == (3, 4, 3) and half.image.dtype == np.float32
    for row, column, colours in blocks(level.image, 2):
        assert np.allclose(half.image[row, column], colours.reshape(4, 3).mean(0), atol=1e-3)
    expected = np.zeros((3, 4), bool)
    expected[1, :2] = True
    assert np.array_equal(half.hole, expected) and np.array_equal(half.known, ~expected)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_the_expected_error_is_the_mean_over_what_is_missing(rng, scale):
    shape = 4 * scale, 6 * scale
    picture = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    error = rng.integers(0, 256, shape, dtype=np.uint8)
    hole = rng.random(shape) < 0.4
    level = Level.shrunk(picture, ~hole, hole, scale, error)
    half = level.halved()
    for of, found, missing, side in (
        (error, level.error, hole, scale), (level.error, half.error, level.hole, 2)
    ):  # fmt: skip
        for (row, column, values), (_, _, flags) in zip(
            blocks(of, side), blocks(missing, side), strict=True
        ):
            expected = values[flags].mean() if flags.any() else 0
            assert found[row, column] == pytest.approx(expected, abs=0.01)
    assert half.with_guess(half.image).error is None
    assert Level.shrunk(picture, ~hole, hole, scale).halved().error is None


def test_a_new_guess_stands_in_the_hole_only(rng):
    level = noise_level(rng, 5, 7, (2, 1, 5, 4))
    guess = np.full((5, 7, 3), 9, np.float32)
    guided = level.with_guess(guess)
    assert (guided.image[level.hole] == 9).all()
    assert np.array_equal(guided.image[level.known], level.image[level.known])
    assert np.array_equal(guided.hole, level.hole) and not (level.image == 9).any()


def test_missing_blocks_come_in_reading_order(rng):
    level = noise_level(rng, 4, 5, (3, 0, 5, 1), (0, 2, 1, 4))
    assert level.missing().tolist() == [[0, 3], [0, 4], [2, 0], [3, 0]]


def test_places_beyond_the_level_are_moved_into_it_and_unknown(rng):
    level = noise_level(rng, 4, 5, (1, 1, 3, 3))
    places = np.stack(np.mgrid[-3:8, -3:9], axis=-1)
    (rows, columns), known = level.look_up(places)
    assert rows.shape == columns.shape == known.shape == places.shape[:2]
    for (y, x), row, column, is_known in zip(
        places.reshape(-1, 2), rows.flat, columns.flat, known.flat, strict=True
    ):
        assert (row, column) == (min(max(y, 0), 3), min(max(x, 0), 4))
        assert is_known == (0 <= y < 4 and 0 <= x < 5 and not (1 <= y < 3 and 1 <= x < 3))


@pytest.mark.parametrize("sigma", [0.8, 2.0, 3.0])
def test_where_all_is_known_it_is_a_plain_blur(rng, sigma):
    image = rng.uniform(0, 255, (20, 30, 3)).astype(np.float32)
    blurred = blur_known(image, np.ones((20, 30), bool), sigma)
    assert np.abs(blurred - cv2.GaussianBlur(image, (0, 0), sigma)).max() < 1e-2


def test_a_blur_never_looks_at_unknown_pixels(rng):
    image = rng.uniform(0, 255, (20, 30, 3)).astype(np.float32)
    known = rng.random((20, 30)) < 0.7
    vandalised = np.where(known[..., None], image, np.float32(1e30))
    assert np.array_equal(blur_known(image, known, 2.0), blur_known(vandalised, known, 2.0))


def test_a_blur_is_the_weighted_mean_of_known_pixels():
    """By loops, in the middle, where no border is in reach."""
    rng, sigma = np.random.default_rng(4), 1.0
    image = rng.uniform(0, 255, (15, 15, 3)).astype(np.float32)
    known = rng.random((15, 15)) < 0.5
    total, share = np.zeros(3), 0.0
    for y, x in np.argwhere(known):
        weight = np.exp(-((y - 7) ** 2 + (x - 7) ** 2) / (2 * sigma**2))
        total, share = total + weight * image[y, x], share + weight
    assert np.abs(blur_known(image, known, sigma)[7, 7] - total / share).max() < 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2)])
def test_tiny_levels_blur_too(shape):
    image = np.full((*shape, 3), 77, np.float32)
    assert np.abs(blur_known(image, np.ones(shape, bool), 2.0) - 77).max() < 1e-2
