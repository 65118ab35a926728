"""Softmax and log-softmax along one axis, their gradients, and cross entropy from logits.

Arrays are canonical (outer, n, inner) and C-contiguous; the axis of length n is normalised.  With inner = 1
the loops run along the row, else over TILE neighbours of the inner axis at once: both read memory in order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const, divide, exp, log, maximum
from ..jit import kernel

Array = NDArray[Any]

TILE = 256  # neighbours that one item of a strided softmax normalises together


# ---- along rows ------------------------------------------------------------------------------------------


@kernel
def softmax_rows(lo: int, hi: int, x: Array, logs: bool, out: Array) -> None:
    """(Log-)softmax of each row of x (M, n); items are rows."""
    n = x.shape[1]
    for r in range(lo, hi):
        top = x[r, 0]
        for j in range(n):
            top = maximum(top, x[r, j])
        total = const(top, "0")
        if logs:
            for j in range(n):
                total += exp(x[r, j] - top)
            shift = log(total)
            for j in range(n):
                out[r, j] = (x[r, j] - top) - shift
        else:
            for j in range(n):
                e = exp(x[r, j] - top)
                out[r, j] = e
                total += e
            for j in range(n):
                out[r, j] = divide(out[r, j], total)


@kernel
def softmax_gradient_rows(lo: int, hi: int, gy: Array, y: Array, logs: bool, out: Array) -> None:
    """Gradient of (log-)softmax from its output, for each row of y (M, n); items are rows."""
    n = y.shape[1]
    for r in range(lo, hi):
        total = const(y[r, 0], "0")
        if logs:
            for j in range(n):
                total += gy[r, j]
            for j in range(n):
                out[r, j] = gy[r, j] - exp(y[r, j]) * total
        else:
            for j in range(n):
                total += gy[r, j] * y[r, j]
            for j in range(n):
                out[r, j] = (gy[r, j] - total) * y[r, j]


# ---- along an axis that is not the last ------------------------------------------------------------------


@kernel
def softmax_tiles(lo: int, hi: int, x: Array, logs: bool, out: Array) -> None:
    """(Log-)softmax along the middle axis of x (outer, n, inner); items are outer times tiles of inner."""
    n, inner = x.shape[1], x.shape[2]
    tiles = (inner + TILE - 1) // TILE
    top, total = np.empty(TILE, x.dtype), np.empty(TILE, x.dtype)
    for item in range(lo, hi):
        o, first = item // tiles, np.uint64(item % tiles * TILE)
        width = min(np.uint64(TILE), np.uint64(inner) - first)
        for i in range(width):
            top[i] = -const(top[i], "inf")
            total[i] = const(top[i], "0")
        for k in range(n):
            for i in range(width):
                top[i] = maximum(top[i], x[o, k, first + i])
        for k in range(n):
            for i in range(width):
                away = x[o, k, first + i] - top[i]
                e = exp(away)
                total[i] += e
                out[o, k, first + i] = away if logs else e
        if logs:
            for i in range(width):
                total[i] = log(total[i])
        for k in range(n):
            for i in range(width):
                v = out[o, k, first + i]
                out[o, k, first + i] = v - total[i] if logs else divide(v, total[i])


@kernel
def softmax_gradient_tiles(lo: int, hi: int, gy: Array, y: Array, logs: bool, out: Array) -> None:
    """Gradient of (log-)softmax along the middle axis of y (outer, n, inner); items as in `softmax_tiles`."""
    n, inner = y.shape[1], y.shape[2]
    tiles = (inner + TILE - 1) // TILE
    total = np.empty(TILE, y.dtype)
    for item in range(lo, hi):
        o, first = item // tiles, np.uint64(item % tiles * TILE)
        width = min(np.uint64(TILE), np.uint64(inner) - first)
        for i in range(width):
            total[i] = const(total[i], "0")
        for k in range(n):
            for i in range(width):
                g = gy[o, k, first + i]
                total[i] += g if logs else g * y[o, k, first + i]
        for k in range(n):
            for i in range(width):
                g, p = gy[o, k, first + i], y[o, k, first + i]
                out[o, k, first + i] = g - exp(p) * total[i] if logs else (g - total[i]) * p


# ---- array functions -------------------------------------------------------------------------------------


def _canonical(x: Array, axis: int) -> Array:
    axis %= x.ndim
    outer, inner = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    return np.ascontiguousarray(x).reshape(outer, x.shape[axis], inner)


def softmax_forward(x: Array, axis: int = -1, logs: bool = False) -> Array:
    """Return softmax (or its logarithm) of x along `axis`.

    >>> softmax_forward(np.zeros((1, 4))).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    y = _canonical(x, axis)
    out = np.empty_like(y)
    if not y.size:
        return out.reshape(x.shape)
    if y.shape[2] == 1:
        softmax_rows(y.shape[0], 14 * y.size, y[:, :, 0], logs, out[:, :, 0])
    else:
        items = y.shape[0] * -(-y.shape[2] // TILE)
        softmax_tiles(items, 14 * y.size, y, logs, out)
    return out.reshape(x.shape)


def softmax_backward(gy: Array, y: Array, axis: int = -1, logs: bool = False) -> Array:
    """Return the gradient of the input of `softmax_forward` from its output `y`.

    softmax: ``(gy - sum(gy y)) y``; log-softmax: ``gy - e**y sum(gy)``.
    """
    g, p = _canonical(gy, axis), _canonical(y, axis)
    out = np.empty_like(p)
    if not p.size:
        return out.reshape(y.shape)
    work = (14 if logs else 6) * p.size
    if p.shape[2] == 1:
        softmax_gradient_rows(p.shape[0], work, g[:, :, 0], p[:, :, 0], logs, out[:, :, 0])
    else:
        softmax_gradient_tiles(p.shape[0] * -(-p.shape[2] // TILE), work, g, p, logs, out)
    return out.reshape(y.shape)


# ---- cross entropy ---------------------------------------------------------------------------------------


@kernel
def cross_entropy_rows(lo: int, hi: int, x: Array, target: Array, weight: Array, loss: Array, lse: Array) -> None:
    """Loss = -weight[t] log softmax(x)[t] and log sum exp of each row of x (M, n); t < 0 is left out."""
    n = x.shape[1]
    for r in range(lo, hi):
        top = x[r, 0]
        for j in range(n):
            top = maximum(top, x[r, j])
        total = const(top, "0")
        for j in range(n):
            total += exp(x[r, j] - top)
        t = target[r]
        lse[r] = top + log(total)
        loss[r] = weight[t] * (log(total) - (x[r, t] - top)) if t >= 0 else const(top, "0")


@kernel
def cross_entropy_gradient_rows(
    lo: int, hi: int, g: Array, x: Array, target: Array, weight: Array, lse: Array, out: Array
) -> None:
    """Gradient g[r] weight[t] (softmax(x) - onehot(t)) of each row; zero where t < 0."""
    n = x.shape[1]
    for r in range(lo, hi):
        t = target[r]
        if t < 0:
            for j in range(n):
                out[r, j] = const(x[r, j], "0")
        else:
            scale = g[r] * weight[t]
            for j in range(n):
                out[r, j] = scale * exp(x[r, j] - lse[r])
            out[r, t] -= scale


def cross_entropy_forward(x: Array, target: Array, weight: Array | None = None) -> tuple[Array, Array]:
    """Return the loss of each row (M,) of logits x (M, n) and, for the gradient, log sum exp of the rows.

    `target` (M,) holds classes in range(n), or -1 for rows that do not count (loss 0): the caller checks and
    replaces its ignore_index. `weight` (n,) weighs classes.

    >>> loss, _ = cross_entropy_forward(np.zeros((1, 4)), np.array([2]))
    >>> round(float(loss[0]), 6)
    1.386294
    """
    x, loss, lse = np.ascontiguousarray(x), np.zeros(x.shape[0], x.dtype), np.empty(x.shape[0], x.dtype)
    if x.size:
        cross_entropy_rows(x.shape[0], 14 * x.size, x, *_labels(x, target, weight), loss, lse)
    return loss, lse


def cross_entropy_backward(g: Array, x: Array, target: Array, weight: Array | None, lse: Array) -> Array:
    """Return the gradient of the logits for gradients g (M,) of the rows' losses."""
    x = np.ascontiguousarray(x)
    out = np.empty_like(x)
    if x.size:
        g = np.ascontiguousarray(np.broadcast_to(g, x.shape[:1]), x.dtype)
        labels = _labels(x, target, weight)
        cross_entropy_gradient_rows(x.shape[0], 12 * x.size, g, x, *labels, lse, out)
    return out


def _labels(x: Array, target: Array, weight: Array | None) -> tuple[Array, Array]:
    weights = np.ones(x.shape[1], x.dtype) if weight is None else np.ascontiguousarray(weight, x.dtype)
    return np.ascontiguousarray(target, np.int64), weights
