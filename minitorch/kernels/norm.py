"""Normalisation: moments over pixels for each channel; applying them; and the gradients.

The channel family sees logical (N, C, *spatial) arrays as channels-last (B, M, C): batch norm has one group
(B = 1, M = N * prod(spatial)), instance norm one an image (B = N), and group norm joins the channels' moments
itself.  Statistics are (B, C) arrays.

Accuracy: sums of float32 run over short blocks in float32 and go on in float64; a block's moments are taken
in two passes with a correction and joined as in T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae
and a pairwise algorithm for computing sample variances" (1979).  Blocks depend on the shape alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const
from ..jit import kernel
from . import planes
from .layout import as_channels_last, logical
from .reduce import widening

Array = NDArray[Any]

WIDTH = 256  # columns up to which pixels are joined into one row
BLOCK_ELEMENTS = 16384  # of a block that is read twice, and stays in the cache meanwhile
MAX_ITEMS = 64  # partial results a group: enough to share out, few enough to join serially


def _blocks(rows: int, columns: int) -> tuple[int, int, int]:
    """Return (rows of a block, rows of an item, items) for one group."""
    block = min(128, max(8, BLOCK_ELEMENTS // max(columns, 1)))
    item = -(-max(rows, 1) // (block * MAX_ITEMS)) * block
    return block, item, -(-rows // item)


def _groups(x: Array, per_image: bool) -> tuple[Array, int]:
    """View x (N, C, *spatial) as (B, M / k, k C), several pixels a row, so that loops are long; return k, too."""
    y = as_channels_last(x)
    batch, channels = (y.shape[0] if per_image else 1), y.shape[-1]
    pixels = y.size // (batch * channels) if y.size else 0
    k = widening(pixels, channels, WIDTH)
    return y.reshape(batch, pixels // k, channels * k), k


# ---- channels: moments and their use ---------------------------------------------------------------------


@kernel
def moment_blocks(lo: int, hi: int, x: Array, block: int, rows: int, mean: Array, m2: Array) -> None:
    """Mean and sum of squared deviations of `rows` rows of x (B, M, k C) an item; results (B, items, C)."""
    columns, channels = x.shape[2], mean.shape[2]
    total = np.empty(columns, x.dtype)
    low, square = np.empty_like(total), np.empty_like(total)
    wide, wide2 = np.empty(columns), np.empty(columns)
    for item in range(lo, hi):
        b, k = item // mean.shape[1], item % mean.shape[1]
        for c in range(columns):
            wide[c] = wide2[c] = 0.0
        count = 0.0
        last = min((k + 1) * rows, x.shape[1])
        for start in range(k * rows, last, block):
            stop = min(start + block, last)
            size = float(stop - start)
            share, join = size / (count + size), count * size / (count + size)
            for c in range(columns):
                total[c] = low[c] = square[c] = const(total[c], "0")
            for r in range(start, stop):
                for c in range(columns):
                    total[c] += x[b, r, c]
            for c in range(columns):
                total[c] = total[c] / size
            for r in range(start, stop):
                for c in range(columns):
                    away = x[b, r, c] - total[c]
                    low[c] += away  # what rounding the mean left over
                    square[c] += away * away
            for c in range(columns):
                rest = low[c] / size
                shift = total[c] + rest - wide[c]
                wide[c] += shift * share
                wide2[c] += square[c] - rest * low[c] + shift * shift * join
            count += size
        for c in range(channels):
            mean[b, k, c] = m2[b, k, c] = 0.0
        for j in range(0, columns, channels):  # the columns of a channel have equal counts
            for c in range(channels):
                mean[b, k, c] += wide[j + c] * (channels / columns)
        for j in range(0, columns, channels):
            for c in range(channels):
                shift = wide[j + c] - mean[b, k, c]
                m2[b, k, c] += wide2[j + c] + shift * shift * count


@kernel
def join_moments(
    lo: int, hi: int, mean: Array, m2: Array, rows: int, pixels: int, mean_out: Array, var_out: Array
) -> None:
    """Mean and biased variance (B, C) of `pixels` pixels from those of items (B, items, C) of `rows`."""
    for b in range(lo, hi):
        for c in range(mean.shape[2]):
            mean_out[b, c] = var_out[b, c] = 0.0
        for k in range(mean.shape[1]):
            share = min(rows, pixels - k * rows) / pixels
            for c in range(mean.shape[2]):
                mean_out[b, c] += mean[b, k, c] * share
        for k in range(mean.shape[1]):
            share = min(rows, pixels - k * rows) / pixels
            for c in range(mean.shape[2]):
                shift = mean[b, k, c] - mean_out[b, c]
                var_out[b, c] += m2[b, k, c] / pixels + shift * shift * share


def channel_moments(x: Array, per_image: bool = False) -> tuple[Array, Array]:
    """Return mean and biased variance (B, C) of x (N, C, *spatial), in float64.

    >>> mean, var = channel_moments(np.array([[1.0], [3.0]]))
    >>> mean.tolist(), var.tolist()
    ([[2.0]], [[1.0]])
    """
    if planes.is_planar(x):
        return _plane_moments(x, per_image)
    y, k = _groups(x, per_image)
    shape = (y.shape[0], x.shape[1])
    if y.size == 0:
        return np.full(shape, np.nan), np.full(shape, np.nan)
    block, rows, items = _blocks(y.shape[1], y.shape[2])
    means, squares = np.empty((2, shape[0], items, shape[1]))
    moment_blocks(shape[0] * items, 5 * y.size, y, block, rows, means, squares)
    mean, var = np.empty((2, *shape))
    join_moments(shape[0], 4 * means.size, means, squares, rows * k, y.shape[1] * k, mean, var)
    return mean, var


def _plane_moments(x: Array, per_image: bool) -> tuple[Array, Array]:
    means, squares = planes.moments(x)
    size = x.size // means.size
    if per_image:
        return means, squares / size
    mean, var = np.empty((2, 1, x.shape[1]))
    join_moments(1, 4 * means.size, means[None], squares[None], size, size * x.shape[0], mean, var)
    return mean, var


@kernel
def affine_rows(lo: int, hi: int, x: Array, mean: Array, scale: Array, shift: Array, relu: bool, out: Array) -> None:
    """(x - mean) scale + shift, or its positive part; x, out (B, M, C), the rest (B, C); items are rows."""
    for item in range(lo, hi):
        b = item // x.shape[1]
        r = item % x.shape[1]
        for c in range(x.shape[2]):
            v = (x[b, r, c] - mean[b, c]) * scale[b, c] + shift[b, c]
            out[b, r, c] = const(v, "0") if relu and v <= const(v, "0") else v


def _tables(like: Array, k: int, *values: Array | float) -> Array:
    """Numbers or tables (C,), (B, C) as dense tables (B, k C) in the type of `like` (B, M / k, k C)."""
    tables = np.empty((len(values), like.shape[0], k, like.shape[2] // k), like.dtype)
    for table, value in zip(tables, values):
        table[...] = value if np.ndim(value) < 2 else np.expand_dims(value, 1)
    return tables.reshape(len(values), like.shape[0], like.shape[2])


def channel_affine(
    x: Array,
    mean: Array | float,
    scale: Array | float,
    shift: Array | float,
    relu: bool = False,
    per_image: bool = False,
) -> Array:
    """Return ``(x - mean) * scale + shift``, or its ReLU, for x (N, C, *spatial); tables (B, C) or (C,)."""
    if planes.is_planar(x):
        return planes.affine(x, mean, scale, shift, relu)
    y, k = _groups(x, per_image)
    out = np.empty_like(y)
    affine_rows(y.shape[0] * y.shape[1], 2 * y.nbytes, y, *_tables(y, k, mean, scale, shift), relu, out)
    return logical(out.reshape(x.shape[0], *x.shape[2:], x.shape[1]))


# ---- channels: gradients ---------------------------------------------------------------------------------


@kernel
def gradient_blocks(
    lo: int, hi: int, gy: Array, x: Array, mean: Array, scale: Array, shift: Array, relu: bool, block: int, rows: int,
    plain: Array, moment: Array,
) -> None:  # fmt: skip
    """Sums of gy and of gy (x - mean) over `rows` rows an item; x (B, M, k C), results (B, items, C) float64.

    With `relu`, gy counts where (x - mean) scale + shift is positive.
    """
    columns, channels = x.shape[2], plain.shape[2]
    first, second, masked = np.empty(columns, x.dtype), np.empty(columns, x.dtype), np.empty(columns, x.dtype)
    for item in range(lo, hi):
        b, k = item // plain.shape[1], item % plain.shape[1]
        for c in range(channels):
            plain[b, k, c] = moment[b, k, c] = 0.0
        last = min((k + 1) * rows, x.shape[1])
        for start in range(k * rows, last, block):
            for c in range(columns):
                first[c] = second[c] = const(first[c], "0")
            for r in range(start, min(start + block, last)):
                if relu:
                    for c in range(columns):
                        g, away = gy[b, r, c], x[b, r, c] - mean[b, c]
                        g = const(g, "0") if away * scale[b, c] + shift[b, c] <= const(g, "0") else g
                        masked[c] = g
                    for c in range(columns):
                        first[c] += masked[c]
                        second[c] += masked[c] * (x[b, r, c] - mean[b, c])
                else:
                    for c in range(columns):
                        first[c] += gy[b, r, c]
                        second[c] += gy[b, r, c] * (x[b, r, c] - mean[b, c])
            for j in range(0, columns, channels):
                for c in range(channels):
                    plain[b, k, c] += first[j + c]
                    moment[b, k, c] += second[j + c]


class Relu(NamedTuple):
    """The factor and shift (C,) of a ReLU's input, whose sign decides which gradients count (see `channel_affine`)."""

    scale: Array
    shift: Array | float


def channel_gradient_sums(
    gy: Array, x: Array, mean: Array, per_image: bool = False, relu: Relu | None = None
) -> tuple[Array, Array]:
    """Return the sums (B, C), float64, of ``gy`` and of ``gy * (x - mean)`` over the pixels."""
    if planes.is_planar(x):
        plain, moment = planes.gradient_sums(gy, x, mean, relu)
        return (plain, moment) if per_image else (plain.sum(0)[None], moment.sum(0)[None])
    (g, k), (y, _) = _groups(gy, per_image), _groups(x, per_image)
    if y.size == 0:
        return np.zeros((y.shape[0], x.shape[1])), np.zeros((y.shape[0], x.shape[1]))
    block, rows, items = _blocks(y.shape[1], y.shape[2])
    sums = np.empty((2, y.shape[0], items, x.shape[1]))
    tables = _tables(y, k, mean, *(relu or (0.0, 0.0)))
    gradient_blocks(y.shape[0] * items, 2 * y.nbytes, g, y, *tables, relu is not None, block, rows, sums[0], sums[1])
    plain, moment = sums.sum(2)
    return plain, moment


@kernel
def gradient_rows(
    lo: int, hi: int, gy: Array, x: Array, mean: Array, scale: Array, shift: Array, relu: bool, a: Array, b: Array,
    d: Array, out: Array,
) -> None:  # fmt: skip
    """Write ``a gy - b - d (x - mean)``; gy, x, out (B, M, C), the rest (B, C); items are rows.

    With `relu`, gy counts where (x - mean) scale + shift is positive.
    """
    masked = np.empty(x.shape[2], x.dtype)
    for item in range(lo, hi):
        n = item // x.shape[1]
        r = item % x.shape[1]
        if relu:
            for c in range(x.shape[2]):
                g, away = gy[n, r, c], x[n, r, c] - mean[n, c]
                masked[c] = const(g, "0") if away * scale[n, c] + shift[n, c] <= const(g, "0") else g
            for c in range(x.shape[2]):
                out[n, r, c] = a[n, c] * masked[c] - b[n, c] - d[n, c] * (x[n, r, c] - mean[n, c])
        else:
            for c in range(x.shape[2]):
                out[n, r, c] = a[n, c] * gy[n, r, c] - b[n, c] - d[n, c] * (x[n, r, c] - mean[n, c])


def channel_gradient(
    gy: Array, x: Array, mean: Array, a: Array, b: Array, d: Array, per_image: bool = False, relu: Relu | None = None
) -> Array:
    """Return ``a * gy - b - d * (x - mean)``; tables (B, C) or (C,)."""
    if planes.is_planar(x):
        return planes.gradient(gy, x, mean, a, b, d, relu)
    (g, k), (y, _) = _groups(gy, per_image), _groups(x, per_image)
    out = np.empty_like(y)
    tables = _tables(y, k, mean, *(relu or (0.0, 0.0)), a, b, d)
    masks, rest = tables[:3], tables[3:]
    gradient_rows(y.shape[0] * y.shape[1], 3 * y.nbytes, g, y, *masks, relu is not None, *rest, out)
    return logical(out.reshape(x.shape[0], *x.shape[2:], x.shape[1]))


# ---- batch norm ------------------------------------------------------------------------------------------


def batch_norm_forward(
    x: Array, weight: Array | None, bias: Array | None, eps: float, relu: bool = False
) -> tuple[Array, Array, Array, Array]:
    """Normalise x (N, C, *spatial) by its own statistics.

    Returns y, and mean, biased variance and 1 / deviation of each channel (C,).
    """
    mean, var = (table[0] for table in channel_moments(x))
    invstd = 1.0 / np.sqrt(var + eps)
    y = batch_norm_apply(x, mean, invstd, weight, bias, relu)
    return y, mean.astype(x.dtype), var.astype(x.dtype), invstd.astype(x.dtype)


def batch_norm_apply(
    x: Array, mean: Array, invstd: Array, weight: Array | None, bias: Array | None, relu: bool = False
) -> Array:
    """Normalise x (N, C, *spatial) by given statistics (C,)."""
    scale = invstd if weight is None else invstd * weight
    return channel_affine(x, mean, scale, 0.0 if bias is None else bias, relu)


def batch_norm_backward(
    gy: Array,
    x: Array,
    mean: Array,
    invstd: Array,
    weight: Array | None,
    training: bool = True,
    behind: Array | float | None = None,
) -> tuple[Array, Array, Array]:
    """Return the gradients of input, weight and bias.

    With ``s = weight / deviation`` and sums over the M pixels of a channel,
    ``gx = s (gy - sum(gy) / M - xhat sum(gy xhat) / M)``; given statistics (not `training`) have no gradient,
    so ``gx = s gy``.  `behind` is the bias (C,), or 0, if `gy` is the gradient of the result's ReLU (in training).
    """
    scale = invstd.astype(np.float64) if weight is None else invstd.astype(np.float64) * weight
    relu = None if behind is None else Relu(scale, behind)
    plain, moment = (sums[0] for sums in channel_gradient_sums(gy, x, mean, relu=relu))
    gw, gb = (moment * invstd).astype(x.dtype), plain.astype(x.dtype)
    if not training:
        return channel_affine(gy, 0.0, scale, 0.0), gw, gb
    count = max(x.size // max(x.shape[1], 1), 1)
    d = scale * np.square(invstd, dtype=np.float64) * moment / count
    return channel_gradient(gy, x, mean, scale, scale * plain / count, d, relu=relu), gw, gb
