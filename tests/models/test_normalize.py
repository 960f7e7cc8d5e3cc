"""What the residual network sees: squares of pixels as channels, in units of the picture itself."""

import pytest
import torch

from inpainting.models.biharmonic import smooth_fill
from inpainting.models.normalize import (
    LEAST_CONTRAST,
    depth_to_space,
    local_statistics,
    space_to_depth,
)


def sample(size=(48, 64)):
    image = torch.rand(2, 3, *size)
    valid = (torch.rand(2, 1, *size) > 0.3).float()
    return image * valid, valid


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_depth_to_space_undoes_space_to_depth(factor):
    x = torch.rand(2, 5, 6 * factor, 4 * factor)
    assert space_to_depth(x, factor).shape == (2, 5 * factor**2, 6, 4)
    assert torch.equal(depth_to_space(space_to_depth(x, factor), factor), x)


def test_every_pixel_of_a_square_is_one_group_of_channels():
    x = torch.arange(2 * 4 * 4).reshape(1, 2, 4, 4)
    folded = space_to_depth(x, 2)
    assert folded[0, :, 1, 0].tolist() == [
        x[0, c, 2 + i, j].item() for i in (0, 1) for j in (0, 1) for c in (0, 1)
    ]


def test_mean_and_contrast_follow_the_pictures_brightness_and_range():
    image, valid = sample()
    start = smooth_fill(image, valid, 4)
    mean, contrast = local_statistics(image, valid, start)
    dim_mean, dim = local_statistics((0.5 * image + 0.2) * valid, valid, 0.5 * start + 0.2)
    torch.testing.assert_close(dim_mean, 0.5 * mean + 0.2)
    torch.testing.assert_close(
        dim**2 - LEAST_CONTRAST**2, 0.25 * (contrast**2 - LEAST_CONTRAST**2), rtol=0.02, atol=1e-5
    )


def test_contrast_is_measured_on_known_pixels_alone():
    image, valid = sample()
    start = smooth_fill(image, valid, 4)
    mean, contrast = local_statistics(image, valid, start)
    deviation = ((image - mean) * valid).pow(2).mean(1).sum() / valid.sum()
    assert contrast.pow(2).mean().item() == pytest.approx(
        deviation.item() + LEAST_CONTRAST**2, rel=0.05
    )


@pytest.mark.parametrize("known", [0.0, 1.0])
def test_flat_and_unknown_pictures_keep_a_least_contrast(known):
    image, valid = torch.full((1, 3, 32, 32), 0.5) * known, torch.full((1, 1, 32, 32), known)
    contrast = local_statistics(image, valid, image).contrast
    torch.testing.assert_close(contrast, torch.full_like(contrast, LEAST_CONTRAST))


def test_sizes_that_are_no_multiple_of_a_block():
    image, valid = sample((20, 38))
    mean, contrast = local_statistics(image, valid, image)
    assert mean.shape == image.shape and contrast.shape == valid.shape
