"""Errors cross process borders whole, as loader workers and GPU processes need."""

import pickle

import pytest

from inpainting.errors import EmptyHole, InpaintingError, NothingKnown, SizeMismatch


@pytest.mark.parametrize("error", [EmptyHole(), NothingKnown(), SizeMismatch((1, 2), (3, 4))])
def test_pickle_round_trip(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and str(copy) == str(error)
    assert isinstance(copy, InpaintingError) and vars(copy) == vars(error)
