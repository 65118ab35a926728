"""Pooling: maximum with places, average, adaptive, in one, two or three dimensions, forward and backward.

Arrays come and go in logical order (N, C, *spatial), and results have the memory order of the operand: channels last
(`pool_pixels`) or contiguous (`pool_planes`).  A plan (`pool_plan`) says where the windows lie.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layout import as_channels_last, as_contiguous, is_channels_last, logical
from .pool_pixels import choose_pixels, flat_places, max_pixels, mean_pixels
from .pool_plan import Plan, adaptive, pool_output_size, sliding
from .pool_planes import choose_planes, max_planes, mean_planes, spread_planes
from .tiles import STREAM_BYTES, aligned

__all__ = [
    "Plan", "adaptive", "average", "average_backward", "flat_indices", "max_backward", "max_forward",
    "pool_output_size", "sliding",
]  # fmt: skip

Array = NDArray[Any]

FEW = 1 << 12  # elements up to which a conversion's fixed cost is more than vectors gain

# ---- layout ----------------------------------------------------------------------------------------------


def _source(x: Array, planes: bool, last: bool = False) -> tuple[Array, int]:
    """Return x in a flat memory order that the kernels take, and the channels of its pixels (0: planes).

    Without `planes`, small arrays alone stay as they are, as images of one channel; with `last`, none do.
    """
    if last:
        return as_channels_last(x).reshape(-1), x.shape[1]
    if x.flags.c_contiguous or not is_channels_last(x):
        if planes or x.size <= FEW:
            return as_contiguous(x).reshape(-1), 0
        x = logical(as_channels_last(x))
    return x.ravel("K"), x.shape[1]


def _result(like: tuple[int, ...], spatial: tuple[int, ...], channels: int, dtype: Any) -> tuple[Array, Array]:
    """Return a new flat array, and the view (N, C, *spatial) of it in the order that `_source` says."""
    count = like[0] * like[1] * math.prod(spatial)
    flat = aligned(count, dtype) if count * dtype.itemsize >= STREAM_BYTES else np.empty(count, dtype)
    if not channels:
        return flat, flat.reshape((like[0], like[1], *spatial))
    return flat, logical(flat.reshape((like[0], *spatial, like[1])))


def _past(flat: Array, channels: int) -> int:
    """Return 1 if a result of whole cache lines a pixel is too large to be found in the caches again."""
    return int(flat.nbytes >= STREAM_BYTES and channels * flat.itemsize % 64 == 0 and channels > 0)


# ---- maximum ---------------------------------------------------------------------------------------------


def max_forward(x: Array, plan: Plan, last: bool = False, places: bool = True) -> tuple[Array, Array]:
    """Return the maximum over each window of x (N, C, *spatial), and its place in the window (empty unless asked for).

    NaN wins, padding never does. `last` is for the gradient: whether x was channels last, which one place hides.

    >>> y, place = max_forward(np.arange(16.0).reshape(1, 1, 4, 4), sliding((4, 4), (2, 2), (2, 2), (0, 0), (1, 1)))
    >>> y.ravel().tolist(), place.ravel().tolist()
    ([5.0, 7.0, 13.0, 15.0], [3, 3, 3, 3])
    """
    shape = x.shape
    source, channels = _source(x, plan.uniform)
    flat, out = _result(shape, plan.out_shape, channels, x.dtype)
    kept, place = _result(shape, plan.out_shape, channels, plan.index) if places else (_NO_PLACES[plan.index],) * 2
    if flat.size:
        work = 2 * (x.nbytes + 4 * out.nbytes)
        if channels or not plan.uniform:
            images = shape[0] if channels else shape[0] * shape[1]
            tables = (channels or 1, plan.frame, plan.windows)
            max_pixels(images * plan.out_rows, work, source, *tables, flat, kept)
        else:
            max_planes(shape[0] * shape[1] * plan.out_rows, work, source, plan.frame, plan.windows, flat, kept)
    return out, place


_NO_PLACES = {np.dtype(kind): np.empty(0, kind) for kind in (np.uint8, np.int32)}


def max_backward(gy: Array, place: Array, plan: Plan, last: bool = False) -> Array:
    """Return the gradient of the input for `gy` and the places of the forward pass; `last`: channels last.

    The adjoint of ``gather_spatial(., flat_indices(place, plan))``, which is therefore its own gradient.
    """
    kept, channels = _source(place, True, last)
    g = as_channels_last(gy) if channels else as_contiguous(gy)
    flat, out = _result(gy.shape, plan.in_shape, channels, gy.dtype)
    if not flat.size or not gy.size:
        out[...] = 0
        return out
    work, images = 2 * (out.nbytes + gy.nbytes), gy.shape[0] if channels else gy.shape[0] * gy.shape[1]
    if channels or not plan.uniform:
        tables = channels or 1, _past(flat, channels), plan.frame, plan.windows, plan.covers
        choose_pixels(images * plan.rows, work, g.reshape(-1), kept, *tables, flat)
    else:
        choose_planes(images * plan.rows, work, g.reshape(-1), kept, plan.frame, plan.windows, plan.covers, flat)
    return out


def flat_indices(place: Array, plan: Plan, last: bool = False) -> Array:
    """Return torch's indices (int64): the flattened position in the spatial part of the input of each place."""
    kept, channels = _source(place, True)
    flat, out = _result(place.shape, plan.out_shape, channels, np.dtype(np.int64))
    if flat.size:
        rows = flat.size // plan.out_shape[-1] // (channels or 1)
        flat_places(rows, 4 * flat.nbytes, kept, plan.offsets, channels or 1, plan.frame, plan.windows, flat)
    return out


# ---- average ---------------------------------------------------------------------------------------------


def average(x: Array, plan: Plan, last: bool = False) -> Array:
    """Return the mean over each window of x (N, C, *spatial).

    >>> average(np.arange(16.0).reshape(1, 1, 4, 4), adaptive((4, 4), (1, 2))).ravel().tolist()
    [6.5, 8.5]
    """
    source, channels = _source(x, True)
    flat, out = _result(x.shape, plan.out_shape, channels, x.dtype)
    if flat.size and channels:
        sizes = plan.inputs, plan.outputs, plan.windows, plan.divisors
        mean_pixels(x.shape[0] * plan.out_rows, 2 * (x.nbytes + 2 * out.nbytes), source, channels, 0, *sizes, flat)
    elif flat.size:
        rows = x.shape[0] * x.shape[1] * plan.out_rows
        mean_planes(rows, 2 * (x.nbytes + 4 * out.nbytes), source, plan.frame, plan.windows, plan.divisors, flat)
    return out


def average_backward(gy: Array, plan: Plan, last: bool = False) -> Array:
    """Return the gradient of the input, channels last if `last`; its own gradient is `average`."""
    source, channels = _source(gy if plan.divisor is not None else gy / plan.divisor_table(gy.dtype), True, last)
    flat, out = _result(gy.shape, plan.in_shape, channels, gy.dtype)
    if not flat.size or not gy.size:
        out[...] = 0
        return out
    work = 2 * (2 * out.nbytes + gy.nbytes)
    if channels:
        past = _past(flat, channels)
        sizes = plan.outputs, plan.inputs, plan.covers, plan.shares
        mean_pixels(gy.shape[0] * plan.rows, work, source, channels, past, *sizes, flat)
    else:
        rows = gy.shape[0] * gy.shape[1] * plan.rows
        spread_planes(rows, work, source, plan.frame, plan.windows, plan.covers, float(plan.divisor or 1), flat)
    return out
