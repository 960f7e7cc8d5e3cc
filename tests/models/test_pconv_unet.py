"""The paper's network: its shape, its masks, and that every layer learns."""

import torch

from inpainting import PConvUNet
from inpainting.models.base import Window
from inpainting.models.pconv_unet import PConvUNetConfig
from tests.models.networks import PAPER, batch, trained


def test_the_defaults_are_the_papers_shape():
    model = PConvUNet()
    assert [level.first.conv.kernel_size for level in model.encoder] == [7, 5, 5, 3, 3, 3, 3]
    widths = [len(level.first.conv.weight) for level in model.encoder]
    assert widths == [64, 128, 256, 512, 512, 512, 512]
    assert model.decoder[0].block.conv.groups == (512, 512)
    assert model.decoder[-1].block.conv.groups == (64, 3)
    assert isinstance(model.encoder[0].first.norm, torch.nn.Identity)
    assert model.encoder[0].first.activation.__class__.__name__ == "ReLU"
    assert model.decoder[0].block.activation.negative_slope == 0.2
    assert model.config.multiple == 128
    assert model.windows == (Window(7, 2), *[Window(5, 2)] * 2, *[Window(3, 2)] * 4)


def test_at_256_pixels_there_are_seven_levels():
    sizes = []
    model = PConvUNet(PAPER).eval()
    for level in model.encoder:
        level.register_forward_hook(lambda *a: sizes.append(a[2][0].shape[-1]))
    model(*batch(256))
    assert sizes == [128, 64, 32, 16, 8, 4, 2]


def test_every_layer_gets_a_gradient():
    """Without sum(1) in the numerator the bottleneck's would be about 1e-18."""
    model = PConvUNet(PConvUNetConfig(channels=(32, 64, 128, 256, 256, 256, 256))).train()
    image, valid = batch(128, share=0.25)
    (model(image, valid).image - image).pow(2).mean().backward()
    norms = [level.first.conv.weight.grad.norm().item() for level in model.encoder]
    assert min(norms) > 1e-6


def test_it_does_not_predict_its_error():
    model = PConvUNet(PAPER).eval()
    assert model(*batch(128)).scale is None and model.error_parameters() == []


def carried(plan) -> list[list[bool]]:
    """Of each level: which updates still have a mask."""
    return [[update.known is not None for update in updates] for updates in plan]


def test_full_masks_are_dropped_from_the_plan():
    """A hole of 20 pixels closes on the way down; from there on nothing is multiplied by it."""
    model = trained("paper")
    valid = torch.ones(1, 1, 128, 128)
    valid[..., 50:70, 50:70] = 0
    plan = model.plan(valid)
    assert carried(plan.encoder) == [[True], [True]] + [[False]] * 5
    assert carried(plan.decoder) == [[False]] * 7
    assert carried(model.plan(torch.ones(1, 1, 128, 128)).encoder) == [[False]] * 7


def test_the_plan_lists_the_updates_of_every_partial_convolution():
    """With stride 1 and windows of 3, worked out by hand on a row: known is at the left."""
    config = PConvUNetConfig(channels=(4, 4), kernels=(3, 3), strides=(1, 2), units=(1, 0))
    model = PConvUNet(config).eval()
    valid = torch.zeros(1, 1, 2, 16)
    valid[..., :2] = 1
    plan = model.plan(valid)
    known = [[u.known[0, 0, 0].sum().item() for u in updates] for updates in plan.encoder]
    assert known == [[3, 4, 5], [3]]  # a pixel more each time; every second of 6
    # The level above joins 2 · 3 pixels of that with 5 of its skip, and has a unit of two.
    known = [[u.known[0, 0, 0].sum().item() for u in updates] for updates in plan.decoder]
    assert known == [[7, 8, 9], [10]]
    ratio = plan.encoder[0][0].ratio[0, 0, 0]
    assert ratio[:4].tolist() == [9 / 4, 9 / 4, 9 / 2, 0]
