"""Layer norm: rows normalised by their own moments, and the gradients, all in one pass each.

J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization" (2016), arXiv 1607.06450.  Sums of float32 run over short
pieces of a row, or over few rows, in float32 and go on in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const, divide, sqrt
from ..jit import kernel

__all__ = ["layer_norm_backward", "layer_norm_forward"]

Array = NDArray[Any]

MAX_ITEMS = 64  # partial sums of weights' gradients: enough to share out, few enough to join serially
CHUNK = 1024  # elements of a row that are summed in the array's own type
ROWS = 32  # rows whose gradients of weights are summed in the array's own type


@kernel
def layer_rows(
    lo: int, hi: int, x: Array, weight: Array, bias: Array, eps: float, out: Array, mean: Array, invstd: Array
) -> None:
    """Normalise each row of x (M, n); mean and 1 / deviation (M,) are kept; items are rows."""
    n = x.shape[1]
    for r in range(lo, hi):
        total = 0.0
        for start in range(0, n, CHUNK):
            s = const(x[r, 0], "0")
            for j in range(np.uint64(start), np.uint64(min(start + CHUNK, n))):
                s += x[r, j]
            total += s
        m = total / n
        center = mean.dtype.type(m)
        total, rest = 0.0, 0.0
        for start in range(0, n, CHUNK):
            s = low = const(x[r, 0], "0")
            for j in range(np.uint64(start), np.uint64(min(start + CHUNK, n))):
                away = x[r, j] - center
                low += away
                s += away * away
            total += s
            rest += low
        total -= rest * rest / n
        scale = mean.dtype.type(divide(1.0, sqrt(total / n + eps)))
        mean[r], invstd[r] = center, scale
        for j in range(n):
            out[r, j] = (x[r, j] - center) * scale * weight[j] + bias[j]


def layer_norm_forward(x: Array, weight: Array | None, bias: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Normalise each row of x (M, n): return y, and mean and 1 / deviation of the rows (M,)."""
    x = np.ascontiguousarray(x)
    out, stats = np.empty_like(x), np.empty((2, x.shape[0]), x.dtype)
    if x.size:
        w, b = _vector(weight, 1.0, x), _vector(bias, 0.0, x)
        layer_rows(x.shape[0], 8 * x.size, x, w, b, float(eps), out, stats[0], stats[1])
    else:
        stats[...] = np.nan
    return out, stats[0], stats[1]


def _vector(values: Array | None, default: float, x: Array) -> Array:
    if values is None:
        return np.full(x.shape[1], default, x.dtype)
    return np.ascontiguousarray(values, x.dtype)


@kernel
def layer_gradient_blocks(
    lo: int, hi: int, gy: Array, x: Array, mean: Array, invstd: Array, weight: Array, rows: int, out: Array,
    gw: Array, gb: Array,
) -> None:  # fmt: skip
    """Gradient of the rows of a layer norm, and sums of gy xhat and of gy over `rows` rows an item.

    gy, x, out (M, n); gw, gb (items, n) in float64.
    """
    n = x.shape[1]
    first, second = np.empty(n, x.dtype), np.empty(n, x.dtype)
    for item in range(lo, hi):
        for j in range(n):
            gw[item, j] = gb[item, j] = 0.0
        last = min((item + 1) * rows, x.shape[0])
        for begin in range(item * rows, last, ROWS):
            for j in range(n):
                first[j] = second[j] = const(first[j], "0")
            for r in range(begin, min(begin + ROWS, last)):
                m, scale = mean[r], invstd[r]
                plain, moment = 0.0, 0.0
                for start in range(0, n, CHUNK):
                    s = t = const(x[r, 0], "0")
                    for j in range(np.uint64(start), np.uint64(min(start + CHUNK, n))):
                        g = gy[r, j] * weight[j]
                        s += g
                        t += g * (x[r, j] - m)
                    plain += s
                    moment += t
                b = mean.dtype.type(plain / n)
                d = mean.dtype.type(moment / n * scale * scale)
                for j in range(n):
                    out[r, j] = (gy[r, j] * weight[j] - b - (x[r, j] - m) * d) * scale
                for j in range(n):  # apart: of more arrays LLVM does not check the overlaps, and would not vectorise
                    first[j] += gy[r, j]
                    second[j] += gy[r, j] * ((x[r, j] - m) * scale)
            for j in range(n):
                gb[item, j] += first[j]
                gw[item, j] += second[j]


def layer_norm_backward(
    gy: Array, x: Array, mean: Array, invstd: Array, weight: Array | None
) -> tuple[Array, Array, Array]:
    """Return the gradients of input (M, n), weight and bias (n,)."""
    gy, x = np.ascontiguousarray(gy), np.ascontiguousarray(x)
    gx = np.empty_like(x)
    if not x.size:
        return gx, np.zeros(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)
    rows = -(-x.shape[0] // MAX_ITEMS)
    items = -(-x.shape[0] // rows)
    sums, w = np.empty((2, items, x.shape[1])), _vector(weight, 1.0, x)
    layer_gradient_blocks(items, 12 * x.size, gy, x, mean, invstd, w, rows, gx, sums[0], sums[1])
    gw, gb = sums.sum(1).astype(x.dtype)
    return gx, gw, gb
