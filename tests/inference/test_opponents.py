"""Colours by lightness and two opponents."""

import numpy as np

from inpainting.inference.opponents import COLOUR, from_opponents, to_opponents


def distance(first, second) -> float:
    ends = (to_opponents(np.array(colour, np.float32)) for colour in (first, second))
    return float(np.linalg.norm(next(ends) - next(ends)))


def test_there_and_back_nothing_is_lost(rng):
    image = rng.uniform(0, 255, (7, 9, 3)).astype(np.float32)
    assert np.abs(from_opponents(to_opponents(image)) - image).max() < 1e-3
    assert to_opponents(image).dtype == from_opponents(image).dtype == np.float32


def test_lightness_counts_as_before_and_colour_more():
    assert np.isclose(distance((10, 10, 10), (40, 40, 40)), 30 * 3**0.5)
    for colour in ((30, -30, 0), (0, 30, -30), (20, 20, -40)):  # of no lightness
        shifted = 100 + np.array(colour)
        assert np.isclose(distance((100, 100, 100), shifted), COLOUR * np.linalg.norm(colour))


def test_any_difference_is_its_two_parts():
    change = np.array((12.0, -5.0, 31.0))
    lightness = np.full(3, change.mean())
    squared = np.sum(lightness**2) + COLOUR**2 * np.sum((change - lightness) ** 2)
    assert np.isclose(distance((90, 90, 90), 90 + change) ** 2, squared)
