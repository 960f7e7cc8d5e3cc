"""The smooth fill: exact where known, and the energy's minimum elsewhere."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage.restoration import inpaint_biharmonic

from inpainting.models import biharmonic as module
from inpainting.models.biharmonic import smooth_fill


def test_one_known_pixel_fills_everything():
    image, valid = torch.rand(1, 3, 7, 5), torch.zeros(1, 1, 7, 5)
    valid[..., 2, 3] = 1
    expected = image[..., 2:3, 3:4].expand_as(image)
    torch.testing.assert_close(smooth_fill(image, valid, 12), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (8, 8), (17, 33)])
def test_known_pixels_stay(shape):
    image = torch.rand(2, 3, *shape)
    valid = (torch.rand(2, 1, *shape) > 0.5).float()
    filled = smooth_fill(image, valid, 12)
    assert torch.equal(filled * valid, image * valid) and torch.isfinite(filled).all()


def test_nothing_known_is_zero_and_nan_is_ignored():
    image = torch.full((1, 3, 6, 6), torch.nan)
    assert not smooth_fill(image, torch.zeros(1, 1, 6, 6), 12).any()


def test_no_hole_changes_nothing():
    image = torch.rand(1, 3, 12, 10)
    assert torch.equal(smooth_fill(image, torch.ones(1, 1, 12, 10), 12), image)


def scratched(size: int = 48) -> tuple[torch.Tensor, torch.Tensor]:
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    image = torch.stack([x / size, torch.sin(x / 9) * torch.cos(y / 7) / 2 + 0.5, y / size])[None]
    valid = torch.ones(1, 1, size, size)
    valid[..., 20:26, 6:42] = 0
    return image.float(), valid


def test_a_plane_is_continued_exactly():
    image, valid = scratched()
    filled = smooth_fill(image, valid, steps=200)
    torch.testing.assert_close(filled[:, [0, 2]], image[:, [0, 2]], atol=1e-3, rtol=0)


def test_converges_to_scikit_images_biharmonic_fill():
    image, valid = scratched()
    hole = valid[0, 0].numpy() == 0
    damaged = (image * valid)[0].permute(1, 2, 0).numpy().astype(np.float64)
    expected = inpaint_biharmonic(damaged, hole, channel_axis=-1)
    filled = smooth_fill(image, valid, steps=300)[0].permute(1, 2, 0).numpy()
    assert np.abs(filled - expected).max() < 2e-3


def test_more_steps_lower_the_energy():
    image, valid = scratched()

    def energy(u: torch.Tensor) -> float:
        return (
            torch.diff(u, n=2, dim=-1).square().sum() + torch.diff(u, n=2, dim=-2).square().sum()
        ).item()

    energies = [energy(smooth_fill(image, valid, steps)) for steps in (0, 4, 12, 60)]
    assert energies == sorted(energies, reverse=True)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (8, 8), (13, 5)])
def test_halving_is_the_transpose_of_a_bilinear_enlargement(shape):
    """⟨halve(x), y⟩ = ⟨x, enlarge(y)⟩, for y away from the border, where an enlargement clamps."""
    x = torch.randn(2, 3, *shape, dtype=torch.double)
    y = torch.randn_like(module._halve(x))
    inner = torch.zeros_like(y)
    inner[..., 1:-1, 1:-1] = y[..., 1:-1, 1:-1]
    large = F.interpolate(inner, scale_factor=2, mode="bilinear")[..., : shape[0], : shape[1]]
    torch.testing.assert_close((module._halve(x) * inner).sum(), (x * large).sum())


def test_six_steps_beat_24_without_wider_scales(monkeypatch):
    image, valid = scratched()
    best = smooth_fill(image, valid, 300)

    def error(steps: int) -> float:
        return (smooth_fill(image, valid, steps) - best).square().mean().sqrt().item()

    preconditioned = error(6)
    monkeypatch.setattr(module, "SCALES", ())
    assert preconditioned < error(24) / 2


def test_a_batch_is_solved_like_its_pictures():
    """With several threads torch.linalg.solve fails or errs on some batches."""
    batches = [
        (torch.rand(8, 3, 16, 16), (torch.rand(8, 1, 16, 16) > 0.4).float()) for _ in range(6)
    ]
    alone = [
        torch.cat([module._solve(i[None], v[None]) for i, v in zip(image, valid, strict=True)])
        for image, valid in batches
    ]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        together = [module._solve(image, valid) for image, valid in batches]
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(together, alone)
