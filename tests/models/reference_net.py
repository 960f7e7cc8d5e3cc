"""The networks computed slowly: masks with as many channels as the features, ones-kernels, norms.

As in the published implementations, and as equations (1) and (2) of arXiv:1804.07723 are written;
the oracle of :mod:`tests.models.test_reference`.
"""

import torch
import torch.nn.functional as F

from inpainting import PConvUNet
from inpainting.models.biharmonic import smooth_fill
from inpainting.models.normalize import depth_to_space, local_statistics, space_to_depth


def predict(model, image, valid):
    """Float (B, 3, H, W) and (B, 1, H, W) to the network's picture, float (B, 3, H, W)."""
    image = torch.where(valid > 0, image, torch.zeros(()))
    if isinstance(model, PConvUNet):
        return paint(model, image, valid)
    start = smooth_fill(image, valid, model.config.smooth_steps).clamp(0, 1)
    mean, contrast = local_statistics(image, valid, start)
    factor = model.config.fold
    x = torch.cat([
        space_to_depth((image - mean) / contrast * valid, factor),
        space_to_depth(torch.cat([(start - mean) / contrast, 1 - valid], 1), factor),
    ], 1)  # fmt: skip
    known = space_to_depth(valid, factor).repeat_interleave(3, 1)
    full = torch.cat([known, torch.ones_like(x[:, known.shape[1] :])], 1)
    return start + contrast * depth_to_space(model.head(correct(model, x, full)), factor)


def paint(model, image, valid):
    full = valid.expand_as(image)
    x = (2 * image - 1) * full
    skips = [(x, full)]
    for level in model.encoder:
        x, full = units(level, *block(level.first, x, full))
        skips.append((x, full))
    skips.pop()
    for level in model.decoder:
        skip, skip_full = skips.pop()
        x = torch.cat([F.interpolate(x, scale_factor=level.stride), skip], 1)
        full = torch.cat([F.interpolate(full, scale_factor=level.stride), skip_full], 1)
        x, full = units(level, *block(level.block, x, full))
    return (x + 1) / 2


def correct(model, x, full):
    skips = []
    for level in model.encoder:
        x, _ = block(level.first, x, full)
        full = None  # the smooth fill is known everywhere
        x, _ = units(level, x, full)
        skips.append(x)
    skips.pop()
    for level in model.decoder:
        x = F.interpolate(level.lift(x), scale_factor=level.stride) + skips.pop()
        x, _ = units(level, x, full)
    return x


def units(level, x, full):
    for unit in level.units:
        change, full = block(unit.second, *block(unit.first, x, full))
        x = x + change
    return x, full


def block(module, x, full):
    conv = module.conv
    if full is None:
        y = F.conv2d(x, conv.weight, conv.bias, conv.stride, conv.padding)
        return module.activation(module.norm(y)), None
    y = F.conv2d(x * full, conv.weight, None, conv.stride, conv.padding)
    count = F.conv2d(full, torch.ones_like(conv.weight), None, conv.stride, conv.padding)
    known = (count > 0).to(x.dtype)
    y = y * (conv.weight[0].numel() / count.clamp(min=1))
    if conv.bias is not None:
        y = y + conv.bias.view(1, -1, 1, 1)
    return module.activation(module.norm(y * known) * known), known
