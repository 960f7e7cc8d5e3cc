"""How a hole closes: the masks shown are those that the networks use."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from inpainting import PConvUNet
from inpainting.demo.comparison import Window
from inpainting.demo.mask_propagation import SIDE, levels, propagate
from inpainting.evaluation.grids import HOLE_COLOUR
from inpainting.masks.convert import batch_of, mask_image_from_hole, valid_from_hole


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
    steps = list(propagate(tiny_model.windows, noise(width, height), hole))
    valid = valid_from_hole(batch_of(hole))
    for picture, known in steps:
        assert np.array_equal(known_in(picture), valid[0, 0].numpy() > 0)
        assert known == pytest.approx(valid.mean().item())
        valid = F.max_pool2d(valid, 2, ceil_mode=True)  # known if any of four is
    shares = [known for _, known in steps]
    assert shares[-1] == 1 and all(known < 1 for known in shares[:-1])


def test_a_network_that_paints_shows_its_encoder_s_masks():
    with torch.device("meta"):  # its weights do not matter
        model = PConvUNet()
    hole = square_hole(128, 128, 100)
    steps = list(propagate(model.windows, Image.new("RGB", (128, 128), "teal"), hole))
    valid = valid_from_hole(batch_of(hole))
    config = model.config
    for kernel, stride, (picture, _) in zip(
        config.kernels, config.strides, steps[1:], strict=False
    ):
        valid = F.max_pool2d(valid, kernel, stride, kernel // 2)  # arXiv:1804.07723, eq. 2
        assert np.array_equal(known_in(picture), valid[0, 0].numpy() > 0)
    assert len(steps) > 3


def test_one_known_pixel_is_enough(tiny_model, noise):
    hole = np.ones((9, 9), bool)
    hole[0, 0] = False
    *_, (picture, known) = propagate(tiny_model.windows, noise(9, 9), hole)
    assert picture.size == (1, 1) and known == 1


def window(noise, hole: np.ndarray) -> Window:
    image = noise(hole.shape[1], hole.shape[0])
    return Window(image, mask_image_from_hole(hole), image)


def test_levels_are_shown_small_and_at_one_size(tiny_model, noise):
    shown = levels(tiny_model, window(noise, square_hole(2 * SIDE, 4 * SIDE, 300)))
    assert {picture.size for picture, _ in shown} == {(SIDE, SIDE // 2)}
    captions = [caption for _, caption in shown]
    assert captions[0].startswith(f"{SIDE} × {SIDE // 2}: ") and "100% known" in captions[-1]
    assert captions[1].startswith(f"{SIDE // 2} × {SIDE // 4}: ")


def test_a_thin_line_is_not_lost_when_the_picture_shrinks(tiny_model, noise):
    hole = np.zeros((2 * SIDE, 8 * SIDE), bool)
    hole[100, 5:-5] = True
    first, *_ = levels(tiny_model, window(noise, hole))
    assert not known_in(first[0]).all()


@pytest.mark.parametrize("missing", [False, True])
def test_nothing_to_show_where_all_or_nothing_is_missing(tiny_model, noise, missing):
    assert levels(tiny_model, window(noise, np.full((20, 30), missing))) == []
