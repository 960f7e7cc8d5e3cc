"""Pictures as tensors, and padding: each way has its mirror."""

import numpy as np
import pytest
import torch

from inpainting.io.tensors import crop_back, pad_to_multiple, padded, to_image, to_tensor


def test_tensor_round_trip_is_exact(noise):
    picture = noise(13, 11)
    tensor = to_tensor(picture)
    assert tensor.shape == (1, 3, 11, 13) and 0 <= tensor.min() and tensor.max() <= 1
    assert np.array_equal(to_image(tensor), picture)


def test_what_leaves_the_range_is_clamped():
    tensor = torch.tensor([-1.0, 2.0, 0.5]).view(1, 3, 1, 1)
    assert to_image(tensor).getpixel((0, 0)) == (0, 255, 128)


@pytest.mark.parametrize(
    ("size", "padded"), [((5, 9), (8, 12)), ((8, 4), (8, 4)), ((1, 1), (4, 4))]
)
def test_padding_is_zeros_at_the_bottom_and_right(size, padded):
    tensor = torch.rand(2, 3, *size) + 1
    large = pad_to_multiple(tensor, 4)
    assert large.shape == (2, 3, *padded)
    assert large.count_nonzero() == tensor.numel() and torch.equal(crop_back(large, *size), tensor)


def test_sides_of_arrays_become_multiples():
    flags, row = np.ones((5, 7), bool), np.arange(7)
    more = padded(flags, 4, "constant")
    assert more.shape == (8, 8) and more[:5, :7].all() and more.sum() == 35
    assert padded(row[None], 4, "edge").tolist() == [[*range(7), 6]] * 4
    assert padded(np.ones((8, 4, 3), np.uint8), 4, "edge").shape == (8, 4, 3)
