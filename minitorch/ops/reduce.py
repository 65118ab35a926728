"""Reductions over dimensions: sums and moments, products, truth, log-sum-exp, and the cumulative sum."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import ones, wrap_dim
from ..dtypes import dtype
from ..kernels.reduce import reduce_sum
from ..kernels.scan import running_sum
from ..lanes import single
from ..memory import Array
from ..op import Failure, Make, Op, Sample, Variant, Widening, register
from ..tensor import wrap
from ._common import Tensor, apply, apply_view, conj, deliver, normal_dims, tensor_arg
from ._large import LARGE
from .expand import EXPAND
from .pointwise import where
from .shape import reshape, reshaped

__all__ = ["all", "any", "cumsum", "kept", "mean", "prod", "spread", "std", "sum", "var"]  # fmt: skip

Dims = tuple[int, ...]


def kept(shape: tuple[int, ...], dims: Dims) -> tuple[int, ...]:
    """Return the shape with the reduced dimensions as 1, which broadcasts against the input."""
    return tuple([1 if i in dims else n for i, n in enumerate(shape)])


def spread(node: Any, g: Tensor, dims: Dims) -> Tensor:
    """Return ``g``, the gradient of a reduced tensor, broadcast over the reduced dimensions."""
    shape = node.in_shape(0)
    return apply_view(EXPAND, reshaped(g, kept(shape, dims)) if g._data.ndim else g, (shape,))


def _applied(op: Op, x: Tensor, params: tuple[Any, ...]) -> Tensor:
    result: Tensor = apply(op, (x,), params)
    return result


def _count(shape: tuple[int, ...], dims: Dims) -> int:
    return math.prod(shape[d] for d in dims)


# ---- sum, mean -----------------------------------------------------------------------------------------------------


_add_reduce: Any = np.add.reduce  # `np.sum` without its detour


def _sum_fwd(x: Array, dims: Dims, keepdim: bool) -> Any:
    size = x.size
    if size <= FEW and not keepdim and x.dtype.char in _ONES and x.flags.c_contiguous:
        if len(dims) == x.ndim:
            return x.ravel().dot(_ONES[x.dtype.char][:size])
        total = _summed_by_product(x, dims)
        if total is not None:
            return total
    if size >= LARGE and x.dtype.char in "fd" and dims:
        total = reduce_sum(x, dims)
        return total.reshape(kept(x.shape, dims)) if keepdim else total
    wide = x.dtype.type if x.dtype.kind in "fc" else np.int64
    return _add_reduce(x, dims, wide, None, keepdim)


FEW = 1 << 12  # up to so many elements a product with ones, by one thread, takes half the time of NumPy's reduction
_ONES: Any = {char: np.ones(FEW, char) for char in "fd"}


def _summed_by_product(x: Array, dims: Dims) -> Any:
    """Return the sum of a few elements over the first dimension or the last; None for others."""
    ones, shape, ndim = _ONES[x.dtype.char], x.shape, x.ndim
    if len(dims) != 1 or not x.size:
        return None
    (dim,) = dims
    n = shape[dim]
    if dim == ndim - 1:
        return x.dot(ones[:n]) if ndim == 2 else x.reshape(-1, n).dot(ones[:n]).reshape(shape[:-1])
    if dim == 0:
        return ones[:n].dot(x) if ndim == 2 else ones[:n].dot(x.reshape(n, -1)).reshape(shape[1:])
    return None


def _sum_vjp(node: Any, g: Tensor) -> Tensor:
    return spread(node, g, node.params[0])


SUM: Op = Widening("sum", _sum_fwd, _sum_vjp)
SUM_DIMS: Op = Widening("sum", _sum_fwd, _sum_vjp, grad_name="SumBackward1")


_total, _total_dims = [single(op, partial(_applied, op)) for op in (SUM, SUM_DIMS)]


def _accumulation_input(input: Tensor, to: dtype | None) -> Tensor:
    return input if to is None or input.dtype is to else input.to(to)


def sum(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
    axis: Any = None,
) -> Tensor:
    """Return the sum over dimensions ``dim`` (all of them by default); integers and bools sum to int64.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=1)
    tensor([3., 7.])
    """
    x = input if dtype is None and isinstance(input, Tensor) else _accumulation_input(tensor_arg("sum", input), dtype)
    dim = axis if dim is None else dim
    total = _total if dim is None else _total_dims
    result: Tensor = total(x, (normal_dims(dim, x._data.ndim), keepdim))
    result = result if dtype is None else result.to(dtype)
    return result if out is None else deliver(result, out)


def mean(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
    axis: Any = None,
) -> Tensor:
    """Return the mean over dimensions ``dim`` (all of them by default).

    Raises
    ------
    RuntimeError : an integer or bool tensor.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1.0, 2.0], [3.0, 4.0]]).mean(0)
    tensor([2., 3.])
    """
    x = _accumulation_input(tensor_arg("mean", input), dtype)
    if x._data.dtype.kind in "biu":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {x.dtype.scalar_type}"
        )
    dim = axis if dim is None else dim
    dims = normal_dims(dim, x._data.ndim)
    average = _average if dim is None else _average_dims
    result: Tensor = average(x, (dims, keepdim, _count(x._data.shape, dims)))
    return result if out is None else deliver(result, out)


def _mean_fwd(x: Array, dims: Dims, keepdim: bool, n: int) -> Any:
    total = _sum_fwd(x, dims, keepdim)
    return total / x.dtype.type(n) if n else np.full_like(total, np.nan)


def _mean_vjp(node: Any, g: Tensor) -> Tensor:
    dims, _, n = node.params
    return spread(node, g / n, dims)


MEAN: Op = Widening("mean", _mean_fwd, _mean_vjp)
MEAN_DIMS: Op = Widening("mean", _mean_fwd, _mean_vjp, grad_name="MeanBackward1")
_average, _average_dims = [single(op, partial(_applied, op)) for op in (MEAN, MEAN_DIMS)]

# ---- moments -------------------------------------------------------------------------------------------------------


def _var_fwd(x: Array, dims: Dims, keepdim: bool, correction: float) -> Any:
    n = _count(x.shape, dims)
    centred = x - _mean_fwd(x, dims, True, n)
    squares = np.square(centred) if x.dtype.kind == "f" else np.square(centred.real) + np.square(centred.imag)
    squares = np.asarray(np.sum(squares, axis=dims, keepdims=keepdim))
    free = max_number(n - correction, 0)
    with np.errstate(all="ignore"):
        return squares / squares.dtype.type(free)


def max_number(a: float, b: float) -> float:
    """Return the larger number (the name `max` is the tensor function's here)."""
    return a if a > b else b


def _var_vjp(node: Any, g: Tensor) -> Tensor:
    # d/dx_i sum (x_j - m)^2 / (n - c) = 2 (x_i - m) / (n - c)
    dims, _, correction = node.params
    x = node.input(0)
    n = _count(x._data.shape, dims)
    return spread(node, g, dims) * (x - mean(x, dims, True)) * (2 / (n - correction) if n != correction else math.nan)


def _std_vjp(node: Any, g: Tensor) -> Tensor:
    # s = sqrt(v): ds = dv / 2 s, counted 0 where s = 0
    s = node.output()
    return _var_vjp(node, where(s == 0, 0.0, g / (s * 2)))


VAR: Op = Widening("var", _var_fwd, _var_vjp, saves=((0,),))
STD: Op = Widening("std", lambda *args: np.sqrt(_var_fwd(*args)), _std_vjp, saves=((0,),), keeps=(0,))


def _moment_args(input: Tensor, dim: Any, unbiased: bool | None, correction: float | None) -> tuple[Any, float]:
    if isinstance(dim, bool):  # var(unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    if input.dtype.category < dtypes.FLOAT:
        raise RuntimeError("std and var only support floating point and complex dtypes")
    return dim, correction


def var(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: float | None = None, out: Tensor | None = None, axis: Any = None) -> Tensor:  # fmt: skip
    """Return the variance over dimensions ``dim``, with ``n - correction`` in the denominator (default 1).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1.0, 2.0, 3.0]).var()
    tensor(1.)
    """
    dim, correction = _moment_args(input, axis if dim is None else dim, unbiased, correction)
    return deliver(apply(VAR, (input,), (normal_dims(dim, input._data.ndim), keepdim, correction)), out)


def std(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: float | None = None, out: Tensor | None = None, axis: Any = None) -> Tensor:  # fmt: skip
    """Return the standard deviation over dimensions ``dim``; see `var`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1.0, 2.0, 3.0]).std()
    tensor(1.)
    """
    dim, correction = _moment_args(input, axis if dim is None else dim, unbiased, correction)
    return deliver(apply(STD, (input,), (normal_dims(dim, input._data.ndim), keepdim, correction)), out)


# ---- products, truth, norms, cumulation ----------------------------------------------------------------------------


def _prod_fwd(x: Array, dims: Dims, keepdim: bool) -> Any:
    return np.prod(x, axis=dims, keepdims=keepdim, dtype=x.dtype.type if x.dtype.kind in "fc" else np.int64)


def _prod_vjp(node: Any, g: Tensor) -> Tensor:
    # the product of all others, from products of what stands before and behind: right at zeros too
    (dims, _), x = node.params, node.input(0)
    (dim,) = dims
    n = x._data.shape[dim]
    parts = x.unbind(dim)
    one = wrap(ones(parts[0]._data.shape, x.dtype)) if n else x
    before, behind = [one], [one]
    for i in range(n - 1):
        before.append(before[-1] * parts[i])
        behind.append(behind[-1] * parts[n - 1 - i])
    from .join import stack

    others = stack([before[i] * behind[n - 1 - i] for i in range(n)], dim)
    return spread(node, g, dims) * conj(others)


PROD: Op = Widening("prod", _prod_fwd, _prod_vjp, saves=((0,),))


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """Return the product over dimension ``dim``, or of all elements.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1.0, 2.0, 3.0]).prod()
    tensor(6.)
    """
    x = _accumulation_input(input, dtype)
    if dim is None:
        return apply(PROD, (reshape(x, -1),), ((0,), False))
    if not x._data.ndim:
        return x.clone()
    return apply(PROD, (x,), ((wrap_dim(dim, x._data.ndim),), keepdim))


def _truth(name: str, fn: Callable[..., Any], doc: str) -> Callable[..., Tensor]:
    op = Widening(name, lambda x, dims, keepdim: fn(x, axis=dims, keepdims=keepdim))

    def reduce(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
        dims = () if dim == () else normal_dims(dim, input._data.ndim)
        found = apply(op, (input,), (dims, keepdim))
        return deliver(found.to(dtypes.uint8) if input.dtype is dtypes.uint8 else found, out)

    reduce.__name__ = reduce.__qualname__ = name
    reduce.__doc__ = f"""Return whether {doc} elements are nonzero, over dimensions ``dim`` (all by default).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([True, False]).{name}()
    tensor({name == "any"})
    """
    return reduce


all = _truth("all", np.all, "all")
any = _truth("any", np.any, "any")


def _cumsum_vjp(node: Any, g: Tensor) -> Tensor:
    (dim,) = node.params
    return apply(CUMSUM_BACK, (g,), (dim,))


def _cumsum_fwd(x: Array, dim: int) -> Array:
    return np.cumsum(x, axis=dim, dtype=x.dtype if x.dtype.kind in "fc" else np.int64)


def _running(back: bool) -> tuple[Variant, ...]:
    def applies(x: Array, dim: int) -> bool:
        return x.size >= LARGE and x.dtype.char in "fd"

    return (Variant("compiled", applies, lambda x, dim: running_sum(x, dim, back)),)


CUMSUM: Op = Widening("cumsum", _cumsum_fwd, _cumsum_vjp, variants=_running(False))
CUMSUM_BACK: Op = Widening(
    "cumsum_from_end",
    lambda x, dim: np.flip(np.cumsum(np.flip(x, dim), axis=dim, dtype=x.dtype), dim),
    lambda node, g: apply(CUMSUM, (g,), node.params),
    variants=_running(True),
)


def cumsum(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """Return the running sums along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1, 2, 3]).cumsum(0)
    tensor([1, 3, 6])
    """
    x = _accumulation_input(input, dtype)
    return apply(CUMSUM, (x,), (wrap_dim(dim, x._data.ndim),)) if x._data.ndim else x.clone()


# ---- samples -------------------------------------------------------------------------------------------------------


def _register(fn: Any, *, differentiable: bool = True, need_dim: bool = False, empty: bool = True) -> None:
    def samples(make: Make) -> Iterator[Sample]:
        yield Sample("one dim", (make(3, 4), 1))
        yield Sample("negative dim", (make(2, 3, 2), -1))
        if not need_dim:
            yield Sample("all", (make(3, 4),))
            yield Sample("0-d", (make(),))
            yield Sample("kept", (make(2, 3, 2), 0, True))
        if empty:
            yield Sample("zero size", (make(0, 3), 0))

    def failures(make: Make) -> Iterator[Failure]:
        yield Failure((make(3, 4), 2), IndexError, r"Dimension out of range \(expected to be in range of \[-2, 1\]")

    register(fn, samples=samples, failures=failures, differentiable=differentiable)


def _several(fn: Any) -> None:
    def samples(make: Make) -> Iterator[Sample]:
        yield Sample("all", (make(3, 4),))
        yield Sample("two dims", (make(2, 3, 4), (0, 2)))
        yield Sample("kept", (make(2, 3, 4), 1), {"keepdim": True})
        yield (Sample("0-d", (make(),)) if fn not in (var, std) else Sample("biased", (make(4), 0), {"correction": 0}))

    def failures(make: Make) -> Iterator[Failure]:
        yield Failure((make(3, 4), (0, 0)), RuntimeError, "dim 0 appears multiple times in the list of dims")

    register(fn, samples=samples, failures=failures)


for _fn in (sum, mean, var, std):
    _several(_fn)
for _fn in (all, any):
    _register(_fn, differentiable=False)
_register(prod, empty=False)
_register(cumsum, need_dim=True, empty=True)
del _fn
