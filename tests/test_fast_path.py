"""One mask pyramid, full masks dropped, norms folded, work in place: the same pictures come out."""

from dataclasses import replace

import pytest
import torch

from inpainting import PConvUNet, PConvUNetConfig
from inpainting.fold_norm import fold_norm
from inpainting.images import crop_back, pad_to_multiple
from inpainting.random_masks import SAMPLERS, generator_for
from tests import reference_net
from tests.conftest import TINY

NARROW = {
    "default": replace(PConvUNetConfig.preset("default"), channels=(8, 8, 8, 12, 12)),
    "default, batch norm": replace(TINY, norm="batch"),
    "classic": replace(PConvUNetConfig.preset("classic"), channels=(8, 12, 12, 8, 8, 8, 8)),
    "classic, units": replace(TINY, residual=False, norm="none"),
}


def trained(name):
    """Random weights everywhere, and norms as after training: with statistics of their own."""
    model = PConvUNet(NARROW[name]).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight, module.running_var):
                torch.nn.init.uniform_(tensor, 0.5, 1.5)
            for tensor in (module.bias, module.running_mean):
                torch.nn.init.normal_(tensor, std=0.2)
    if model.config.residual:
        for layer in (model.head, model.doubt):
            torch.nn.init.normal_(layer.weight, std=0.05)
    return model


def hole_of(kind, size):
    """Bool (1, 1, H, W)."""
    if kind == "dust":
        return torch.rand(1, 1, *size) < 0.02
    if kind == "one known pixel":
        hole = torch.ones(1, 1, *size, dtype=torch.bool)
        hole[..., size[0] // 2, size[1] // 3] = False
        return hole
    if kind in ("nothing missing", "nothing known"):
        return torch.full((1, 1, *size), kind == "nothing known")
    return SAMPLERS[kind](size, generator_for(7))[None]


KINDS = (*SAMPLERS, "dust", "one known pixel", "nothing missing", "nothing known")


def both(name, kind, size):
    """Float (1, 3, H, W) twice: fast and slow."""
    model = trained(name)
    image, valid = torch.rand(1, 3, *size), (~hole_of(kind, size)).float()
    padded = [pad_to_multiple(x, model.config.multiple) for x in (image, valid)]
    with torch.inference_mode():
        fast = fold_norm(model)(*padded).image
        slow = reference_net.paint(model, *padded)
    return crop_back(fast, *size), crop_back(slow, *size)


def distance(fast, slow):
    """Largest difference, in units of the largest value: random weights do not stay in [0, 1]."""
    return ((fast - slow).abs().max() / slow.abs().max().clamp(min=1)).item()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NARROW)
def test_equals_the_reference_for_every_kind_of_hole(name, kind):
    fast, slow = both(name, kind, (96, 64))
    assert distance(fast, slow) < 1e-5


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (2, 3), (31, 33), (127, 130), (257, 255)])
@pytest.mark.parametrize("name", NARROW)
def test_equals_the_reference_at_every_size(name, size):
    fast, slow = both(name, "dust", size)
    assert distance(fast, slow) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lines", "thick"])
@pytest.mark.parametrize("name", NARROW)
def test_equals_the_reference_on_a_large_picture(name, kind):
    fast, slow = both(name, kind, (1031, 1024))
    assert distance(fast, slow) < 1e-5


@pytest.mark.parametrize("name", NARROW)
def test_bf16_stays_within_a_hundredth(name):
    model = fold_norm(trained(name))
    size = (128, 128)
    image, valid = torch.rand(1, 3, *size), (~hole_of("thick", size)).float()
    with torch.inference_mode():
        exact = model(image, valid).image
        with torch.autocast("cpu", torch.bfloat16):
            rounded = model(image, valid).image
    assert rounded.dtype == torch.float32
    assert (rounded - exact).abs().mean() < 1e-2 * exact.abs().max().clamp(min=1)


def test_folding_leaves_the_model_as_it_was():
    model = trained("classic")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    folded = fold_norm(model.train())
    assert model.training and not folded.training
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules())
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_full_masks_are_carried_no_further():
    """A hole of 20 pixels closes on the way down; from there on nothing is multiplied by it."""
    model = trained("classic")
    valid = torch.ones(1, 1, 128, 128)
    valid[..., 50:70, 50:70] = 0
    carried = [known is not None for _, known in model.plan(valid)]
    assert carried[0] and not any(carried[3:]) and len(carried) == 14
    assert not any(known is not None for _, known in model.plan(torch.ones(1, 1, 128, 128)))
