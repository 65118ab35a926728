"""Winograd's weight gradient of many filters, whose transform, four times as large, never gets to memory.

An item takes a block of channels by a panel of filters: the 36 sums over a chunk of patches stay in the L2 cache, are
brought back from there, and added to the gradient.

Scratch: a chunk of patches of both operands; 36 sums of `TILES` tiles of channels by a panel a thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..codegen.gemm import ZERO, host_tile, lanes_of, rows_of, tile
from ..codegen.move import transpose
from ..codegen.winograd import FILTER_GRAD, convert
from ..jit import helper, kernel
from .layout import Array
from .tiles import panel_width
from .winograd import BLOCK, IN_C, M_PLANE, M_ROW, OUT_C, V_LAST, V_PLANE, V_ROW, V_STEP

SUMS_BYTES = 1 << 22  # sums of more bytes than this leave the L2 cache, and come back, with every chunk of patches
TILES = 4  # tiles of channels in a block: whole vectors


def pays(channels: int, filters: int, itemsize: int) -> bool:
    """Whether the 36 sums are too large to be kept until the last chunk."""
    return 36 * itemsize * channels * filters > SUMS_BYTES


def add_chunk(inputs: Array, grads: Array, count: int, more: bool, frame: Array, odd: Array, gw: Array) -> None:
    """Write to `gw` (O, C, 3, 3), or with `more` add to it, what a chunk of patches gives."""
    channels, filters, size = int(frame[IN_C]), int(frame[OUT_C]), gw.itemsize
    items = -(-channels // (TILES * host_tile(size)[0])) * -(-filters // panel_width(size))
    add_blocks(items, 18 * count * channels * filters, inputs, grads, count, more, frame, odd, gw.reshape(-1))


@kernel
def add_blocks(
    lo: int, hi: int, inputs36: Any, grads36: Any, count: int, more: bool, frame: Any, odd: Any, gw: Any
) -> None:
    """gw[o, c, tap] (+)= G^T [sum over patches q of inputs36[36, c, q] * grads36[36, q, o]] G."""
    like = gw.dtype.type(0)
    lowest = gw.dtype.type(-np.inf)
    size, mr, lanes = gw.itemsize, rows_of(like), lanes_of(like)
    width, block = 2 * lanes, TILES * mr
    inputs, outputs = frame[IN_C], frame[OUT_C]
    panels = (outputs + width - 1) // width
    row = width * size
    far = (block * row // 64 | 1) * 64  # an odd number of cache lines: the planes share no sets of the cache
    memory = np.empty(36 * far + 64, np.uint8)
    taps, square = np.empty(9 * lanes * lanes, gw.dtype), np.empty(lanes * lanes, gw.dtype)
    rows, outs = np.empty(block, np.int64), np.empty(block, np.int64)
    segment = np.array([count, 0, 0])
    strange = False
    for item in range(lo, hi):
        sums = memory.ctypes.data + (-memory.ctypes.data) % 64
        first, j = item // panels * block, item % panels
        live = min(block, inputs - first)
        for i in range(block):  # rows past the end repeat the last
            c = first + min(i, live - 1)
            vector = c // lanes  # the last one overlaps the one before
            at = min(vector * frame[V_STEP], frame[V_LAST]) + (c - min(vector * lanes, inputs - lanes)) * size
            rows[i], outs[i] = inputs36.ctypes.data + at, sums + i * row
        for k in range(36):
            b = grads36.ctypes.data + k * frame[M_PLANE] + j * frame[BLOCK] * frame[M_ROW]
            for i in range(0, live, mr):
                tile(2, 2, 1, segment.ctypes.data, rows.ctypes.data + i * 8, 0, k * frame[V_PLANE], frame[V_ROW], b,
                     row, outs.ctypes.data + i * 8, k * far, ZERO, 0, width, lowest)  # fmt: skip
        for i in range(0, live, lanes):
            for half in range(2):
                o = j * width + half * lanes
                channels, filters = min(lanes, live - i), min(lanes, outputs - o)
                for c in range(channels):
                    src = sums + (i + c) * row + half * lanes * size
                    convert(FILTER_GRAD, 0, src, far, taps.ctypes.data + 9 * c * lanes * size, lanes * size, like)
                at = (o * inputs + first + i) * 9
                if channels == lanes and filters == lanes:
                    strange |= _add_squares(taps, square, more, inputs * 9, at, gw)
                else:
                    strange |= _add_plain(taps, 9 * channels, filters, more, inputs * 9, at, gw)
    if strange:
        odd[0] = 1


@helper
def _add_squares(taps: Any, square: Any, more: bool, step: int, at: int, gw: Any) -> bool:
    """Turn (channel, tap) pairs by filters into filters by pairs, a square at a time; tell of NaN and infinity."""
    like = gw.dtype.type(0)
    lanes, size = lanes_of(like), gw.itemsize
    row, total = lanes * size, like
    for i in range(taps.size):
        total += taps[i] * like
    for part in range(9):
        src = taps.ctypes.data + part * lanes * row
        if more:
            transpose(src, row, square.ctypes.data, row, like)
            for o in range(lanes):
                for p in range(lanes):
                    gw[at + o * step + part * lanes + p] += square[o * lanes + p]
        else:
            transpose(src, row, gw.ctypes.data + (at + part * lanes) * size, step * size, like)
    return total != total


@helper
def _add_plain(taps: Any, pairs: int, filters: int, more: bool, step: int, at: int, gw: Any) -> bool:
    """Do the same for fewer channels or filters than a vector has lanes."""
    like = gw.dtype.type(0)
    lanes, total = lanes_of(like), like
    for o in range(filters):
        for p in range(pairs):
            value = taps[p * lanes + o]
            total += value * like
            gw[at + o * step + p] = gw[at + o * step + p] + value if more else value
    return total != total
