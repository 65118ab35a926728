"""Order: sort and argsort, the largest k, the k-th, medians and modes.

NaN counts as the largest value. Equal elements keep their order, as torch's do in a stable sort.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import cast, wrap_dim
from ..kernels import sort as sorting
from ..memory import Array
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tensor import wrap
from ._common import Tensor, apply, deliver, tensor_arg
from ._large import LARGE
from ._returns import returns
from ._titles import titled
from .extrema import _extreme_vjp

__all__ = ["argsort", "kthvalue", "median", "mode", "msort", "nanmedian", "sort", "topk"]

SORT, TOPK, KTHVALUE = returns("sort"), returns("topk"), returns("kthvalue")
MEDIAN, NANMEDIAN, MODE = returns("median"), returns("nanmedian"), returns("mode")


def ordered(array: Array) -> Array:
    """Return an array that NumPy can compare: bfloat16 in float32."""
    return cast(array, dtypes.float32) if array.dtype == dtypes.BFLOAT16 else array


def _lacking(array: Array, kernel: str, kinds: str = "bc") -> None:
    """Raise torch's error for a dtype that the kernel does not know."""
    if array.dtype.kind in kinds:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.of(array).scalar_type}'")


def order(array: Array, dim: int, descending: bool = False) -> Array:
    """Return the indices that sort an array along ``dim``, equal elements in their order."""
    array = ordered(array)
    if array.size >= LARGE and sorting.applies(array):
        return sorting.argsort(array, dim, descending)
    if not descending:
        return np.argsort(array, axis=dim, kind="stable")
    # backwards twice: the largest first, but equal elements in their order
    last = array.shape[dim] - 1
    return last - np.flip(np.argsort(np.flip(array, dim), axis=dim, kind="stable"), dim)


def _taken(kind: Any, input: Tensor, indices: Array, dim: int, keepdim: bool = True, out: Any = None) -> Any:
    """Return the elements at indices along ``dim``, with the indices."""
    index = wrap(np.ascontiguousarray(indices, np.int64))
    values = input.gather(dim, index)
    if not keepdim:
        values, index = values.squeeze(dim), index.squeeze(dim)
    if out is not None:
        return kind(deliver(values, out[0]), deliver(index, out[1]))
    name: str = kind.__name__
    return titled(f"{name.capitalize()}Backward{int('median' in name)}", kind(values, index))


# ---- sort ----------------------------------------------------------------------------------------------------------


def _sorting(fn: str, input: Tensor, dim: int) -> int:
    array = tensor_arg(fn, input)._data
    if array.dtype.kind == "c":
        raise RuntimeError(f"{fn}: does not support complex dtypes on CPU")
    return wrap_dim(dim, array.ndim)


def sort(input: Tensor, dim: Any = -1, descending: bool = False, stable: bool = False, *, out: Any = None) -> Any:
    """Return the elements sorted along ``dim``, as ``(values, indices)``; NaN is the largest.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3, 1, 2]).sort().values
    tensor([1, 2, 3])
    """
    dim = _sorting("sort", input, dim)
    if not input._data.ndim:
        return SORT(input.clone(), wrap(np.int64(0)))
    found = _taken(SORT, input, order(input._data, dim, descending), dim, out=out)
    return titled("SortBackward1", found) if stable else found


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Return the indices that sort the elements along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3, 1, 2]).argsort()
    tensor([1, 2, 0])
    """
    dim = _sorting("argsort", input, dim)
    return wrap(np.ascontiguousarray(order(input._data, dim, descending)) if input._data.ndim else np.int64(0))


def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the elements sorted along the first dimension.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.msort(minitorch.tensor([[3, 1], [2, 4]]))
    tensor([[2, 1],
            [3, 4]])
    """
    return titled("SortBackward0", deliver(sort(input, 0).values, out))


# ---- the largest, the k-th -----------------------------------------------------------------------------------------

_FEW = 4096  # below, sorting all is as quick as finding the first ones


def _largest(array: Array, k: int, dim: int) -> Array:
    """Return the indices of the k largest along ``dim``, in descending order."""
    n = array.shape[dim]
    if n < _FEW or k * 8 > n or array.dtype.kind == "b":
        return np.take(order(array, dim, True), range(k), dim)
    array = ordered(array)
    found = np.sort(np.take(np.argpartition(array, n - k, axis=dim), range(n - k, n), dim), axis=dim)
    places = order(np.take_along_axis(array, found, dim), dim, True)
    return np.take_along_axis(found, places, dim)


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None) -> Any:
    """Return the ``k`` largest (or smallest) elements along ``dim`` in order, as ``(values, indices)``.

    Raises
    ------
    RuntimeError : ``k`` below 0 or above the size of the dimension.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3, 1, 2]).topk(2).indices
    tensor([0, 2])
    """
    dim = _sorting("topk", input, dim)
    array = input._data
    if array.dtype == bool:
        raise RuntimeError("topk does not support bool dtypes on CPU")
    if not 0 <= k <= (array.shape[dim] if array.ndim else 1):
        raise RuntimeError(f"selected index k out of range: k={k} for shape {tuple(array.shape)}, dim={dim}")
    if not array.ndim:
        return TOPK(input.clone(), wrap(np.int64(0)))
    indices = _largest(array, k, dim) if largest else np.take(order(array, dim), range(k), dim)
    return _taken(TOPK, input, indices, dim, out=out)


def _nonempty(fn: str, array: Array, dim: int) -> None:
    if array.ndim and not array.shape[dim]:
        raise IndexError(f"{fn}(): Expected reduction dim {dim} to have non-zero size.")


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """Return the ``k``-th smallest elements along ``dim``, counted from 1, as ``(values, indices)``.

    Raises
    ------
    RuntimeError : ``k`` out of range.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3, 1, 2]).kthvalue(2)
    torch.return_types.kthvalue(
    values=tensor(2),
    indices=tensor(2))
    """
    array = tensor_arg("kthvalue", input)._data
    dim = wrap_dim(dim, array.ndim)
    _nonempty("kthvalue", array, dim)
    if not 1 <= k <= (array.shape[dim] if array.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    _lacking(array, "kthvalue_cpu")
    if not array.ndim:
        return KTHVALUE(input.clone(), wrap(np.int64(0)))
    return _taken(KTHVALUE, input, np.take(order(array, dim), [k - 1], dim), dim, keepdim, out)


# ---- medians -------------------------------------------------------------------------------------------------------


def _middle(array: Array, dim: int, skip_nan: bool) -> Array:
    """Return the indices of the lower medians along ``dim``, kept; without ``skip_nan`` a NaN is the median."""
    places = order(array, dim)
    array = ordered(array)
    n = array.shape[dim]
    nans = np.isnan(array).sum(axis=dim, keepdims=True) if array.dtype.kind == "f" else np.zeros((1,) * array.ndim, int)
    if skip_nan:
        rank = np.maximum(n - nans - 1, 0) // 2
    else:
        rank = np.where(nans > 0, n - nans, (n - 1) // 2)
    return np.take_along_axis(places, np.broadcast_to(rank, (*array.shape[:dim], 1, *array.shape[dim + 1 :])), dim)


def _median_fwd(x: Array, dims: tuple[int, ...], keepdim: bool, skip_nan: bool) -> Any:
    flat = x.reshape(-1)
    return flat[_middle(flat, 0, skip_nan)[0]] if flat.size else x.dtype.type(np.nan)


MEDIAN_ALL: Op = Widening("median", _median_fwd, _extreme_vjp, saves=((0,),), keeps=(0,), lacks="bc")


def _median(kind: Any, input: Tensor, dim: int | None, keepdim: bool, out: Any) -> Any:
    name = kind.__name__
    array = tensor_arg(name, input)._data
    if dim is None:
        return deliver(apply(MEDIAN_ALL, (input,), (tuple(range(array.ndim)), False, kind is NANMEDIAN)), out)
    dim = wrap_dim(dim, array.ndim)
    _nonempty(name, array, dim)
    _lacking(array, "median_out")
    if not array.ndim:
        return kind(input.clone(), wrap(np.int64(0)))
    return _taken(kind, input, _middle(array, dim, kind is NANMEDIAN), dim, keepdim, out)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Return the median of all elements, or ``(values, indices)`` along ``dim``; the lower of two middle ones.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3.0, 1.0, 2.0, 5.0]).median()
    tensor(2.)
    """
    return _median(MEDIAN, input, dim, keepdim, out)


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Return the median of the elements that are not NaN; see `median`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3.0, float("nan"), 2.0, 5.0]).nanmedian()
    tensor(3.)
    """
    return _median(NANMEDIAN, input, dim, keepdim, out)


# ---- modes ---------------------------------------------------------------------------------------------------------


def _modes(array: Array, dim: int) -> Array:
    """Return the last indices of the most frequent elements along ``dim`` (the smallest of several), kept."""
    places = order(array, dim)
    rows = np.moveaxis(np.take_along_axis(ordered(array), places, dim), dim, -1)
    counter = np.arange(rows.shape[-1])
    begins = np.ones(rows.shape, bool)
    begins[..., 1:] = rows[..., 1:] != rows[..., :-1]
    length = counter - np.maximum.accumulate(np.where(begins, counter, 0), axis=-1)
    best = np.moveaxis(np.argmax(length, axis=-1, keepdims=True), -1, dim)
    return np.take_along_axis(places, best, dim)


def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """Return the most frequent elements along ``dim``, as ``(values, indices)``; the smallest of equally frequent ones.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3, 1, 3, 1]).mode().values
    tensor(1)
    """
    array = tensor_arg("mode", input)._data
    dim = wrap_dim(dim, array.ndim)
    _nonempty("mode", array, dim)
    _lacking(array, "mode_cpu", "c")
    if not array.ndim:
        return MODE(input.clone(), wrap(np.int64(0)))
    return _taken(MODE, input, _modes(array, dim), dim, keepdim, out)


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("last dim", (make(3, 4, apart=0.3),))
    yield Sample("first dim", (make(3, 4, apart=0.3),), {"dim": 0})
    yield Sample("3-d", (make(2, 3, 2, apart=0.3), 1))
    yield Sample("0-d", (make(),))


def _sort_samples(make: Make) -> Iterator[Sample]:
    yield from _samples(make)
    yield Sample("descending", (make(3, 4, apart=0.3),), {"descending": True})
    yield Sample("zero size", (make(0, 3),), {"dim": 0})


def _rank_samples(make: Make) -> Iterator[Sample]:
    yield Sample("last dim", (make(3, 4, apart=0.3), 2))
    yield Sample("first dim", (make(3, 4, apart=0.3), 3, 0))
    yield Sample("3-d", (make(2, 3, 2, apart=0.3), 1), {"dim": 1})
    yield Sample("0-d", (make(), 1))


def _median_samples(make: Make) -> Iterator[Sample]:
    yield from _samples(make)
    yield Sample("all", (make(3, 4, apart=0.3),))
    yield Sample("kept", (make(3, 4, apart=0.3), 1, True))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure(
        (make(3, 4),), IndexError, r"Dimension out of range \(expected to be in range of \[-2, 1\]", {"dim": 2}
    )


def _rank_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3, 4), 5), RuntimeError, "out of range")
    yield Failure((make(3, 4), -1), RuntimeError, "out of range")
    yield Failure((make(3, 4), 1, 2), IndexError, "Dimension out of range")


register(sort, samples=_sort_samples, failures=_failures)
register(argsort, samples=_sort_samples, failures=_failures, differentiable=False)
register(msort, samples=lambda make: iter([Sample("matrix", (make(3, 4, apart=0.3),))]))
register(topk, samples=_rank_samples, failures=_rank_failures)
register(kthvalue, samples=_rank_samples, failures=_rank_failures)
register(median, samples=_median_samples, failures=_failures)
register(nanmedian, samples=_median_samples, failures=_failures)
register(mode, samples=_samples, failures=_failures)
