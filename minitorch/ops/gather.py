"""Reading by an index along one dimension: gather, index_select, take, take_along_dim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..convert import wrap_dim
from ..errors import shape_text
from ..memory import Array
from ..op import Failure, Make, Op, Sample, broadcast_error, register
from ..tensor import wrap
from ._common import Tensor, apply, deliver, tensor_arg
from ._indices import Index
from ._pick import Along, pick
from .expand import expand
from .index import _index_vjp
from .shape import reshape

__all__ = ["argwhere", "gather", "index_select", "take", "take_along_dim"]

GATHER: Op = Op("gather", pick, _index_vjp)
INDEX_SELECT: Op = Op("index_select", pick, _index_vjp)
TAKE: Op = Op("take", pick, _index_vjp)


# ---- checks and places ---------------------------------------------------------------------------------------------


def check_range(array: Array, low: int, n: int, text: str, error: type[Exception]) -> None:
    """Raise ``error`` with its ``text`` about the first index that is not in [low, n)."""
    if array.size and (array.min() < low or array.max() >= n):
        wrong = int(array[(array < low) | (array >= n)].flat[0])
        raise error(text.format(i=wrong, n=n))


def along(fn: str, input: Tensor, dim: int, index: Tensor, src: Tensor | None = None) -> Index:
    """Return the places that ``index`` names along ``dim``, as an index of the whole tensor.

    Raises torch's errors of gather and scatter (the latter with ``src``, or without for a number).
    """
    shape, array = input._data.shape, tensor_arg(fn, index, "index", 3)._data
    dim = wrap_dim(dim, len(shape))
    if array.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{fn}(): Expected dtype int32/int64 for index")
    if not array.size and array.ndim != len(shape):
        return (np.zeros(0, np.int64),) * len(shape)
    if max(array.ndim, 1) != max(len(shape), 1):
        what = "input" if fn == "gather" else "self"
        raise RuntimeError(f"Index tensor must have the same number of dimensions as {what} tensor")
    _check_sizes(fn, shape, dim, array.shape, None if src is None else src._data.shape)
    n = shape[dim] if shape else 1
    check_range(array, 0, n, f"index {{i}} is out of bounds for dimension {dim} with size {{n}}", RuntimeError)
    return Along.of(array, dim) if array.ndim and shape else ()


def _check_sizes(fn: str, own: Any, dim: int, index: Any, src: Any) -> None:
    if src is not None and max(len(src), 1) != max(len(index), 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    large = [d for d in range(min(len(own), len(index))) if d != dim and index[d] > own[d]]
    beyond = [d for d in range(len(index)) if src and index[d] > src[d]]
    if large and fn == "gather":
        raise RuntimeError(
            f"Size does not match at dimension {large[0]} expected index {shape_text(index)} to be no larger than self "
            f"{shape_text(own)} apart from dimension {dim}"
        )
    if large or beyond:
        tail = "" if src is None else f" and to be no larger size than src {shape_text(src)}"
        raise RuntimeError(
            f"Expected index {shape_text(index)} to be no larger than self {shape_text(own)} apart from dimension "
            f"{dim}{tail}"
        )


# ---- functions -----------------------------------------------------------------------------------------------------


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """Return ``input[..., index[i, j, ...], ...]`` along ``dim``, in the shape of ``index``.

    Raises
    ------
    RuntimeError : an index that is out of bounds, of another dtype than int32 and int64, or too large elsewhere.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 2], [3, 4]]).gather(1, minitorch.tensor([[0], [1]]))
    tensor([[1],
            [4]])
    """
    where = along("gather", input, dim, index)
    shape = index._data.shape
    if not index._data.size:
        return deliver(reshape(apply(GATHER, (_at_least_1d(input),), (where or (np.zeros(0, np.int64),),)), shape), out)
    if where:
        return deliver(apply(GATHER, (input,), (where,)), out)
    picked = apply(GATHER, (_at_least_1d(input),), ((index._data.reshape(-1),),))
    return deliver(reshape(picked, shape), out)


def _at_least_1d(x: Tensor) -> Tensor:
    return x if x._data.ndim else reshape(x, (1,))


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """Return the elements that ``indices`` names along ``dim``; the other dimensions broadcast.

    Without ``dim`` both tensors are taken as vectors. `gather` is the same without broadcasting.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor([[3, 1], [2, 4]])
    >>> minitorch.take_along_dim(x, minitorch.argmax(x, dim=1, keepdim=True), dim=1)
    tensor([[3],
            [4]])
    """
    if indices._data.dtype != np.int64:
        raise RuntimeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.scalar_type}"
        )
    if dim is None:
        return gather(reshape(input, (-1,)), 0, reshape(indices, (-1,)), out=out)
    if input._data.ndim != indices._data.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{input._data.ndim} dimensions for input, and {indices._data.ndim} dimensions for indices"
        )
    dim = wrap_dim(dim, input._data.ndim)
    own, other = list(input._data.shape), list(indices._data.shape)
    n, many = own[dim], other[dim]
    own[dim] = other[dim] = 1
    error = broadcast_error([np.empty(own), np.empty(other)])
    if error:
        raise error
    wide = list(np.broadcast_shapes(own, other))
    index = np.broadcast_to(indices._data, wide[:dim] + [many] + wide[dim + 1 :])
    index = np.where(index < 0, index + n, index)
    return gather(expand(input, wide[:dim] + [n] + wide[dim + 1 :]), dim, wrap(index), out=out)


def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the slices along ``dim`` that a vector of indices names.

    Raises
    ------
    IndexError : more than one dimension of indices, an index out of bounds of dimension 0. RuntimeError : an index
        out of bounds of another dimension, or not of an integer dtype.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 2], [3, 4]]).index_select(1, minitorch.tensor([1]))
    tensor([[2],
            [4]])
    """
    array = tensor_arg("index_select", index, "index", 3)._data
    dim = wrap_dim(dim, input._data.ndim)
    if array.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if array.dtype not in (np.int64, np.int32):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if not input._data.ndim and array.size != 1:
        raise RuntimeError("index_select(): Index to scalar can have only 1 value, got a tensor of that shape")
    n = input._data.shape[dim] if input._data.ndim else 1
    if not n and array.size:
        raise RuntimeError("index_select(): self indexing axis dim should be positive")
    if dim == 0:
        check_range(array, 0, n, "index out of range in self", IndexError)
    check_range(array, 0, n, "INDICES element is out of DATA bounds, id={i} axis_dim={n}", RuntimeError)
    if not input._data.ndim:
        return deliver(input.clone(), out)
    return deliver(apply(INDEX_SELECT, (input,), ((None,) * dim + (array.reshape(-1),),)), out)


def flat_places(fn: str, input: Tensor, index: Tensor) -> Index:
    """Return the places that indices into the flattened tensor name, as an index of the whole tensor."""
    array, size = index._data, input._data.size
    if array.dtype != np.int64:
        raise RuntimeError(f"{fn}(): Expected a long tensor for index, but got {index.dtype.scalar_type}")
    if array.size and not size:
        raise IndexError(
            f"{fn}(): tried to {fn.strip('_')} {'from' if fn == 'take' else 'elements into'} an empty tensor"
        )
    check_range(array, -size, size, "out of range: tried to access index {i} on a tensor of {n} elements.", IndexError)
    if not size:
        return (array,) * input._data.ndim
    return tuple(np.unravel_index(np.where(array < 0, array + size, array), input._data.shape))


def take(input: Tensor, index: Tensor) -> Tensor:
    """Return the elements of the flattened tensor that ``index`` names, in the shape of ``index``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.take(minitorch.tensor([[1, 2], [3, 4]]), minitorch.tensor([0, -1]))
    tensor([1, 4])
    """
    wide = _at_least_1d(input)
    return apply(TAKE, (wide,), (flat_places("take", wide, index),))


def argwhere(input: Tensor) -> Tensor:
    """Return the indices of nonzero elements, one row each.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.argwhere(minitorch.tensor([0, 3, 5]))
    tensor([[1],
            [2]])
    """
    array = input._data
    if not array.ndim:
        return wrap(np.empty((int(array != 0), 0), np.int64))
    return wrap(np.argwhere(array).astype(np.int64))


# ---- records -------------------------------------------------------------------------------------------------------


def _gather_samples(make: Make) -> Iterator[Sample]:
    yield Sample("columns", (make(3, 4), 1, make.ints(3, 2, high=4)))
    yield Sample("rows repeated", (make(3, 4), 0, make.ints(5, 4, high=3)))
    yield Sample("smaller", (make(3, 4), 1, make.ints(2, 2, high=4)))
    yield Sample("0-d", (make(), 0, make.ints(high=1)))
    yield Sample("zero size", (make(3, 4), 1, make.ints(3, 0)))


def _gather_failures(make: Make) -> Iterator[Failure]:
    index = wrap(np.zeros((3, 1), np.int64))
    yield Failure((make(3, 4), 1, index + 4), RuntimeError, "index 4 is out of bounds for dimension 1 with size 4")
    yield Failure((make(3, 4), 1, make(3, 1)), RuntimeError, "Expected dtype int32/int64 for index")
    yield Failure((make(4), 0, index), RuntimeError, "must have the same number of dimensions as input")
    yield Failure((make(2, 4), 1, index), RuntimeError, "Size does not match at dimension 0")


def _along_samples(make: Make) -> Iterator[Sample]:
    yield Sample("broadcast", (make(3, 4), wrap(np.array([[1, -1]])), 1))
    yield Sample("flat", (make(2, 3), make.ints(2, 2, high=6)))


def _along_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), make.ints(2), 1), RuntimeError, "should have the same number of dimensions")
    yield Failure((make(2, 3), make(2, 3), 1), RuntimeError, "dtype of indices should be Long but got Double")


def _select_samples(make: Make) -> Iterator[Sample]:
    yield Sample("columns", (make(3, 4), 1, make.ints(5, high=4)))
    yield Sample("rows", (make(3, 4), 0, make.ints(2, high=3)))
    yield Sample("0-d index", (make(3, 4), -1, make.ints(high=4)))


def _select_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), 1, wrap(np.array([3]))), RuntimeError, "INDICES element is out of DATA bounds, id=3")
    yield Failure((make(2, 3), 1, make.ints(1, 1)), IndexError, "Index is supposed to be a vector")
    yield Failure((make(2, 3), 1, make(1)), RuntimeError, "Expected dtype int32 or int64 for index")


def _take_samples(make: Make) -> Iterator[Sample]:
    yield Sample("repeated", (make(2, 3), make.ints(2, 4, low=-6, high=6)))
    yield Sample("0-d", (make(), wrap(np.array([0, -1]))))


def _take_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), wrap(np.array([6]))), IndexError, "tried to access index 6 on a tensor of 6 elements")
    yield Failure((make(2, 3), make(1)), RuntimeError, "Expected a long tensor for index, but got Double")
    yield Failure((make(0), wrap(np.array([0]))), IndexError, "tried to take from an empty tensor")


def _where_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make.ints(3, 4, high=2),))
    yield Sample("0-d", (make.ints(low=1),))


register(gather, samples=_gather_samples, failures=_gather_failures)
register(take_along_dim, samples=_along_samples, failures=_along_failures)
register(index_select, samples=_select_samples, failures=_select_failures)
register(take, samples=_take_samples, failures=_take_failures)
register(argwhere, samples=_where_samples, differentiable=False)
