"""Reading and writing spatial positions by index: the gradient's gradient of max pooling, and unpooling.

`indices` are torch's: (N, C, *places), int64, flattened positions in the spatial part of the other array.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const
from ..jit import kernel
from .layout import as_channels_last, logical

Array = NDArray[Any]

TILE = 16  # channels that one item of a scatter owns: a cache line of float32


@kernel
def gather_rows(lo: int, hi: int, x: Array, index: Array, out: Array) -> None:
    """out[n, p, c] = x[n, index[n, p, c], c] for x (N, S, C), index and out (N, P, C); items are (n, p)."""
    for item in range(lo, hi):
        n = item // index.shape[1]
        p = item % index.shape[1]
        for c in range(x.shape[2]):
            out[n, p, c] = x[n, index[n, p, c], c]


@kernel
def scatter_tiles(lo: int, hi: int, x: Array, index: Array, add: bool, out: Array) -> None:
    """out[n, index[n, p, c], c] (+)= x[n, p, c], zero elsewhere; items are images times tiles of channels."""
    tiles = (x.shape[2] + TILE - 1) // TILE
    for item in range(lo, hi):
        n = item // tiles
        first = item % tiles * TILE
        last = min(first + TILE, x.shape[2])
        for s in range(out.shape[1]):
            for c in range(first, last):
                out[n, s, c] = const(out[n, s, c], "0")
        for p in range(x.shape[1]):
            for c in range(first, last):
                v = x[n, p, c]
                s = index[n, p, c]
                out[n, s, c] = out[n, s, c] + v if add else v


def _flat(x: Array) -> Array:
    y = as_channels_last(x)
    return y.reshape(y.shape[0], math.prod(y.shape[1:-1]), y.shape[-1])


def gather_spatial(x: Array, indices: Array) -> Array:
    """Return ``x`` (N, C, *spatial) at `indices` (N, C, *places); the adjoint of `scatter_spatial`.

    >>> x = np.arange(4.0).reshape(1, 1, 2, 2)
    >>> gather_spatial(x, np.array([[[3, 0]]])).tolist()
    [[[3.0, 0.0]]]
    """
    out = np.empty((x.shape[0], *indices.shape[2:], x.shape[1]), x.dtype)
    if out.size:
        flat, index = _flat(x), _flat(indices)
        gather_rows(index.shape[0] * index.shape[1], 3 * index.nbytes, flat, index, out.reshape(index.shape))
    return logical(out)


def scatter_spatial(x: Array, indices: Array, spatial: Sequence[int], add: bool = True) -> Array:
    """Return zeros (N, C, *spatial) with `x` (N, C, *places) put at `indices`.

    Where indices meet, values add up in order of place, or with ``add=False`` the last one stays. Indices
    must lie in ``range(prod(spatial))``: the caller checks.
    """
    out = np.empty((x.shape[0], *spatial, x.shape[1]), x.dtype)
    if out.size:
        flat, index = _flat(x), _flat(indices)
        tiles = -(-x.shape[1] // TILE)
        target = out.reshape(out.shape[0], -1, out.shape[-1])
        scatter_tiles(x.shape[0] * tiles, out.nbytes + 6 * index.nbytes, flat, index, add, target)
    return logical(out)
