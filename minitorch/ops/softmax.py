"""Softmax and log-softmax along one dimension, log-sum-exp over some; forward and first gradient are fused kernels.

Rows are shifted by their maximum, so that nothing overflows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import wrap_dim
from ..dtypes import dtype
from ..kernels.softmax import logsumexp_backward, logsumexp_forward, softmax_backward, softmax_forward
from ..memory import Array
from ..op import Failure, Make, Op, Sample, Widening, register
from ._common import Tensor, apply, normal_dims, tensor_arg, vjp_of
from .pointwise import where
from .reduce import kept
from .shape import reshape

__all__ = ["log_softmax", "logsumexp", "softmax"]


# params: dim, whether the result is the logarithm


def _vjp(node: Any, g: Tensor) -> Tensor:
    return apply(SOFTMAX_BACK, (g, node.output()), node.params)


def _formula(g: Tensor, y: Tensor, dim: int, logs: bool) -> Tensor:
    # softmax: y (g - sum(g y)); log-softmax: g - exp(y) sum(g)
    if logs:
        return g - y.exp() * g.sum(dim, True)
    return y * (g - (g * y).sum(dim, True))


def _back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, ...]:
    return vjp_of(lambda g, y: _formula(g, y, *node.params), node, (node.input(0), node.input(1)), (gg,))


SOFTMAX: Op = Widening("softmax", softmax_forward, _vjp, keeps=(0,))
LOG_SOFTMAX: Op = Widening("log_softmax", softmax_forward, _vjp, keeps=(0,))
SOFTMAX_BACK: Op = Widening("softmax_backward", softmax_backward, _back_vjp, saves=((0, 1), (0, 1)))


def _call(name: str, op: Op, input: Tensor, dim: int | None, kind: dtype | None) -> Tensor:
    x = tensor_arg(name, input)
    x = x if kind is None or x.dtype is kind else x.to(kind)
    if not x.dtype.is_floating_point:
        raise NotImplementedError(f"\"{name}_lastdim_kernel_impl\" not implemented for '{x.dtype.scalar_type}'")
    if dim is None:
        dim = 0 if x._data.ndim in (0, 1, 3) else 1
    dim = wrap_dim(dim, x._data.ndim)
    if not x._data.ndim:
        return _call(name, op, x.unsqueeze(0), 0, None).squeeze(0)
    return apply(op, (x,), (dim, op is LOG_SOFTMAX))


def _public(name: str, op: Op, what: str, result: str) -> Callable[..., Tensor]:
    def fn(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtype | None = None) -> Tensor:
        return _call(name, op, input, dim, dtype)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""Return {what} along ``dim``, in ``dtype`` if one is given.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}(minitorch.tensor([0.0, 0.0]), 0)
    tensor({result})
    """
    register(fn, samples=_samples, failures=_failures, functional=True)
    return fn


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4), 1))
    yield Sample("columns", (make(3, 4), 0))
    yield Sample("middle", (make(2, 3, 2), -2))
    yield Sample("0-d", (make(), 0))
    yield Sample("zero size", (make(0, 3), 1))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3, 4), 2), IndexError, "Dimension out of range")


softmax = _public("softmax", SOFTMAX, "exp(x) / sum(exp(x))", "[0.5000, 0.5000]")
log_softmax = _public("log_softmax", LOG_SOFTMAX, "x - log(sum(exp(x)))", "[-0.6931, -0.6931]")


# ---- log-sum-exp ---------------------------------------------------------------------------------------------------


def _logsumexp_fwd(x: Array, dims: tuple[int, ...], keepdim: bool) -> Array:
    if 0 in [x.shape[d] for d in dims]:
        return np.full(np.sum(x, axis=dims, keepdims=keepdim).shape, -np.inf, x.dtype)
    if x.dtype.kind == "c":
        top = np.max(x.real, axis=dims, keepdims=True)
        total = np.log(np.sum(np.exp(x - top), axis=dims, keepdims=True)) + top
    else:
        total = logsumexp_forward(x, dims)
    return total if keepdim else total.reshape([n for i, n in enumerate(total.shape) if i not in dims])


def _logsumexp_vjp(node: Any, g: Tensor) -> Tensor:
    x, dims = node.input(0), node.params[0]
    shape = kept(x._data.shape, dims)
    return apply(LOGSUMEXP_BACK, (reshape(g, shape), x, reshape(node.output(), shape)), (dims,))


def _logsumexp_back_fwd(g: Array, x: Array, y: Array, dims: tuple[int, ...]) -> Array:
    if x.dtype.kind == "c":
        return g * np.conj(np.exp(x - y))
    return logsumexp_backward(g, x, y, dims)


def _logsumexp_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, ...]:
    def formula(g: Tensor, x: Tensor, y: Tensor) -> Tensor:
        # dy/dx = exp(x - y), which sums to 1; where y is infinite the exponents are 0 or NaN
        return g * (x - where(y.isinf(), 0.0, y)).exp()

    return vjp_of(formula, node, tuple(node.input(i) for i in range(3)), (gg,))


LOGSUMEXP: Op = Widening("logsumexp", _logsumexp_fwd, _logsumexp_vjp, saves=((0,),), keeps=(0,))
LOGSUMEXP_BACK: Op = Widening("logsumexp_backward", _logsumexp_back_fwd, _logsumexp_back_vjp, saves=((0, 1, 2),) * 3)


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """Return ``log(sum(exp(input)))`` over ``dim``, without overflow.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1000.0, 1000.0]).logsumexp(0)
    tensor(1000.6932)
    """
    x = input if input.dtype.category >= dtypes.FLOAT else input.to(dtypes.get_default_dtype())
    return apply(LOGSUMEXP, (x,), (normal_dims(dim, x._data.ndim), keepdim))


def _logsumexp_samples(make: Make) -> Iterator[Sample]:
    yield Sample("one dim", (make(3, 4), 1))
    yield Sample("first dim", (make(3, 4), 0))
    yield Sample("two dims", (make(2, 3, 4), (0, 2)), {"keepdim": True})
    yield Sample("neighbouring dims", (make(2, 3, 4), (1, 2)))
    yield Sample("0-d", (make(), 0))


register(logsumexp, samples=_logsumexp_samples)
