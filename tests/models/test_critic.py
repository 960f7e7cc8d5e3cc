"""The critic: what its scores see, what they are told, what it looks at."""

import pytest
import torch

from inpainting.errors import InvalidConfig
from inpainting.models.critic import FORMS, Critic, CriticConfig


def critic(form: str = "patch") -> Critic:
    torch.manual_seed(0)
    return Critic(CriticConfig(form=form)).eval()


def square(side: int, box: tuple[int, int, int, int]) -> torch.Tensor:
    """``valid`` of one picture, 0 in a box of rows and columns."""
    valid = torch.ones(1, 1, side, side)
    top, left, bottom, right = box
    valid[..., top:bottom, left:right] = 0
    return valid


def test_there_are_so_many_forms_and_no_others():
    with pytest.raises(InvalidConfig, match="no critic 'square'"):
        CriticConfig(form="square")


@pytest.mark.parametrize("side", [32, 64, 128])
@pytest.mark.parametrize("form", FORMS)
def test_there_is_a_share_for_each_score(form, side):
    judge, valid = critic(form), square(side, (3, 5, 20, 29))
    picture, seen = judge.view(torch.rand(1, 3, side, side), valid)
    scores, features = judge(picture)
    assert judge.missing_share(seen).shape == scores.shape
    assert len(features) == 4
    if form != "patch":
        assert scores.shape == (1, 1, 1, 1)


def test_a_score_sees_what_its_reach_says():
    """By the gradient: all pixels of a window, and none beyond."""
    judge, side = critic(), 128
    reach, padding, step = judge.reach
    assert (reach, padding, step) == (70, 23, 8)
    picture = torch.rand(1, 3, side, side, requires_grad=True)
    scores = judge(picture).scores
    middle = scores.shape[-1] // 2
    scores[0, 0, middle, middle].backward()
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero().flatten().tolist()
    first = middle * step - padding
    assert rows == list(range(max(0, first), min(side, first + reach)))


def test_shares_of_known_missing_and_half():
    for form in FORMS:
        judge = critic(form)
        assert (judge.missing_share(torch.ones(2, 1, 64, 64)) == 0).all()
        shares = judge.missing_share(torch.zeros(2, 1, 64, 64))
        torch.testing.assert_close(shares, torch.ones_like(shares))
    half = square(64, (0, 0, 64, 32))
    assert critic("global").missing_share(half).item() == 0.5


def test_the_share_of_a_patch_is_counted_by_hand():
    judge, valid = critic(), (torch.rand(1, 1, 96, 96) > 0.3).float()
    reach, padding, step = judge.reach
    shares = judge.missing_share(valid)[0, 0]
    for row, column in ((0, 0), (2, 5), (shares.shape[0] - 1, 3)):
        top, left = row * step - padding, column * step - padding
        window = valid[0, 0, max(0, top) : top + reach, max(0, left) : left + reach]
        assert shares[row, column].item() == pytest.approx(1 - window.mean().item(), abs=1e-5)


def test_the_local_critic_looks_where_most_is_missing():
    judge = critic("local")
    valid = torch.cat([square(64, (40, 8, 60, 20)), square(64, (0, 36, 10, 60))])
    marked = torch.arange(64.0)[None, None, :, None] * 100 + torch.arange(64.0)
    pictures = marked.expand(2, 3, 64, 64)
    seen, known = judge.view(pictures, valid)
    assert seen.shape == (2, 3, 32, 32) and known.shape == (2, 1, 32, 32)
    assert ((1 - known).sum((1, 2, 3)) == (1 - valid).sum((1, 2, 3))).all()  # all of each hole
    for window, mask in zip(seen, known, strict=True):
        top, left = divmod(int(window[0, 0, 0]), 100)
        assert top % 4 == left % 4 == 0
        assert torch.equal(window[0], marked[0, 0, top : top + 32, left : left + 32])
        assert mask.min() == 0
    whole, same = critic("global").view(pictures, valid)
    assert whole is pictures and same is valid


def test_the_norm_of_every_layer_is_limited():
    """Spectral norm: after some steps of its power iteration no weight stretches by more than 1."""
    judge = critic().train()
    with torch.no_grad():
        for _ in range(30):
            judge(torch.rand(1, 3, 32, 32))
        for layer in [*judge.layers, judge.score]:
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2) == pytest.approx(
                1, abs=0.05
            )


def test_a_critic_that_is_only_asked_does_not_change():
    judge = critic()
    before = {name: x.clone() for name, x in judge.state_dict().items()}
    judge(torch.rand(1, 3, 32, 32))
    assert all(torch.equal(x, before[name]) for name, x in judge.state_dict().items())
