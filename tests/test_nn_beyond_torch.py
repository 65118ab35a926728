"""Layers that torch does not have: 'same' padding of strided and transposed convolutions, separable convolutions."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import minitorch as torch
from minitorch import nn

GEOMETRIES = list(itertools.product((1, 2, 3), (1, 2, 3, 5), (1, 2), (6, 7, 8)))
each_geometry = pytest.mark.parametrize("stride, kernel, dilation, size", GEOMETRIES)


@each_geometry
def test_a_same_convolution_gives_one_output_for_every_step_of_the_stride(
    stride: int, kernel: int, dilation: int, size: int
) -> None:
    layer = nn.Conv1d(2, 3, kernel, stride, padding="same", dilation=dilation).double()
    x = torch.randn(2, 2, size, dtype=torch.float64)
    out = layer(x)
    assert out.shape == (2, 3, -(-size // stride))
    total = max((out.shape[2] - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    padded = nn.functional.pad(x, (total // 2, total - total // 2))
    wanted = nn.functional.conv1d(padded, layer.weight, layer.bias, stride, 0, dilation)
    assert torch.allclose(out, wanted[..., : out.shape[2]])
    circular = nn.Conv1d(2, 3, kernel, stride, padding="same", dilation=dilation, padding_mode="replicate").double()
    padded = nn.functional.pad(x, (total // 2, total - total // 2), mode="replicate")
    wanted = nn.functional.conv1d(padded, circular.weight, circular.bias, stride, 0, dilation)
    assert torch.allclose(circular(x), wanted[..., : out.shape[2]])


@each_geometry
def test_a_same_transposed_convolution_is_the_gradient_of_a_same_convolution(
    stride: int, kernel: int, dilation: int, size: int
) -> None:
    layer = nn.ConvTranspose1d(3, 2, kernel, stride, padding="same", dilation=dilation, bias=False).double()
    g = torch.randn(2, 3, size, dtype=torch.float64)
    out = layer(g)
    assert out.shape == (2, 2, size * stride)
    x = torch.zeros(out.shape, dtype=torch.float64, requires_grad=True)
    nn.functional.conv1d(x, layer.weight, None, stride, "same", dilation).backward(g)
    assert x.grad is not None
    assert torch.allclose(out, x.grad)


def test_same_padding_works_along_each_axis_by_itself() -> None:
    layer = nn.Conv2d(1, 1, (3, 4), stride=(2, 3), padding="same")
    assert layer(torch.zeros(1, 1, 7, 8)).shape == (1, 1, 4, 3)
    assert repr(layer) == "Conv2d(1, 1, kernel_size=(3, 4), stride=(2, 3), padding=same)"
    assert nn.ConvTranspose2d(1, 1, (3, 2), (2, 3), "same")(torch.zeros(1, 4, 5)).shape == (1, 8, 15)
    with pytest.raises(ValueError, match="output_size cannot be chosen with padding='same'"):
        nn.ConvTranspose2d(1, 1, 3, 2, "same")(torch.zeros(1, 1, 4, 4), output_size=(8, 8))


def test_a_depthwise_convolution_is_a_grouped_one() -> None:
    torch.manual_seed(0)
    one: Any = nn.DepthwiseConv2d(4, 8, 3, padding=1)
    torch.manual_seed(0)
    other = nn.Conv2d(4, 8, 3, padding=1, groups=4)
    x = torch.randn(2, 4, 5, 6)
    assert torch.equal(one(x), other(x)) and list(one.state_dict()) == list(other.state_dict())
    assert repr(one).startswith("DepthwiseConv2d(4, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), groups=4")
    assert nn.DepthwiseConv2d(4, kernel_size=3)(x).shape == (2, 4, 3, 4)
    with pytest.raises(ValueError, match="out_channels must be divisible by groups"):
        nn.DepthwiseConv2d(4, 6, 3)


def test_a_separable_convolution_is_a_depthwise_one_and_a_pointwise_one() -> None:
    layer = nn.SeparableConv2d(3, 5, 3, stride=2, padding=1, depth_multiplier=2)
    x = torch.randn(2, 3, 7, 7)
    between = nn.functional.conv2d(x, layer.depthwise.weight, None, 2, 1, 1, 3)
    assert torch.equal(layer(x), nn.functional.conv2d(between, layer.pointwise.weight, layer.pointwise.bias))
    assert {name: tuple(value.shape) for name, value in layer.state_dict().items()} == {
        "depthwise.weight": (6, 1, 3, 3), "pointwise.weight": (5, 6, 1, 1), "pointwise.bias": (5,),
    }  # fmt: skip
    assert torch.autograd.gradcheck(layer.double(), torch.randn(1, 3, 4, 4, dtype=torch.float64, requires_grad=True))
