"""The losses of adversarial training, by hand."""

import math

import pytest
import torch

from inpainting.losses.adversarial import critic_loss, fooling_loss, matching_loss

NOTHING = torch.zeros(2, 1, 3, 3)  # scores of a critic that says nothing
LOG_2 = math.log(2)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_critic_that_says_nothing_loses_twice_log_2(share):
    shares = torch.full_like(NOTHING, share)
    assert critic_loss(NOTHING, NOTHING, shares).item() == pytest.approx(2 * LOG_2)


def test_a_critic_is_right_by_the_share_that_is_known():
    """Its least loss is where sigmoid(score) = 1 − share."""
    share = torch.tensor([0.2, 0.7]).view(2, 1, 1, 1)
    score = torch.logit(1 - share).requires_grad_()
    certain = torch.full_like(share, 50.0)
    critic_loss(certain, score, share).backward()
    torch.testing.assert_close(score.grad, torch.zeros_like(score))


def test_the_network_hears_a_score_by_what_is_missing_there():
    scores = torch.tensor([-1.0, 0.0, 2.0]).view(1, 1, 1, 3)
    share = torch.tensor([0.5, 0.25, 0.0]).view(1, 1, 1, 3)
    expected = (0.5 * math.log1p(math.e) + 0.25 * LOG_2) / 0.75
    assert fooling_loss(scores, share).item() == pytest.approx(expected)
    both, shares = torch.cat([scores, scores + 1]), torch.cat([share, 0.1 * share])
    alone = [fooling_loss(scores + k, share).item() for k in (0, 1)]
    assert fooling_loss(both, shares).item() == pytest.approx(sum(alone) / 2)
    assert fooling_loss(NOTHING, torch.ones_like(NOTHING)).item() == pytest.approx(LOG_2)
    assert fooling_loss(NOTHING, torch.zeros_like(NOTHING)).item() == 0


def test_equal_features_match_and_the_original_s_do_not_move():
    features = [torch.rand(1, 4, 5, 5), torch.rand(1, 8, 2, 2)]
    assert matching_loss(features, features).item() == 0
    real = [x.clone().requires_grad_() for x in features]
    fill = [(x + 0.5).requires_grad_() for x in features]
    loss = matching_loss(fill, real)
    loss.backward()
    assert loss.item() == pytest.approx(0.5)
    assert all(x.grad is None for x in real) and all(x.grad is not None for x in fill)
