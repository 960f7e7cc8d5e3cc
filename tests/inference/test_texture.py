"""A hole filled with known pixels: which ones, and what of the picture never matters."""

import cv2
import numpy as np
import pytest
import torch

from inpainting.evaluation.texture import texture
from inpainting.inference.level import Level
from inpainting.inference.offsets import NothingToCopy
from inpainting.inference.texture import _copied, _scale, fill_with_texture

CPU = torch.device("cpu")
PERIOD = 12, 16


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def periodic(height: int, width: int, grain: int = 1) -> np.ndarray:
    """A tile again and again, uint8 (H, W, 3): noise in squares of so many pixels."""
    tile = np.random.default_rng(5).integers(40, 216, (*PERIOD, 3), dtype=np.uint8)
    tile = tile.repeat(grain, 0).repeat(grain, 1)
    rows, columns = np.indices((height, width))
    return tile[rows % tile.shape[0], columns % tile.shape[1]]


def hole_with(height, width, *boxes):
    hole = np.zeros((height, width), bool)
    for left, top, right, bottom in boxes:
        hole[top:bottom, left:right] = True
    return hole


def guessed(truth, hole, colour=None):
    """The picture with its mean colour, or another one, in the hole."""
    picture = truth.copy()
    picture[hole] = truth[~hole].mean(axis=0).round() if colour is None else colour
    return picture


def blurred(truth, hole, sigma: float = 3):
    """The picture with its local mean in the hole: what a perfect network would guess."""
    return np.where(hole[..., None], cv2.GaussianBlur(truth, (0, 0), sigma), truth)


def filled(picture, known, hole, seed=0, **options):
    """The whole picture."""
    result = picture.copy()
    result[hole] = fill_with_texture(picture, known, hole, generator(seed), CPU, **options)
    return result


def psnr(truth, result, hole) -> float:
    error = (truth[hole].astype(float) - result[hole]) ** 2
    return 10 * np.log10(255**2 / max(error.mean(), 1e-9))


@pytest.mark.parametrize("box", [(70, 60, 105, 95), (0, 60, 30, 90), (120, 100, 160, 140)])
def test_a_periodic_texture_is_restored(box):
    truth = periodic(140, 160)
    hole = hole_with(140, 160, box)
    picture = blurred(truth, hole)
    result = filled(picture, ~hole, hole)
    assert psnr(truth, result, hole) > 22 > psnr(truth, picture, hole) + 5
    assert texture(result, hole, truth).sharpness == pytest.approx(1, abs=0.1)
    assert texture(picture, hole, truth).sharpness < 0.5


def test_so_is_one_in_a_hole_that_is_looked_at_in_blocks():
    """Squares of 4 pixels, a period of 48 and 64, blocks of 3."""
    truth = periodic(420, 480, grain=4)
    hole = hole_with(420, 480, (180, 150, 300, 270))
    most = hole.sum() // 4 - 5
    assert _scale(hole, most) > 1
    picture = blurred(truth, hole, 12)
    result = filled(picture, ~hole, hole, most_missing=most)
    assert psnr(truth, result, hole) > 22 > psnr(truth, picture, hole) + 5
    assert texture(result, hole, truth).sharpness == pytest.approx(1, abs=0.1)


def test_of_a_large_hole_few_blocks_are_looked_at():
    for side, most in [(40, 1600), (41, 1600), (400, 1600), (1000, 300)]:
        hole = np.ones((side, side), bool)
        scale = _scale(hole, most)
        assert side**2 <= most * scale**2 and (scale == 1) == (side**2 <= most)


@pytest.mark.parametrize("most", [10_000, 500])
def test_only_what_is_known_is_copied(rng, most):
    """Everything known is greenish: no red of what is transparent, no blue of another hole."""
    picture = np.zeros((150, 170, 3), np.uint8)
    picture[..., 1] = rng.integers(100, 256, (150, 170))
    hole = hole_with(150, 170, (60, 50, 100, 95))
    other, clear = hole_with(150, 170, (105, 30, 140, 80)), hole_with(150, 170, (20, 60, 45, 120))
    picture[other], picture[clear] = (0, 0, 255), (255, 0, 0)
    picture[hole] = 0, 178, 0
    known = ~(hole | other | clear)
    result = filled(picture, known, hole, most_missing=most)
    assert result[hole][:, (0, 2)].max() <= 3
    assert result[hole][:, 1].std() > 20, "and there is texture"


@pytest.mark.parametrize("most", [10_000, 500])
def test_what_hides_in_unknown_pixels_never_matters(rng, most):
    truth = rng.integers(0, 256, (141, 173, 3), dtype=np.uint8)
    hole = hole_with(141, 173, (60, 50, 100, 95))
    hidden = hole_with(141, 173, (95, 30, 140, 80), (20, 96, 75, 120)) & ~hole
    picture = guessed(truth, hole)
    vandalised = picture.copy()
    vandalised[hidden] = 255, 0, 0
    a, b = (filled(p, ~(hole | hidden), hole, most_missing=most) for p in (picture, vandalised))
    assert np.array_equal(a[hole], b[hole])


@pytest.mark.parametrize("sides", [(140, 160), (141, 163)])
@pytest.mark.parametrize("most", [10_000, 500])
def test_at_the_pictures_end_a_fill_is_as_bright_as_elsewhere(sides, most):
    """Whatever the sides are multiples of."""
    rng = generator(3)
    picture = rng.integers(150, 251, (*sides, 3), dtype=np.uint8)
    hole = hole_with(*sides, (sides[1] - 45, sides[0] - 40, sides[1], sides[0]))
    result = filled(guessed(picture, hole), ~hole, hole, most_missing=most)
    corner = result[-4:, -4:].astype(float).mean()
    assert abs(corner - 200) < 30 and result[hole].mean() == pytest.approx(200, abs=6)


def test_the_same_generator_gives_the_same_bytes_and_tries_differ(rng):
    truth = rng.integers(0, 256, (100, 110, 3), dtype=np.uint8)
    hole = hole_with(100, 110, (40, 35, 75, 65))
    picture = guessed(truth, hole)
    best, again, try_1, try_1_again, try_2 = (
        filled(picture, ~hole, hole, seed, vary=seed > 0) for seed in (0, 0, 1, 1, 2)
    )
    assert np.array_equal(best, again) and np.array_equal(try_1, try_1_again)
    for a, b in [(best, try_1), (best, try_2), (try_1, try_2)]:
        assert not np.array_equal(a, b)


def test_the_callers_arrays_stay_as_they_are(rng):
    truth = rng.integers(0, 256, (61, 75, 3), dtype=np.uint8)
    hole = hole_with(61, 75, (30, 20, 50, 40))
    given = guessed(truth, hole), ~hole, hole
    copies = [array.copy() for array in given]
    colours = fill_with_texture(*given, generator(), CPU)
    assert colours.shape == (hole.sum(), 3) and colours.dtype == np.uint8
    assert all(np.array_equal(*pair) for pair in zip(given, copies, strict=True))


def frame(side: int, width: int):
    return hole_with(side, side, (width, width, side - width, side - width))


@pytest.mark.parametrize("most", [10_000, 300])
@pytest.mark.parametrize(
    "hole",
    [frame(60, 2), frame(60, 1), hole_with(50, 50, (5, 0, 50, 50), (0, 5, 50, 50)),
     hole_with(1, 90, (40, 0, 50, 1)), hole_with(2, 2, (1, 1, 2, 2)), ~hole_with(70, 70)],
    ids=["frame of 2", "frame of 1", "corner", "line", "tiny", "nothing known"],
)  # fmt: skip
def test_where_no_patch_is_known_there_is_nothing_to_copy(rng, hole, most):
    picture = rng.integers(0, 256, (*hole.shape, 3), dtype=np.uint8)
    with pytest.raises(NothingToCopy):
        fill_with_texture(picture, ~hole, hole, generator(), CPU, most_missing=most)


def test_of_one_colour_there_is_nothing_to_copy():
    hole = hole_with(80, 90, (30, 30, 60, 50))
    picture = guessed(np.full((80, 90, 3), (10, 200, 30), np.uint8), hole, (250, 3, 90))
    with pytest.raises(NothingToCopy):
        fill_with_texture(picture, ~hole, hole, generator(), CPU)


def test_steps_are_told_and_an_exception_ends_them(rng):
    picture = rng.integers(0, 256, (60, 70, 3), dtype=np.uint8)
    hole, told = hole_with(60, 70, (30, 20, 50, 40)), []
    fill_with_texture(picture, ~hole, hole, generator(), CPU, on_step=lambda: told.append(None))
    assert 5 < len(told) < 150

    def stop_at(number):
        told.append(None)
        if len(told) == number:
            raise KeyboardInterrupt

    for number in range(1, len(told) + 1):
        told.clear()
        with pytest.raises(KeyboardInterrupt):
            fill_with_texture(
                picture, ~hole, hole, generator(), CPU, on_step=lambda n=number: stop_at(n)
            )
        assert len(told) == number


def block_level(picture, hole, scale: int) -> Level:
    return Level.shrunk(picture, ~hole, hole, scale)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_pixels_are_copied_along_their_blocks_offsets(scale):
    truth = periodic(96, 128)
    hole = hole_with(96, 128, (65, 34, 98, 61))
    level = block_level(truth, hole, scale)
    down, right = np.array((0, -3 * PERIOD[1])) // scale
    offsets = np.tile((down, right), (len(level.missing()), 1))
    index, found = level.look_up(level.missing() + offsets)
    assert found.all()
    guess = np.where(hole[..., None], truth.mean((0, 1)), truth).astype(np.uint8)
    copied = _copied(guess, ~hole, hole, level, offsets, level.image[index], scale)
    error = np.abs(copied.astype(int) - truth[hole])
    assert error.mean() < 10 and np.median(error) < 10  # the flat guess draws the mean colour


def test_where_offsets_meet_no_line_of_the_blocks_is_seen(rng):
    """Two halves copied from places of other brightness: no step along the blocks' edge."""
    picture = rng.integers(95, 105, (96, 160, 3), dtype=np.uint8)
    picture[:, :40] -= 60
    hole = hole_with(96, 160, (80, 32, 112, 64))
    picture[hole] = 100
    level = block_level(picture, hole, 4)
    missing = level.missing()
    offsets = np.where((missing[:, 1] < 24)[:, None], (0, -16), (0, 10))  # dark, and as bright
    index, found = level.look_up(missing + offsets)
    assert found.all()
    colours = np.full((len(missing), 3), 100, np.float32)
    picture[hole] = _copied(picture, ~hole, hole, level, offsets, colours, 4)
    step = picture[32:64, 96].astype(int) - picture[32:64, 95]
    assert abs(step.mean()) < 3 and np.abs(picture[32:64, 80:112].mean() - 100) < 5


def test_a_block_without_a_source_keeps_the_guess(rng):
    picture = rng.integers(60, 190, (48, 64, 3), dtype=np.uint8)
    hole = hole_with(48, 64, (32, 16, 48, 32))
    level = block_level(picture, hole, 2)
    offsets = np.tile((0, -10), (len(level.missing()), 1))
    offsets[level.missing()[:, 1] < 20] = 0
    colours = np.zeros((len(offsets), 3), np.float32)
    copied = _copied(picture, ~hole, hole, level, offsets, colours, 2)
    kept = np.nonzero(hole)[1] < 40
    assert np.array_equal(copied[kept], picture[hole][kept])
    assert (copied[~kept] != picture[hole][~kept]).any()
