"""Sums, means, extrema and their positions over any axes.

A dense array, whatever its memory order, is seen as (outer, n, inner): the longest run of neighbouring reduced
axes is n.  Kernels reduce fixed blocks of it, chosen by the shape alone, and NumPy joins the blocks' results and
reduces what axes are left; so no result depends on the threads.  Sums of float32 run over at most BLOCK elements
a lane in float32 and go on in float64.  NaN wins in extrema, the first of equals in positions, as in torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const, divide, maximum, minimum
from ..jit import kernel

Array = NDArray[Any]

CHUNK = 4096  # elements of a row that an item reduces
BLOCK = 128  # rows that an item of a reduction by columns takes
TILE = 512  # columns that it takes


@lru_cache(maxsize=1024)
def widening(rows: int, columns: int, most: int = TILE) -> int:
    """Return how many rows to see as one, so that loops over few columns become long enough for vectors.

    A reduction over rows of (rows, columns) is one over (rows / k, k * columns), at most `most`, then over k.

    >>> widening(100, 3), widening(7, 64), widening(8, 1000)
    (100, 7, 1)
    """
    return next((k for k in range(min(rows, most // max(columns, 1)), 1, -1) if rows % k == 0), 1)


# ---- along rows ------------------------------------------------------------------------------------------


@kernel
def sum_rows(lo: int, hi: int, x: Array, out: Array) -> None:
    """Sum each CHUNK of each row of x (M, n) into out (M, chunks), float64; items are chunks."""
    for item in range(lo, hi):
        r, k = item // out.shape[1], item % out.shape[1]
        total = const(x[r, 0], "0")
        for j in range(np.uint64(k * CHUNK), np.uint64(min((k + 1) * CHUNK, x.shape[1]))):
            total += x[r, j]
        out[r, k] = total


@kernel
def extreme_rows(lo: int, hi: int, x: Array, largest: bool, out: Array, index: Array) -> None:
    """Largest or smallest of each CHUNK of each row of x (M, n), and its first position; items are chunks.

    Positions are left out if `index` is empty.
    """
    for item in range(lo, hi):
        r, k = item // out.shape[1], item % out.shape[1]
        start, stop = np.uint64(k * CHUNK), np.uint64(min((k + 1) * CHUNK, x.shape[1]))
        best = x[r, start]
        if largest:
            for j in range(start, stop):
                best = maximum(best, x[r, j])
        else:
            for j in range(start, stop):
                best = minimum(best, x[r, j])
        out[r, k] = best
        if index.size > 0:
            at = k * CHUNK
            while x[r, at] != best and x[r, at] == x[r, at]:
                at += 1
            index[r, k] = at


# ---- along columns ---------------------------------------------------------------------------------------


@kernel
def sum_columns(lo: int, hi: int, x: Array, out: Array) -> None:
    """Sum each BLOCK of n of x (outer, n, inner) into out (outer, blocks, inner), float64.

    Items are (outer, block, tile of columns).
    """
    tiles = (x.shape[2] + TILE - 1) // TILE
    total = np.empty(TILE, x.dtype)
    for item in range(lo, hi):
        o, b = item // tiles // out.shape[1], item // tiles % out.shape[1]
        first = np.uint64(item % tiles * TILE)
        width = min(np.uint64(TILE), np.uint64(x.shape[2]) - first)
        for i in range(width):
            total[i] = const(total[i], "0")
        for k in range(b * BLOCK, min((b + 1) * BLOCK, x.shape[1])):
            for i in range(width):
                total[i] += x[o, k, first + i]
        for i in range(width):
            out[o, b, first + i] = total[i]


@kernel
def extreme_columns(lo: int, hi: int, x: Array, largest: bool, out: Array, index: Array) -> None:
    """Largest or smallest of each BLOCK of n of x (outer, n, inner), and its first position.

    Items are as in `sum_columns`; positions are left out if `index` is empty.
    """
    tiles = (x.shape[2] + TILE - 1) // TILE
    for item in range(lo, hi):
        o, b = item // tiles // out.shape[1], item // tiles % out.shape[1]
        first = np.uint64(item % tiles * TILE)
        last = min(first + np.uint64(TILE), np.uint64(x.shape[2]))
        start, stop = b * BLOCK, min((b + 1) * BLOCK, x.shape[1])
        for i in range(first, last):
            out[o, b, i] = x[o, start, i]
        if index.size == 0:
            for k in range(start, stop):
                for i in range(first, last):
                    v, m = x[o, k, i], out[o, b, i]
                    out[o, b, i] = maximum(v, m) if largest else minimum(v, m)
        else:
            for i in range(first, last):
                index[o, b, i] = start
            for k in range(start, stop):
                for i in range(first, last):
                    v, m = x[o, k, i], out[o, b, i]
                    take = (v > m if largest else v < m) | ((v != v) & (m == m))
                    out[o, b, i] = v if take else m
                    index[o, b, i] = k if take else index[o, b, i]


@kernel
def extreme_gradient(lo: int, hi: int, g: Array, x: Array, y: Array, out: Array) -> None:
    """Share g among the elements of each row of x (M, n) that equal y; g, y (M,); items are rows."""
    n = x.shape[1]
    for r in range(lo, hi):
        best, count = y[r], const(y[r], "0")
        for j in range(n):  # NaN is the extremum where there is one
            v = x[r, j]
            count += const(v, "1") if (v == best) | ((v != v) & (best != best)) else const(v, "0")
        share = divide(g[r], count)
        for j in range(n):
            v = x[r, j]
            out[r, j] = share if (v == best) | ((v != v) & (best != best)) else share * const(v, "0")


# ---- array functions -------------------------------------------------------------------------------------


def _dense(x: Array) -> tuple[Array, list[int]]:
    """Return the array in memory order, and where each of its axes went (copied only if it has gaps)."""
    order = list(range(x.ndim))
    if not x.flags.c_contiguous:
        order.sort(key=lambda axis: -abs(x.strides[axis]))
        if not x.transpose(order).flags.c_contiguous:
            return np.ascontiguousarray(x), list(range(x.ndim))
    return x.transpose(order), [order.index(axis) for axis in range(x.ndim)]


def _longest_run(shape: Sequence[int], axes: list[int]) -> tuple[int, int]:
    """Return (first, stop) of the neighbouring reduced axes that hold the most elements."""
    best = (0, 0)
    for first in axes:
        stop = first
        while stop in axes:
            stop += 1
        if best == (0, 0) or math.prod(shape[first:stop]) > math.prod(shape[best[0] : best[1]]):
            best = (first, stop)
    return best


Blocks = Callable[[Array], Array]


def _reduce(x: Array, axes: Sequence[int], blocks: Blocks, join: Callable[..., Array]) -> Array:
    """Reduce `axes` of x: the longest run by blocks, (outer, n, inner) to (outer, blocks, inner), the rest by join."""
    y, moved = _dense(x)
    reduced = sorted(moved[axis % x.ndim] for axis in axes)
    first, stop = _longest_run(y.shape, reduced)
    shape = (math.prod(y.shape[:first]), math.prod(y.shape[first:stop]), math.prod(y.shape[stop:]))
    partial = join(blocks(y.reshape(shape)), axis=1).reshape(y.shape[:first] + y.shape[stop:])
    rest = tuple(a if a < first else a - (stop - first) for a in reduced if not first <= a < stop)
    left = [a for a in range(y.ndim) if a not in reduced]
    result = join(partial, axis=rest) if rest else partial
    kept = [moved[axis] for axis in range(x.ndim) if moved[axis] not in reduced]
    return np.asarray(result).transpose([left.index(a) for a in kept])


def _sum_blocks(x: Array) -> Array:
    outer, n, inner = x.shape
    if inner == 1:
        out = np.empty((outer, -(-n // CHUNK)))
        sum_rows(out.size, x.nbytes, x[:, :, 0], out)
        return out[:, :, None]
    k = widening(n, inner)
    x = x.reshape(outer, n // k, inner * k)
    out = np.empty((outer, -(-x.shape[1] // BLOCK), x.shape[2]))
    sum_columns(outer * out.shape[1] * -(-x.shape[2] // TILE), x.nbytes, x, out)
    return out.reshape(outer, out.shape[1] * k, inner)


def reduce_sum(x: Array, axes: Sequence[int]) -> Array:
    """Return the sum over `axes`, in the dtype of x (float32 or float64).

    >>> reduce_sum(np.ones((2, 3, 4)), (0, 2)).tolist()
    [8.0, 8.0, 8.0]
    """
    return _summed(x, axes).astype(x.dtype)


def reduce_mean(x: Array, axes: Sequence[int]) -> Array:
    """Return the mean over `axes`, in the dtype of x; NaN where there is nothing."""
    count = math.prod(x.shape[axis] for axis in axes)
    return (_summed(x, axes) / count if count else _summed(x, axes) * np.nan).astype(x.dtype)


def _summed(x: Array, axes: Sequence[int]) -> Array:
    if x.size and axes:
        return _reduce(x, axes, _sum_blocks, np.sum)
    return np.asarray(np.sum(x, tuple(axes), np.float64))


def _extreme_blocks(x: Array, largest: bool, positions: bool) -> tuple[Array, Array]:
    outer, n, inner = x.shape
    if inner == 1:
        out = np.empty((outer, -(-n // CHUNK)), x.dtype)
        index = np.empty(out.shape if positions else (0, 0), np.int64)
        extreme_rows(out.size, x.nbytes, x[:, :, 0], largest, out, index)
        return out[:, :, None], index[:, :, None]
    k = 1 if positions else widening(n, inner)
    x = x.reshape(outer, n // k, inner * k)
    out = np.empty((outer, -(-x.shape[1] // BLOCK), x.shape[2]), x.dtype)
    index = np.empty(out.shape if positions else (0, 0, 0), np.int64)
    extreme_columns(outer * out.shape[1] * -(-x.shape[2] // TILE), 2 * x.nbytes, x, largest, out, index)
    return out.reshape(outer, out.shape[1] * k, inner), index


def reduce_max(x: Array, axes: Sequence[int]) -> Array:
    """Return the maximum over `axes`; there must be one."""
    return _reduce(x, axes, lambda y: _extreme_blocks(y, True, False)[0], np.max)


def reduce_min(x: Array, axes: Sequence[int]) -> Array:
    """Return the minimum over `axes`; there must be one."""
    return _reduce(x, axes, lambda y: _extreme_blocks(y, False, False)[0], np.min)


def reduce_extreme(x: Array, axis: int, largest: bool) -> tuple[Array, Array]:
    """Return the maximum or minimum along `axis` and its first position (int64).

    >>> reduce_extreme(np.array([[1.0, 5.0, 5.0]]), 1, largest=True)[1].tolist()
    [1]
    """
    y, moved = _dense(x)
    at = moved[axis % x.ndim]
    values, index = _extreme_blocks(
        y.reshape(math.prod(y.shape[:at]), y.shape[at], math.prod(y.shape[at + 1 :])), largest, True
    )
    choice = (np.argmax if largest else np.argmin)(values, axis=1)[:, None]
    kept = [moved[a] - (moved[a] > at) for a in range(x.ndim) if moved[a] != at]
    shape = y.shape[:at] + y.shape[at + 1 :]
    best, where = (np.take_along_axis(table, choice, 1).reshape(shape) for table in (values, index))
    return best.transpose(kept), where.transpose(kept)


def reduce_extreme_gradient(g: Array, x: Array, y: Array) -> Array:
    """Return the gradient of x (..., n) for extrema y (..., 1) along its last axis: equal ones share g (..., 1).

    >>> one = np.ones((1, 1))
    >>> reduce_extreme_gradient(one, np.array([[3.0, 1.0, 3.0]]), 3 * one).tolist()
    [[0.5, 0.0, 0.5]]
    """
    out, n = np.empty(x.shape, x.dtype), x.shape[-1]
    if x.size:
        tables = [np.ascontiguousarray(t, x.dtype).reshape(-1) for t in (g, y)]
        rows = np.ascontiguousarray(x).reshape(-1, n)
        extreme_gradient(len(rows), 2 * x.nbytes, tables[0], rows, tables[1], out.reshape(-1, n))
    return out
