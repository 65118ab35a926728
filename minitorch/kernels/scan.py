"""Linear recurrences along one dimension, from which the gradients of running products and sums are made."""

from __future__ import annotations

from ..jit import kernel
from ..memory import Array

__all__ = ["recur", "recur_back"]


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
