"""On small graphs without cycles the messages find the minimum, as trying everything does."""

from itertools import product

import numpy as np
import pytest
import torch

from inpainting.inference import shift_map
from inpainting.inference.level import Level, blur_known
from inpainting.inference.offsets import describe
from inpainting.inference.shift_map import Weights, _Graph, choose_offsets

CPU = torch.device("cpu")
WEIGHTS = Weights(guess=0.2, sigma=1.0, fit=4.0)
CHAIN = [(4, x) for x in range(6)]
COLUMN = [(y, 3) for y in range(1, 7)]
CROSS = [(3, 1), (3, 2), (3, 3), (3, 4), (1, 3), (2, 3), (4, 3)]
COMB = [(2, 1), (2, 2), (2, 3), (2, 4), (3, 2), (3, 4)]
TWO = [(1, 1), (1, 2), (1, 3), (5, 5), (6, 5), (7, 5)]
TREES = {"chain": CHAIN, "column": COLUMN, "cross": CROSS, "comb": COMB, "two": TWO}
every_tree = pytest.mark.parametrize("places", TREES.values(), ids=TREES)


def links_of(places) -> list[tuple[int, int]]:
    """Pairs of numbers of neighbours, by loops."""
    return [
        (i, j)
        for i, (y, x) in enumerate(places)
        for j, other in enumerate(places)
        if other in ((y, x + 1), (y + 1, x))
    ]


def seam(patches, i: int, j: int, a: int, b: int) -> float:
    if a == b:
        return 0.0
    at_i, at_j = (float(((patches[k, a] - patches[k, b]) ** 2).sum()) for k in (i, j))
    return shift_map.SEAM + at_i + at_j


def energy(labels, price, patches, links) -> float:
    total = sum(price[i, label] for i, label in enumerate(labels))
    return total + sum(seam(patches, i, j, labels[i], labels[j]) for i, j in links)


def best_labels(graph: _Graph, price) -> torch.Tensor:
    """With every label allowed."""
    everywhere = torch.ones(price.shape, dtype=torch.bool)
    return graph.best_labels(torch.from_numpy(price), everywhere, lambda: None)


def least(price, patches, links) -> float:
    count, labels = price.shape
    every = product(range(labels), repeat=count)
    return min(energy(one, price, patches, links) for one in every)


@pytest.fixture
def patiently(monkeypatch):
    """Messages get from end to end of every graph here."""
    monkeypatch.setattr(shift_map, "ROUNDS", 10)


@every_tree
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.usefixtures("patiently")
def test_on_trees_the_labels_are_the_best_ones(places, seed):
    rng = np.random.default_rng(seed)
    missing = np.array(sorted(places))
    links = links_of([tuple(place) for place in missing.tolist()])
    price = rng.uniform(0, 4 * shift_map.SEAM, (len(missing), 4)).astype(np.float32)
    patches = rng.uniform(0, 20, (len(missing), 4, 3)).astype(np.float32)
    graph = _Graph((8, 8), missing, torch.from_numpy(patches))
    labels = best_labels(graph, price).tolist()
    found, best = energy(labels, price, patches, links), least(price, patches, links)
    assert found == pytest.approx(best, rel=1e-5)
    alone = energy(price.argmin(1).tolist(), price, patches, links)
    assert alone >= best


def test_the_trees_are_no_easy_ones():
    """Somewhere each pixel's own cheapest label is not the best one."""
    rng = np.random.default_rng(0)
    links = links_of(CHAIN)
    price = rng.uniform(0, 4 * shift_map.SEAM, (len(CHAIN), 4)).astype(np.float32)
    patches = rng.uniform(0, 20, (len(CHAIN), 4, 3)).astype(np.float32)
    alone = energy(price.argmin(1).tolist(), price, patches, links)
    assert alone > least(price, patches, links) + 1


@every_tree
def test_seams_are_what_loops_say_symmetric_and_nothing_on_the_diagonal(rng, places):
    missing = np.array(sorted(places))
    patches = rng.uniform(-9, 9, (len(missing), 5, 3)).astype(np.float32)
    graph = _Graph((8, 8), missing, torch.from_numpy(patches))
    pairs = []
    for links in graph.links.values():
        for first, second, seams in zip(links.first, links.second, links.seams, strict=True):
            pairs.append((int(first), int(second)))
            assert torch.allclose(seams, seams.T, atol=1e-2) and not seams.diagonal().any()
            for a, b in product(range(5), repeat=2):
                expected = seam(patches, *pairs[-1], a, b)
                assert float(seams[a, b]) == pytest.approx(expected, rel=1e-4, abs=1e-2)
    assert sorted(pairs) == sorted(links_of([tuple(p) for p in missing.tolist()]))


def small_level(rng, places, with_error: bool = False) -> Level:
    image = rng.uniform(0, 15, (8, 8, 3)).astype(np.float32)
    hole = np.zeros((8, 8), bool)
    hole[tuple(np.transpose(places))] = True
    error = rng.uniform(0, 40, (8, 8)).astype(np.float32) if with_error else None
    return Level(image, ~hole, hole, error)


def slow_price(level: Level, offsets, weights: Weights) -> np.ndarray:
    """As the module's docstring says it, by loops: (N, L)."""
    mean = blur_known(level.image, level.known, weights.sigma)
    squares = blur_known(level.image**2, level.known, weights.sigma)
    reach, height, width = shift_map.REACH, *level.hole.shape

    def is_known(y, x):
        return 0 <= y < height and 0 <= x < width and level.known[y, x]

    price = np.zeros((len(level.missing()), len(offsets)))
    for i, (y, x) in enumerate(level.missing()):
        for a, (down, right) in enumerate(offsets):
            if not is_known(y + down, x + right):
                price[i, a] = shift_map.FORBIDDEN
                continue
            there = mean[y + down, x + right].astype(float)
            price[i, a] = weights.guess * ((there - level.image[y, x]) ** 2).sum()
            if level.error is not None:
                error = float(level.error[y, x])
                variance = (squares[y + down, x + right].astype(float) - there**2).sum()
                above = max(0, variance) ** 0.5 - shift_map.CONTRAST * error
                price[i, a] += max(0, above) ** 2
                sureness = shift_map.USUAL_ERROR**2 / (error**2 + 1)
                price[i, a] *= np.clip(sureness, *shift_map.SURENESS)
            for v, u in product(range(-reach, reach + 1), repeat=2):
                if (v, u) == (0, 0) or not is_known(y + v, x + u):
                    continue
                error = shift_map.UNKNOWN
                if is_known(y + down + v, x + right + u):
                    given = level.image[y + v, x + u].astype(float)
                    error = ((level.image[y + down + v, x + right + u] - given) ** 2).sum()
                price[i, a] += 2 / (abs(v) + abs(u)) * error
    return price.clip(max=shift_map.FORBIDDEN)


@every_tree
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("patiently")
def test_the_chosen_offsets_have_the_least_energy_of_all(places, seed):
    level = small_level(np.random.default_rng(seed), places, with_error=seed % 2 > 0)
    offsets = np.array([(-1, 0), (1, 1), (2, -1), (0, 2)])
    chosen = choose_offsets(level, offsets, WEIGHTS, np.random.default_rng(0), CPU)

    price = slow_price(level, offsets, WEIGHTS)
    described = describe(level.image, level.known, shift_map.RADIUS, shift_map.COMPONENTS,
                         np.random.default_rng(0)).numpy()  # fmt: skip
    missing = level.missing()
    scale = WEIGHTS.fit**0.5 / (2 * shift_map.RADIUS + 1)
    patches = np.zeros((len(missing), len(offsets), described.shape[-1]))
    for i, a in product(range(len(missing)), range(len(offsets))):
        y, x = (missing[i] + offsets[a]).clip(0, 7)
        patches[i, a] = described[y, x] * scale
    links = links_of([tuple(place) for place in missing.tolist()])
    # A pixel that was led nowhere stands for any label that leads nowhere.
    options = [
        [a for a in range(len(offsets)) if (offsets[a] == chosen[i]).all()]
        or np.flatnonzero(price[i] >= shift_map.FORBIDDEN).tolist()
        for i in range(len(missing))
    ]
    found = min(energy(labels, price, patches, links) for labels in product(*options))
    assert found == pytest.approx(least(price, patches, links), rel=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_chosen_leads_to_known_pixels(seed):
    rng = np.random.default_rng(seed)
    image = rng.uniform(0, 255, (24, 24, 3)).astype(np.float32)
    hole = np.zeros((24, 24), bool)
    hole[7:17, 7:17] = True
    known = ~hole & (rng.random((24, 24)) < 0.8)
    level = Level(image, known, hole)
    offsets = rng.integers(-14, 15, (30, 2))
    chosen = choose_offsets(level, offsets, WEIGHTS, rng, CPU)
    missing = level.missing()
    assert chosen.shape == missing.shape
    shares = [level.look_up(missing + offset)[1].mean() for offset in offsets]
    helpful = offsets[np.array(shares) > 0.1]  # those for a few pixels only may be left out
    assert len(helpful) > 5
    for place, offset in zip(missing, chosen, strict=True):
        if level.look_up(place + helpful)[1].any():
            assert level.look_up(place + offset)[1] and (offsets == offset).all(axis=1).any()
        elif not level.look_up(place + offsets)[1].any():
            assert offset.tolist() == [0, 0]


def test_where_nothing_leads_to_the_known_the_offset_is_nothing(rng):
    level = small_level(rng, CHAIN)
    for offsets in ([(20, 0), (0, 30)], [(0, 0)]):
        chosen = choose_offsets(level, np.array(offsets), WEIGHTS, rng, CPU)
        assert chosen.shape == (len(CHAIN), 2) and not chosen.any()


def test_a_lone_pixel_takes_its_cheapest_offset(rng):
    level = small_level(rng, [(4, 4)])
    offsets = np.array([(-2, 0), (1, 1), (2, -1), (0, 3), (3, 3)])
    chosen = choose_offsets(level, offsets, WEIGHTS, rng, CPU)
    best = slow_price(level, offsets, WEIGHTS)[0].argmin()
    assert chosen.tolist() == [offsets[best].tolist()]


@pytest.mark.parametrize("error, striped", [(None, True), (60, True), (2, False)])
def test_where_the_guess_is_sure_nothing_of_more_contrast_is_copied(error, striped):
    """Grey missing; of its colour are stripes, and nearly of its colour is a plain part."""
    image = np.full((30, 60, 3), 100, np.float32)
    image[:, :20:2], image[:, 1:20:2] = 60, 140
    image[:, 40:] = 106
    hole = np.zeros((30, 60), bool)
    hole[12:18, 27:33] = True
    known = ~hole & (np.arange(60) // 20 != 1)
    expected = None if error is None else np.where(hole, np.float32(error), 0)
    level = Level(image, known, hole, expected)
    offsets = np.array([(0, -20), (0, 20)])
    weights = Weights(guess=1.0, sigma=2.0, fit=4.0)
    chosen = choose_offsets(level, offsets, weights, np.random.default_rng(0), CPU)
    assert (chosen == offsets[0 if striped else 1]).all()


def test_other_generators_handicap_other_offsets(rng):
    level = small_level(rng, [(4, 4)])
    offsets = np.array([(-2, 0), (1, 1), (2, -1), (0, 3), (3, 3)])

    def chosen(seed, handicap):
        return tuple(
            choose_offsets(level, offsets, WEIGHTS, np.random.default_rng(seed), CPU, handicap)[0]
        )

    assert len({chosen(seed, 0.0) for seed in range(12)}) == 1
    assert len({chosen(seed, 2e4) for seed in range(12)}) > 1
    assert chosen(5, 2e4) == chosen(5, 2e4)


def test_rounds_are_told_and_an_exception_ends_them(rng):
    level, told = small_level(rng, CHAIN), []
    offsets = np.array([(-1, 0), (1, 1)])
    choose_offsets(level, offsets, WEIGHTS, rng, CPU, on_round=lambda: told.append(None))
    assert len(told) == shift_map.ROUNDS

    def stop():
        told.append(None)
        raise KeyboardInterrupt

    told.clear()
    with pytest.raises(KeyboardInterrupt):
        choose_offsets(level, offsets, WEIGHTS, rng, CPU, on_round=stop)
    assert len(told) == 1
