"""What a guide does to features, and where."""

from dataclasses import replace

import torch

from inpainting import ResidualUNet
from inpainting.models.follow import GuideEncoder, Transform
from inpainting.models.guide import Guide
from tests.conftest import TINY
from tests.models.networks import follow_guides


def test_a_transform_by_hand():
    x = torch.tensor([[[[1.0, -2.0]]]])
    transform = Transform(torch.tensor([[[[0.5, 0.0]]]]), torch.tensor([[[[1.0, 0.0]]]]))
    assert transform.of(x).tolist() == [[[[2.5, -2.0]]]]


def test_there_is_a_transform_per_level_of_its_size_and_at_first_it_changes_nothing():
    encoder = GuideEncoder(6, (8, 12, 16), (1, 2, 2))
    transforms = encoder(torch.rand(2, 6, 16, 24))
    assert [t.shift.shape for t in transforms] == [(2, 8, 16, 24), (2, 12, 8, 12), (2, 16, 4, 6)]
    for transform in transforms:
        x = torch.rand_like(transform.scale)
        assert torch.equal(transform.of(x), x)


@torch.no_grad()
def test_what_sees_nothing_given_stays_as_it_is_bit_for_bit():
    """A dot bends features around it alone: two places of every level far."""
    encoder = GuideEncoder(6, (8, 8), (1, 2))
    for head in encoder.heads:
        torch.nn.init.normal_(head.weight)
    dot = torch.zeros(1, 6, 32, 32)
    dot[..., 16, 16] = 1
    for transform in encoder(dot):
        side = transform.scale.shape[-1]
        moved = (transform.scale != 0).any(1)[0] | (transform.shift != 0).any(1)[0]
        rows, columns = torch.nonzero(moved, as_tuple=True)
        middle = side // 2
        assert moved[middle, middle] and moved.any()
        for place in (rows, columns):
            assert (place - middle).abs().max() <= 2


def test_every_weight_learns_once_something_is_given(tiny_model):
    network = ResidualUNet(replace(TINY, guides=True))
    torch.nn.init.normal_(network.head.weight, std=0.1)
    follow_guides(network)
    image, valid = torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 16)
    valid[..., 4:12, 4:12] = 0
    guide = Guide(torch.rand(1, 3, 16, 16), 1 - valid, torch.ones_like(valid))
    network(image, valid, guide).image.sum().backward()
    assert all(parameter.grad.any() for parameter in network.guide_parameters())
    assert len(network.guide_parameters()) == 3 * len(TINY.channels)
    assert tiny_model.guide_parameters() == []
