"""What the comparison of systems measures of some of them alone, on small networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.own_figures import (
    HINTS,
    NEAR,
    SHARES,
    draw_sources,
    f1_within,
    hints_table,
    lines_table,
    passes_table,
)
from inpainting import ResidualUNet
from inpainting.evaluation.protocol import Pair
from tests.conftest import TINY
from tests.models.networks import follow_guides


@pytest.fixture
def pairs(rng) -> list[Pair]:
    """A picture with a border through its hole, twice."""
    original = np.full((32, 32, 3), 60, np.uint8)
    original[:, 16:] = 180
    original += rng.integers(0, 10, original.shape, dtype=np.uint8)
    hole = np.zeros((32, 32), bool)
    hole[6:26, 6:26] = True
    return [Pair(index, "irregular", "", "", original, hole) for index in range(2)]


def network(**changes) -> ResidualUNet:
    torch.manual_seed(0)
    one = ResidualUNet(replace(TINY, **changes)).eval()
    torch.nn.init.normal_(one.head.weight, std=0.1)
    if one.guide is not None:
        follow_guides(one)
    return one


def cells(table: str) -> list[list[str]]:
    """Of a Markdown table, without its head."""
    return [[c.strip() for c in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def test_hints_bring_a_start_nearer(pairs, rng):
    coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8))
    soft = np.array(coarse.resize((32, 32), Image.Resampling.BICUBIC))
    pairs = [replace(pair, original=soft) for pair in pairs]
    [[name, plain, *gains, apart]] = cells(hints_table({"plain": ResidualUNet(TINY)}, pairs))
    assert name == "plain" and float(plain) > 10 and len(gains) == len(HINTS) - 1
    assert float(gains[-1]) > 0 and float(apart) >= 0


def test_lines_change_a_fill_and_structure_is_measured(pairs):
    networks = {"seen": network(guides=True), "predicted": network(structure=(4, 4))}
    seen, predicted = cells(lines_table(networks, pairs))
    for row in (seen, predicted):
        assert len(row) == 2 + len(SHARES[1:]) + 2 and float(row[4]) != 0
    assert seen[-2:] == ["–", "–"] and 0 <= float(predicted[-2]) <= 1
    assert float(predicted[-1]) > 10


def test_every_pass_is_measured(pairs):
    rows = cells(passes_table({"one": network(passes=3, norm="none")}, pairs))
    assert [row[1] for row in rows] == ["1", "2", "3"]
    assert all(float(row[2]) > 5 and float(row[3]) >= 0 for row in rows)


def test_f1_by_hand():
    hole = np.ones((20, 20), bool)
    true = np.zeros_like(hole)
    true[:, 10] = True
    assert f1_within(true, true, hole) == 1
    assert f1_within(np.roll(true, NEAR, 1), true, hole) == 1
    assert f1_within(np.roll(true, NEAR + 1, 1), true, hole) == 0
    half = true.copy()
    half[10:] = False  # found within 2 px of the end, too: 12 of 20
    assert f1_within(half, true, hole) == pytest.approx(2 * 0.6 / 1.6)
    assert np.isnan(f1_within(true, true, ~hole))


def test_the_map_of_attention_is_drawn(pairs, tmp_path):
    shape = {"channels": (8, 8, 12), "kernels": (3,) * 3, "strides": (1, 2, 2), "units": (1,) * 3}
    draw_sources(network(context="attention", **shape), pairs[0], tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as drawn:
        assert drawn.size == (96, 32)
