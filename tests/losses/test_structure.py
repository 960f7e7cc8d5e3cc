"""Structure as a target: the guided filter's limits, and losses by hand."""

import math

import pytest
import torch

from inpainting.losses import structure
from inpainting.losses.structure import RADIUS, smooth_colours, structure_losses


def test_a_plain_picture_stays():
    plain = torch.full((2, 3, 40, 40), 0.3)
    torch.testing.assert_close(smooth_colours(plain), plain)


def test_a_strong_step_stays_and_weak_texture_goes():
    image = torch.full((1, 1, 64, 64), 0.1)
    image[..., 32:] = 0.9
    noise = 0.04 * torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    smooth = smooth_colours(image + noise)
    assert (smooth - image)[..., 20:44].abs().mean() < 0.03  # beside the step
    flat = smooth[..., :20]
    assert flat.std() < 0.4 * noise[..., :20].std()


@pytest.mark.parametrize(("flatness", "limit"), [(1e-6, "identity"), (1e6, "mean")])
def test_limits(monkeypatch, flatness, limit):
    """He et al., section 3.4: nothing is texture, or everything is."""
    monkeypatch.setattr(structure, "FLATNESS", flatness)
    image = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(1))
    window = torch.nn.AvgPool2d(2 * RADIUS + 1, 1, RADIUS, count_include_pad=False)
    expected = image if limit == "identity" else window(window(image))
    torch.testing.assert_close(smooth_colours(image), expected, atol=1e-4, rtol=0)


def test_gain_and_offset_pass_through():
    image = torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(2), dtype=torch.double)
    torch.testing.assert_close(
        smooth_colours(0.5 * image + 0.2), 0.5 * smooth_colours(image) + 0.2, atol=1e-6, rtol=0
    )


def test_losses_by_hand():
    target = torch.full((2, 3, 20, 20), 0.5)
    valid = torch.ones(2, 1, 20, 20)
    valid[0, ..., 5:10, 5:10] = 0
    smooth, contrast = target + 0.1, torch.full_like(valid, 0.2)
    lines, line = torch.zeros_like(valid), torch.zeros_like(valid)
    line[:, :, :5] = 50  # wrong, but known
    found = structure_losses(smooth, line, contrast, target, lines, valid)
    assert found["smooth"].item() == pytest.approx(0.5 / 2)  # the second has no hole
    assert found["line"].item() == pytest.approx(math.log(2) / 2)
