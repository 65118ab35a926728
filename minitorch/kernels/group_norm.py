"""Group and instance norm: a group of planes is a row, read once while it is in the cache; channels last, and few
groups, go by the moments of channels joined by groups, then the channels' own kernels.

Y. Wu, K. He, "Group normalization" (2018), arXiv 1803.08494.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const, divide, sqrt
from ..jit import kernel
from .norm import channel_affine, channel_gradient, channel_gradient_sums, channel_moments
from .planes import is_planar

__all__ = ["group_norm_backward", "group_norm_forward"]

Array = NDArray[Any]

CHUNK = 1024  # elements of a row that are summed in the array's own type
LEAST = 16  # groups in all from which they are shared out among threads

# ---- groups of planes ------------------------------------------------------------------------------------


@kernel
def group_rows(
    lo: int, hi: int, x: Array, groups: int, weight: Array, bias: Array, eps: float, out: Array, mean: Array,
    invstd: Array,
) -> None:  # fmt: skip
    """Normalise each row of x (R, n), a group's planes; mean and 1 / deviation (R,) are kept; items are rows."""
    n, depth = x.shape[1], weight.size // groups
    pixels = n // depth
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
        mean[r] = m = x.dtype.type(center + rest / n)
        invstd[r] = scale = x.dtype.type(divide(1.0, sqrt((square - rest * rest / n) / n + eps)))
        for d in range(depth):
            a, b = scale * weight[r % groups * depth + d], bias[r % groups * depth + d]
            for j in range(np.uint64(d * pixels), np.uint64((d + 1) * pixels)):
                out[r, j] = (x[r, j] - m) * a + b


@kernel
def group_gradient_rows(
    lo: int, hi: int, gy: Array, x: Array, mean: Array, invstd: Array, groups: int, weight: Array, out: Array,
    plain: Array, moment: Array,
) -> None:  # fmt: skip
    """Gradient of each row of x (R, n), and the sums (R, depth), float64, of gy and of gy (x - mean) of its planes."""
    n, depth = x.shape[1], weight.size // groups
    pixels = n // depth
    for r in range(lo, hi):
        m, scale = mean[r], invstd[r]
        first, second = 0.0, 0.0
        for d in range(depth):
            p, q = 0.0, 0.0
            for start in range(d * pixels, (d + 1) * pixels, CHUNK):
                s = t = const(x[r, 0], "0")
                for j in range(np.uint64(start), np.uint64(min(start + CHUNK, (d + 1) * pixels))):
                    s += gy[r, j]
                    t += gy[r, j] * (x[r, j] - m)
                p += s
                q += t
            plain[r, d], moment[r, d] = p, q
            first += p * weight[r % groups * depth + d]
            second += q * weight[r % groups * depth + d]
        b = x.dtype.type(first / n * scale)
        e = x.dtype.type(second / n * scale * scale * scale)
        for d in range(depth):
            a = scale * weight[r % groups * depth + d]
            for j in range(np.uint64(d * pixels), np.uint64((d + 1) * pixels)):
                out[r, j] = a * gy[r, j] - b - e * (x[r, j] - m)


def _table(values: Array | None, default: float, x: Array) -> Array:
    return np.full(x.shape[1], default, x.dtype) if values is None else np.ascontiguousarray(values, x.dtype)


def _by_rows(x: Array, groups: int) -> bool:
    return is_planar(x) and x.shape[0] * groups >= LEAST


def _rows_forward(x: Array, weight: Array | None, bias: Array | None, groups: int, eps: float) -> tuple[Array, ...]:
    out, stats = np.empty_like(x), np.empty((2, x.shape[0], groups), x.dtype)
    rows, w, b = x.shape[0] * groups, _table(weight, 1.0, x), _table(bias, 0.0, x)
    flat = stats.reshape(2, rows)
    group_rows(rows, 8 * x.size, x.reshape(rows, -1), groups, w, b, float(eps), out.reshape(rows, -1), *flat)
    return out, stats[0], stats[1]


def _rows_backward(gy: Array, x: Array, mean: Array, invstd: Array, weight: Array | None) -> tuple[Array, ...]:
    groups, rows, out = mean.shape[1], mean.size, np.empty_like(x)
    sums = np.empty((2, rows, x.shape[1] // groups))
    gy, w = np.ascontiguousarray(gy), _table(weight, 1.0, x)
    arrays = gy.reshape(rows, -1), x.reshape(rows, -1), mean.reshape(rows), invstd.reshape(rows)
    group_gradient_rows(rows, 12 * x.size, *arrays, groups, w, out.reshape(rows, -1), *sums)
    plain, moment = sums.reshape(2, *x.shape[:2])
    gw = (moment * np.repeat(invstd.astype(np.float64), x.shape[1] // groups, axis=1)).sum(0)
    return out, gw.astype(x.dtype), plain.sum(0).astype(x.dtype)


# ---- both -------------------------------------------------------------------------------------------------



def _grouped(table: Array, groups: int) -> Array:
    """View (N, C) as (N, groups, C / groups)."""
    return table.reshape(table.shape[0], groups, table.shape[1] // groups)


def _spread(table: Array, channels: int) -> Array:
    """Repeat (N, groups) to (N, C)."""
    return np.repeat(table, channels // max(table.shape[1], 1), axis=1)


def group_norm_forward(
    x: Array, weight: Array | None, bias: Array | None, groups: int, eps: float
) -> tuple[Array, Array, Array]:
    """Normalise the groups of channels of each image of x (N, C, *spatial).

    Returns y, and mean and 1 / deviation of each group (N, groups).

    >>> group_norm_forward(np.array([[[1.0], [3.0]]]), None, None, 1, 0.0)[0].ravel().tolist()
    [-1.0, 1.0]
    """
    if _by_rows(x, groups):
        return _rows_forward(x, weight, bias, groups, eps)  # type: ignore[return-value]
    means, variances = (_grouped(table, groups) for table in channel_moments(x, True))
    mean = means.mean(2) if x.size else np.full(means.shape[:2], np.nan)
    var = (variances + np.square(means - mean[:, :, None])).mean(2) if x.size else mean
    mean, invstd = mean.astype(x.dtype), (1.0 / np.sqrt(var + eps)).astype(x.dtype)
    scale = _spread(invstd, x.shape[1]) * (1.0 if weight is None else weight)
    shift = np.broadcast_to(0.0 if bias is None else bias, scale.shape)
    return channel_affine(x, _spread(mean, x.shape[1]), scale, shift, per_image=True), mean, invstd


def group_norm_backward(
    gy: Array, x: Array, mean: Array, invstd: Array, weight: Array | None
) -> tuple[Array, Array, Array]:
    """Return the gradients of input, weight and bias, for mean and 1 / deviation (N, groups).

    With ``s = 1 / deviation`` and sums over the M values of a group,
    ``gx = s (w gy - sum(w gy) / M - xhat sum(w gy xhat) / M)``.
    """
    if _by_rows(x, mean.shape[1]):
        return _rows_backward(gy, x, mean, invstd, weight)  # type: ignore[return-value]
    channels, groups = x.shape[1], mean.shape[1]
    center, s = _spread(mean, channels), _spread(invstd, channels).astype(np.float64)
    plain, moment = channel_gradient_sums(gy, x, center, True)
    gw, gb = (moment * s).sum(0).astype(x.dtype), plain.sum(0).astype(x.dtype)
    w = 1.0 if weight is None else weight.astype(np.float64)
    count = max(x.size // max(mean.size, 1), 1)
    b = s * _spread(_grouped(plain * w, groups).sum(2), channels) / count
    d = s**3 * _spread(_grouped(moment * w, groups).sum(2), channels) / count
    return channel_gradient(gy, x, center, s * w, b, d, True), gw, gb
