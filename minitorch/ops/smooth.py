"""Smooth activations: GELU and SiLU with fused kernels, the others as expressions in ops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import Op, Pointwise, register
from ._common import Tensor, apply, apply_, float_arg, tensor_arg, vjp_of
from ._large import compiled, curve
from ._titles import titled
from .activation import _samples
from .pointwise import where
from .unary import UNARY, erf, exp, sigmoid, tanh

__all__ = [
    "celu",
    "elu",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "logsigmoid",
    "mish",
    "selu",
    "silu",
    "softplus",
    "softsign",
]


def _source(input: Tensor, inplace: bool) -> Tensor:
    """Return what to compute on: a copy where the input is overwritten, since the gradient needs its old value."""
    return input.clone() if inplace else input


def _written(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    """Return the result, or write it over the input as an in-place call promises."""
    return input.copy_(result) if inplace else result


def _np_elu(x: Any, alpha: float, scale: float, rate: float) -> Any:
    return np.where(x > 0, x * scale, np.expm1(np.minimum(x, 0) * rate) * (alpha * scale))


def _np_elu_slope(x: Any, alpha: float, scale: float, rate: float) -> Any:
    # from x, since the result has lost the digits of exp(x) where that is small
    return np.where(x <= 0, np.exp(np.minimum(x, 0) * rate) * (alpha * scale * rate), scale)


def _elu_back(g: Tensor, x: Tensor, alpha: float, scale: float, rate: float) -> Tensor:
    return g * where(x <= 0, exp(where(x <= 0, x, 0.0) * rate) * (alpha * scale * rate), scale)


ELU = curve("elu", _np_elu, _np_elu_slope, _elu_back)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return x where positive and ``alpha * (exp(x) - 1)`` elsewhere (Clevert et al., arXiv 1511.07289).

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.elu(minitorch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    x = _source(float_arg("elu", input, "elu_cpu"), inplace)
    return _written(input, apply(ELU, (x,), (alpha, 1.0, 1.0)), inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the self-normalising ELU (Klambauer et al., arXiv 1706.02515).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.selu(minitorch.tensor([1.0]))
    tensor([1.0507])
    """
    x = _source(float_arg("selu", input, "elu_cpu"), inplace)
    return _written(input, apply(ELU, (x,), (1.6732632423543772, 1.0507009873554805, 1.0)), inplace)


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
    x = _source(float_arg("celu", input, "elu_cpu"), inplace)
    return titled("CeluBackward0", _written(input, apply(ELU, (x,), (alpha, 1.0, 1 / alpha)), inplace))


def _erf_gelu(x: Any) -> Any:
    return x * (0.5 * (1 + UNARY["erf"].fwd(x * x.dtype.type(math.sqrt(0.5)))))


def _gelu_slope(x: Tensor) -> Tensor:
    # d/dx x P(x) = P(x) + x p(x), with the normal distribution P and its density p
    density = exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return (erf(x * math.sqrt(0.5)) + 1) * 0.5 + x * density


def _np_gelu_back(g: Any, x: Any) -> Any:
    density = np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return g * ((UNARY["erf"].fwd(x * x.dtype.type(math.sqrt(0.5))) + 1) * 0.5 + x * density)


def _gelu_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, ...]:
    return vjp_of(lambda g, x: g * _gelu_slope(x), node, (node.input(0), node.input(1)), (gg,))


GELU: Op = Pointwise(
    "gelu",
    _erf_gelu,
    lambda node, g: apply(GELU_BACK, (g, node.input(0))),
    saves=((0,),),
    variants=compiled("gelu"),
    lacks="biuc",
    kernel="GeluKernelImpl",
)
GELU_BACK: Op = Pointwise(
    "gelu_backward", _np_gelu_back, _gelu_back_vjp, saves=((0, 1), (0, 1)), variants=compiled("gelu_backward", 2)
)


def _silu_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, ...]:
    def formula(g: Tensor, x: Tensor) -> Tensor:
        s = sigmoid(x)
        return g * (s * (1 + x * (1 - s)))

    return vjp_of(formula, node, (node.input(0), node.input(1)), (gg,))


def _np_silu(x: Any) -> Any:
    return x / (1 + np.exp(-x))


def _np_silu_back(g: Any, x: Any) -> Any:
    s = 1 / (1 + np.exp(-x))
    return g * (s * (1 + x * (1 - s)))


SILU: Op = Pointwise(
    "silu",
    _np_silu,
    lambda node, g: apply(SILU_BACK, (g, node.input(0))),
    saves=((0,),),
    variants=compiled("silu"),
)
SILU_BACK: Op = Pointwise(
    "silu_backward", _np_silu_back, _silu_back_vjp, saves=((0, 1), (0, 1)), variants=compiled("silu_backward", 2)
)


_BEND, _SLOPE = 0.044715, math.sqrt(2 / math.pi)


def _np_gelu_tanh(x: Any) -> Any:
    return x * 0.5 * (1 + np.tanh(_SLOPE * (x + _BEND * x * x * x)))


def _np_gelu_tanh_slope(x: Any) -> Any:
    t = np.tanh(_SLOPE * (x + _BEND * x * x * x))
    return 0.5 * (1 + t + x * (1 - t * t) * (_SLOPE * (1 + 3 * _BEND * x * x)))


def _gelu_tanh_back(g: Tensor, x: Tensor) -> Tensor:
    t = tanh((x + x * x * x * _BEND) * _SLOPE)
    return g * ((1 + t + x * (1 - t * t) * ((1 + x * x * (3 * _BEND)) * _SLOPE)) * 0.5)


GELU_TANH = curve(
    "gelu_tanh", _np_gelu_tanh, _np_gelu_tanh_slope, _gelu_tanh_back,
    kernel="GeluKernelImpl", lacks="biuc", grad_name="GeluBackward0",
)  # fmt: skip


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Return x times the normal distribution function of x, exact or by "tanh" (Hendrycks & Gimpel, arXiv 1606.08415).

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
        return apply(GELU, (tensor_arg("gelu", input),))
    if approximate != "tanh":
        raise RuntimeError("approximate argument must be either none or tanh.")
    return apply(GELU_TANH, (tensor_arg("gelu", input),))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``x * sigmoid(x)``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.silu(minitorch.tensor([0.0, 2.0]))
    tensor([0.0000, 1.7616])
    """
    run = apply_ if inplace else apply
    return run(SILU, (float_arg("silu", input, "silu_cpu"),))


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Return ``log(1 + exp(beta * x)) / beta``; x itself where ``beta * x`` exceeds ``threshold``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.softplus(minitorch.tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.0000])
    """
    return apply(SOFTPLUS, (float_arg("softplus", input, "softplus_cpu"),), (beta, threshold))


def _np_sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _np_softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return np.where(x * beta > threshold, x, np.log1p(np.exp(x * beta)) / beta)


def _np_softplus_slope(x: Any, beta: float, threshold: float) -> Any:
    return np.where(x * beta > threshold, x.dtype.type(1), _np_sigmoid(x * beta))


def _softplus_back(g: Tensor, x: Tensor, beta: float, threshold: float) -> Tensor:
    return where(x * beta > threshold, g, g * sigmoid(x * beta))


SOFTPLUS = curve("softplus", _np_softplus, _np_softplus_slope, _softplus_back)


def _np_mish_slope(x: Any) -> Any:
    t = np.tanh(_np_softplus(x))
    return t + x * _np_sigmoid(x) * (1 - t * t)


def _mish_back(g: Tensor, x: Tensor) -> Tensor:
    t = tanh(softplus(x))
    return g * (t + x * sigmoid(x) * (1 - t * t))


MISH = curve("mish", lambda x: x * np.tanh(_np_softplus(x)), _np_mish_slope, _mish_back)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``x * tanh(softplus(x))`` (Misra, arXiv 1908.08681).

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.mish(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8651])
    """
    x = _source(float_arg("mish", input, "mish_cpu"), inplace)
    return titled("MishBackward0", _written(input, apply(MISH, (x,)), inplace))


LOG_SIGMOID = curve(
    "log_sigmoid",
    lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))),
    lambda x: _np_sigmoid(-x),
    lambda g, x: g * sigmoid(-x),
    kernel="log_sigmoid_cpu",
    lacks="biuc",
)


def logsigmoid(input: Tensor) -> Tensor:
    """Return ``log(sigmoid(x))`` without overflow.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.logsigmoid(minitorch.tensor([0.0]))
    tensor([-0.6931])
    """
    return apply(LOG_SIGMOID, (tensor_arg("logsigmoid", input),))


def softsign(input: Tensor) -> Tensor:
    """Return ``x / (1 + |x|)``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.softsign(minitorch.tensor([1.0]))
    tensor([0.5000])
    """
    return input / (input.abs() + 1)


HARDSIGMOID = curve(
    "hardsigmoid",
    lambda x: np.clip(x + 3, 0, 6) / 6,
    lambda x: ((x > -3) & (x < 3)) * x.dtype.type(1 / 6),
    lambda g, x: where((x > -3) & (x < 3), g / 6, 0.0),
)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``relu6(x + 3) / 6``.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.hardsigmoid(minitorch.tensor([0.0, 4.0]))
    tensor([0.5000, 1.0000])
    """
    x = _source(float_arg("hardsigmoid", input, "hardsigmoid_cpu"), inplace)
    return titled("HardsigmoidBackward0", _written(input, apply(HARDSIGMOID, (x,)), inplace))


def _np_hardswish_slope(x: Any) -> Any:
    return np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1))


def _hardswish_back(g: Tensor, x: Tensor) -> Tensor:
    return g * where(x <= -3, 0.0, where(x < 3, x / 3 + 0.5, 1.0))


HARDSWISH = curve("hardswish", lambda x: x * np.clip(x + 3, 0, 6) / 6, _np_hardswish_slope, _hardswish_back)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``x * relu6(x + 3) / 6`` (Howard et al., arXiv 1905.02244).

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> F.hardswish(minitorch.tensor([1.0, 4.0]))
    tensor([0.6667, 4.0000])
    """
    x = _source(float_arg("hardswish", input, "hardswish_cpu"), inplace)
    return _written(input, apply(HARDSWISH, (x,)), inplace)


for _fn in (elu, silu, softplus, mish, logsigmoid, softsign, hardsigmoid, hardswish):
    register(_fn, samples=_samples, methods=(), functional=True, top=False)
for _fn in (selu, celu):
    register(_fn, samples=_samples, methods=(), functional=True)
# 1 + erf(x) cancels for negative x, in torch's float32 too
register(gelu, samples=_samples, methods=(), functional=True, top=False, budget=64.0)
