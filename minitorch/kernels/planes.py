"""Normalisation over planes: arrays (N, C, *spatial) in C order, seen as (N C, S).

What `norm` does for channels last, where a caller's array is not: nothing is converted.  Tables have one value a
plane, or one a channel; they repeat.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const
from ..jit import kernel

Array = NDArray[Any]

CHUNK = 1024  # elements that are summed in the array's own type
LEAST = 16  # elements of a plane from which its loops are long enough


def is_planar(x: Array) -> bool:
    """Tell whether x (N, C, *spatial) is stored as planes worth the name.

    >>> is_planar(np.zeros((2, 3, 4, 4))), is_planar(np.zeros((2, 3)))
    (True, False)
    """
    return x.flags.c_contiguous and x.ndim > 2 and x.size >= LEAST * x.shape[0] * x.shape[1] > 0


def planes(x: Array) -> Array:
    """View x (N, C, *spatial) as (N C, S)."""
    return np.ascontiguousarray(x).reshape(x.shape[0] * x.shape[1], -1)


@kernel
def plane_moments(lo: int, hi: int, x: Array, mean: Array, m2: Array) -> None:
    """Mean and sum of squared deviations of each row of x (R, S); results (R,) float64; items are rows."""
    n = x.shape[1]
    for r in range(lo, hi):
        total = 0.0
        for start in range(0, n, CHUNK):
            s = const(x[r, 0], "0")
            for j in range(np.uint64(start), np.uint64(min(start + CHUNK, n))):
                s += x[r, j]
            total += s
        center = x.dtype.type(total / n)
        square, rest = 0.0, 0.0
        for start in range(0, n, CHUNK):
            s = low = const(x[r, 0], "0")
            for j in range(np.uint64(start), np.uint64(min(start + CHUNK, n))):
                away = x[r, j] - center
                low += away
                s += away * away
            square += s
            rest += low
        mean[r] = center + rest / n
        m2[r] = square - rest * rest / n


@kernel
def plane_affine(lo: int, hi: int, x: Array, mean: Array, scale: Array, shift: Array, relu: bool, out: Array) -> None:
    """(x - mean) scale + shift, or its positive part; x, out (R, S); tables repeat; items are rows."""
    for r in range(lo, hi):
        t = r % mean.size
        m, a, b = mean[t], scale[t], shift[t]
        if relu:
            for j in range(x.shape[1]):
                v = (x[r, j] - m) * a + b
                out[r, j] = const(v, "0") if v <= const(v, "0") else v
        else:
            for j in range(x.shape[1]):
                out[r, j] = (x[r, j] - m) * a + b


@kernel
def plane_sums(
    lo: int, hi: int, gy: Array, x: Array, mean: Array, scale: Array, shift: Array, relu: bool, plain: Array,
    moment: Array,
) -> None:  # fmt: skip
    """Sums of gy and of gy (x - mean) of each row of x (R, S); results (R,) float64; items are rows.

    With `relu`, gy counts where (x - mean) scale + shift is positive.
    """
    n = x.shape[1]
    for r in range(lo, hi):
        m, a, b = mean[r % mean.size], scale[r % mean.size], shift[r % mean.size]
        first, second = 0.0, 0.0
        for start in range(0, n, CHUNK):
            s = t = const(x[r, 0], "0")
            if relu:
                for j in range(np.uint64(start), np.uint64(min(start + CHUNK, n))):
                    g, away = gy[r, j], x[r, j] - m
                    g = const(g, "0") if away * a + b <= const(g, "0") else g
                    s += g
                    t += g * away
            else:
                for j in range(np.uint64(start), np.uint64(min(start + CHUNK, n))):
                    s += gy[r, j]
                    t += gy[r, j] * (x[r, j] - m)
            first += s
            second += t
        plain[r], moment[r] = first, second


@kernel
def plane_gradient(
    lo: int, hi: int, gy: Array, x: Array, mean: Array, scale: Array, shift: Array, relu: bool, a: Array, b: Array,
    d: Array, out: Array,
) -> None:  # fmt: skip
    """Write ``a gy - b - d (x - mean)``; gy, x, out (R, S); tables repeat; items are rows; `relu` as in the sums."""
    for r in range(lo, hi):
        t = r % mean.size
        m, u, v, w, p, q = mean[t], a[t], b[t], d[t], scale[t], shift[t]
        if relu:
            for j in range(x.shape[1]):
                g, away = gy[r, j], x[r, j] - m
                g = const(g, "0") if away * p + q <= const(g, "0") else g
                out[r, j] = u * g - v - w * away
        else:
            for j in range(x.shape[1]):
                out[r, j] = u * gy[r, j] - v - w * (x[r, j] - m)


# ---- array functions -------------------------------------------------------------------------------------


def _tables(x: Array, *values: Array | float) -> Array:
    """Numbers or tables (C,), (B, C) as dense tables of equal size in the type of x (N, C, *spatial)."""
    size = max(np.size(v) for v in values)
    tables = np.empty((len(values), max(size // x.shape[1], 1), x.shape[1]), x.dtype)
    for table, value in zip(tables, values):
        table[...] = value
    return tables.reshape(len(values), -1)


def moments(x: Array) -> tuple[Array, Array]:
    """Return mean and sum of squared deviations (N, C) of each plane of x (N, C, *spatial), in float64."""
    mean, m2 = np.empty((2, *x.shape[:2]))
    plane_moments(mean.size, 4 * x.size, planes(x), mean.ravel(), m2.ravel())
    return mean, m2


def affine(x: Array, mean: Array | float, scale: Array | float, shift: Array | float, relu: bool) -> Array:
    """Return ``(x - mean) * scale + shift``, or its ReLU; tables (N, C) or (C,)."""
    out = np.empty_like(x)
    plane_affine(x.shape[0] * x.shape[1], 2 * x.nbytes, planes(x), *_tables(x, mean, scale, shift), relu, planes(out))
    return out


def gradient_sums(gy: Array, x: Array, mean: Array, relu: tuple[Any, Any] | None = None) -> tuple[Array, Array]:
    """Return the sums (N, C), float64, of ``gy`` and of ``gy * (x - mean)`` over each plane."""
    plain, moment = np.empty((2, *x.shape[:2]))
    tables = _tables(x, mean, *(relu or (0.0, 0.0)))
    sums = plain.ravel(), moment.ravel()
    plane_sums(plain.size, 2 * x.nbytes, planes(gy), planes(x), *tables, relu is not None, *sums)
    return plain, moment


def gradient(
    gy: Array, x: Array, mean: Array, a: Array, b: Array, d: Array, relu: tuple[Any, Any] | None = None
) -> Array:
    """Return ``a * gy - b - d * (x - mean)``; tables (N, C) or (C,)."""
    out = np.empty_like(x)
    rows, tables = x.shape[0] * x.shape[1], _tables(x, mean, *(relu or (0.0, 0.0)), a, b, d)
    masks, rest = tables[:3], tables[3:]
    plane_gradient(rows, 3 * x.nbytes, planes(gy), planes(x), *masks, relu is not None, *rest, planes(out))
    return out
