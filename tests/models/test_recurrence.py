"""Progress in features: how often the module runs, what it may see, how its passes are merged."""

import math
from dataclasses import replace

import pytest
import torch

from inpainting import ResidualUNet
from inpainting.models import recurrence
from inpainting.models.recurrence import GROWTH, MOST_REPEATS, Recurrence
from tests.conftest import TINY
from tests.models.networks import batch

CONFIG = replace(TINY, norm="none", recurrent=True)


def share_with_hole(side: int, size: int = 40) -> torch.Tensor:
    """Places around a square of missing ones."""
    share = torch.ones(1, 1, size, size)
    share[..., 10 : 10 + side, 10 : 10 + side] = 0
    return share


@pytest.mark.parametrize("side", [0, 1, 3, 4, 5, 8, 9, 16, 24])
def test_it_runs_until_the_hole_is_closed(side):
    """Each pass closes ``GROWTH`` places from every side."""
    _, stages = Recurrence(4)(torch.rand(1, 4, 40, 40), share_with_hole(side))
    assert stages.shape[1] == max(1, math.ceil(side / (2 * GROWTH)))
    for number, reached in enumerate(stages[0, :, 3], 1):
        left = max(0, side - 2 * GROWTH * number)
        assert reached.sum() == side**2 - left**2


def test_it_gives_up_far_inside_and_where_nothing_is_known():
    _, stages = Recurrence(4)(torch.rand(1, 4, 40, 40), share_with_hole(28))
    assert stages.shape[1] == MOST_REPEATS
    added, stages = Recurrence(4)(torch.rand(1, 4, 9, 9), torch.zeros(1, 1, 9, 9))
    assert not stages[:, :, 3].any() and torch.isfinite(added).all()


def test_before_it_is_trained_it_adds_nothing_and_the_network_is_the_one_without():
    added, _ = Recurrence(4)(torch.rand(2, 4, 7, 5), torch.rand(2, 1, 7, 5))
    assert not added.any()
    torch.manual_seed(0)
    plain = ResidualUNet(replace(CONFIG, recurrent=False)).eval()
    more = ResidualUNet(CONFIG).eval()
    more.load_state_dict(plain.state_dict(), strict=False)
    image, valid = batch(32)
    with torch.no_grad():
        a, b = plain(image, valid), more(image, valid)
    assert torch.equal(a.image, b.image) and b.stages is None


def test_what_stands_in_the_hole_has_no_say():
    torch.manual_seed(0)
    layer, share = Recurrence(4), share_with_hole(9)
    torch.nn.init.normal_(layer.out.weight)
    x = torch.rand(1, 4, 40, 40)
    other = torch.where(share > 0, x, 7.0)
    for a, b in zip(layer(x, share), layer(other, share), strict=True):
        assert torch.equal(a, b)


def test_partly_known_places_count_as_missing_but_their_share_is_told():
    torch.manual_seed(0)
    layer = Recurrence(4)
    torch.nn.init.normal_(layer.out.weight)
    torch.nn.init.normal_(layer.told[2].weight)
    x, share = torch.rand(1, 4, 12, 12), torch.ones(1, 1, 12, 12)
    share[..., 5, 5] = 0.25
    half = share.clone()
    half[..., 5, 5] = 0.5
    a, b = layer(x, share)[0], layer(x, half)[0]
    changed = (a - b).abs().amax((0, 1)) > 0
    assert changed.sum() == 1 and changed[5, 5]
    assert torch.equal(layer(x * (share == 1), share)[0], a)


def test_passes_are_merged_by_the_mean_of_those_in_which_a_place_was_known(monkeypatch):
    """The module gives its pass's number; identity as the last layer shows the mean."""
    layer = Recurrence(3)
    with torch.no_grad():
        layer.out.weight.copy_(torch.eye(3)[..., None, None])

    def one_more(self, x, known, share, time):
        wider = torch.nn.functional.max_pool2d(known, 2 * GROWTH + 1, 1, GROWTH)
        return torch.full_like(x, round(time * MOST_REPEATS)) * wider, wider

    monkeypatch.setattr(recurrence.Recurrence, "_pass", one_more)
    share = share_with_hole(8)
    merged, _ = layer(torch.ones(1, 3, 40, 40), share)
    # Known from the start: 1, 1 + 1, 1 + 1 + 2. Closed in pass 1: 1, 1 + 2. In pass 2: 2.
    assert merged[0, 0, 0, 0].item() == pytest.approx((1 + 2 + 4) / 3)
    assert merged[0, 0, 10, 10].item() == pytest.approx((1 + 3) / 2)
    assert merged[0, 0, 13, 13].item() == pytest.approx(2)


def test_it_learns_from_the_picture_and_from_its_stages():
    network = ResidualUNet(CONFIG)
    torch.nn.init.normal_(network.head.weight, std=0.1)
    image, valid = torch.rand(2, 3, 32, 32), torch.ones(2, 1, 32, 32)
    valid[..., 8:24, 8:24] = 0
    found = network(image, valid)
    assert found.stages.shape[2:] == (4, 8, 8)
    found.image.square().sum().backward(retain_graph=True)
    assert network.recurrence.out.weight.grad.any()
    assert not network.recurrence.first.weight.grad.any(), "hidden behind a layer of zeros"
    found.stages.square().sum().backward()
    assert network.recurrence.first.weight.grad.any()
