"""Distinct elements, membership, places in sorted sequences, and counts: results without gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import cast, wrap_dim
from ..errors import shape_text
from ..memory import Array
from ..op import Failure, Make, Sample, register, result_dtype
from ..tensor import wrap
from ._common import Tensor, deliver, tensor_arg
from .sort import _lacking, ordered

__all__ = ["bincount", "bucketize", "histc", "isin", "searchsorted", "unique", "unique_consecutive"]

# ---- distinct elements ---------------------------------------------------------------------------------------------


def _answer(found: Array, like: Array, inverse: Any, counts: Any) -> Any:
    """Return the elements alone, or a tuple with what else was asked for."""
    values = wrap(cast(found, dtypes.of(like)))
    extra = [wrap(np.ascontiguousarray(e, np.int64)) for e in (inverse, counts) if e is not None]
    return (values, *extra) if extra else values


def _axis(array: Array, dim: int) -> int:
    """Return the dimension whose slices are compared; torch's errors where there are none."""
    if not array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    axis = wrap_dim(dim, array.ndim)
    if not array.size and any(n == 0 for i, n in enumerate(array.shape) if i != axis):
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    return axis


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Return the distinct elements in ascending order (the distinct slices along ``dim``).

    With ``return_inverse``, also where each element of the input stands among them; with ``return_counts``, also how
    often each occurs. Every NaN is distinct.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.unique(minitorch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    array = tensor_arg("unique", input)._data
    _lacking(array, "unique", "c")
    axis = None if dim is None else _axis(array, dim)
    found, inverse, counts = np.unique(
        ordered(array), return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    shape = array.shape if dim is None else (-1,)
    return _answer(found, array, inverse.reshape(shape) if return_inverse else None, counts if return_counts else None)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Return the elements without those that equal the one before (the slices along ``dim``); see `unique`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.unique_consecutive(minitorch.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    array = tensor_arg("unique_consecutive", input)._data
    _lacking(array, "unique", "c")
    axis = 0 if dim is None else wrap_dim(dim, array.ndim)
    rows = ordered(array).reshape(-1) if dim is None else np.moveaxis(ordered(array), axis, 0)
    begins = np.ones(len(rows), bool)
    begins[1:] = (rows[1:] != rows[:-1]).any(axis=tuple(range(1, rows.ndim)))
    inverse, starts = np.cumsum(begins) - 1, begins.nonzero()[0]
    counts = np.diff(starts, append=len(rows))
    shape = array.shape if dim is None else (-1,)
    found = rows[starts]
    return _answer(np.moveaxis(found, 0, axis), array, inverse.reshape(shape) if return_inverse else None,
                   counts if return_counts else None)  # fmt: skip


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Return which elements are among the test elements (which are not, with ``invert``); either may be a number.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.isin(minitorch.tensor([1, 2, 3]), minitorch.tensor([2, 5]))
    tensor([False,  True, False])
    """
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        tensor_arg("isin", elements, "elements")
    found = [ordered(v._data) if isinstance(v, Tensor) else np.asarray(v) for v in (elements, test_elements)]
    for array in found:
        if array.dtype.kind in "bc":
            raise RuntimeError(f"Unsupported input type encountered for isin(): {dtypes.of(array).scalar_type}")
    return wrap(np.isin(found[0], found[1], assume_unique=assume_unique, invert=invert))


# ---- places --------------------------------------------------------------------------------------------------------


def _side(fn: str, right: bool, side: str | None) -> Any:
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.{fn}(): side can only be 'left' or 'right' but got {side}")
    if right and side == "left":
        raise RuntimeError(
            f"torch.{fn}(): side and right can't be set to opposites, got side of left while right was True"
        )
    return "right" if right or side == "right" else "left"


def _places(rows: Array, values: Array, side: Any, order: Array | None) -> Array:
    """Return the places row by row, in one sequence for all values where there is but one."""
    if rows.ndim == 1:
        return np.searchsorted(rows, values, side, order)
    out = np.empty(values.shape, np.int64)
    for i in np.ndindex(rows.shape[:-1]):
        out[i] = np.searchsorted(rows[i], values[i], side, None if order is None else order[i])
    return out


def _searched(rows: Tensor, values: Any, side: Any, sorter: Tensor | None, int32: bool, out: Tensor | None) -> Tensor:
    arrays = [ordered(v._data) if isinstance(v, Tensor) else np.asarray(v) for v in (rows, values)]
    _lacking(arrays[0], "searchsorted_out_cpu")
    _lacking(arrays[1], "searchsorted_out_cpu", "c")
    both = result_dtype(arrays if isinstance(values, Tensor) else [arrays[0], values]).numpy
    order = None if sorter is None else sorter._data
    places = _places(arrays[0].astype(both, copy=False), arrays[1].astype(both, copy=False), side, order)
    return deliver(wrap(np.asarray(places, np.int32 if int32 else np.int64)), out)


def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Return where elements would stand in sorted sequences (..., N): before equal ones, or behind them with ``right``.

    Raises
    ------
    RuntimeError : leading dimensions that differ, ``side`` against ``right``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.searchsorted(minitorch.tensor([1, 3, 5]), minitorch.tensor([3, 6]))
    tensor([1, 3])
    """
    where = _side("searchsorted", right, side)
    rows = tensor_arg("searchsorted", sorted_sequence, "sorted_sequence")._data
    lead = input._data.shape[:-1] if isinstance(input, Tensor) else ()
    if rows.ndim != 1 and (rows.shape[:-1] != lead or rows.ndim != getattr(input, "ndim", 0)):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {shape_text(rows.shape)} and "
            f"input value tensor {shape_text(input._data.shape if isinstance(input, Tensor) else ())}"
        )
    return _searched(sorted_sequence, input, where, sorter, out_int32, out)


def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """Return the bucket of each element between sorted boundaries (N,): ``boundaries[i - 1] < x <= boundaries[i]``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.bucketize(minitorch.tensor([3, 6]), minitorch.tensor([1, 3, 5]))
    tensor([1, 3])
    """
    if tensor_arg("bucketize", boundaries, "boundaries", 2)._data.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries._data.ndim})")
    return _searched(boundaries, input, "right" if right else "left", None, out_int32, out)


# ---- counts --------------------------------------------------------------------------------------------------------


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """Return how often each of 0, 1, 2, ... occurs in a vector, or the sums of the weights that stand with it.

    Raises
    ------
    RuntimeError : negative elements, another number of dimensions or of weights, a negative ``minlength``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.bincount(minitorch.tensor([1, 1, 3]))
    tensor([0, 2, 0, 1])
    """
    array = tensor_arg("bincount", input)._data
    _lacking(array, "bincount_cpu", "bcfV")
    if array.ndim != 1 or (array.size and array.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError(f"minlength should be >= 0, got minlength={minlength}")
    if weights is None:
        return wrap(np.bincount(array, minlength=minlength).astype(np.int64))
    if weights._data.shape != array.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    counts = np.bincount(array, weights._data, minlength)
    return wrap(counts.astype(np.float32 if weights.dtype is dtypes.float32 else np.float64))


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0, *, out: Tensor | None = None) -> Tensor:
    """Return the numbers of elements in equal bins between ``min`` and ``max`` (of the data, where both are equal).

    Raises
    ------
    RuntimeError : no bins, ``min`` above ``max``, infinite limits.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1.0, 2.0, 1.0]).histc(4)
    tensor([2., 0., 0., 1.])
    """
    array = ordered(tensor_arg("histc", input)._data).reshape(-1)
    _lacking(array, "histogram_cpu", "biuc")
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = _range(array, float(min), float(max))
    inside = array[(array >= low) & (array <= high)].astype(float)
    places = np.minimum(((inside - low) / (high - low) * bins).astype(int), bins - 1)
    counts = np.bincount(places, minlength=bins).astype(array.dtype)
    return deliver(wrap(cast(counts, input.dtype)), out)


def _range(array: Array, low: float, high: float) -> tuple[float, float]:
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not np.isfinite([low, high]).all():
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(f"torch.histc: max must be larger than min, got min={low:g} and max={high:g}")
    return low, high


# ---- samples -------------------------------------------------------------------------------------------------------


def _unique_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make.ints(3, 4, high=5),))
    yield Sample("all results", (make.ints(2, 3, high=4),), {"return_inverse": True, "return_counts": True})
    yield Sample("slices", (make.ints(2, 6, high=2),), {"dim": 1, "return_inverse": True})
    yield Sample("zero size", (make.ints(0, high=2),))


def _isin_samples(make: Make) -> Iterator[Sample]:
    yield Sample("vectors", (make.ints(6, high=5), make.ints(3, high=5)))
    yield Sample("number", (make.ints(2, 3, high=3), 1), {"invert": True})


def _sorted_samples(make: Make) -> Iterator[Sample]:
    steps = wrap(np.array([0.0, 1.0, 1.0, 4.0]))
    yield Sample("vector", (steps, make.ints(2, 3, high=6)))
    yield Sample("right", (steps, make.ints(3, high=6)), {"right": True})
    yield Sample("number", (steps, 1.0), {"out_int32": True})


def _bucket_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make.ints(2, 3, high=6), wrap(np.array([0, 1, 4]))))
    yield Sample("right", (make.ints(3, high=6), wrap(np.array([0, 1, 4]))), {"right": True})


def _count_samples(make: Make) -> Iterator[Sample]:
    yield Sample("counts", (make.ints(8, high=5),))
    yield Sample("longer", (make.ints(8, high=3), None, 6))


def _histogram_samples(make: Make) -> Iterator[Sample]:
    yield Sample("of the data", (make(3, 4), 5))
    yield Sample("between limits", (make(12), 4, -1, 1))


def _count_failures(make: Make) -> Iterator[Failure]:
    yield Failure((wrap(np.array([-1])),), RuntimeError, "only supports 1-d non-negative integral inputs")
    yield Failure((make(3),), NotImplementedError, "not implemented for 'Double'")


def _sorted_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), make(2)), RuntimeError, "boundaries tensor should be 1 dimension or the first N-1")
    yield Failure((make(3), make(2)), RuntimeError, "can't be set to opposites", {"right": True, "side": "left"})


def _bucket_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), make(2, 3)), RuntimeError, r"must be 1 dimension, but got dim\(2\)")


def _histogram_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), 0), RuntimeError, "bins must be > 0, but got 0")
    yield Failure((make(3), 3, 2, 1), RuntimeError, "max must be larger than min")


register(unique, samples=_unique_samples, differentiable=False)
register(unique_consecutive, samples=_unique_samples, differentiable=False)
register(isin, samples=_isin_samples, differentiable=False, methods=())
register(searchsorted, samples=_sorted_samples, failures=_sorted_failures, differentiable=False, methods=())
register(bucketize, samples=_bucket_samples, failures=_bucket_failures, differentiable=False, methods=())
register(bincount, samples=_count_samples, failures=_count_failures, differentiable=False)
register(histc, samples=_histogram_samples, failures=_histogram_failures, differentiable=False)
