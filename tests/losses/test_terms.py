"""Each loss term against a number worked out by hand, SSIM against scikit-image."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from inpainting.errors import InvalidConfig
from inpainting.losses.terms import (
    FLOOR,
    fft_loss,
    hole_l1,
    inpainting_loss,
    laplace_loss,
    log_mse,
    perceptual_loss,
    ssim_loss,
    ssim_map,
    style_loss,
    tv_loss,
    valid_l1,
)
from inpainting.losses.weights import NAMES, OF_CRITICS, LossWeights
from tests.losses.papers import PAPER

TARGET = torch.zeros(1, 3, 16, 16)
OUTPUT = torch.full((1, 3, 16, 16), 0.2)
VALID = torch.ones(1, 1, 16, 16)
VALID[..., :4] = 0  # a quarter is missing
OUTPUT[..., :4] = 0.5
KNOWN, MISSING = torch.ones_like(VALID), torch.zeros_like(VALID)
TERMS = [name for name in NAMES if name not in OF_CRITICS]
EVERY = LossWeights(**dict.fromkeys(NAMES, 1.0))


def two_levels(picture: Tensor) -> list[Tensor]:
    """Features that can be followed by hand."""
    return [picture, 2 * picture]


def test_l1_is_a_mean_over_the_hole():
    assert hole_l1(OUTPUT, TARGET, VALID).item() == pytest.approx(0.5)
    assert hole_l1(OUTPUT, TARGET, torch.ones_like(VALID)).item() == 0


def test_log_mse_is_psnr_of_the_hole_picture_by_picture():
    assert log_mse(OUTPUT, TARGET, VALID).item() == pytest.approx(np.log1p(0.25 / FLOOR))
    assert log_mse(OUTPUT, TARGET, torch.ones_like(VALID)).item() == 0
    outputs = torch.cat([OUTPUT, TARGET])
    both = log_mse(outputs, TARGET.expand_as(outputs), VALID.expand(2, -1, -1, -1))
    assert both.item() == pytest.approx(np.log1p(0.25 / FLOOR) / 2)


def test_uncertainty_is_least_at_the_mean_error_and_trains_the_scale_alone():
    output = OUTPUT.clone().requires_grad_()
    scale = torch.full_like(VALID, 0.5, requires_grad=True)
    laplace_loss(output, TARGET, VALID, scale).backward()
    assert output.grad is None
    torch.testing.assert_close(scale.grad, torch.zeros_like(scale))  # 0.5 is the error
    for wrong in (0.4, 0.6):
        worse = laplace_loss(OUTPUT, TARGET, VALID, torch.full_like(VALID, wrong))
        assert worse > laplace_loss(OUTPUT, TARGET, VALID, scale)
    terms = inpainting_loss(OUTPUT, TARGET, VALID, LossWeights(), scale)
    assert terms["loss"].item() == pytest.approx((terms["log_mse"] + terms["uncertainty"]).item())


def test_the_reports_loss_is_plain_mse():
    terms = inpainting_loss(OUTPUT, TARGET, VALID, LossWeights(log_mse=0, mse=1))
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


def test_valid_is_a_mean_over_known_pixels_picture_by_picture():
    assert valid_l1(OUTPUT, TARGET, VALID).item() == pytest.approx(0.2)
    assert valid_l1(OUTPUT, TARGET, MISSING).item() == 0
    outputs = torch.cat([OUTPUT, OUTPUT])
    both = valid_l1(outputs, torch.zeros_like(outputs), torch.cat([VALID, KNOWN]))
    assert both.item() == pytest.approx((0.2 + (0.25 * 0.5 + 0.75 * 0.2)) / 2)


def test_tv_of_one_colour_is_nothing():
    assert tv_loss(OUTPUT, torch.full_like(TARGET, 0.5), VALID).item() == 0
    assert tv_loss(OUTPUT, torch.rand_like(TARGET), KNOWN).item() == 0
    assert tv_loss(OUTPUT, TARGET, MISSING).item() == pytest.approx(16 * 0.3 / 16**2)


def test_tv_counts_steps_between_pixels_of_the_dilated_hole_only():
    # 16 steps of 0.5 at the hole's edge, in a region of 16 x 5 pixels.
    expected = pytest.approx(16 * 0.5 / (16 * 5))
    assert tv_loss(OUTPUT, TARGET, VALID).item() == expected
    assert tv_loss(OUTPUT.mT, TARGET.mT, VALID.mT).item() == expected
    edge_outside = TARGET.clone()
    edge_outside[..., 5:] = 1  # from the last pixel of the region to the first one beyond
    assert tv_loss(OUTPUT, edge_outside, VALID).item() == expected
    edge_inside = TARGET.clone()
    edge_inside[..., 4:] = 0.9
    loss = tv_loss(OUTPUT, edge_inside, VALID).item()
    assert loss == pytest.approx(16 * (0.9 - 0.5) / (16 * 5))


def test_tv_region_holds_the_corners():
    valid, target = KNOWN.clone(), TARGET.clone()
    valid[..., 5, 5] = 0
    target[..., 4, 4] = 1  # two of its four steps lie in the region of 3 x 3
    assert tv_loss(torch.zeros_like(target), target, valid).item() == pytest.approx(2 / 9)


def test_fft_of_a_constant_error_is_one_frequency():
    # The orthonormal DC of 16 x 16 times 0.25 is 16 * 0.25, one of 16 x 9 frequencies.
    loss = fft_loss(TARGET + 0.25, TARGET, MISSING)
    assert loss.item() == pytest.approx(16 * 0.25 / (16 * 9))
    assert fft_loss(TARGET + 0.25, TARGET, KNOWN).item() == 0


def test_fft_of_an_error_in_one_pixel_is_flat_wherever_it_lies():
    for row, column in ((0, 0), (3, 7), (15, 15)):
        valid, output = KNOWN.clone(), torch.rand_like(TARGET)
        valid[..., row, column] = 0
        output[..., row, column] = 0.5
        # Parseval: an energy of 0.25 spread evenly over 16 x 16 frequencies.
        expected = pytest.approx((0.25 / 16**2) ** 0.5)
        assert fft_loss(output, TARGET, valid).item() == expected


def test_features_are_compared_for_output_and_composite():
    output = torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    weights = LossWeights(log_mse=0, perceptual=1, style=1)
    once = inpainting_loss(output, TARGET, KNOWN, weights, features=two_levels)
    # Level 2 is doubled, and so its products are four times as large.
    assert once["perceptual"].item() == pytest.approx(0.2 + 0.4)
    gram = 0.6**2 / 9 / 3  # mean over 9 pairs of channels of their product, over 3 channels
    assert once["style"].item() == pytest.approx((1 + 4) * gram)
    assert once["loss"].item() == pytest.approx((once["perceptual"] + once["style"]).item())
    twice = inpainting_loss(output, TARGET, MISSING, weights, features=two_levels)
    assert twice["perceptual"].item() == pytest.approx(2 * once["perceptual"].item())
    assert twice["style"].item() == pytest.approx(2 * once["style"].item())


def test_composite_features_see_output_in_the_hole_only():
    weights = LossWeights(log_mse=0, perceptual=1)
    terms = inpainting_loss(OUTPUT, TARGET, VALID, weights, features=lambda picture: [picture])
    of_output, of_composite = 0.25 * 0.5 + 0.75 * 0.2, 0.25 * 0.5
    assert terms["perceptual"].item() == pytest.approx(of_output + of_composite)


def test_features_are_computed_once_and_the_targets_without_gradient():
    calls = []

    def watched(picture: Tensor) -> list[Tensor]:
        calls.append((len(picture), torch.is_grad_enabled()))
        return [picture]

    pictures = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    inpainting_loss(*pictures, VALID.expand(2, -1, -1, -1), PAPER, features=watched)
    assert sorted(calls) == [(2, False), (4, True)]


def test_style_forgets_places_and_perceptual_does_not():
    wanted = torch.rand(1, 5, 6, 6)
    moved = wanted.flatten(2)[..., torch.randperm(36)].view_as(wanted)[None]
    torch.testing.assert_close(style_loss([moved], [wanted]).item(), 0.0, atol=1e-6, rtol=0)
    assert perceptual_loss([moved], [wanted]) > 0.1
    assert style_loss([moved * 1.1], [wanted]) > 0.01


def test_equal_pictures_look_equal(vgg):
    picture, other = torch.rand(2, 1, 3, 16, 16)
    weights = LossWeights(log_mse=0, perceptual=1, style=1)
    same = inpainting_loss(picture, picture, VALID, weights, features=vgg)
    assert same["perceptual"].item() == pytest.approx(0, abs=1e-5)
    assert same["style"].item() == pytest.approx(0, abs=1e-5)
    differ = inpainting_loss(other, picture, VALID, weights, features=vgg)
    assert differ["perceptual"] > 0.1 and differ["style"] > 0.001


@pytest.mark.parametrize("name", ["valid", "tv", "fft", "perceptual", "style"])
def test_gradients_of_new_terms_are_the_slopes(name):
    output, target = torch.rand(2, 2, 3, 4, 5, dtype=torch.float64)
    valid = (torch.rand(2, 1, 4, 5) > 0.4).double()
    weights = replace(LossWeights(log_mse=0), **{name: 1})

    def loss(x: Tensor) -> Tensor:
        return inpainting_loss(x, target, valid, weights, features=two_levels)["loss"]

    assert torch.autograd.gradcheck(loss, output.requires_grad_())


@pytest.mark.parametrize("valid", [KNOWN, VALID, MISSING], ids=["known", "part", "missing"])
@pytest.mark.parametrize("name", TERMS)
def test_gradients_are_finite_whatever_is_missing(name, valid, vgg):
    weights = replace(LossWeights(log_mse=0), **{name: 1})
    for output in (TARGET.clone(), OUTPUT.clone(), torch.rand_like(TARGET)):
        terms = inpainting_loss(output.requires_grad_(), TARGET, valid, weights, features=vgg)
        assert set(terms) == {"loss", name}
        terms["loss"].backward()
        assert output.grad.isfinite().all()
    if name == "valid":
        missed = valid == 0
    elif name in ("mse", "perceptual", "style"):
        missed = torch.zeros_like(valid, dtype=torch.bool)  # they look at all of the output
    else:
        missed = valid > 0
    assert not output.grad[missed.expand_as(output)].any()
    assert output.grad.any() or missed.all()


def test_every_term_counts_with_its_weight():
    terms = inpainting_loss(OUTPUT, TARGET, VALID, EVERY, features=two_levels)
    assert set(terms) == {"loss", *TERMS}
    assert terms["loss"].item() == pytest.approx(sum(terms[name].item() for name in TERMS))
    paper = inpainting_loss(OUTPUT, TARGET, VALID, PAPER, features=two_levels)
    weights = {"valid": 1, "hole": 6, "perceptual": 0.05, "style": 120, "tv": 0.1}
    assert set(paper) == {"loss", *weights}
    expected = sum(weight * paper[name].item() for name, weight in weights.items())
    assert paper["loss"].item() == pytest.approx(expected)


@pytest.mark.parametrize("name", ["perceptual", "style"])
def test_features_are_asked_for(name):
    with pytest.raises(InvalidConfig, match=r"features=VggFeatures\(\)"):
        inpainting_loss(OUTPUT, TARGET, VALID, LossWeights(**{name: 1}))
