"""The bundled weights fill as they did when ``golden.npz`` was written: see golden.py."""

import numpy as np
import pytest

from tests.inference.golden import COUNT, PIXELS, SAMPLES, fills, hole_of, sample

TOLERANCE = 1  # grey level: processors round differently


@pytest.fixture(scope="module")
def filled() -> list:
    return list(fills())


def test_every_fill_is_what_it_was(filled):
    with np.load(SAMPLES) as samples:
        wanted = dict(samples)
    assert list(wanted) == [case.name for case, _ in filled] and len(wanted) == COUNT
    for number, (case, image) in enumerate(filled):
        found = sample(number, case, image)
        assert len(found) == min(PIXELS, hole_of(case).sum())
        difference = np.abs(found.astype(int) - wanted[case.name])
        assert difference.max() <= TOLERANCE, case.name


def test_pixels_outside_the_hole_are_the_originals(filled):
    for case, image in filled:
        known = ~hole_of(case)
        assert image.mode == case.image.mode and image.size == case.image.size
        assert np.array_equal(np.asarray(image)[known], np.asarray(case.image)[known]), case.name
