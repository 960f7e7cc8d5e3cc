"""What each pass of a recurrence should give, by hand."""

import pytest
import torch

from inpainting.losses.stages import stages_loss


def test_only_reached_places_count_and_as_much_as_is_missing_of_them():
    target = torch.full((1, 3, 8, 8), 0.5)
    valid = torch.ones(1, 1, 8, 8)
    valid[..., :4, :4] = 0  # the first place, wholly
    valid[..., :2, 4:] = 0  # the second, half
    stages = torch.zeros(1, 2, 4, 2, 2)
    stages[0, :, :3] = 0.5
    stages[0, 0, 3, 0] = 1  # pass 1 reaches both
    stages[0, 1, 3, 0] = 1
    stages[0, 0, :3, 0, 0] = 0.8  # wrong by 0.3 in pass 1
    stages[0, 1, :3, 0, 1] = 0.4  # by 0.1 in pass 2
    stages[0, :, :3, 1] = 9  # known all along
    first, second = 0.3 * 1 / 1.5, 0.1 * 0.5 / 1.5
    assert stages_loss(stages, target, valid).item() == pytest.approx((first + second) / 2)


def test_nothing_missing_costs_nothing():
    stages = torch.rand(2, 3, 4, 2, 2)
    assert stages_loss(stages, torch.rand(2, 3, 8, 8), torch.ones(2, 1, 8, 8)).item() == 0
