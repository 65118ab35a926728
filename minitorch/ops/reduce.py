"""Reductions over dimensions: sums and moments, extrema, truth, and the cumulative sum."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import wrap_dim
from ..dtypes import dtype
from ..memory import Array
from ..op import Failure, Make, Op, Sample, register
from ..tensor import wrap
from ._common import Tensor, apply, deliver, normal_dims, tensor_arg
from .pointwise import maximum, minimum, where
from .shape import expand, reshape

__all__ = ["all", "amax", "amin", "any", "argmax", "argmin", "cumsum", "logsumexp", "max", "mean", "min", "norm", "prod",
           "std", "sum", "var"]  # fmt: skip

Dims = tuple[int, ...]


def _kept(shape: tuple[int, ...], dims: Dims) -> tuple[int, ...]:
    """Return the shape with the reduced dimensions as 1, which broadcasts against the input."""
    return tuple(1 if i in dims else n for i, n in enumerate(shape))


def _spread(node: Any, g: Tensor, dims: Dims) -> Tensor:
    """Return ``g``, the gradient of a reduced tensor, broadcast over the reduced dimensions."""
    shape = node.in_shape(0)
    return expand(reshape(g, _kept(shape, dims)), shape)


def _count(shape: tuple[int, ...], dims: Dims) -> int:
    return math.prod(shape[d] for d in dims)


# ---- sum, mean -----------------------------------------------------------------------------------------------------


def _sum_fwd(x: Array, dims: Dims, keepdim: bool) -> Any:
    wide = x.dtype.type if x.dtype.kind in "fc" else np.int64
    return np.sum(x, axis=dims, keepdims=keepdim, dtype=wide)


SUM: Op = Op("sum", _sum_fwd, lambda node, g: _spread(node, g, node.params[0]))


def _accumulation_input(input: Tensor, to: dtype | None) -> Tensor:
    return input if to is None or input.dtype is to else input.to(to)


def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None, out: Tensor | None = None,
        axis: Any = None) -> Tensor:  # fmt: skip
    """Return the sum over dimensions ``dim`` (all of them by default); integers and bools sum to int64.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=1)
    tensor([3., 7.])
    """
    x = _accumulation_input(tensor_arg("sum", input), dtype)
    dims = normal_dims(axis if dim is None else dim, x._data.ndim)
    result = apply(SUM, (x,), (dims, keepdim))
    return deliver(result if dtype is None else result.to(dtype), out)


def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None, out: Tensor | None = None,
         axis: Any = None) -> Tensor:  # fmt: skip
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
    if x.dtype.category < dtypes.FLOAT:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {_type_name(x)}"
        )
    dims = normal_dims(axis if dim is None else dim, x._data.ndim)
    n = _count(x._data.shape, dims)
    return deliver(apply(MEAN, (x,), (dims, keepdim, n)), out)


def _mean_fwd(x: Array, dims: Dims, keepdim: bool, n: int) -> Any:
    total = np.asarray(_sum_fwd(x, dims, keepdim))
    return total / x.dtype.type(n) if n else np.full_like(total, np.nan)


MEAN: Op = Op("mean", _mean_fwd, lambda node, g: _spread(node, g / node.params[2], node.params[0]))


def _type_name(x: Tensor) -> str:
    return {"int64": "Long", "int32": "Int", "bool": "Bool", "uint8": "Byte"}.get(
        x.dtype.name, x.dtype.name.capitalize()
    )


# ---- moments -------------------------------------------------------------------------------------------------------


def _var_fwd(x: Array, dims: Dims, keepdim: bool, correction: float) -> Any:
    n = _count(x.shape, dims)
    centred = x - _mean_fwd(x, dims, True, n)
    squares = np.asarray(np.sum(centred * centred, axis=dims, keepdims=keepdim, dtype=x.dtype))
    free = max_number(n - correction, 0)
    with np.errstate(all="ignore"):
        return squares / x.dtype.type(free)


def max_number(a: float, b: float) -> float:
    """Return the larger number (the name `max` is the tensor function's here)."""
    return a if a > b else b


def _var_vjp(node: Any, g: Tensor) -> Tensor:
    # d/dx_i sum (x_j - m)^2 / (n - c) = 2 (x_i - m) / (n - c)
    dims, _, correction = node.params
    x = node.input(0)
    n = _count(x._data.shape, dims)
    return (
        _spread(node, g, dims)
        * (x - mean(x, dims, True))
        * (2 / (n - correction) if n != correction else math.nan)
    )


VAR: Op = Op("var", _var_fwd, _var_vjp, saves=((0,),))


def _moment_args(
    input: Tensor, dim: Any, unbiased: bool | None, correction: float | None
) -> tuple[Any, float]:
    if isinstance(dim, bool):  # var(unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    if input.dtype.category < dtypes.FLOAT:
        raise RuntimeError(
            f"std and var only support floating point and complex dtypes, but got {input.dtype}"
        )
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
    return deliver(var(input, dim, unbiased, keepdim, correction=correction, axis=axis).sqrt(), out)


# ---- extrema -------------------------------------------------------------------------------------------------------


def _extreme_vjp(node: Any, g: Tensor) -> Tensor:
    # the gradient is shared equally among the elements that attain the extremum
    dims = node.params[0]
    best = expand(reshape(node.output(), _kept(node.in_shape(0), dims)), node.in_shape(0))
    chosen = (node.input(0) == best).to(g.dtype)
    return _spread(node, g, dims) * chosen / sum(chosen, dims, True)


AMAX: Op = Op(
    "amax",
    lambda x, dims, keepdim: np.max(x, axis=dims, keepdims=keepdim),
    _extreme_vjp,
    saves=((0,),),
    keeps=(0,),
)
AMIN: Op = Op(
    "amin",
    lambda x, dims, keepdim: np.min(x, axis=dims, keepdims=keepdim),
    _extreme_vjp,
    saves=((0,),),
    keeps=(0,),
)


def _extreme(name: str, op: Op, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    dims = normal_dims(dim, tensor_arg(name, input)._data.ndim)
    if any_zero(input._data.shape, dims):
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                         "dim with the 'dim' argument.")  # fmt: skip
    return apply(op, (input,), (dims, keepdim))


def any_zero(shape: tuple[int, ...], dims: Dims) -> bool:
    """Return whether a reduced dimension has no elements."""
    return 0 in [shape[d] for d in dims]


def amax(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Return the largest values over dimensions ``dim``; ties share the gradient.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).amax(1)
    tensor([5, 7])
    """
    return deliver(_extreme("amax", AMAX, input, dim, keepdim), out)


def amin(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Return the smallest values over dimensions ``dim``; ties share the gradient.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).amin(1)
    tensor([1, 2])
    """
    return deliver(_extreme("amin", AMIN, input, dim, keepdim), out)


Extreme = namedtuple("max", ["values", "indices"])
_RETURN = {name: namedtuple(name, ["values", "indices"]) for name in ("max", "min")}


def _with_indices(name: str, input: Tensor, dim: int, keepdim: bool) -> Any:
    dim = wrap_dim(dim, input._data.ndim)
    if input._data.ndim and input._data.shape[dim] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
    indices = (argmax if name == "max" else argmin)(input, dim, keepdim=True)
    values = input.gather(dim, indices) if input._data.ndim else input.clone()
    if not keepdim and input._data.ndim:
        values, indices = values.squeeze(dim), indices.squeeze(dim)
    return _RETURN[name](values, indices)


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Return the largest element; with ``dim``, values and indices along it; with a tensor, `maximum`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).max(1).indices
    tensor([1, 0])
    """
    if isinstance(dim, Tensor):
        return maximum(input, dim)
    if dim is None:
        return _extreme("max", AMAX, input, None, keepdim)
    return _with_indices("max", input, dim, keepdim)


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Return the smallest element; with ``dim``, values and indices along it; with a tensor, `minimum`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).min()
    tensor(1)
    """
    if isinstance(dim, Tensor):
        return minimum(input, dim)
    if dim is None:
        return _extreme("min", AMIN, input, None, keepdim)
    return _with_indices("min", input, dim, keepdim)


def _arg(name: str, fn: Callable[..., Any], input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    array = tensor_arg(name, input)._data
    if dim is None:
        if not array.size:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                             "reduction dim with the 'dim' argument.")  # fmt: skip
        found = np.asarray(fn(array))
        return wrap(found.reshape((1,) * array.ndim) if keepdim else found)
    dim = wrap_dim(dim, array.ndim)
    return wrap(np.asarray(fn(array, axis=dim, keepdims=keepdim))) if array.ndim else wrap(np.int64(0))


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the index of the largest element, along ``dim`` or of the flattened tensor; the first one of equals.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).argmax(1)
    tensor([1, 0])
    """
    return _arg("argmax", np.argmax, input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the index of the smallest element, along ``dim`` or of the flattened tensor; the first one of equals.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).argmin()
    tensor(0)
    """
    return _arg("argmin", np.argmin, input, dim, keepdim)


# ---- products, truth, norms, cumulation ----------------------------------------------------------------------------


def _prod_fwd(x: Array, dims: Dims, keepdim: bool) -> Any:
    return np.prod(x, axis=dims, keepdims=keepdim, dtype=x.dtype.type if x.dtype.kind in "fc" else np.int64)


def _prod_vjp(node: Any, g: Tensor) -> Tensor:
    # the product of all others, from products of what stands before and behind: right at zeros too
    (dims, _), x = node.params, node.input(0)
    (dim,) = dims
    n = x._data.shape[dim]
    parts = x.unbind(dim)
    before, behind = [wrap(np.ones_like(parts[0]._data))], [wrap(np.ones_like(parts[0]._data))]
    for i in range(n - 1):
        before.append(before[-1] * parts[i])
        behind.append(behind[-1] * parts[n - 1 - i])
    from .join import stack

    others = stack([before[i] * behind[n - 1 - i] for i in range(n)], dim)
    return _spread(node, g, dims) * others


PROD: Op = Op("prod", _prod_fwd, _prod_vjp, saves=((0,),))


def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
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
    op = Op(name, lambda x, dims, keepdim: fn(x, axis=dims, keepdims=keepdim))

    def reduce(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
        found = apply(op, (input,), (normal_dims(dim, input._data.ndim), keepdim))
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


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """Return ``log(sum(exp(input)))`` over ``dim``, without overflow.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1000.0, 1000.0]).logsumexp(0)
    tensor(1000.6931)
    """
    dims = normal_dims(dim, input._data.ndim)
    top = (
        np.max(input._data, axis=dims, keepdims=True)
        if not any_zero(input._data.shape, dims)
        else np.zeros(1)
    )
    shift = wrap(np.where(np.isfinite(top), top, 0).astype(input._data.dtype))
    total = sum((input - shift).exp(), dims, True).log() + shift
    return (
        total
        if keepdim
        else reshape(total, tuple(n for i, n in enumerate(total._data.shape) if i not in dims))
    )


def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False) -> Tensor:
    """Return the p-norm over ``dim``: ``sum(|x| ** p) ** (1 / p)``; "fro" is 2, inf the largest magnitude.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3.0, 4.0]).norm()
    tensor(5.)
    """
    if input.dtype.category < dtypes.FLOAT:
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {_type_name(input)}"
        )
    size = input.abs()
    if p in ("fro", 2, 2.0, None):
        return _euclidean(input, dim, keepdim)
    if p == math.inf:
        return amax(size, () if dim is None else dim, keepdim)
    if p == -math.inf:
        return amin(size, () if dim is None else dim, keepdim)
    if p == 0:
        return sum((input != 0).to(input.dtype), dim, keepdim)
    return sum(size, dim, keepdim) if p == 1 else sum(size**p, dim, keepdim) ** (1 / p)


def _norm_vjp(node: Any, g: Tensor) -> Tensor:
    # d|x|/dx = x / |x|, counted 0 at the origin
    dims = node.params[0]
    size = expand(reshape(node.output(), _kept(node.in_shape(0), dims)), node.in_shape(0))
    return _spread(node, g, dims) * where(size == 0, 0.0, node.input(0) / where(size == 0, 1.0, size))


def _norm_fwd(x: Array, dims: Dims, keepdim: bool) -> Any:
    total = np.sqrt(np.sum(np.square(np.abs(x), dtype=np.float64), axis=dims, keepdims=keepdim))
    return np.asarray(total).astype(x.dtype if x.dtype.kind == "f" else x.real.dtype)


NORM: Op = Op("linalg_vector_norm", _norm_fwd, _norm_vjp, saves=((0,),), keeps=(0,))


def _euclidean(input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    return apply(NORM, (input,), (normal_dims(dim, input._data.ndim), keepdim))


def _cumsum_vjp(node: Any, g: Tensor) -> Tensor:
    (dim,) = node.params
    return apply(CUMSUM_BACK, (g,), (dim,))


def _cumsum_fwd(x: Array, dim: int) -> Array:
    return np.cumsum(x, axis=dim, dtype=x.dtype if x.dtype.kind in "fc" else np.int64)


CUMSUM: Op = Op("cumsum", _cumsum_fwd, _cumsum_vjp)
CUMSUM_BACK: Op = Op("cumsum_from_end", lambda x, dim: np.flip(np.cumsum(np.flip(x, dim), axis=dim, dtype=x.dtype), dim),
                 lambda node, g: apply(CUMSUM, (g,), node.params))  # fmt: skip


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


def _register(
    fn: Any, *, apart: float = 0.0, differentiable: bool = True, need_dim: bool = False, empty: bool = True
) -> None:
    def samples(make: Make) -> Iterator[Sample]:
        if not need_dim:
            yield Sample("all", (make(3, 4, apart=apart),))
            yield Sample("0-d", (make(),))
        yield Sample("one dim", (make(3, 4, apart=apart), 1))
        yield Sample("negative dim", (make(2, 3, 2, apart=apart), -1))
        if not need_dim:
            yield Sample("kept", (make(2, 3, 2, apart=apart), 0, True))
        if empty:
            yield Sample("zero size", (make(0, 3), 0))

    def failures(make: Make) -> Iterator[Failure]:
        yield Failure(
            (make(3, 4), 2),
            IndexError,
            r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)",
        )

    register(fn, samples=samples, failures=failures, differentiable=differentiable)


def _several(fn: Any) -> None:
    def samples(make: Make) -> Iterator[Sample]:
        yield Sample("all", (make(3, 4),))
        yield Sample("two dims", (make(2, 3, 4), (0, 2)))
        yield Sample("kept", (make(2, 3, 4), 1), {"keepdim": True})
        yield (
            Sample("0-d", (make(),))
            if fn not in (var, std)
            else Sample("biased", (make(4), 0), {"correction": 0})
        )

    def failures(make: Make) -> Iterator[Failure]:
        yield Failure((make(3, 4), (0, 0)), RuntimeError, "dim 0 appears multiple times in the list of dims")

    register(fn, samples=samples, failures=failures)


for _fn in (sum, mean, var, std):
    _several(_fn)
for _fn in (amax, amin, max, min):
    _register(_fn, apart=0.15, empty=False)
for _fn in (argmax, argmin):
    _register(_fn, apart=0.15, empty=False, differentiable=False)
for _fn in (all, any):
    _register(_fn, differentiable=False)
_register(prod, empty=False)
_register(cumsum, need_dim=True, empty=True)
del _fn


def _dim_samples(make: Make) -> Iterator[Sample]:
    yield Sample("one dim", (make(3, 4), 1))
    yield Sample("two dims", (make(2, 3, 4), (0, 2)), {"keepdim": True})


def _norm_samples(make: Make) -> Iterator[Sample]:
    yield Sample("all", (make(3, 4),))
    yield Sample("rows", (make(3, 4), 2, 1))
    yield Sample("p 3", (make(3, 4, apart=0.3), 3, 1))
    yield Sample("inf", (make(3, 4, low=0.1, apart=0.3), math.inf, 0))


register(logsumexp, samples=_dim_samples)
register(norm, samples=_norm_samples)
