"""Polarity: white = repaint, True = missing, 1 = known; nothing else anywhere."""

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting.errors import EmptyHole, NothingKnown, SizeMismatch
from inpainting.masks.convert import (
    MASK_THRESHOLD,
    batch_of,
    black_and_white,
    composite,
    hole_from_mask_image,
    is_white,
    mask_image_from_hole,
    valid_from_hole,
)


def test_white_is_missing_is_zero():
    levels = [[255, 0, MASK_THRESHOLD, MASK_THRESHOLD - 1]]
    mask_image = Image.fromarray(np.array(levels, np.uint8))
    hole = hole_from_mask_image(mask_image, (4, 1))
    assert hole.dtype == bool and hole.tolist() == [[True, False, True, False]]
    assert is_white(mask_image).tolist() == hole.tolist()
    assert np.array(black_and_white(mask_image)).tolist() == [[255, 0, 255, 0]]
    assert batch_of(hole).tolist() == [[[[True, False, True, False]]]]
    assert valid_from_hole(batch_of(hole)).tolist() == [[[[0.0, 1.0, 0.0, 1.0]]]]


def test_round_trip(rng):
    hole = rng.random((7, 5)) > 0.5
    mask_image = mask_image_from_hole(hole)
    assert mask_image.mode == "L" and mask_image.size == (5, 7)
    assert np.array_equal(hole_from_mask_image(mask_image, (5, 7)), hole)


def test_transparent_counts_as_black():
    layer = np.zeros((2, 2, 4), np.uint8)
    layer[0, 0] = (255, 255, 255, 255)
    layer[1, 1] = (255, 255, 255, 0)
    hole = hole_from_mask_image(Image.fromarray(layer), (2, 2))
    assert hole.tolist() == [[True, False], [False, False]]


def test_empty_full_and_misfitting_masks_are_refused():
    with pytest.raises(EmptyHole, match="white = repaint"):
        hole_from_mask_image(Image.new("L", (3, 3)), (3, 3))
    with pytest.raises(NothingKnown, match="leave some of it unpainted"):
        hole_from_mask_image(Image.new("L", (3, 3), 255), (3, 3))
    with pytest.raises(SizeMismatch, match="mask is 3×4 .* picture is 5×6") as caught:
        hole_from_mask_image(Image.new("L", (3, 4)), (5, 6))
    assert caught.value.image_size == (5, 6) and caught.value.mask_size == (3, 4)


def test_composite_keeps_the_known_and_drops_nan():
    image = torch.tensor([[[[1.0, torch.nan]]]])
    output, valid = torch.tensor([[[[5.0, 6.0]]]]), torch.tensor([[[[1.0, 0.0]]]])
    assert composite(image, output, valid).tolist() == [[[[1.0, 6.0]]]]
