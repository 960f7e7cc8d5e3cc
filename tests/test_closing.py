"""How a hole closes: the masks shown are those that the networks use."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from inpainting import PConvUNet, PConvUNetConfig
from inpainting.closing import closing
from inpainting.figures import HOLE_COLOUR
from inpainting.masks import valid_from_hole


def square_hole(height: int, width: int, side: int) -> np.ndarray:
    hole = np.zeros((height, width), bool)
    hole[4 : 4 + side, 6 : 6 + side] = True
    return hole


def known_in(picture) -> np.ndarray:
    return (np.array(picture) != np.array(HOLE_COLOUR)).any(axis=2)


@pytest.mark.parametrize("size", [(64, 48), (33, 51)])
def test_a_smooth_start_halves_until_nothing_is_missing(tiny_model, noise, size):
    width, height = size
    hole = square_hole(height, width, 17)
    levels = closing(tiny_model, noise(width, height), hole)
    valid = valid_from_hole(torch.from_numpy(hole)[None, None])
    for level in levels:
        assert np.array_equal(known_in(level.picture), valid[0, 0].numpy() > 0)
        assert level.known == pytest.approx(valid.mean().item())
        valid = F.max_pool2d(valid, 2, ceil_mode=True)  # known if any of four is
    assert levels[-1].known == 1 and all(level.known < 1 for level in levels[:-1])


def test_a_network_that_paints_shows_its_encoder_s_masks():
    config = PConvUNetConfig.preset("classic")
    model = PConvUNet(config).eval()
    hole = square_hole(128, 128, 100)
    levels = closing(model, Image.new("RGB", (128, 128), "teal"), hole)
    valid = valid_from_hole(torch.from_numpy(hole)[None, None])
    for kernel, stride, level in zip(config.kernels, config.strides, levels[1:], strict=False):
        valid = F.max_pool2d(valid, kernel, stride, kernel // 2)  # arXiv:1804.07723, eq. 2
        assert np.array_equal(known_in(level.picture), valid[0, 0].numpy() > 0)
    assert len(levels) > 3


def test_one_known_pixel_is_enough(tiny_model, noise):
    hole = np.ones((9, 9), bool)
    hole[0, 0] = False
    levels = closing(tiny_model, noise(9, 9), hole)
    assert levels[-1].picture.size == (1, 1) and levels[-1].known == 1
