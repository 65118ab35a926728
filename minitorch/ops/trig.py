"""Trigonometric and hyperbolic functions and their inverses, element by element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._common import Tensor
from .unary import doc, rsqrt, unary

__all__ = ["acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "sin", "sinh", "tan"]


sin: Callable[..., Tensor] = unary(
    "sin",
    np.sin,
    lambda n, g: g * cos(n.input(0)),
    doc("sines", "sin(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.8415])"),
)
cos: Callable[..., Tensor] = unary(
    "cos",
    np.cos,
    lambda n, g: -g * sin(n.input(0)),
    doc("cosines", "cos(minitorch.tensor([0.0, 1.0]))", "tensor([1.0000, 0.5403])"),
)
tan = unary(
    "tan",
    np.tan,
    lambda n, g: g * (n.output() * n.output() + 1),
    doc("tangents", "tan(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 1.5574])"),
    low=-1.2,
    high=1.2,
    uses="output",
)
asin = unary(
    "asin",
    np.arcsin,
    lambda n, g: g * rsqrt(1 - n.input(0) ** 2),
    doc("inverse sines", "asin(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 1.5708])"),
    low=-0.9,
    high=0.9,
    aliases=("arcsin",),
)
acos = unary(
    "acos",
    np.arccos,
    lambda n, g: -g * rsqrt(1 - n.input(0) ** 2),
    doc("inverse cosines", "acos(minitorch.tensor([1.0, 0.0]))", "tensor([0.0000, 1.5708])"),
    low=-0.9,
    high=0.9,
    aliases=("arccos",),
)
atan = unary(
    "atan",
    np.arctan,
    lambda n, g: g / (n.input(0) ** 2 + 1),
    doc("inverse tangents", "atan(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.7854])"),
    aliases=("arctan",),
)
sinh: Callable[..., Tensor] = unary(
    "sinh",
    np.sinh,
    lambda n, g: g * cosh(n.input(0)),
    doc("hyperbolic sines", "sinh(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 1.1752])"),
)
cosh: Callable[..., Tensor] = unary(
    "cosh",
    np.cosh,
    lambda n, g: g * sinh(n.input(0)),
    doc("hyperbolic cosines", "cosh(minitorch.tensor([0.0, 1.0]))", "tensor([1.0000, 1.5431])"),
)
asinh = unary(
    "asinh",
    np.arcsinh,
    lambda n, g: g * rsqrt(n.input(0) ** 2 + 1),
    doc("inverse hyperbolic sines", "asinh(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.8814])"),
    aliases=("arcsinh",),
)
def _acosh_slope(x: Tensor) -> Tensor:
    if x.is_complex():  # as one root, it would leave the branch
        return rsqrt(x - 1) * rsqrt(x + 1)
    return rsqrt(x * x - 1)


acosh = unary(
    "acosh",
    np.arccosh,
    lambda n, g: g * _acosh_slope(n.input(0)),
    doc("inverse hyperbolic cosines", "acosh(minitorch.tensor([1.0, 2.0]))", "tensor([0.0000, 1.3170])"),
    low=1.2,
    high=3.0,
    aliases=("arccosh",),
)
atanh = unary(
    "atanh",
    np.arctanh,
    lambda n, g: g / (1 - n.input(0) ** 2),
    doc("inverse hyperbolic tangents", "atanh(minitorch.tensor([0.0, 0.5]))", "tensor([0.0000, 0.5493])"),
    low=-0.8,
    high=0.8,
    aliases=("arctanh",),
)
