"""One mask pyramid, full masks dropped, norms fused, work in place: the same pictures come out."""

import pytest
import torch

from inpainting.io.tensors import crop_back, pad_to_multiple
from inpainting.masks.convert import batch_of, valid_from_hole
from inpainting.masks.random import SAMPLERS
from inpainting.models.fuse_norm import fuse_norm
from inpainting.seeding import generator_for
from tests.models import reference_net
from tests.models.networks import NARROW, trained


def valid_of(kind, size):
    """Float (1, 1, H, W)."""
    if kind == "dust":
        hole = torch.rand(1, 1, *size) < 0.02
    elif kind == "one known pixel":
        hole = torch.ones(1, 1, *size, dtype=torch.bool)
        hole[..., size[0] // 2, size[1] // 3] = False
    elif kind in ("nothing missing", "nothing known"):
        hole = torch.full((1, 1, *size), kind == "nothing known")
    else:
        hole = batch_of(SAMPLERS[kind](size, generator_for(7)))
    return valid_from_hole(hole)


MASKED = [name for name in NARROW if name != "context encoder"]  # the others have partial convs
KINDS = (*SAMPLERS, "dust", "one known pixel", "nothing missing", "nothing known")


def both(name, kind, size):
    """Float (1, 3, H, W) twice: fast and slow."""
    model = trained(name)
    image, valid = torch.rand(1, 3, *size), valid_of(kind, size)
    padded = [pad_to_multiple(x, model.config.multiple) for x in (image, valid)]
    with torch.inference_mode():
        fast = fuse_norm(model)(*padded).image
        slow = reference_net.predict(model, *padded)
    return crop_back(fast, *size), crop_back(slow, *size)


def distance(fast, slow):
    """Largest difference, in units of the largest value: random weights do not stay in [0, 1]."""
    return ((fast - slow).abs().max() / slow.abs().max().clamp(min=1)).item()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MASKED)
def test_equals_the_reference_for_every_kind_of_hole(name, kind):
    fast, slow = both(name, kind, (96, 64))
    assert distance(fast, slow) < 1e-5


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (2, 3), (31, 33), (127, 130), (257, 255)])
@pytest.mark.parametrize("name", MASKED)
def test_equals_the_reference_at_every_size(name, size):
    fast, slow = both(name, "dust", size)
    assert distance(fast, slow) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lines", "thick"])
@pytest.mark.parametrize("name", MASKED)
def test_equals_the_reference_on_a_large_picture(name, kind):
    fast, slow = both(name, kind, (515, 1030))
    assert distance(fast, slow) < 1e-5


@pytest.mark.parametrize("name", MASKED)
def test_bf16_stays_within_a_hundredth(name):
    model = fuse_norm(trained(name))
    image, valid = torch.rand(1, 3, 128, 128), valid_of("thick", (128, 128))
    with torch.inference_mode():
        exact = model(image, valid).image
        with torch.autocast("cpu", torch.bfloat16):
            rounded = model(image, valid).image
    assert rounded.dtype == torch.float32
    assert (rounded - exact).abs().mean() < 1e-2 * exact.abs().max().clamp(min=1)
