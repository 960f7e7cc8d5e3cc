"""Each loss term against a number worked out by hand, SSIM against scikit-image."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from inpainting.losses import (
    CLASSIC,
    FLOOR,
    LossWeights,
    hole_l1,
    inpainting_loss,
    laplace_loss,
    log_mse,
    ssim_loss,
    ssim_map,
)

TARGET = torch.zeros(1, 3, 16, 16)
OUTPUT = torch.full((1, 3, 16, 16), 0.2)
VALID = torch.ones(1, 1, 16, 16)
VALID[..., :4] = 0  # a quarter is missing
OUTPUT[..., :4] = 0.5


def test_l1_is_a_mean_over_the_hole():
    assert hole_l1(OUTPUT, TARGET, VALID).item() == pytest.approx(0.5)
    assert hole_l1(OUTPUT, TARGET, torch.ones_like(VALID)).item() == 0


def test_log_mse_is_psnr_of_the_hole_picture_by_picture():
    assert log_mse(OUTPUT, TARGET, VALID).item() == pytest.approx(np.log1p(0.25 / FLOOR))
    assert log_mse(OUTPUT, TARGET, torch.ones_like(VALID)).item() == 0
    outputs = torch.cat([OUTPUT, TARGET])
    both = log_mse(outputs, TARGET.expand_as(outputs), VALID.expand(2, -1, -1, -1))
    assert both.item() == pytest.approx(np.log1p(0.25 / FLOOR) / 2)


def test_doubt_is_least_at_the_mean_error_and_trains_the_scale_alone():
    output = OUTPUT.clone().requires_grad_()
    scale = torch.full_like(VALID, 0.5, requires_grad=True)
    laplace_loss(output, TARGET, VALID, scale).backward()
    assert output.grad is None
    torch.testing.assert_close(scale.grad, torch.zeros_like(scale))  # 0.5 is the error
    for wrong in (0.4, 0.6):
        worse = laplace_loss(OUTPUT, TARGET, VALID, torch.full_like(VALID, wrong))
        assert worse > laplace_loss(OUTPUT, TARGET, VALID, scale)
    terms = inpainting_loss(OUTPUT, TARGET, VALID, LossWeights(), scale)
    assert terms["loss"].item() == pytest.approx((terms["log_mse"] + terms["doubt"]).item())


def test_classic_is_plain_mse():
    terms = inpainting_loss(OUTPUT, TARGET, VALID, CLASSIC)
    assert set(terms) == {"loss", "mse"}
    assert terms["loss"].item() == pytest.approx(0.25 * 0.25 + 0.75 * 0.04)


def test_loss_is_the_weighted_sum():
    weights = LossWeights(log_mse=3, hole=2, ssim=0.5)
    terms = inpainting_loss(OUTPUT, TARGET, VALID, weights)
    expected = 3 * terms["log_mse"] + 2 * terms["hole"] + 0.5 * terms["ssim"]
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
