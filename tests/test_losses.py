"""Each loss term against a number worked out by hand, SSIM against scikit-image."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from inpainting.losses import (
    CLASSIC,
    LossWeights,
    hole_l1,
    inpainting_loss,
    ssim_loss,
    ssim_map,
    valid_l1,
)

TARGET = torch.zeros(1, 3, 16, 16)
OUTPUT = torch.full((1, 3, 16, 16), 0.2)
VALID = torch.ones(1, 1, 16, 16)
VALID[..., :4] = 0  # a quarter is missing
OUTPUT[..., :4] = 0.5


def test_l1_terms_are_means_over_their_own_area():
    assert hole_l1(OUTPUT, TARGET, VALID).item() == pytest.approx(0.5)
    assert valid_l1(OUTPUT, TARGET, VALID).item() == pytest.approx(0.2)
    assert hole_l1(OUTPUT, TARGET, torch.ones_like(VALID)).item() == 0
    assert valid_l1(OUTPUT, TARGET, torch.zeros_like(VALID)).item() == 0


def test_classic_is_plain_mse():
    terms = inpainting_loss(OUTPUT, TARGET, VALID, CLASSIC)
    assert set(terms) == {"loss", "mse"}
    assert terms["loss"].item() == pytest.approx(0.25 * 0.25 + 0.75 * 0.04)


def test_loss_is_the_weighted_sum():
    weights = LossWeights(hole=2, valid=3, ssim=0.5)
    terms = inpainting_loss(OUTPUT, TARGET, VALID, weights)
    expected = 2 * terms["hole"] + 3 * terms["valid"] + 0.5 * terms["ssim"]
    assert terms["loss"].item() == pytest.approx(expected.item())


def test_ssim_equals_scikit_image():
    a, b = torch.rand(1, 3, 40, 33), torch.rand(1, 3, 40, 33)
    _, full = structural_similarity(
        a[0].permute(1, 2, 0).double().numpy(),
        b[0].permute(1, 2, 0).double().numpy(),
        channel_axis=-1, data_range=1, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    expected = torch.from_numpy(np.moveaxis(full, -1, 0)[:, 5:-5, 5:-5]).float()
    torch.testing.assert_close(ssim_map(a, b)[0], expected, atol=1e-4, rtol=0)


def test_ssim_term_sees_the_hole_only():
    assert ssim_loss(OUTPUT, TARGET, torch.ones_like(VALID)).item() == 0
    vandalised = torch.where(VALID > 0, torch.rand_like(OUTPUT), OUTPUT)
    assert torch.equal(ssim_loss(OUTPUT, TARGET, VALID), ssim_loss(vandalised, TARGET, VALID))
    assert ssim_loss(OUTPUT, TARGET, VALID) > 0
