"""The branch for the expected error: it begins at zero and looks near and far."""

import pytest
import torch

from inpainting.models.error_head import BLOCK, ErrorHead


def head() -> ErrorHead:
    """Every weight random."""
    made = ErrorHead(3, 4, 2)
    torch.nn.init.normal_(made.out.weight)
    return made


def test_it_begins_at_zero():
    assert not ErrorHead(3, 4, 2)(torch.randn(2, 3, 16, 24)).any()


def test_a_pixel_sees_its_neighbours_and_the_means_of_blocks():
    """What changes a block, but not its mean, is seen from within three pixels only."""
    x, side = torch.randn(1, 3, 6 * BLOCK, 6 * BLOCK), 3 * BLOCK
    moved = x.clone()
    block = (..., slice(side, side + BLOCK), slice(side, side + BLOCK))
    moved[block] = x[block].flip(-1)
    net = head()
    with torch.no_grad():
        changed = (net(moved) - net(x)).abs().amax(dim=(0, 1)) > 1e-5
        assert changed[side, side]
        changed[side - 2 : side + BLOCK + 2, side - 2 : side + BLOCK + 2] = False
        assert not changed.any()
        lifted = x.clone()
        lifted[block] += 1
        assert (net(lifted) - net(x)).abs().amax(dim=(0, 1))[side - BLOCK // 2, side] > 1e-5


@pytest.mark.parametrize("size", [(1, 1), (5, 20), (16, 9)])
def test_any_size(size):
    assert head()(torch.randn(1, 3, *size)).shape == (1, 2, *size)


def test_the_hidden_layers_part_may_be_computed_before():
    net, x = head(), torch.randn(1, 3, 16, 16)
    assert torch.equal(net(x), net.finish(x, net.near(x)))
