"""What the correcting network sees: folding is exact, and units follow the picture's own."""

import pytest
import torch

from inpainting.correction import LEAST_CONTRAST, fold, surroundings, unfold
from inpainting.smooth_fill import smooth_fill


def sample(size=(48, 64)):
    image = torch.rand(2, 3, *size)
    valid = (torch.rand(2, 1, *size) > 0.3).float()
    return image * valid, valid


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_unfold_undoes_fold(factor):
    x = torch.rand(2, 5, 6 * factor, 4 * factor)
    assert fold(x, factor).shape == (2, 5 * factor**2, 6, 4)
    assert torch.equal(unfold(fold(x, factor), factor), x)


def test_every_folded_pixel_is_one_group_of_channels():
    x = torch.arange(2 * 4 * 4).reshape(1, 2, 4, 4)
    folded = fold(x, 2)
    assert folded[0, :, 1, 0].tolist() == [
        x[0, c, 2 + i, j].item() for i in (0, 1) for j in (0, 1) for c in (0, 1)
    ]


def test_mean_and_contrast_follow_the_pictures_brightness_and_range():
    image, valid = sample()
    start = smooth_fill(image, valid, 4)
    mean, contrast = surroundings(image, valid, start)
    dim_mean, dim = surroundings((0.5 * image + 0.2) * valid, valid, 0.5 * start + 0.2)
    torch.testing.assert_close(dim_mean, 0.5 * mean + 0.2)
    torch.testing.assert_close(
        dim**2 - LEAST_CONTRAST**2, 0.25 * (contrast**2 - LEAST_CONTRAST**2), rtol=0.02, atol=1e-5
    )


def test_contrast_is_measured_on_known_pixels_alone():
    image, valid = sample()
    start = smooth_fill(image, valid, 4)
    mean, contrast = surroundings(image, valid, start)
    deviation = ((image - mean) * valid).pow(2).mean(1).sum() / valid.sum()
    assert contrast.pow(2).mean().item() == pytest.approx(
        deviation.item() + LEAST_CONTRAST**2, rel=0.05
    )


@pytest.mark.parametrize("known", [0.0, 1.0])
def test_flat_and_unknown_pictures_keep_a_least_contrast(known):
    image, valid = torch.full((1, 3, 32, 32), 0.5) * known, torch.full((1, 1, 32, 32), known)
    contrast = surroundings(image, valid, image).contrast
    torch.testing.assert_close(contrast, torch.full_like(contrast, LEAST_CONTRAST))


def test_sizes_that_are_no_multiple_of_a_block():
    image, valid = sample((20, 38))
    mean, contrast = surroundings(image, valid, image)
    assert mean.shape == image.shape and contrast.shape == valid.shape
