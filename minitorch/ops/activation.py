"""Activations. ReLU and its kin are primitives; smooth ones that a few ops express are composites."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..op import Make, Op, Pointwise, Sample, register
from ..tensor import method
from ._common import Tensor, apply, apply_, tensor_arg
from .pointwise import clamp, where
from .unary import erf, exp, log1p, sigmoid, tanh

__all__ = [
    "celu",
    "elu",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "silu",
    "softplus",
    "softsign",
]


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, apart=4 / 12),))
    yield Sample("images", (make(2, 3, 2, 2, apart=4 / 24),))
    yield Sample("0-d", (make(),))
    yield Sample("zero size", (make(0, 3),))


# ---- gates: pass the gradient where a condition on the value holds ---------------------------------------------------


def _gate(g: Tensor, passes: Any) -> Tensor:
    return apply(GATE, (g,), (passes,))


GATE: Op = Pointwise(
    "threshold_backward", lambda g, passes: np.multiply(g, passes), lambda node, gg: _gate(gg, *node.params)
)


def _np_relu(x: Any) -> Any:
    return np.maximum(x, x.dtype.type(0))


RELU: Op = Pointwise("relu", _np_relu, lambda node, g: _gate(g, node.output()._data > 0), keeps=(0,))


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the positive part, element by element (in place if asked).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.relu(minitorch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    x = tensor_arg("relu", input)
    if x._data.dtype == bool:
        raise RuntimeError("Boolean inputs not supported for relu")
    return apply_(RELU, (x,)) if inplace else apply(RELU, (x,))


@method
def relu_(self: Tensor) -> Tensor:
    """Replace the tensor by its positive part."""
    return relu(self, inplace=True)


def _hardtanh_vjp(node: Any, g: Tensor) -> Tensor:
    x, (low, high) = node.input(0)._data, node.params
    return _gate(g, (x > low) & (x < high))


HARDTANH: Op = Pointwise(
    "hardtanh",
    lambda x, low, high: np.clip(x, x.dtype.type(low), x.dtype.type(high)),
    _hardtanh_vjp,
    saves=((0,),),
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
    run = apply_ if inplace else apply
    return run(HARDTANH, (tensor_arg("hardtanh", input),), (min_val, max_val))


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Return elements limited to ``[0, 6]``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.relu6(minitorch.tensor([-3.0, 8.0]))
    tensor([0., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


def _leaky_fwd(x: Any, slope: float) -> Any:
    return np.where(x > 0, x, x * x.dtype.type(slope))


def _leaky_vjp(node: Any, g: Tensor) -> Tensor:
    x, (slope,) = node.input(0)._data, node.params
    return _gate(g, np.where(x > 0, x.dtype.type(1), x.dtype.type(slope)))


LEAKY: Op = Pointwise("leaky_relu", _leaky_fwd, _leaky_vjp, saves=((0,),))


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return positive elements as they are and negative ones times ``negative_slope``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.leaky_relu(minitorch.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    run = apply_ if inplace else apply
    return run(LEAKY, (tensor_arg("leaky_relu", input),), (negative_slope,))


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
    slopes, ndim = weight.numel(), input._data.ndim
    if slopes != 1:
        channels = input._data.shape[1] if ndim > 1 else 1
        if slopes != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {slopes} and "
                f"channel size = {channels}."
            )
        weight = weight.reshape((1, slopes) + (1,) * (ndim - 2))
    return where(input > 0, input, weight * input)


# ---- smooth ones ---------------------------------------------------------------------------------------------------


def _written(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    """Return the result, or write it over the input as an in-place call promises."""
    return input.copy_(result) if inplace else result


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return x where positive and ``alpha * (exp(x) - 1)`` elsewhere (Clevert et al., arXiv 1511.07289).

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.elu(minitorch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    low = clamp(input, max=0.0)
    return _written(input, where(input > 0, input, low.expm1() * alpha), inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the self-normalising ELU (Klambauer et al., arXiv 1706.02515).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.selu(minitorch.tensor([1.0]))
    tensor([1.0507])
    """
    return _written(input, elu(input, 1.6732632423543772) * 1.0507009873554805, inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return ``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`` (Barron, arXiv 1704.07483).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.celu(minitorch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    low = clamp(input, max=0.0) / alpha
    return _written(input, where(input > 0, input, low.expm1() * alpha), inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Return x times the normal distribution function of x, exactly or by "tanh" (Hendrycks & Gimpel, arXiv 1606.08415).

    Raises
    ------
    RuntimeError : ``approximate`` neither "none" nor "tanh".

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.gelu(minitorch.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    if approximate == "none":
        return input * 0.5 * (1 + erf(input * math.sqrt(0.5)))
    if approximate != "tanh":
        raise RuntimeError("approximate argument must be either none or tanh.")
    inner = math.sqrt(2 / math.pi) * (input + 0.044715 * input * input * input)
    return input * 0.5 * (1 + tanh(inner))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``x * sigmoid(x)``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.silu(minitorch.tensor([0.0, 2.0]))
    tensor([0.0000, 1.7616])
    """
    return _written(input, input * sigmoid(input), inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Return ``log(1 + exp(beta * x)) / beta``; x itself where ``beta * x`` exceeds ``threshold``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.softplus(minitorch.tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.0000])
    """
    scaled = input * beta
    return where(scaled > threshold, input, log1p(exp(clamp(scaled, max=threshold))) / beta)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``x * tanh(softplus(x))`` (Misra, arXiv 1908.08681).

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.mish(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8651])
    """
    return _written(input, input * tanh(softplus(input)), inplace)


def logsigmoid(input: Tensor) -> Tensor:
    """Return ``log(sigmoid(x))`` without overflow.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.logsigmoid(minitorch.tensor([0.0]))
    tensor([-0.6931])
    """
    return clamp(input, max=0.0) - log1p(exp(-input.abs()))


def softsign(input: Tensor) -> Tensor:
    """Return ``x / (1 + |x|)``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.softsign(minitorch.tensor([1.0]))
    tensor([0.5000])
    """
    return input / (input.abs() + 1)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``relu6(x + 3) / 6``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.hardsigmoid(minitorch.tensor([0.0, 4.0]))
    tensor([0.5000, 1.0000])
    """
    return _written(input, relu6(input + 3) / 6, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``x * relu6(x + 3) / 6`` (Howard et al., arXiv 1905.02244).

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.hardswish(minitorch.tensor([1.0, 4.0]))
    tensor([0.6667, 4.0000])
    """
    return _written(input, input * relu6(input + 3) / 6, inplace)


def _prelu_samples(make: Make) -> Iterator[Sample]:
    yield Sample("one slope", (make(3, 4, apart=4 / 12), make(1)))
    yield Sample("channels", (make(2, 3, 2, apart=4 / 12), make(3)))


register(relu, samples=_samples, functional=True)
for _fn, _top in (
    (leaky_relu, False),
    (hardtanh, False),
    (relu6, False),
    (elu, False),
    (selu, True),
    (celu, True),
    (gelu, False),
    (silu, False),
    (softplus, False),
    (mish, False),
    (logsigmoid, False),
    (softsign, False),
    (hardsigmoid, False),
    (hardswish, False),
):
    register(_fn, samples=_samples, methods=(), functional=True, top=_top)
register(prelu, samples=_prelu_samples, functional=True)
