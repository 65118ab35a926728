"""Depthwise convolution: channels do not mix, so the vector's lanes are channels and nothing is summed across
them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..codegen.gemm import lanes_of, rows_of
from ..codegen.lanes import lane_outer, lane_tile
from ..jit import kernel
from .layout import Array
from .tiles import CHUNK, COLS, FIRST, MOST_TAPS, PANEL, TAP, TAPS, W_OFF, Plan, _fetch, _locate, start_of

PARTS = 16  # independent sums over pixels, fixed by shape


@kernel
def multiply_lanes(
    lo: int, hi: int, x: Any, packed: Any, bias: Any, start: int, floor: Any,
    zeros: Any, phases: Any, taps: Any, frame: Any, y: Any,
) -> None:  # fmt: skip
    """y[row, c] = max(floor, start + sum over taps of x[row of tap, c] * packed[tap, c]): see
    `tiles.multiply`.
    """
    size, lanes, mr = y.itemsize, lanes_of(floor), rows_of(floor)
    most, cols = frame[MOST_TAPS], frame[COLS]
    rows = np.empty(frame[CHUNK] * most * mr, np.int64)
    outs = np.empty(frame[CHUNK] * mr, np.int64)
    cells = np.empty(4 * mr, np.int64)
    p = 0
    for item in range(lo, hi):
        while p + 1 < phases.shape[0] and phases[p + 1, FIRST] <= item:
            p += 1
        blocks = _locate(
            item - phases[p, FIRST], phases[p], taps, frame, x.ctypes.data, y.ctypes.data, zeros.ctypes.data,
            floor, cells, rows, outs,
        )  # fmt: skip
        for k in range(blocks):
            if k + 1 < blocks and phases[p, TAPS]:
                _fetch(rows[((k + 1) * most + phases[p, TAPS] - 1) * mr :], mr, cols * size)
                _fetch(outs[(k + 1) * mr :], mr, cols * size)
            for v in range((cols + lanes - 1) // lanes):
                # a panel is two vectors wide; those of all phases lie one after the other in it
                w = packed.ctypes.data + phases[p, W_OFF] + v // 2 * frame[PANEL] + v % 2 * lanes * size
                w += taps[phases[p, TAP], 5] if phases[p, TAPS] else 0
                lane_tile(
                    phases[p, TAPS], rows.ctypes.data + k * most * mr * 8, mr * 8, v * lanes * size,
                    w, 2 * lanes * size, outs.ctypes.data + k * mr * 8, start,
                    bias.ctypes.data + v * lanes * size, cols - v * lanes, floor,
                )  # fmt: skip


def weight_grad_lanes(plan: Plan, rows: Array, gy: Array, taps: int, channels: int) -> Array:
    """Return the depthwise weight gradient (C, taps) from dense (..., C) inputs and output gradients."""
    parts = max(1, min(PARTS, plan.span))
    partials = np.zeros((parts, taps, channels), rows.dtype)
    outer_lanes(
        parts, plan.work, start_of(rows), plan.span, plan.zeros, plan.phases, plan.taps, plan.frame,
        start_of(gy), partials,
    )  # fmt: skip
    return np.ascontiguousarray(partials.sum(0).T)


@kernel
def outer_lanes(
    lo: int,
    hi: int,
    x: Any,
    chunks: int,
    zeros: Any,
    phases: Any,
    taps: Any,
    frame: Any,
    gy: Any,
    partials: Any,
) -> None:
    """partials[part, tap, c] += sum over the part's rows of x[row of tap, c] * gy[row, c]."""
    like = partials.dtype.type(0)
    size, lanes, mr = partials.itemsize, lanes_of(like), rows_of(like)
    most, cols, count = frame[MOST_TAPS], frame[COLS], phases[0, TAPS]
    rows = np.empty(frame[CHUNK] * most * mr, np.int64)
    outs = np.empty(frame[CHUNK] * mr, np.int64)
    cells = np.empty(4 * mr, np.int64)
    for part in range(lo, hi):
        target = partials.ctypes.data + part * count * cols * size
        for chunk in range(part * chunks // partials.shape[0], (part + 1) * chunks // partials.shape[0]):
            blocks = _locate(
                chunk,
                phases[0],
                taps,
                frame,
                x.ctypes.data,
                gy.ctypes.data,
                zeros.ctypes.data,
                like,
                cells,
                rows,
                outs,
            )
            for i in range(blocks * mr - 1, 0, -1):  # rows past the end repeat the last: they must not count
                if outs[i] != outs[i - 1]:
                    break
                outs[i] = zeros.ctypes.data
            for k in range(blocks):
                if k + 1 < blocks:
                    _fetch(rows[((k + 1) * most + count - 1) * mr :], mr, cols * size)
                    _fetch(outs[(k + 1) * mr :], mr, cols * size)
                for v in range((cols + lanes - 1) // lanes):
                    lane_outer(
                        count, rows.ctypes.data + k * most * mr * 8, mr * 8, v * lanes * size,
                        outs.ctypes.data + k * mr * 8, target + v * lanes * size, cols * size,
                        cols - v * lanes, like,
                    )  # fmt: skip
