"""Piecewise linear activations: ReLU and its kin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..kernels import elementwise
from ..lanes import single
from ..masked import Masked, may_mask
from ..op import Make, Op, Pointwise, Sample, Variant, register
from ..tensor import method
from ._common import Tensor, apply, apply_, float_arg, tensor_arg, zeros_like
from ._large import compiled, curve
from ._titles import titled
from .pointwise import where

__all__ = ["hardtanh", "leaky_relu", "prelu", "relu", "relu6"]


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, apart=4 / 12),))
    yield Sample("images", (make(2, 3, 2, 2, apart=4 / 24),))
    yield Sample("0-d", (make(),))
    yield Sample("zero size", (make(0, 3),))


# ---- the family ------------------------------------------------------------------------------------------------------


def _np_relu(x: Any) -> Any:
    return np.maximum(x, _ZERO[x.dtype.char] if x.dtype.char in _ZERO else x.dtype.type(0))


_ZERO = {kind: np.zeros((), kind) for kind in "fd"}  # NumPy computes with it many times faster than with a number


def _relu_vjp(node: Any, g: Tensor) -> Any:
    y = node.output()
    if may_mask(node) and g._data.dtype == y._data.dtype:
        return Masked(g, lambda: apply(RELU_BACK, (g, y)))
    return apply(RELU_BACK, (g, y))


def _relu_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, Tensor | None]:
    again = apply(RELU_BACK, (gg, node.input(1))) if node.needs[0] else None
    return again, zeros_like(gg) if node.needs[1] else None


RELU: Op = Pointwise(
    "relu",
    _np_relu,
    _relu_vjp,
    keeps=(0,),
    variants=compiled("relu"),
    lacks="c",
)
RELU_BACK: Op = Pointwise(
    "threshold_backward",
    lambda g, y: np.multiply(g, y > 0),
    _relu_back_vjp,
    saves=((1,), ()),
    variants=tuple(
        Variant(v.name, v.applies, lambda g, y: elementwise.run("threshold_backward", g, y, 0.0))
        for v in compiled("threshold_backward", 2)
    ),
)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the positive part, element by element (in place if asked).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.relu(minitorch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if inplace:
        return apply_(RELU, (_not_bool(input),))
    result: Tensor = _short_relu(input)
    return result


def _not_bool(input: Any) -> Tensor:
    if tensor_arg("relu", input)._data.dtype == bool:
        raise RuntimeError("Boolean inputs not supported for relu")
    return input


_short_relu = single(RELU, lambda input, params: apply(RELU, (_not_bool(input),)))


@method
def relu_(self: Tensor) -> Tensor:
    """Replace the tensor by its positive part."""
    return relu(self, inplace=True)


HARDTANH = curve(
    "hardtanh",
    lambda x, low, high: np.clip(x, x.dtype.type(low), x.dtype.type(high)),
    lambda x, low, high: ~((x <= low) | (x >= high)),  # NaN lets the gradient pass, as in torch
    lambda g, x, low, high: where((x <= low) | (x >= high), 0.0, g),
)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Return elements limited to ``[min_val, max_val]``; the gradient is 0 at and beyond the limits.

    Raises
    ------
    ValueError : min_val above max_val.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.hardtanh(minitorch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if tensor_arg("hardtanh", input)._data.dtype == bool:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    run = apply_ if inplace else apply
    return run(HARDTANH, (input,), (min_val, max_val))


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Return elements limited to ``[0, 6]``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.relu6(minitorch.tensor([-3.0, 8.0]))
    tensor([0., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


LEAKY = curve(
    "leaky_relu",
    lambda x, slope: np.where(x > 0, x, x * x.dtype.type(slope)),
    lambda x, slope: np.where(x > 0, x.dtype.type(1), x.dtype.type(slope)),
    lambda g, x, slope: where(x > 0, g, g * slope),
)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return positive elements as they are and negative ones times ``negative_slope``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.leaky_relu(minitorch.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    run = apply_ if inplace else apply
    return run(LEAKY, (float_arg("leaky_relu", input, "leaky_relu_cpu"),), (negative_slope,))


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Return positive elements as they are and negative ones times a learned slope, one or one per channel.

    Raises
    ------
    RuntimeError : as many slopes as neither 1 nor the channels (dimension 1).

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.prelu(minitorch.tensor([-1.0, 2.0]), minitorch.tensor([0.5]))
    tensor([-0.5000,  2.0000])
    """
    slopes, ndim = weight.numel(), tensor_arg("prelu", input)._data.ndim
    if input.dtype is not weight.dtype:
        kinds = f"Got {input.dtype.scalar_type} and {weight.dtype.scalar_type}"
        raise RuntimeError(f"prelu: Type promoting not supported. {kinds}")
    if slopes != 1:
        channels = input._data.shape[1] if ndim > 1 else 1
        if slopes != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {slopes} and "
                f"channel size = {channels}."
            )
        weight = weight.reshape((1, slopes) + (1,) * (ndim - 2))
    return titled("PreluKernelBackward0", where(input > 0, input, weight * input))


# ---- samples -------------------------------------------------------------------------------------------------------


def _prelu_samples(make: Make) -> Iterator[Sample]:
    yield Sample("one slope", (make(3, 4, apart=4 / 12), make(1)))
    yield Sample("channels", (make(2, 3, 2, apart=4 / 12), make(3)))


register(relu, samples=_samples, functional=True, short=_short_relu)
for _fn in (leaky_relu, hardtanh, relu6):
    register(_fn, samples=_samples, methods=(), functional=True, top=False)
register(prelu, samples=_prelu_samples, functional=True)
