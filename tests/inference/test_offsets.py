"""How a picture repeats itself, and where it has the colours of a guess."""

import numpy as np
import pytest
import torch

from inpainting.inference.level import Level
from inpainting.inference.offsets import (
    NothingToCopy,
    _best_matches,
    alike,
    describe,
    repeats,
)

PERIOD = 12, 16  # rows, columns


def periodic(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A tile of noise, again and again: float (H, W, 3)."""
    tile = np.random.default_rng(seed).uniform(40, 215, (*PERIOD, 3)).astype(np.float32)
    rows, columns = np.indices((height, width))
    return tile[rows % PERIOD[0], columns % PERIOD[1]]


def level_of(image, *boxes) -> Level:
    hole = np.zeros(image.shape[:2], bool)
    for left, top, right, bottom in boxes:
        hole[top:bottom, left:right] = True
    guess = np.where(hole[..., None], image[~hole].mean(0), image).astype(np.float32)
    return Level(guess, ~hole, hole)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_periodic_picture_repeats_by_its_period():
    level = level_of(periodic(96, 112), (40, 36, 64, 60))
    found = repeats(level, 6, generator())
    assert found.shape == (6, 2) and found.any(axis=1).all()
    assert not (found % PERIOD).any()


def test_the_most_frequent_comes_first_and_count_is_kept():
    level = level_of(periodic(96, 112), (40, 36, 64, 60))
    many = repeats(level, 30, generator())
    for count in (1, 5):
        assert np.array_equal(repeats(level, count, generator()), many[:count])


def test_what_repeats_to_the_left_repeats_to_the_right():
    level = level_of(periodic(96, 112), (70, 36, 100, 60))
    found = {tuple(offset) for offset in repeats(level, 6, generator()).tolist()}
    assert found == {(-down, -right) for down, right in found}


def test_offsets_differ():
    level = level_of(periodic(96, 112), (40, 36, 64, 60))
    found = repeats(level, 30, generator())
    assert len(np.unique(found, axis=0)) == len(found)


@pytest.mark.parametrize("nearest", [6.0, 11.5, 20.0])
def test_the_best_match_is_the_most_similar_far_enough(nearest):
    """Against loops over all sources; on a ramp the nearest ones are the most similar."""
    ramp = np.zeros((24, 30, 3), np.float32)
    ramp[..., 0] = np.arange(30)
    ramp[..., 1] = np.arange(24)[:, None] * 1.7
    described = torch.from_numpy(ramp)
    sources = np.argwhere(np.ones((24, 30), bool))
    targets = sources[::37]
    found = _best_matches(described, sources, targets, nearest)
    for target, offset in zip(targets, found, strict=True):
        away = np.hypot(*(sources - target).T)
        cost = ((ramp[tuple(sources.T)] - ramp[tuple(target)]) ** 2).sum(1)
        best = cost[away >= nearest].min()
        source = target + offset
        assert np.hypot(*offset) >= nearest
        assert abs(((ramp[tuple(source)] - ramp[tuple(target)]) ** 2).sum() - best) < 1e-2


def test_a_smooth_picture_repeats_by_nothing_near():
    ramp = np.repeat(np.linspace(0, 255, 100, dtype=np.float32)[None, :, None], 3, axis=2)
    level = level_of(np.repeat(ramp, 100, axis=0), (30, 30, 70, 70))
    found = repeats(level, 40, generator())
    # A peak of the smoothed histogram may lie a pixel beside the offsets that make it.
    assert np.hypot(*found.T).min() >= 40 / 5 - 1.5


def test_patches_without_a_match_far_enough_give_no_offsets():
    """One 9×9 corner is known: all its patches lie within 3 pixels of each other."""
    level = level_of(periodic(60, 60), (9, 0, 60, 60), (0, 9, 60, 60))
    assert repeats(level, 5, generator()).shape == (0, 2)


@pytest.mark.parametrize("side", [0, 6])
def test_without_a_whole_known_patch_there_is_nothing_to_copy(side):
    image = periodic(30, 30)
    level = level_of(image, (0, side, 30, 30), (side, 0, 30, 30)) if side else None
    if level is None:
        level = Level(image, np.zeros((30, 30), bool), np.ones((30, 30), bool))
    with pytest.raises(NothingToCopy):
        repeats(level, 5, generator())


def test_the_same_generator_gives_the_same_offsets(rng):
    image = rng.uniform(0, 255, (90, 90, 3)).astype(np.float32)
    level = level_of(image, (30, 30, 60, 60))
    for find in (
        lambda seed: repeats(level, 20, generator(seed)),
        lambda seed: alike(level, 20, 2.0, generator(seed)),
    ):
        assert np.array_equal(find(1), find(1)) and not np.array_equal(find(1), find(2))


def test_a_guess_is_led_to_where_its_colour_is():
    """Left red, middle green, right blue; in the green the hole's guess is half red, half blue."""
    image = np.zeros((60, 120, 3), np.float32)
    for k in range(3):
        image[:, 40 * k : 40 * (k + 1), k] = 200
    hole = np.zeros((60, 120), bool)
    hole[20:40, 50:70] = True
    image[hole] = 0
    image[20:40, 50:60, 0] = image[20:40, 60:70, 2] = 200
    level = Level(image, ~hole, hole)
    offsets = alike(level, 400, 2.0, generator())
    missing = level.missing()
    # Every offset serves at least one pixel of red guess in the red, or of blue in the blue.
    for offset in offsets:
        columns = missing[:, 1] + offset[1]
        to_red = (missing[:, 1] < 60) & (columns < 40)
        to_blue = (missing[:, 1] >= 60) & (columns >= 80)
        assert (to_red | to_blue).any()
    assert (offsets[:, 1] < -10).any() and (offsets[:, 1] > 10).any()


def test_of_equal_colours_the_nearest_is_alike():
    level = level_of(np.full((50, 50, 3), 90, np.float32), (20, 20, 30, 30))
    offsets = alike(level, 100, 2.0, generator())
    assert np.abs(offsets).max() <= 10


def test_alike_gives_no_more_than_asked_each_once(rng):
    image = rng.uniform(0, 255, (50, 50, 3)).astype(np.float32)
    level = level_of(image, (20, 20, 23, 22))
    for count in (1, 4, 1000):
        offsets = alike(level, count, 2.0, generator())
        assert 1 <= len(offsets) <= min(count, 6)
        assert len(np.unique(offsets, axis=0)) == len(offsets)


def test_as_many_components_as_values_keep_all_distances(rng):
    """Against patches cut by hand."""
    image = rng.uniform(0, 255, (9, 11, 3)).astype(np.float32)
    described = describe(image, np.ones((9, 11), bool), 1, 27, generator()).numpy()
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    for a, b in [((0, 0), (8, 10)), ((4, 5), (3, 3)), ((2, 10), (8, 0))]:
        first, second = (padded[y : y + 3, x : x + 3] for y, x in (a, b))
        expected = ((first - second) ** 2).sum()
        assert abs(((described[a] - described[b]) ** 2).sum() / expected - 1) < 1e-3


def test_a_bright_pixel_on_black_is_described():
    """Nearly all eigenvalues are equal: in float32 the decomposition did not converge for some."""
    which = np.zeros((64, 64), bool)
    which[3:61, 36:61] = which[3:20, 3:36] = True
    for y in range(3, 61):
        image = np.zeros((64, 64, 3), np.float32)
        image[y, 33, 0] = 69.28203
        assert torch.isfinite(describe(image, which, 3, 16, generator())).all()


def test_fewer_components_shorten_distances_as_little_as_can_be(rng):
    """A picture of two colours in stripes has one direction in which its patches differ most."""
    image = np.zeros((20, 20, 3), np.float32)
    image[:, ::2] = 100
    image += rng.uniform(0, 1, image.shape).astype(np.float32)
    which = np.zeros((20, 20), bool)
    which[2:-2, 2:-2] = True
    one = describe(image, which, 1, 1, generator()).numpy()[which]
    full = describe(image, which, 1, 27, generator()).numpy()[which]
    assert one.var() > 0.99 * full.var(axis=0).sum()
