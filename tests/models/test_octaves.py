"""Detail that continues a coarser fill: what a network is shown, and what it leaves alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from inpainting import InpaintingPipeline, ResidualUNet
from inpainting.models.octaves import Finish, continued, halved, own_start, true_start
from tests.conftest import TINY

CONFIG = replace(TINY, finish=4, octaves=True)


def holed(size: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    image = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    valid = torch.ones(2, 1, size, size)
    valid[..., 5:11, 4:12] = 0
    return image, valid


def test_half_a_picture_is_the_mean_of_known_pixels():
    image, valid = holed()
    small, known = halved(torch.where(valid > 0, image, 9.0), valid)
    assert known[0, 0, 3, 3] == 0 and known[0, 0, 2, 3] == 1 and not small[..., 3, 3].any()
    torch.testing.assert_close(small[..., 2, 2], image[..., 4, 4:6].mean(-1))  # row 5 is missing
    torch.testing.assert_close(small[..., 0, 0], image[..., :2, :2].mean((-2, -1)))


def test_a_coarser_fill_stands_in_the_hole_alone():
    image, valid = holed()
    before = continued(torch.full((2, 3, 8, 8), 0.25), image, valid)
    assert torch.equal(before.doubt, 1 - valid)
    known = valid.expand_as(image) > 0
    assert torch.equal(before.fill[known], image[known])
    torch.testing.assert_close(before.fill[~known], torch.full_like(before.fill[~known], 0.25))


def test_hidden_pixels_reach_a_network_s_own_start_by_no_way():
    network = ResidualUNet(CONFIG).eval()
    torch.nn.init.normal_(network.head.weight, std=0.1)
    image, valid = holed()
    hidden = torch.where(valid > 0, image, 5.0)
    one, other = (own_start(network, x, valid).fill for x in (image, hidden))
    assert torch.equal(one, other)
    assert not torch.equal(true_start(image, valid).fill, true_start(hidden, valid).fill)


def test_layers_at_the_end_begin_as_nothing_and_look_at_known_pixels():
    layer = Finish(6, 4, 2)
    x, known = torch.rand(1, 6, 8, 8), torch.rand(1, 3, 16, 16)
    assert not layer(x, known).any()
    torch.nn.init.normal_(layer.out.weight)
    assert not torch.equal(layer(x, known), layer(x, known.flip(2)))


def test_weights_without_them_fill_as_before(tiny_model):
    more = ResidualUNet(CONFIG).eval()
    missing, unexpected = more.load_state_dict(tiny_model.state_dict(), strict=False)
    assert not unexpected and all(name.startswith("finish.") for name in missing)
    image, valid = holed()
    with torch.no_grad():
        assert torch.equal(more(image, valid).image, tiny_model(image, valid).image)


@pytest.mark.parametrize("octaves", [False, True])
def test_a_network_that_continues_fills_sees_the_coarser_one(octaves, rng):
    """With the head at zero the fill is what the network started from."""
    pipe = InpaintingPipeline(ResidualUNet(replace(CONFIG, octaves=octaves)), "cpu", torch.float32)
    side = 128
    photo = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
    hole = np.zeros((side, side), bool)
    hole[24:104, 24:104] = True
    starts = []
    model = pipe.predictor.model
    again = model.predict_again
    model.predict_again = lambda *given: starts.append(given) or again(*given)
    runs = pipe.fill(photo, Image.fromarray(hole), "scales", mode="faithful").passes
    scales = [run.scale for run in runs]
    assert scales[0] > 1 == scales[-1]
    assert len(starts) == (sum(scale < scales[0] for scale in scales) if octaves else 0)
    for image, valid, before in starts:
        missing = (valid == 0).expand_as(image)
        assert not image[missing].any() and before.fill[missing].std() > 0
