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
    y, result = _canonical(x, axis), np.empty(x.shape, x.dtype)
    out = result.reshape(y.shape)
    if not y.size:
        return result
    if y.shape[2] == 1:
        softmax_rows(y.shape[0], 14 * y.size, y[:, :, 0], logs, out[:, :, 0])
    else:
        items = y.shape[0] * -(-y.shape[2] // TILE)
        softmax_tiles(items, 14 * y.size, y, logs, out)
    return result


def softmax_backward(gy: Array, y: Array, axis: int = -1, logs: bool = False) -> Array:
    """Return the gradient of the input of `softmax_forward` from its output `y`.

    softmax: ``(gy - sum(gy y)) y``; log-softmax: ``gy - e**y sum(gy)``.
    """
    g, p, result = _canonical(gy, axis), _canonical(y, axis), np.empty(y.shape, y.dtype)
    out = result.reshape(p.shape)
    if not p.size:
        return result
    work = (14 if logs else 6) * p.size
    if p.shape[2] == 1:
        softmax_gradient_rows(p.shape[0], work, g[:, :, 0], p[:, :, 0], logs, out[:, :, 0])
    else:
        softmax_gradient_tiles(p.shape[0] * -(-p.shape[2] // TILE), work, g, p, logs, out)
    return result


# ---- log-sum-exp -----------------------------------------------------------------------------------------


@kernel
def logsumexp_rows(lo: int, hi: int, x: Array, out: Array) -> None:
    """Logarithm of the sum of exponentials of each row of x (M, n); items are rows."""
    n = x.shape[1]
    for r in range(lo, hi):
        top = x[r, 0]
        for j in range(n):
            top = maximum(top, x[r, j])
        top = top if abs(top) < const(top, "inf") else const(top, "0")  # an infinity or NaN shows in the sum
        total = const(top, "0")
        for j in range(n):
            total += exp(x[r, j] - top)
        out[r] = log(total) + top


@kernel
def logsumexp_tiles(lo: int, hi: int, x: Array, out: Array) -> None:
    """The same along the middle axis of x (outer, n, inner); out (outer, inner); items as in `softmax_tiles`."""
    n, inner = x.shape[1], x.shape[2]
    tiles = (inner + TILE - 1) // TILE
    top, total = np.empty(TILE, x.dtype), np.empty(TILE, x.dtype)
    for item in range(lo, hi):
        o, first = item // tiles, np.uint64(item % tiles * TILE)
        width = min(np.uint64(TILE), np.uint64(inner) - first)
        for i in range(width):
            top[i] = x[o, 0, first + i]
            total[i] = const(total[i], "0")
        for k in range(n):
            for i in range(width):
                top[i] = maximum(top[i], x[o, k, first + i])
        for i in range(width):
            top[i] = top[i] if abs(top[i]) < const(top[i], "inf") else const(top[i], "0")
        for k in range(n):
            for i in range(width):
                total[i] += exp(x[o, k, first + i] - top[i])
        for i in range(width):
            out[o, first + i] = log(total[i]) + top[i]


@kernel
def logsumexp_gradient(lo: int, hi: int, g: Array, x: Array, y: Array, out: Array) -> None:
    """Write g exp(x - y); x, out (outer, n, inner), g, y (outer, inner); items are outer times n."""
    n, inner = x.shape[1], x.shape[2]
    if inner == 1:
        for o in range(lo // n, (hi + n - 1) // n):
            top = const(y[o, 0], "0") if abs(y[o, 0]) == const(y[o, 0], "inf") else y[o, 0]
            for k in range(np.uint64(max(lo - o * n, 0)), np.uint64(min(hi - o * n, n))):
                out[o, k, 0] = g[o, 0] * exp(x[o, k, 0] - top)
    else:
        for item in range(lo, hi):
            o, k = item // n, item % n
            for i in range(inner):
                top = const(y[o, i], "0") if abs(y[o, i]) == const(y[o, i], "inf") else y[o, i]
                out[o, k, i] = g[o, i] * exp(x[o, k, i] - top)


def _reduced_last(x: Array, dims: tuple[int, ...]) -> tuple[Array, tuple[int, ...]]:
    """Return x as (outer, n, inner) with `dims` as the middle, moved to the end unless they are neighbours."""
    first, last = min(dims, default=0), max(dims, default=-1)
    if last - first + 1 == len(dims):
        shape = math.prod(x.shape[:first]), math.prod(x.shape[first : last + 1]), math.prod(x.shape[last + 1 :])
        return np.ascontiguousarray(x).reshape(shape), ()
    order = (*[d for d in range(x.ndim) if d not in dims], *dims)
    moved = np.ascontiguousarray(x.transpose(order))
    n = math.prod(x.shape[d] for d in dims)
    return moved.reshape(x.size // n if n else 0, n, 1), order


def logsumexp_forward(x: Array, dims: tuple[int, ...]) -> Array:
    """Return log(sum(exp(x))) over `dims`, which stay as 1 and hold an element each at least.

    >>> logsumexp_forward(np.zeros((2, 4)), (1,)).round(6).tolist()
    [[1.386294], [1.386294]]
    """
    y, _ = _reduced_last(x, dims)
    result = np.empty([1 if d in dims else n for d, n in enumerate(x.shape)], x.dtype)
    if y.size and y.shape[2] == 1:
        logsumexp_rows(y.shape[0], 14 * y.size, y[:, :, 0], result.reshape(-1))
    elif y.size:
        logsumexp_tiles(y.shape[0] * -(-y.shape[2] // TILE), 14 * y.size, y, result.reshape(y.shape[0], y.shape[2]))
    return result


def logsumexp_backward(g: Array, x: Array, y: Array, dims: tuple[int, ...]) -> Array:
    """Return g exp(x - y), the gradient of x, for the result `y` of `logsumexp_forward`; infinite y count as 0."""
    a, order = _reduced_last(x, dims)
    result = np.empty(a.shape if order else x.shape, x.dtype)
    out = result.reshape(a.shape)
    tables = [np.ascontiguousarray(t).reshape(a.shape[0], a.shape[2]) for t in (g, y)] if a.size else []
    if a.size:
        logsumexp_gradient(a.shape[0] * a.shape[1], 12 * a.size, tables[0], a, tables[1], out)
    if not order:
        return result
    return result.reshape([x.shape[d] for d in order]).transpose(np.argsort(order))


# ---- cross entropy ---------------------------------------------------------------------------------------


@kernel
def cross_entropy_rows(lo: int, hi: int, x: Array, target: Array, weight: Array, loss: Array, lse: Array) -> None:
    """Loss = -weight[t] log softmax(x)[t] and log sum exp of each row of x (M, n); t < 0 is left out.

    An empty `weight` is 1 everywhere.
    """
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
        share = weight[t] if weight.size > 0 and t >= 0 else const(top, "1")
        loss[r] = share * (log(total) - (x[r, t] - top)) if t >= 0 else const(top, "0")


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
            scale = g[r] * weight[t] if weight.size > 0 else g[r]
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
        if g.shape != x.shape[:1] or g.dtype != x.dtype or not g.flags.c_contiguous:
            g = np.ascontiguousarray(np.broadcast_to(g, x.shape[:1]), x.dtype)
        labels = _labels(x, target, weight)
        cross_entropy_gradient_rows(x.shape[0], 12 * x.size, g, x, *labels, lse, out)
    return out


def _labels(x: Array, target: Array, weight: Array | None) -> tuple[Array, Array]:
    weights = np.empty(0, x.dtype) if weight is None else np.ascontiguousarray(weight, x.dtype)
    return np.ascontiguousarray(target, np.int64), weights
