"""The numbers of `arange` and `linspace`, rounded as torch rounds them.

torch fills a range by vectors of 32 bytes: the first element of each is rounded by itself and the others are counted
from it, each product and sum with one rounding. The second half of a `linspace` is counted from its end.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import convert, dtypes
from ..dtypes import dtype
from ..memory import Array

__all__ = ["arange_values", "linspace_values"]

_VECTOR = 32  # bytes


def _multiply_add(a: Any, b: Any, c: Any, kind: dtype) -> Array:
    """Return a * b + c in a dtype: half precision rounds the product, the others round once."""
    if kind.itemsize == 2:
        product = convert.cast(np.asarray(np.multiply(a, b, dtype=np.float32)), kind)
        total = np.asarray(_wide(product) + np.asarray(c, np.float32))
        return _wide(convert.cast(total, kind))
    exact = np.longdouble if kind is dtypes.float64 else np.float64
    found: Array = np.asarray(np.asarray(a, exact) * np.asarray(b, exact) + np.asarray(c, exact)).astype(kind.numpy)
    return found


def _wide(array: Array) -> Array:
    return convert.cast(array, dtypes.float32)


def _vectors(count: int, kind: dtype) -> tuple[Array, int]:
    """Return the index of the first element of each element's vector, and how many elements are filled by vectors."""
    lanes = _VECTOR // kind.itemsize
    index = np.arange(count)
    return index - index % lanes, count // (2 * lanes) * (2 * lanes)


def arange_values(start: Any, end: Any, step: Any, kind: dtype) -> Array:
    """Return start, start + step, ... up to but without end; RuntimeError for bounds that torch refuses."""
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if kind.category in (dtypes.BOOL, dtypes.COMPLEX):
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{kind.scalar_type}'")
    if kind.category == dtypes.INT:
        return _whole_range(start, end, step, kind)
    count = math.ceil((end - start) / step)
    work = dtypes.float32 if kind.itemsize == 2 else dtypes.float64
    first, vectors = _vectors(count, kind)
    values = _multiply_add(step, np.arange(count), start, work)
    base = convert.cast(values[first[:vectors]], kind)
    lane = (np.arange(count) - first)[:vectors]
    values[:vectors] = _multiply_add(step, lane, convert.cast(base, work), work)
    return convert.cast(values, kind)


def _whole_range(start: Any, end: Any, step: Any, kind: dtype) -> Array:
    """Return a range of integers; bounds and step lose their fractions, for int64 before the elements are counted."""
    first, by = int(start), int(step)
    if kind is not dtypes.int64:
        count = math.ceil((end - start) / step)
    elif by == 0:
        raise ValueError("step must be nonzero")
    else:
        count = max(0, -((int(end) - first) // -by))
    return convert.cast(first + by * np.arange(count, dtype=np.int64), kind)


def linspace_values(start: Any, end: Any, steps: int, kind: dtype) -> Array:
    """Return ``steps`` evenly spaced numbers, both ends included; RuntimeError for ends that the dtype cannot hold."""
    if kind.category == dtypes.BOOL:
        raise NotImplementedError(f"\"linspace_cpu\" not implemented for '{kind.scalar_type}'")
    low, high = (convert.number(v, kind) for v in (start, end))
    if steps == 0:
        return low.reshape(1)[:0]
    if steps == 1:
        return low.reshape(1)
    if kind.category == dtypes.COMPLEX:
        return np.linspace(low, high, steps, dtype=kind.numpy)
    return convert.cast(_spaced(low, high, steps, kind), kind)


def _spaced(low: Array, high: Array, steps: int, kind: dtype) -> Array:
    work = dtypes.float64 if kind.category == dtypes.INT else kind
    first, last = (_wide(v) if kind.itemsize == 2 and work is kind else convert.cast(v, work) for v in (low, high))
    with np.errstate(all="ignore"):
        step = _divide(first, last, steps, work)
        index = np.arange(steps)
        forward = _multiply_add(step, index, first, work)
        backward = _multiply_add(-step, steps - index - 1, last, work)
    return np.where(index < steps // 2, forward, backward)


def _divide(first: Array, last: Array, steps: int, work: dtype) -> Any:
    span = np.asarray(last - first)
    if work.itemsize > 2:
        return span / span.dtype.type(steps - 1)
    divisor = _wide(convert.cast(np.asarray(steps - 1, np.float32), work))
    return _wide(convert.cast(np.asarray(_wide(convert.cast(span, work)) / divisor), work))
