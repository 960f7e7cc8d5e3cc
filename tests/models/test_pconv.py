"""Partial convolution against the paper's formula, written out in loops."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting import InpaintingError, PartialConv2d


def oracle(x, full_valid, weight, bias, stride):
    """Equations (1) and (2), one output pixel at a time; one mask channel per feature."""
    out_channels, channels, k, _ = weight.shape
    padding = k // 2
    x, m = F.pad(x, [padding] * 4), F.pad(full_valid, [padding] * 4)
    height = (x.shape[2] - k) // stride + 1
    width = (x.shape[3] - k) // stride + 1
    y = torch.zeros(len(x), out_channels, height, width, dtype=x.dtype)
    valid = torch.zeros(len(x), 1, height, width, dtype=x.dtype)
    for n in range(len(x)):
        for i in range(height):
            for j in range(width):
                window = (
                    n,
                    slice(None),
                    slice(i * stride, i * stride + k),
                    slice(j * stride, j * stride + k),
                )
                known = m[window].sum()
                if known > 0:
                    scale = channels * k * k / known
                    for o in range(out_channels):
                        total = (weight[o] * x[window] * m[window]).sum()
                        y[n, o, i, j] = total * scale + (0 if bias is None else bias[o])
                    valid[n, 0, i, j] = 1
    return y, valid


def random_valid(shape, share):
    return (torch.rand(shape) >= share).double()


@pytest.mark.parametrize("hole_share", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("kernel, stride", [(1, 1), (3, 1), (3, 2), (5, 2), (7, 2)])
@pytest.mark.parametrize("bias", [True, False])
def test_equals_the_formula(kernel, stride, bias, hole_share):
    layer = PartialConv2d(3, 4, kernel, stride, bias).double()
    if bias:
        torch.nn.init.normal_(layer.bias)
    x, valid = torch.randn(2, 3, 9, 8).double(), random_valid((2, 1, 9, 8), hole_share)
    y, out = layer(x, valid)
    expected, expected_valid = oracle(
        x, valid.expand(-1, 3, -1, -1), layer.weight, layer.bias, stride
    )
    assert torch.equal(out, expected_valid.float())
    torch.testing.assert_close(y, expected, rtol=1e-5, atol=1e-6)


def test_groups_equal_full_masks():
    layer = PartialConv2d((5, 2), 3, 3).double()
    x, valid = torch.randn(2, 7, 8, 8).double(), random_valid((2, 2, 8, 8), 0.6)
    full = torch.cat([valid[:, :1].expand(-1, 5, -1, -1), valid[:, 1:].expand(-1, 2, -1, -1)], 1)
    y, out = layer(x, valid)
    expected, expected_valid = oracle(x, full, layer.weight, layer.bias, 1)
    assert torch.equal(out, expected_valid.float())
    torch.testing.assert_close(y, expected, rtol=1e-5, atol=1e-6)


def test_all_known_is_a_convolution_away_from_the_border():
    layer = PartialConv2d(3, 4, 3)
    x = torch.randn(1, 3, 12, 12)
    y, valid = layer(x, torch.ones(1, 1, 12, 12))
    expected = F.conv2d(x, layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(y[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1])
    assert valid.all()


def test_nothing_known_gives_zero_whatever_the_bias():
    layer = PartialConv2d(2, 3, 3)
    torch.nn.init.ones_(layer.bias)
    y, valid = layer(torch.randn(1, 2, 6, 6), torch.zeros(1, 1, 6, 6))
    assert not y.any() and not valid.any()


@pytest.mark.parametrize("poison", [math.nan, math.inf, 1e30])
def test_hole_values_never_reach_the_output(poison):
    layer = PartialConv2d((2, 3), 4, 3, stride=2)
    x, valid = torch.randn(2, 5, 10, 10), random_valid((2, 2, 10, 10), 0.5).float()
    hole = (
        torch.cat([valid[:, :1].expand(-1, 2, -1, -1), valid[:, 1:].expand(-1, 3, -1, -1)], 1) == 0
    )
    assert torch.equal(layer(x, valid)[0], layer(x.masked_fill(hole, poison), valid)[0])


@pytest.mark.parametrize("hole_share", [0.0, 0.5, 1.0])
def test_gradients_are_right_and_finite(hole_share):
    layer = PartialConv2d(2, 2, 3).double()
    x = torch.randn(1, 2, 5, 5, dtype=torch.double, requires_grad=True)
    valid = random_valid((1, 1, 5, 5), hole_share)
    assert torch.autograd.gradcheck(lambda x: layer(x, valid)[0], x)
    layer(x, valid)[0].sum().backward()
    assert all(torch.isfinite(g).all() for g in (x.grad, layer.weight.grad, layer.bias.grad))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 13), st.integers(1, 13), st.sampled_from([1, 3, 5]), st.sampled_from([1, 2]))
def test_known_region_only_grows(height, width, kernel, stride):
    layer = PartialConv2d(1, 1, kernel, stride)
    valid = (torch.rand(1, 1, height, width) > 0.7).float()
    _, out = layer(torch.randn(1, 1, height, width), valid)
    assert (out >= valid[..., ::stride, ::stride]).all()
    assert set(out.unique().tolist()) <= {0.0, 1.0}


def test_counts_stay_exact_under_bf16():
    """bf16 rounds above 256; a wrong count would show as a ratio that is off by up to 0.4 %."""
    layer = PartialConv2d(512, 8, 3)
    valid = torch.ones(1, 1, 4, 4)
    valid[..., 0] = 0
    expected, _ = layer.update(valid)
    with torch.autocast("cpu", torch.bfloat16):
        ratio, _ = layer.update(valid.bfloat16())
    assert torch.equal(ratio, expected)
    assert expected[0, 0, 1, 1].item() == 9 / 6


def test_checkpoint_holds_only_what_is_learned():
    assert set(PartialConv2d((2, 3), 4, 3).state_dict()) == {"weight", "bias"}


@pytest.mark.parametrize(
    "valid, words",
    [
        (torch.ones(1, 1, 4, 4, dtype=torch.bool), "valid_from_hole"),
        (torch.ones(1, 3, 4, 4), r"\(batch, 1, height, width\)"),
        (torch.ones(4, 4), r"\(batch, 1, height, width\)"),
    ],
)
def test_wrong_valid_is_refused(valid, words):
    with pytest.raises(InpaintingError, match=words):
        PartialConv2d(3, 4, 3)(torch.randn(1, 3, 4, 4), valid)


def test_even_kernel_is_refused():
    with pytest.raises(InpaintingError, match="odd"):
        PartialConv2d(3, 4, 4)
