"""The network computed slowly: masks with as many channels as the features, ones-kernels, norms.

As in the published implementations, and as equations (1) and (2) of arXiv:1804.07723 are written;
the oracle of :mod:`tests.test_fast_path`.
"""

import torch
import torch.nn.functional as F

from inpainting.correction import fold, surroundings, unfold
from inpainting.smooth_fill import smooth_fill


def paint(model, image, valid):
    """Float (B, 3, H, W) and (B, 1, H, W) to the network's picture, float (B, 3, H, W)."""
    image = torch.where(valid > 0, image, torch.zeros(()))
    if not model.config.residual:
        full = valid.expand_as(image)
        return (body(model, (2 * image - 1) * full, full, joined=True) + 1) / 2
    start = smooth_fill(image, valid, model.config.smooth_steps).clamp(0, 1)
    mean, contrast = surroundings(image, valid, start)
    factor = model.config.fold
    x = torch.cat([
        fold((image - mean) / contrast * valid, factor),
        fold(torch.cat([(start - mean) / contrast, 1 - valid], 1), factor),
    ], 1)  # fmt: skip
    known = fold(valid, factor).repeat_interleave(3, 1)
    full = torch.cat([known, torch.ones_like(x[:, known.shape[1] :])], 1)
    return start + contrast * unfold(model.head(body(model, x, full, joined=False)), factor)


def body(model, x, full, joined):
    skips = [(x, full)] if joined else []
    for level in model.encoder:
        x, full = block(level.first, x, full)
        if model.config.residual:
            full = None
        for unit in level.units:
            x, full = residual(unit, x, full)
        skips.append((x, full))
    skips.pop()
    for level in model.decoder:
        skip, skip_full = skips.pop()
        x = F.interpolate(level.lift(x), scale_factor=level.stride)
        if level.block is None:
            x = x + skip
        else:
            full = torch.cat([F.interpolate(full, scale_factor=level.stride), skip_full], 1)
            x, full = block(level.block, torch.cat([x, skip], 1), full)
        for unit in level.units:
            x, full = residual(unit, x, full)
    return x


def residual(unit, x, full):
    change, full = block(unit.second, *block(unit.first, x, full))
    return x + change, full


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
