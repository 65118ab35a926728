"""Extrema over dimensions: values, and where they are found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import interception
from ..convert import cast, wrap_dim
from ..dtypes import float32
from ..kernels.reduce import reduce_extreme_gradient
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tape import mode
from ..tensor import wrap
from ._common import Tensor, apply, deliver, normal_dims, tensor_arg
from ._large import LARGE
from ._returns import returns
from .expand import expand
from .pointwise import maximum, minimum
from .reduce import kept, spread
from .reduce import sum as total
from .shape import reshape

__all__ = ["amax", "amin", "argmax", "argmin", "max", "min"]

Dims = tuple[int, ...]


def _extreme_vjp(node: Any, g: Tensor) -> Tensor:
    # the gradient is shared equally among the elements that attain the extremum
    dims, x = node.params[0], node.input(0)
    if _is_fused(x._data, g._data, dims):
        return wrap(reduce_extreme_gradient(g._data, x._data, node.output()._data))
    best = expand(reshape(node.output(), kept(node.in_shape(0), dims)), node.in_shape(0))
    chosen = ((x == best) | ((x != x) & (best != best))).to(g.dtype)  # NaN is the extremum where there is one
    return spread(node, g, dims) * chosen / total(chosen, dims, True)


def _is_fused(x: Any, g: Any, dims: Dims) -> bool:
    """Whether one kernel computes the gradient: of large rows, where nothing records or looks at its parts."""
    if mode.enabled or interception.active or x.size < LARGE or dims != (x.ndim - 1,):
        return False
    return x.dtype.char in "fd" and g.dtype == x.dtype


def _op(name: str, ufunc: Callable[..., Any], grad_name: str = "") -> Op:
    def fwd(x: Any, dims: Dims, keepdim: bool) -> Any:
        return ufunc(x, axis=dims, keepdims=keepdim)

    kernel = name[-3:] + "_all"
    return Widening(name, fwd, _extreme_vjp, saves=((0,),), keeps=(0,), lacks="c", kernel=kernel, grad_name=grad_name)


AMAX, AMIN = _op("amax", np.max), _op("amin", np.min)
WHOLE = {"max": _op("max", np.max, "MaxBackward1"), "min": _op("min", np.min, "MinBackward1")}


def _at_fwd(x: Any, indices: Any, dim: int, keepdim: bool) -> Any:
    found = _taken(x, indices, dim) if x.size and x.flags.c_contiguous else np.take_along_axis(x, indices, dim)
    return found if keepdim else found.squeeze(dim)


def _taken(x: Any, indices: Any, dim: int) -> Any:
    """Return one element of every line along a dimension of a contiguous array: `take_along_axis` in a fifth of the
    time.
    """
    n, inner = x.shape[dim], math.prod(x.shape[dim + 1 :])
    if inner == 1:
        places = np.arange(0, x.size, n).reshape(indices.shape) + indices
    else:
        lines = np.arange(0, x.size, n * inner)[:, None] + np.arange(inner)
        places = lines.reshape(indices.shape) + indices * inner
    return x.ravel().take(places)


def _at_vjp(node: Any, g: Tensor) -> Tensor:
    indices, dim, keepdim = node.params
    zeros = wrap(np.zeros(node.in_shape(0), g._data.dtype))
    return zeros.scatter_add(dim, wrap(indices), g if keepdim else g.unsqueeze(dim))


AT: dict[str, Op] = {name: Op(name, _at_fwd, _at_vjp) for name in ("max", "min")}


def _extreme(name: str, op: Op, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    shape = tensor_arg(name, input)._data.shape
    dims = normal_dims(dim, len(shape))
    if 0 in shape:
        everything = dim is None or (isinstance(dim, (tuple, list)) and not dim)
        _check_not_empty(name, shape, None if everything else dims, RuntimeError)
    return apply(op, (input,), (dims, keepdim))


def _check_not_empty(name: str, shape: Dims, dims: Dims | None, error: type[Exception]) -> None:
    """Raise torch's errors for an extremum of no elements."""
    if dims is None:
        hint = "" if name.startswith("arg") else " Specify the reduction dim with the 'dim' argument."
        raise error(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.{hint}")
    for d in dims:
        if shape[d] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


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


_RETURN: dict[str, Any] = {name: returns(name) for name in ("max", "min")}


def _with_indices(name: str, input: Tensor, dim: int, keepdim: bool) -> Any:
    dim = wrap_dim(dim, input._data.ndim)
    if not input._data.ndim:
        return _RETURN[name](input.clone(), wrap(np.int64(0)))
    _check_not_empty(name, input._data.shape, (dim,), IndexError)
    indices = _indices(name, input._data, axis=dim, keepdims=True)
    values = apply(AT[name], (input,), (indices, dim, keepdim))
    return _RETURN[name](values, wrap(indices if keepdim else indices.squeeze(dim)))


def _indices(name: str, array: Any, **kw: Any) -> Any:
    """Return where the extremum stands; half precision is compared in float32."""
    if array.dtype.kind == "c":
        raise NotImplementedError(f"{name}: complex numbers have no order")
    if array.dtype.kind == "V":
        array = cast(array, float32)
    return np.asarray(array.argmax(**kw) if name.endswith("max") else array.argmin(**kw))


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """Return the largest element; with ``dim``, values and indices along it; with a tensor, `maximum`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).max(1).indices
    tensor([1, 0])
    """
    if isinstance(dim, Tensor) or other is not None:
        return maximum(input, dim if other is None else other)
    if dim is None:
        return _extreme("max", WHOLE["max"], input, None, keepdim)
    return _with_indices("max", input, dim, keepdim)


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """Return the smallest element; with ``dim``, values and indices along it; with a tensor, `minimum`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).min()
    tensor(1)
    """
    if isinstance(dim, Tensor) or other is not None:
        return minimum(input, dim if other is None else other)
    if dim is None:
        return _extreme("min", WHOLE["min"], input, None, keepdim)
    return _with_indices("min", input, dim, keepdim)


def _arg(name: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    array = tensor_arg(name, input)._data
    if array.dtype == bool:
        raise RuntimeError(f"{name}(): does not support bool input")
    if array.dtype.kind == "c":
        raise RuntimeError(f"{name}(): does not support complex input")
    if dim is not None:
        dim = wrap_dim(dim, array.ndim)
    if not array.ndim:
        return wrap(np.int64(0))
    if not array.size:
        _check_not_empty(name, array.shape, None if dim is None else (dim,), IndexError)
    return wrap(_indices(name, array, axis=dim, keepdims=keepdim))


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the index of the largest element, along ``dim`` or of the flattened tensor; the first one of equals.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).argmax(1)
    tensor([1, 0])
    """
    return _arg("argmax", input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the index of the smallest element, along ``dim`` or of the flattened tensor; the first one of equals.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 5], [7, 2]]).argmin()
    tensor(0)
    """
    return _arg("argmin", input, dim, keepdim)


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("all", (make(3, 4, apart=0.15),))
    yield Sample("0-d", (make(),))
    yield Sample("one dim", (make(3, 4, apart=0.15), 1))
    yield Sample("negative dim", (make(2, 3, 2, apart=0.15), -1))
    yield Sample("kept", (make(2, 3, 2, apart=0.15), 0, True))
    yield Sample("zero size", (make(0, 3), 1))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3, 4), 2), IndexError, r"Dimension out of range \(expected to be in range of \[-2, 1\]")
    yield Failure((make(0, 3), 0), IndexError, r"Expected reduction dim 0 to have non-zero size")


for _fn in (amax, amin, max, min):
    register(_fn, samples=_samples, failures=_failures)
for _arg_fn in (argmax, argmin):
    register(_arg_fn, samples=_samples, failures=_failures, differentiable=False)
