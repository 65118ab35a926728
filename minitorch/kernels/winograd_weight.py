"""The weight gradient of a 3x3 convolution with a quarter of the multiplications: the transpose of `winograd`.

It sums over patches: chunks of patches of the input and of the output gradient are transformed, then 36 products add
each chunk to the transformed gradient, in order; that is brought back, and into the weight's order, at the end.

Scratch: the transformed gradient, four times the size of the filter, and `CHUNK_BYTES` in all, or twice the
transformed gradient if that is more (or what `LEAST_CHUNK` patches need). `winograd_weight_wide` is for many filters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..codegen.gemm import ADD, ZERO, host_tile, lanes_of, rows_of, tile
from ..codegen.move import transpose
from ..codegen.winograd import FILTER_GRAD, OUTPUT_GRAD, WHOLE, convert, gather
from ..jit import helper, kernel
from . import winograd_weight_wide
from .layout import Array
from .tiles import aligned, start_of
from .winograd import (
    BLOCK,
    IN_C,
    M_PLANE,
    M_ROW,
    OUT_C,
    OUT_H,
    OUT_W,
    V_LAST,
    V_PLANE,
    V_ROW,
    V_STEP,
    fetch_outputs,
    frame_of,
    origin,
    pixels,
    plane,
    transform_inputs,
    zeros_of,
)

CHUNK_BYTES = 1 << 22
LEAST_CHUNK = 96  # patches: a shorter sum would mostly load and store the gradient
SHARE = 2  # chunks of so many times the gradient's size, if that is more: they go through all of it each time
TILES = 4  # tiles of channels that share a pass over a panel of the output gradient


def weight_grad(x: Array, gy: Array, pad: tuple[int, int], gw: Array) -> bool:
    """Write the gradient (O, C, 3, 3) of `winograd.correlate`'s filter, from (images, H, W, C) and (images, H', W', O).

    Returns whether all of it is finite; else it is wrong.
    """
    images, height, width, channels = x.shape
    out, size = (gy.shape[1], gy.shape[2], gy.shape[3]), x.itemsize
    patches, wide = images * -(-out[0] // 4) * -(-out[1] // 4), winograd_weight_wide.pays(channels, out[2], size)
    scratch = CHUNK_BYTES if wide else max(CHUNK_BYTES, SHARE * 36 * channels * out[2] * size)
    chunk = min(patches, max(LEAST_CHUNK, scratch // (36 * size * (channels + out[2]))))
    frame = frame_of(images, (height, width, channels), out, pad, chunk, _layout(chunk, channels, out[2], size))
    inputs, grads = (aligned(36 * int(frame[at]) // size, x.dtype) for at in (V_PLANE, M_PLANE))
    far = plane(channels, out[2] * size)
    sums = aligned(0 if wide else 36 * far // size, x.dtype)
    zeros, odd = zeros_of(max(channels, out[2]), x.dtype), np.zeros(1, np.int64)
    for first in range(0, patches, chunk):
        count = min(chunk, patches - first)
        transform_patches(
            count, 60 * count * (channels + out[2]), start_of(x), start_of(gy), first, zeros, frame, inputs, grads
        )
        if wide:
            winograd_weight_wide.add_chunk(inputs, grads, count, first > 0, frame, odd, gw)
        else:
            add_chunk(inputs, grads, count, first, frame, far, sums)
    if not wide:
        vectors = -(-channels // host_tile(size)[1])
        finish(vectors, 200 * channels * out[2], sums, channels, out[2], far, odd, gw.reshape(-1))
    return not odd[0]


def add_chunk(inputs: Array, grads: Array, count: int, first: int, frame: Array, far: int, sums: Array) -> None:
    """Add a chunk's products to the sums, whose planes are `far` bytes apart; the chunk with `first` 0 begins them."""
    channels, filters = int(frame[IN_C]), int(frame[OUT_C])
    groups = -(-channels // (TILES * host_tile(sums.itemsize)[0]))
    work = 18 * count * channels * filters
    add_products(36 * groups, work, inputs, grads, count, ADD if first else ZERO, frame, far, sums)


def _layout(chunk: int, channels: int, filters: int, size: int) -> tuple[int, ...]:
    """Lay both operands out for sums over patches: of a vector of channels, or a panel of filters, all patches."""
    row = host_tile(size)[1] * size
    vectors, panels = -(-channels * size // row), -(-filters * size // (2 * row))
    step = chunk * row
    return plane(vectors, step), row, step, (vectors - 1) * step, plane(panels, 2 * step), 2 * row, 0


@kernel
def transform_patches(
    lo: int, hi: int, x: Any, gy: Any, first: int, zeros: Any, frame: Any, inputs36: Any, grads36: Any
) -> None:
    """inputs36[36, vector, q, :] = BT x BT^T and grads36[36, panel, q, :] = AT^T gy AT of patch first + q, the item."""
    like = x.dtype.type(0)
    table, size, count = np.empty(36, np.int64), x.itemsize, hi - lo
    inputs, grads = inputs36.ctypes.data + lo * frame[V_ROW], grads36.ctypes.data + lo * frame[M_ROW]
    transform_inputs(first + lo, count, x.ctypes.data, zeros.ctypes.data, frame, like, size, table, inputs)
    for q in range(count):
        n, row, col = origin(first + lo + q, frame)
        pixels(
            gy.ctypes.data, n, row, col, 4, frame[OUT_H], frame[OUT_W], frame[OUT_C] * size, zeros.ctypes.data, table
        )
        if q + 2 < count:
            fetch_outputs(first + lo + q + 2, frame, gy.ctypes.data, size)
        _transform_grads(table, frame, like, size, grads + q * frame[M_ROW])


@helper
def _transform_grads(table: Any, frame: Any, like: Any, size: int, dst: int) -> None:
    """Transform one patch of the output gradient into its rows of the panels."""
    lanes, outputs = lanes_of(like), frame[OUT_C]
    for c in range(0, outputs, lanes):
        j, half = divmod(c // lanes, 2)
        panel = dst + j * frame[BLOCK] * frame[M_ROW] + half * lanes * size
        if c + lanes <= outputs:
            gather(OUTPUT_GRAD, table.ctypes.data, c * size, panel, frame[M_PLANE], WHOLE, like)
        else:
            gather(OUTPUT_GRAD, table.ctypes.data, c * size, panel, frame[M_PLANE], outputs - c, like)


@kernel
def add_products(
    lo: int, hi: int, inputs36: Any, grads36: Any, count: int, start: int, frame: Any, far: int, sums: Any
) -> None:
    """sums[36, C, O] (+)= sum over patches q of inputs36[36, vector of C, q, :] * grads36[36, panel of O, q, :].

    An item is one of the 36 and a group of tiles of channels; the sums' planes are `far` bytes apart.
    """
    like = sums.dtype.type(0)
    lowest = sums.dtype.type(-np.inf)
    size, mr, lanes = sums.itemsize, rows_of(like), lanes_of(like)
    width = 2 * lanes
    inputs, outputs = frame[IN_C], frame[OUT_C]
    groups = (inputs + TILES * mr - 1) // (TILES * mr)
    rows, outs = np.empty(TILES * mr, np.int64), np.empty(TILES * mr, np.int64)
    segment = np.array([count, 0, 0])
    for item in range(lo, hi):
        k, group = divmod(item, groups)
        first = group * TILES * mr
        live = min(TILES * mr, inputs - first)
        for i in range(TILES * mr):  # rows past the end repeat the last
            c = first + min(i, live - 1)
            vector = c // lanes  # the last one overlaps the one before
            at = min(vector * frame[V_STEP], frame[V_LAST]) + (c - min(vector * lanes, inputs - lanes)) * size
            rows[i] = inputs36.ctypes.data + k * frame[V_PLANE] + at
            outs[i] = sums.ctypes.data + k * far + c * outputs * size
        for j in range((outputs + width - 1) // width):
            cols, shift = min(width, outputs - j * width), j * width * size
            b = grads36.ctypes.data + k * frame[M_PLANE] + j * frame[BLOCK] * frame[M_ROW]
            for i in range(0, live, mr):
                at, out = rows.ctypes.data + i * 8, outs.ctypes.data + i * 8
                if cols > lanes:
                    tile(2, 2, 1, segment.ctypes.data, at, 0, 0, frame[V_ROW], b, width * size,
                         out, shift, start, 0, cols, lowest)  # fmt: skip
                else:
                    tile(2, 1, 1, segment.ctypes.data, at, 0, 0, frame[V_ROW], b, width * size,
                         out, shift, start, 0, cols, lowest)  # fmt: skip


@kernel
def finish(lo: int, hi: int, sums: Any, channels: int, outputs: int, far: int, odd: Any, gw: Any) -> None:
    """gw[o, c, tap] = G^T sums[36, c, o] G; an item is a vector of channels, the last overlaps the one before."""
    like = sums.dtype.type(0)
    lanes, size = lanes_of(like), sums.itemsize
    taps = np.empty(9 * lanes * lanes, sums.dtype)
    row, strange = lanes * size, False
    for item in range(lo, hi):
        c0 = min(item * lanes, channels - lanes)
        for block in range(0, outputs, lanes):
            o = min(block, outputs - lanes)
            for c in range(lanes):
                src = sums.ctypes.data + ((c0 + c) * outputs + o) * size
                convert(FILTER_GRAD, 0, src, far, taps.ctypes.data + 9 * c * row, row, like)
            total = like
            for i in range(taps.size):
                total += taps[i] * like  # NaN if one is not finite
            strange |= total != total
            for square in range(9):  # (channel, tap) pairs by filters become filters by pairs
                dst = gw.ctypes.data + (o * channels * 9 + c0 * 9 + square * lanes) * size
                transpose(taps.ctypes.data + square * lanes * row, row, dst, channels * 9 * size, like)
    if strange:
        odd[0] = 1
