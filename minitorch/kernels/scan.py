"""Running sums, and the linear recurrences from which the gradients of running products are made."""

from __future__ import annotations

import math

import numpy as np

from ..jit import kernel
from ..memory import Array

__all__ = ["recur", "recur_back", "running_sum"]

LANES = 4  # rows that are summed side by side: a sum waits for the one before it
TILE = 256  # columns that an item sums side by side
CHUNK = 8192  # elements of a row that an item sums


@kernel
def recur(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """s[i] = g[i] + x[i] * s[i - 1] along the middle of (outer, n, inner) arrays; an item is a row of ``outer``."""
    for row in range(lo, hi):
        for k in range(g.shape[2]):
            out[row, 0, k] = g[row, 0, k]
        for i in range(1, g.shape[1]):
            for k in range(g.shape[2]):
                out[row, i, k] = g[row, i, k] + x[row, i, k] * out[row, i - 1, k]


@kernel
def recur_back(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """r[i] = g[i] + x[i + 1] * r[i + 1] along the middle of (outer, n, inner) arrays; an item is a row of ``outer``."""
    last = g.shape[1] - 1
    for row in range(lo, hi):
        for k in range(g.shape[2]):
            out[row, last, k] = g[row, last, k]
        for step in range(1, g.shape[1]):
            i = last - step
            for k in range(g.shape[2]):
                out[row, i, k] = g[row, i, k] + x[row, i + 1, k] * out[row, i + 1, k]


# ---- running sums ----------------------------------------------------------------------------------------


@kernel
def sum_along(lo: int, hi: int, x: Array, first: Array, back: bool, out: Array) -> None:
    """Running sums of CHUNKs of rows of x (M, n), from the end if `back`; items are chunks times groups of LANES rows.

    Each chunk starts at `first` (M, chunks) and goes on in float64.
    """
    m, n, chunks = x.shape[0], x.shape[1], first.shape[1]
    for item in range(lo, hi):
        k, r = item % chunks, item // chunks * LANES
        start, stop = k * CHUNK, min((k + 1) * CHUNK, n)
        if r + LANES <= m:
            a, b, c, d = first[r, k], first[r + 1, k], first[r + 2, k], first[r + 3, k]
            for j in range(start, stop):
                at = np.uint64(start + stop - 1 - j if back else j)
                a += x[r, at]
                b += x[r + 1, at]
                c += x[r + 2, at]
                d += x[r + 3, at]
                out[r, at], out[r + 1, at], out[r + 2, at], out[r + 3, at] = a, b, c, d
        else:
            for row in range(r, m):
                a = first[row, k]
                for j in range(start, stop):
                    at = np.uint64(start + stop - 1 - j if back else j)
                    a += x[row, at]
                    out[row, at] = a


@kernel
def chunk_sums(lo: int, hi: int, x: Array, out: Array) -> None:
    """Sum each CHUNK of each row of x (M, n) into out (M, chunks), float64; items are chunks."""
    for item in range(lo, hi):
        r, k = item // out.shape[1], item % out.shape[1]
        total = 0.0
        for j in range(np.uint64(k * CHUNK), np.uint64(min((k + 1) * CHUNK, x.shape[1]))):
            total += x[r, j]
        out[r, k] = total


@kernel
def sum_across(lo: int, hi: int, x: Array, back: bool, out: Array) -> None:
    """Running sums along the middle of x (outer, n, inner), from the end if `back`; items are outer times tiles."""
    n, inner = x.shape[1], x.shape[2]
    tiles = (inner + TILE - 1) // TILE
    total = np.empty(TILE)
    for item in range(lo, hi):
        o, first = item // tiles, np.uint64(item % tiles * TILE)
        width = min(np.uint64(TILE), np.uint64(inner) - first)
        for i in range(width):
            total[i] = 0.0
        for step in range(n):
            k = n - 1 - step if back else step
            for i in range(width):
                total[i] += x[o, k, first + i]
                out[o, k, first + i] = total[i]


def running_sum(x: Array, dim: int, back: bool = False) -> Array:
    """Return the running sums of x (float32 or float64) along `dim`, from the end if `back`; they add in float64.

    >>> running_sum(np.array([1.0, 2.0, 4.0]), 0, back=True).tolist()
    [7.0, 6.0, 4.0]
    """
    out = np.empty(x.shape, x.dtype)
    if not x.size:
        return out
    rows = (math.prod(x.shape[:dim]), x.shape[dim], math.prod(x.shape[dim + 1 :]))
    y, into = np.ascontiguousarray(x).reshape(rows), out.reshape(rows)
    if rows[2] > 1:
        sum_across(rows[0] * -(-rows[2] // TILE), 4 * x.nbytes, y, back, into)
        return out
    first = _starts(y[:, :, 0], back)
    sum_along(-(-rows[0] // LANES) * first.shape[1], 4 * x.nbytes, y[:, :, 0], first, back, into[:, :, 0])
    return out


def _starts(x: Array, back: bool) -> Array:
    """Return the sum of what comes before each chunk of each row of x (M, n), float64."""
    totals = np.empty((x.shape[0], -(-x.shape[1] // CHUNK)))
    first = np.zeros_like(totals)
    if totals.shape[1] == 1:
        return first
    chunk_sums(totals.size, 2 * x.nbytes, x, totals)
    if back:
        first[:, :-1] = np.cumsum(totals[:, :0:-1], axis=1)[:, ::-1]
    else:
        np.cumsum(totals[:, :-1], axis=1, out=first[:, 1:])
    return first
