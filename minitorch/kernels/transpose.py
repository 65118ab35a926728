"""A transposing copy: what changing between (N, C, *spatial) and (N, *spatial, C) costs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.gemm import lanes_of
from ..codegen.move import transpose
from ..jit import kernel

Array = NDArray[Any]

TILE = 64  # rows and columns of an item; pages and cache lines of both sides are used up before they are left
SMALL = 1 << 14  # elements under which NumPy's copy costs less than a launch saves


@kernel
def transpose_tiles(lo: int, hi: int, x: Array, out: Array) -> None:
    """out[b, s, r] = x[b, r, s] for x (B, R, S), out (B, S, R); items are tiles of matrices."""
    rows, cols = x.shape[1], x.shape[2]
    down, across = (rows + TILE - 1) // TILE, (cols + TILE - 1) // TILE
    lanes, size = lanes_of(x[0, 0, 0]), x.itemsize
    for item in range(lo, hi):
        b = item // across // down
        r0, s0 = item // across % down * TILE, item % across * TILE
        r1, s1 = min(r0 + TILE, rows), min(s0 + TILE, cols)
        rf, sf = r1 - (r1 - r0) % lanes, s1 - (s1 - s0) % lanes  # where whole squares of vectors end
        source = x.ctypes.data + b * rows * cols * size
        target = out.ctypes.data + b * rows * cols * size
        for r in range(r0, rf, lanes):
            for s in range(s0, sf, lanes):
                here, there = source + (r * cols + s) * size, target + (s * rows + r) * size
                transpose(here, cols * size, there, rows * size, x[0, 0, 0])
        for r in range(r0, r1):
            for s in range(sf if r < rf else s0, s1):
                out[b, s, r] = x[b, r, s]


def transposed(x: Array) -> Array:
    """Return a dense copy of x (B, R, S) as (B, S, R).

    >>> transposed(np.arange(6.0).reshape(1, 2, 3)).tolist()
    [[[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]]
    """
    if x.size < SMALL or x.itemsize not in (4, 8):
        return np.ascontiguousarray(x.transpose(0, 2, 1))
    out = np.empty((x.shape[0], x.shape[2], x.shape[1]), x.dtype)
    tiles = x.shape[0] * -(-x.shape[1] // TILE) * -(-x.shape[2] // TILE)
    plain = np.float32 if x.itemsize == 4 else np.float64  # bits are moved, whatever they mean
    transpose_tiles(tiles, 2 * x.nbytes, x.view(plain), out.view(plain))
    return out
