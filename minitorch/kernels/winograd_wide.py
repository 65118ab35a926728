"""Winograd's 3x3 convolution of small maps by many filters, where the transformed filter would leave the caches.

All patches of a slab are transformed first. Then an item transforms one panel of filters, some channels at a time,
multiplies all patches by it while it is in the L2 cache, and brings that panel's part of the result back: so the
filter comes out of memory once for a slab, and its transform, four times as large, never gets there.

Scratch: 36 pixels of input for each patch of a slab; a thread, 36 products of a slab, and of `TERMS` channels, by a
panel.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..codegen.gemm import ADD, ZERO, host_tile, lanes_of, rows_of, tile
from ..codegen.winograd import OUTPUT, WHOLE, scatter
from ..jit import kernel
from .layout import Array
from .tiles import aligned, panel_width, start_of
from .winograd import (
    F_PLANE,
    IN_C,
    M_PLANE,
    OUT_C,
    OUT_H,
    OUT_W,
    V_PLANE,
    V_ROW,
    frame_of,
    origin,
    pixels,
    plane,
    transform_inputs,
    transform_taps,
    zeros_of,
)

FILTER_BYTES = 1 << 24  # a larger transformed filter leaves the caches
SLAB = 96  # patches
TERMS = 64  # channels of a panel that are transformed together


def pays(channels: int, filters: int, itemsize: int) -> bool:
    """Whether the transformed filter is too large for `winograd`."""
    return 36 * itemsize * channels * filters > FILTER_BYTES


def correlate(x: Array, packed: Array, flip: bool, bias: Array | None, pad: tuple[int, int], y: Array) -> bool:
    """Write to dense `y` the correlation of `x` with a packed filter; see `winograd.correlate`."""
    images, height, width, channels = x.shape
    size, filters, out = x.itemsize, y.shape[3], (y.shape[1], y.shape[2], y.shape[3])
    patches = images * -(-out[0] // 4) * -(-out[1] // 4)
    rows, lanes = host_tile(size)
    slab = min(SLAB // rows, -(-patches // rows)) * rows
    row, last, panel = plane(1, channels * size), (channels - lanes) * size, panel_width(size) * size
    layout = (plane(slab, row), row, lanes * size, last, plane(slab, panel), panel, plane(TERMS, panel))
    frame = frame_of(images, (height, width, channels), out, pad, slab, layout)
    v36, zeros = aligned(36 * layout[0] // size, x.dtype), zeros_of(channels, x.dtype)
    offset, odd = zeros_of(filters, x.dtype) if bias is None else bias, np.zeros(1, np.int64)
    for first in range(0, patches, slab):
        count = min(slab, patches - first)
        transform_slab(count, 60 * count * channels, start_of(x), first, zeros, frame, v36)
        work = 18 * count * channels * filters
        multiply_panels(
            -(-filters // panel_width(size)), work, v36, packed, flip, offset, first, count, frame, odd, start_of(y)
        )
    return not odd[0]


@kernel
def transform_slab(lo: int, hi: int, x: Any, first: int, zeros: Any, frame: Any, v36: Any) -> None:
    """v36[36, q, C] = BT x BT^T of patch first + q, the item."""
    table = np.empty(36, np.int64)
    v = v36.ctypes.data + lo * frame[V_ROW]
    like = v36.dtype.type(0)
    transform_inputs(first + lo, hi - lo, x.ctypes.data, zeros.ctypes.data, frame, like, v36.itemsize, table, v)


@kernel
def multiply_panels(
    lo: int, hi: int, v36: Any, packed: Any, flip: bool, bias: Any, first: int, count: int, frame: Any, odd: Any, y: Any
) -> None:
    """Y = AT [G g G^T * v36] AT^T + bias for the patches from `first`; an item is a panel of filters."""
    like = y.dtype.type(0)
    lowest = y.dtype.type(-np.inf)
    size, mr, lanes = y.itemsize, rows_of(like), lanes_of(like)
    inputs, outputs = frame[IN_C], frame[OUT_C]
    row = 2 * lanes * size
    memory = np.empty(36 * (frame[M_PLANE] + frame[F_PLANE]) + 64, np.uint8)
    table, spare = np.empty(36, np.int64), np.empty(outputs, y.dtype)
    segment = np.zeros(3, np.int64)
    steps = (count + mr - 1) // mr
    rows, outs = np.empty(steps * mr, np.int64), np.empty(steps * mr, np.int64)
    for j in range(lo, hi):
        m36 = memory.ctypes.data + (-memory.ctypes.data) % 64
        f36 = m36 + 36 * frame[M_PLANE]
        for q in range(steps * mr):  # rows past the end repeat the last
            rows[q], outs[q] = v36.ctypes.data + min(q, count - 1) * frame[V_ROW], m36 + min(q, count - 1) * row
        for c0 in range(0, inputs, TERMS):
            terms = min(TERMS, inputs - c0)
            segment[0] = terms
            for c in range(terms):
                src = packed.ctypes.data + (j * 9 * inputs + c0 + c) * row
                transform_taps(src, inputs * row, flip, f36 + c * row, frame[F_PLANE], like)
            for k in range(36):
                for q in range(0, steps * mr, mr):
                    at, out = rows.ctypes.data + q * 8, outs.ctypes.data + q * 8
                    tile(2, 2, 1, segment.ctypes.data, at, 0, k * frame[V_PLANE] + c0 * size, size,
                         f36 + k * frame[F_PLANE], row, out, k * frame[M_PLANE],
                         ADD if c0 else ZERO, 0, 2 * lanes, lowest)  # fmt: skip
        strange = False
        for q in range(count):
            n, h, w = origin(first + q, frame)
            pixels(y.ctypes.data, n, h, w, 4, frame[OUT_H], frame[OUT_W], outputs * size, spare.ctypes.data, table)
            for half in range(2):
                o, src = (2 * j + half) * lanes, m36 + q * row + half * lanes * size
                at = o * size
                if o + lanes <= outputs:
                    strange |= scatter(OUTPUT, src, frame[M_PLANE], table.ctypes.data, at, bias.ctypes.data + at,
                                       WHOLE, like)  # fmt: skip
                elif o < outputs:
                    strange |= scatter(OUTPUT, src, frame[M_PLANE], table.ctypes.data, at, bias.ctypes.data + at,
                                       outputs - o, like)  # fmt: skip
        if strange:
            odd[0] = 1
