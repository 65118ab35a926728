"""Rows and elements read and added up by integer indices.

Arrays are seen as (outer, n, inner) around the dimension (or run of neighbouring dimensions) that is indexed.
Additions to one place happen in the order of the indices: items share out destinations, never the terms of a sum,
so no result depends on the threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel

Array = NDArray[Any]

TILE = 64  # columns of a destination that an item takes, at least
ITEMS = 8  # enough to share out; more would read the indices more often
SERIAL_BYTES = 1 << 19  # less than that NumPy copies as fast


@kernel
def take_rows(lo: int, hi: int, x: Array, index: Array, out: Array) -> None:
    """Copy rows `index` (M,) of x (outer, n, inner) into out (outer, M, inner); items are rows of out."""
    for item in range(lo, hi):
        o, m = item // index.size, item % index.size
        i = index[m]
        for c in range(x.shape[2]):
            out[o, m, c] = x[o, i, c]


@kernel(exact=True)
def add_rows(lo: int, hi: int, rows: Array, index: Array, step: int, tile: int, out: Array) -> None:
    """Add rows (outer, M, inner) to rows `index` (M,) of out (outer, n, inner).

    Items are (outer, `step` rows of out, `tile` columns).
    """
    tiles = (out.shape[2] + tile - 1) // tile
    parts = (out.shape[1] + step - 1) // step
    for item in range(lo, hi):
        o, part = item // tiles // parts, item // tiles % parts
        start = item % tiles * tile
        stop = min(start + tile, out.shape[2])
        first, last = part * step, (part + 1) * step
        for m in range(index.size):
            i = index[m]
            if first <= i < last:
                for c in range(np.uint64(start), np.uint64(stop)):
                    out[o, i, c] += rows[o, m, c]


@kernel
def take_elements(lo: int, hi: int, x: Array, index: Array, step: int, out: Array) -> None:
    """Write ``out[o, k, c] = x[o, index[o, k, c], c]``; items are (outer, `step` of k)."""
    parts = (out.shape[1] + step - 1) // step
    for item in range(lo, hi):
        o, part = item // parts, item % parts
        first, last = part * step, min((part + 1) * step, out.shape[1])
        if out.shape[2] == 1:
            for k in range(np.uint64(first), np.uint64(last)):
                out[o, k, 0] = x[o, np.uint64(index[o, k, 0]), 0]
        else:
            for k in range(first, last):
                for c in range(np.uint64(0), np.uint64(out.shape[2])):
                    out[o, k, c] = x[o, np.uint64(index[o, k, c]), c]


@kernel(exact=True)
def add_elements(lo: int, hi: int, values: Array, index: Array, tile: int, out: Array) -> None:
    """Add values (outer, k, inner) to ``out[o, index[o, k, c], c]``; items are (outer, `tile` columns)."""
    tiles = (out.shape[2] + tile - 1) // tile
    for item in range(lo, hi):
        o, start = item // tiles, item % tiles * tile
        stop = min(start + tile, out.shape[2])
        if out.shape[2] == 1:
            for k in range(np.uint64(0), np.uint64(index.shape[1])):
                out[o, np.uint64(index[o, k, 0]), 0] += values[o, k, 0]
        else:
            for k in range(index.shape[1]):
                for c in range(np.uint64(start), np.uint64(stop)):
                    out[o, np.uint64(index[o, k, c]), c] += values[o, k, c]


def take(x: Array, index: Array) -> Array:
    """Return rows `index` (M,) of x (outer, n, inner): (outer, M, inner); indices are in [0, n).

    >>> take(np.array([[[1.0], [2.0]]]), np.array([1, 1, 0])).ravel().tolist()
    [2.0, 2.0, 1.0]
    """
    size = x.shape[0] * index.size * x.shape[2] * x.itemsize
    if size < SERIAL_BYTES or x.dtype.char not in "fd" or not x.flags.c_contiguous:
        return x.take(index, 1)
    out = np.empty((x.shape[0], index.size, x.shape[2]), x.dtype)
    take_rows(x.shape[0] * index.size, 2 * size, x, index, out)
    return out


def add(out: Array, rows: Array, index: Array) -> None:
    """Add rows (outer, M, inner) to rows `index` (M,) of out (outer, n, inner); indices are in [0, n).

    >>> out = np.zeros((1, 2, 1))
    >>> add(out, np.array([[[1.0], [2.0], [4.0]]]), np.array([1, 1, 0]))
    >>> out.ravel().tolist()
    [4.0, 3.0]
    """
    outer, n, inner = out.shape
    tile = max(TILE, -(-inner // (ITEMS * 16)) * 16)
    tiles = -(-inner // tile)
    parts = -(-ITEMS // (outer * tiles)) if inner >= TILE // 4 else 1
    step = -(-n // parts)
    add_rows(outer * -(-n // step) * tiles, 4 * rows.nbytes, rows, index, step, tile, out)


def take_along(x: Array, index: Array) -> Array:
    """Return ``x[o, index[o, k, c], c]`` for x (outer, n, inner) and index (outer, k, inner) in [0, n).

    >>> take_along(np.array([[[1.0], [2.0]]]), np.array([[[1], [1], [0]]])).ravel().tolist()
    [2.0, 2.0, 1.0]
    """
    out = np.empty(index.shape, x.dtype)
    step = -(-index.shape[1] // -(-2 * ITEMS // index.shape[0]))
    take_elements(index.shape[0] * -(-index.shape[1] // step), 4 * out.nbytes, x, index, step, out)
    return out


def add_along(out: Array, values: Array, index: Array) -> None:
    """Add values (outer, k, inner) to ``out[o, index[o, k, c], c]``; indices are in [0, n)."""
    tile = min(TILE, out.shape[2])
    add_elements(out.shape[0] * -(-out.shape[2] // tile), 8 * values.nbytes, values, index, tile, out)
