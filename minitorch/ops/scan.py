"""Running products, extrema and log-sum-exps; differences and integrals along a dimension.

The gradients of the running products come from linear recurrences, a closed pair: s[i] = g[i] + x[i] s[i-1] forwards,
r[i] = g[i] + x[i+1] r[i+1] backwards; the gradient of each is made of the other. Without division, zeros are right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import cast, wrap_dim
from ..dtypes import dtype
from ..kernels.scan import recur, recur_back
from ..memory import Array
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tensor import method, wrap
from ._common import Tensor, apply, apply_, deliver, tensor_arg
from ._returns import returns
from .join import cat
from .reduce import CUMSUM
from .sort import _lacking, _taken, ordered

__all__ = ["cummax", "cummin", "cumprod", "cumulative_trapezoid", "diff", "logcumsumexp", "trapezoid"]

CUMMAX, CUMMIN = returns("cummax"), returns("cummin")

# ---- linear recurrences --------------------------------------------------------------------------------------------


def _recurrence(g: Array, x: Array, dim: int, back: bool) -> Array:
    shape = g.shape
    if not g.size:
        return g.copy()
    rows = (math.prod(shape[:dim]), shape[dim], math.prod(shape[dim + 1 :]))
    a, b = (np.ascontiguousarray(np.broadcast_to(v, shape)).reshape(rows) for v in (g, x))
    out = np.empty(rows, g.dtype)
    if g.dtype.char in "fd":
        (recur_back if back else recur)(rows[0], 3 * out.nbytes, a, b, out)
        return out.reshape(shape)
    out[:] = a  # complex numbers step by step
    for i in range(rows[1] - 2, -1, -1) if back else range(1, rows[1]):
        out[:, i] += b[:, i + 1] * out[:, i + 1] if back else b[:, i] * out[:, i - 1]
    return out.reshape(shape)


def _shifted(x: Tensor, dim: int, first: float) -> Tensor:
    """Return the elements moved by one place towards the end of ``dim``, a constant in front."""
    n = x._data.shape[dim]
    edge = x._data[(slice(None),) * dim + (slice(0, 1),)]
    front = wrap(cast(np.full_like(edge, first, np.float32), x.dtype))
    return cat([front, x.narrow(dim, 0, n - 1)], dim)


def _recur_vjp(node: Any, h: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # s[i] = g[i] + x[i] s[i-1]: dg = r, the backward recurrence of h; dx[i] = s[i-1] r[i]
    (dim,), x = node.params, node.input(1)
    r = apply(RECUR_BACK, (h, x.conj()), (dim,))
    return r, r * _shifted(node.output(), dim, 0.0).conj() if node.needs[1] else None


def _recur_back_vjp(node: Any, h: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # r[i] = g[i] + x[i+1] r[i+1]: dg = s, the forward recurrence of h; dx[i] = s[i-1] r[i]
    (dim,), x = node.params, node.input(1)
    s = apply(RECUR, (h, x.conj()), (dim,))
    return s, _shifted(s, dim, 0.0) * node.output().conj() if node.needs[1] else None


RECUR: Op = Widening(
    "recurrence", lambda g, x, dim: _recurrence(g, x, dim, False), _recur_vjp, saves=((1,), (1,)), keeps=(0,)
)
RECUR_BACK: Op = Widening(
    "recurrence_back", lambda g, x, dim: _recurrence(g, x, dim, True), _recur_back_vjp, saves=((1,), (1,)), keeps=(0,)
)

# ---- running products and log-sum-exps -----------------------------------------------------------------------------


def _cumprod_fwd(x: Array, dim: int) -> Array:
    wide = {"f": np.float64, "F": np.complex128}.get(x.dtype.char, x.dtype if x.dtype.kind in "fc" else np.int64)
    if not x.ndim:
        return x.copy()
    product: Array = np.cumprod(x, axis=dim, dtype=wide)
    return product.astype(x.dtype, copy=False) if x.dtype.kind in "fc" else product


def _cumprod_vjp(node: Any, g: Tensor) -> Tensor:
    # d out[k] / d x[i] = product before i * product of i+1 to k: the sum over k of the latter is a recurrence
    (dim,), x = node.params, node.input(0)
    if not x._data.size or not x._data.ndim:
        return g
    return _shifted(node.output(), dim, 1.0).conj() * apply(RECUR_BACK, (g, x.conj()), (dim,))


CUMPROD: Op = Widening("cumprod", _cumprod_fwd, _cumprod_vjp, saves=((0,),), keeps=(0,))


def _along(fn: str, input: Tensor, dim: Any, to: dtype | None = None) -> tuple[Tensor, int]:
    x = tensor_arg(fn, input)
    dim = wrap_dim(dim, x._data.ndim)
    return (x if to is None or x.dtype is to else x.to(to)), dim


def cumprod(input: Tensor, dim: int, *, dtype: dtype | None = None, out: Tensor | None = None) -> Tensor:
    """Return the running products along ``dim``; integers give int64.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1, 2, 3]).cumprod(0)
    tensor([1, 2, 6])
    """
    x, dim = _along("cumprod", input, dim, dtype)
    return deliver(apply(CUMPROD, (x,), (dim,)), out)


@method
def cumprod_(self: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """Write the running products along ``dim`` over the tensor."""
    _, dim = _along("cumprod_", self, dim)
    return apply_(CUMPROD, (self,), (dim,))


@method
def cumsum_(self: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """Write the running sums along ``dim`` over the tensor."""
    _, dim = _along("cumsum_", self, dim)
    return apply_(CUMSUM, (self,), (dim,)) if self._data.ndim else self


def _logcumsumexp_fwd(x: Array, dim: int) -> Array:
    with np.errstate(all="ignore"):
        if x.dtype.kind != "c":
            return np.logaddexp.accumulate(x, axis=dim)
        top = np.maximum.accumulate(x.real, axis=dim)
        return np.log(np.cumsum(np.exp(x - x.real.max()), axis=dim)) + x.real.max() if x.size else top.astype(x.dtype)


def _logcumsumexp_vjp(node: Any, g: Tensor) -> Tensor:
    # sum over k >= i of g[k] exp(x[i] - out[k]), as exp(x[i] - out[i]) times a recurrence whose factors
    # exp(out[i] - out[i+1]) are at most 1
    (dim,), x, out = node.params, node.input(0), node.output()
    if not x._data.size:
        return g
    decay = (_shifted(out, dim, -math.inf) - out).exp()
    return (x - out).exp().conj() * apply(RECUR_BACK, (g, decay.conj()), (dim,))


LOGCUMSUMEXP: Op = Widening(
    "logcumsumexp", _logcumsumexp_fwd, _logcumsumexp_vjp, saves=((0,),), keeps=(0,), lacks="biu",
    kernel="logcumsumexp_out_cpu",
)  # fmt: skip


def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """Return the logarithms of the running sums of exponentials along ``dim``, without overflow.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([0.0, 0.0, 1000.0]).logcumsumexp(0)
    tensor([0.0000e+00, 6.9315e-01, 1.0000e+03])
    """
    x, dim = _along("logcumsumexp", input, dim)
    return deliver(apply(LOGCUMSUMEXP, (x,), (dim,)) if x._data.ndim else x.clone(), out)


# ---- running extrema -----------------------------------------------------------------------------------------------


def _running(kind: Any, ufunc: Any, input: Tensor, dim: int, out: Any) -> Any:
    name = kind.__name__
    _, dim = _along(name, input, dim)
    array = ordered(input._data)
    _lacking(array, name + "_cpu", "c")
    if not array.ndim:
        return kind(input.clone(), wrap(np.int64(0)))
    best = ufunc.accumulate(array, axis=dim)
    reached = (array == best) | (array != array)
    counter = np.arange(array.shape[dim]).reshape(-1, *[1] * (array.ndim - 1 - dim))
    return _taken(kind, input, np.maximum.accumulate(np.where(reached, counter, 0), axis=dim), dim, out=out)


def cummax(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """Return the largest elements so far along ``dim``, as ``(values, indices)``; the last index of equal ones.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1, 3, 2]).cummax(0).values
    tensor([1, 3, 3])
    """
    return _running(CUMMAX, np.maximum, tensor_arg("cummax", input), dim, out)


def cummin(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """Return the smallest elements so far along ``dim``, as ``(values, indices)``; the last index of equal ones.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3, 1, 2]).cummin(0).values
    tensor([3, 1, 1])
    """
    return _running(CUMMIN, np.minimum, tensor_arg("cummin", input), dim, out)


# ---- differences, integrals ----------------------------------------------------------------------------------------


def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *,
         out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return the differences of neighbours along ``dim``, taken ``n`` times, of the input between two other tensors.

    Raises
    ------
    RuntimeError : a 0-d tensor, a negative ``n``, other numbers of dimensions.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1, 3, 2]).diff()
    tensor([ 2, -1])
    """
    if not tensor_arg("diff", input)._data.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    dim = wrap_dim(dim, input._data.ndim)
    around = [prepend, input, append]
    if any(p is not None and p._data.ndim != input._data.ndim for p in around):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    parts = [p for p in around if p is not None]
    x = cat(parts, dim) if len(parts) > 1 else input
    for _ in range(min(n, x._data.shape[dim])):
        m = x._data.shape[dim] - 1
        low, high = x.narrow(dim, 0, m), x.narrow(dim, 1, m)
        x = high.logical_xor(low) if x.dtype is dtypes.bool_ else high - low
    return deliver(x.clone() if n == 0 else x, out)


def _areas(fn: str, y: Tensor, x: Tensor | None, dx: Any, dim: int) -> tuple[Tensor, int]:
    """Return the areas of the trapezoids between neighbours."""
    dim = wrap_dim(dim, tensor_arg(fn, y, "y")._data.ndim)
    if x is not None and dx is not None:
        raise TypeError(f"{fn}(): got both x and dx={dx}: give the sample points or their distance")
    for name, v in (("y", y), ("x", x)):
        if v is not None and v.dtype is dtypes.bool_:
            raise RuntimeError(f"{fn}: received a bool input for `{name}`, but bool is not supported")
    n = y._data.shape[dim]
    if x is not None and x._data.ndim and x._data.shape[dim if x._data.ndim == y._data.ndim else -1] != n:
        raise RuntimeError(f"{fn}: There must be one `x` value for each sample point")
    heights = y.narrow(dim, 0, max(n - 1, 0)) + y.narrow(dim, min(1, n), max(n - 1, 0))
    if x is None:
        return heights * (1 if dx is None else dx) / 2, dim
    steps = diff(x, dim=dim if x._data.ndim == y._data.ndim else -1)
    if x._data.ndim < y._data.ndim:
        steps = steps.reshape(-1, *[1] * (y._data.ndim - 1 - dim))
    return heights * steps / 2, dim


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """Return the integral along ``dim`` by the trapezoidal rule, at sample points ``x`` or at distances ``dx`` (1).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.trapezoid(minitorch.tensor([1.0, 3.0, 2.0]))
    tensor(4.5000)
    """
    areas, dim = _areas("trapezoid", y, x, dx, dim)
    return areas.sum(dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """Return the running integral along ``dim`` by the trapezoidal rule; see `trapezoid`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.cumulative_trapezoid(minitorch.tensor([1.0, 3.0, 2.0]))
    tensor([2.0000, 4.5000])
    """
    areas, dim = _areas("cumulative_trapezoid", y, x, dx, dim)
    return areas.cumsum(dim)


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("last dim", (make(3, 4, apart=0.3), -1))
    yield Sample("first dim", (make(3, 2, 2, apart=0.3), 0))
    yield Sample("0-d", (make(), 0))
    yield Sample("zero size", (make(0, 3), 0))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3, 4), 2), IndexError, r"Dimension out of range \(expected to be in range of \[-2, 1\]")


def _diff_samples(make: Make) -> Iterator[Sample]:
    yield Sample("once", (make(3, 4),))
    yield Sample("twice", (make(3, 4), 2, 0))
    yield Sample("between", (make(3, 4),), {"prepend": make(3, 1), "append": make(3, 2)})
    yield Sample("more than there are", (make(3), 5))


def _diff_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(),), RuntimeError, "at least one-dimensional")
    yield Failure((make(3), -1), RuntimeError, "order must be non-negative but got -1")


def _area_samples(make: Make) -> Iterator[Sample]:
    yield Sample("unit steps", (make(3, 4),))
    yield Sample("points", (make(3, 4), make(4)))
    yield Sample("other dim", (make(3, 4),), {"dx": 0.5, "dim": 0})


def _area_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), make(2)), RuntimeError, "There must be one `x` value for each sample point")


for _fn in (cumprod, logcumsumexp, cummax, cummin):
    register(_fn, samples=_samples, failures=_failures)
register(diff, samples=_diff_samples, failures=_diff_failures)
for _rule in (trapezoid, cumulative_trapezoid):
    register(_rule, samples=_area_samples, failures=_area_failures, methods=())
register(trapezoid, name="trapz", samples=_area_samples, methods=())
