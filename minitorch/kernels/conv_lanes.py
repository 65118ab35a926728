"""Depthwise convolution and small groups of equal size: the vector's lanes are channels (see `codegen.lanes`).

Depthwise with a small kernel, the inside of the map is walked in whole rows (`codegen.walk`); tiles do the rest.

No table of addresses: output pixels are taken along W, several at a time, while the
next row is fetched: rows are too far apart for the hardware to foresee.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..codegen.gemm import BIAS, STREAM, ZERO, host_tile, lanes_of
from ..codegen.lanes import lane_outer, lane_pixels, lane_tile
from ..codegen.move import prefetch
from ..codegen.walk import walk_depth, walk_outer, walk_rows, walk_sum
from ..jit import helper, kernel
from .lane_plan import (
    BLOCK,
    BLOCKS,
    CHANNELS,
    DEPTH,
    GRID_D,
    GRID_H,
    GRID_W,
    IMAGES,
    NEXT_D,
    NEXT_H,
    NEXT_W,
    OFF_D,
    OFF_H,
    OFF_W,
    PARTS,
    SIZE_D,
    SIZE_H,
    SIZE_W,
    STEP_D,
    STEP_H,
    STEP_W,
    TAPS_D,
    TAPS_H,
    TAPS_W,
    W_OFF,
    X_D,
    X_H,
    X_N,
    X_W,
    Y_D,
    Y_H,
    Y_N,
    Y_OFF,
    Y_W,
    LanePlan,
    forward_plan,
    input_plan,
    turns_of,
)  # fmt: skip
from .layout import Array
from .tiles import aligned, start_of, streams

__all__ = ["LanePlan", "correlate", "forward_plan", "input_plan", "turns_of", "weight_grad"]


def correlate(plan: LanePlan, rows: Array, w: Array, bias: Array | None, turns: int, out: Array) -> None:
    """Run the plan from dense channels-last `rows` to logical `out`."""
    taps = plan.source.size
    # one more vector, as whole vectors are read
    packed = aligned(taps + host_tile(w.itemsize)[1], w.dtype)
    np.take(w.reshape(-1), plan.source, out=packed[:taps], mode="clip")
    y = start_of(out)
    shared = y if bias is None else np.ascontiguousarray(bias)
    how = streams(out, out.shape[1]) + (ZERO if bias is None else BIAS)
    tile_rows(
        plan.span, plan.work, start_of(rows), packed, shared, how, (0,) * turns, plan.form, plan.lines, plan.phases,
        plan.frame, y,
    )  # fmt: skip


@helper
def _valid(at: int, step: int, taps: int, size: int) -> tuple[int, int]:
    """Return the half-open range of taps that meet the input: at + tap * step in [0, size)."""
    low = max(0, (step - 1 - at) // step)
    return low, max(low, min(taps, (size - 1 - at) // step + 1))


@helper
def _inside(axis: int, phase: int, phases: Any, frame: Any) -> tuple[int, int]:
    """Return the half-open range of outputs along an axis all of whose taps meet the input."""
    step, off, grid = frame[STEP_D + axis], phases[phase, OFF_D + axis], phases[phase, GRID_D + axis]
    if phases[phase, TAPS_D + axis] == 0:
        return 0, grid
    last = off + (phases[phase, TAPS_D + axis] - 1) * phases[phase, NEXT_D + axis]
    low = min(grid, max(0, (step - 1 - off) // step))
    return low, max(low, min(grid, (frame[SIZE_D + axis] - 1 - last) // step + 1))


@helper
def _walked(form: Any, d: int, h0: int, h1: int, lanes: int, phases: Any, frame: Any) -> tuple[int, int]:
    """Return the half-open range of rows of [h0, h1) whose inside is walked."""
    low, high = _inside(2, 0, phases, frame)
    top, bottom = _inside(1, 0, phases, frame)
    at_d = d * frame[STEP_D] + phases[0, OFF_D]
    if walk_rows(form) == 0 or frame[CHANNELS] < lanes or high - low < max(1, walk_depth(form)):
        return h1, h1
    if at_d < 0 or at_d >= frame[SIZE_D]:
        return h1, h1
    return max(h0, min(top, h1)), max(h0, min(bottom, h1))


@helper
def _walk_rows(form: Any, rows: int) -> int:
    """Return how many of so many rows one walk takes."""
    return walk_rows(form) if rows >= walk_rows(form) else 1


@helper
def _corner(n: int, d: int, h: int, w: int, phases: Any, frame: Any) -> int:
    """Byte offset of the first input of the only phase's output (n, d, h, w)."""
    at_d, at_h = d * frame[STEP_D] + phases[0, OFF_D], h * frame[STEP_H] + phases[0, OFF_H]
    at_w = w * frame[STEP_W] + phases[0, OFF_W]
    return n * frame[X_N] + at_d * frame[X_D] + at_h * frame[X_H] + at_w * frame[X_W]


@helper
def _lines(phase: int, phases: Any, frame: Any, n: int, d: int, h: int, x: int, w: int, w_step: int, table: Any) -> int:
    """List the kernel lines that meet the input at output row (d, h): addresses of x (pixel 0) and of w."""
    at_d = d * frame[STEP_D] + phases[phase, OFF_D]
    at_h = h * frame[STEP_H] + phases[phase, OFF_H]
    low_d, high_d = _valid(at_d, phases[phase, NEXT_D], phases[phase, TAPS_D], frame[SIZE_D])
    low_h, high_h = _valid(at_h, phases[phase, NEXT_H], phases[phase, TAPS_H], frame[SIZE_H])
    found = 0
    if phases[phase, TAPS_W] == 0:
        return found
    for i in range(low_d, high_d):
        for j in range(low_h, high_h):
            row = (at_d + i * phases[phase, NEXT_D]) * frame[X_D] + (at_h + j * phases[phase, NEXT_H]) * frame[X_H]
            table[2 * found] = x + n * frame[X_N] + row
            table[2 * found + 1] = w + (i * phases[phase, TAPS_H] + j) * phases[phase, TAPS_W] * w_step
            found += 1
    return found


@helper
def _move(table: Any, lines: int, x: int, w: int) -> None:
    """Move all lines by so many bytes of x and w."""
    for i in range(lines):
        table[2 * i] += x
        table[2 * i + 1] += w


@helper
def _fetch(address: int, pixels: int, step: int, span: int) -> None:
    """Ask for `span` bytes of each of some pixels."""
    for i in range(pixels):
        for line in range(0, span, 64):
            prefetch(address + i * step + line)


@kernel
def tile_rows(
    lo: int, hi: int, x: Any, packed: Any, bias: Any, how: int, turns: Any, form: Any, lines: int, phases: Any,
    frame: Any, y: Any,
) -> None:  # fmt: skip
    """y[pixel, c] = bias[c] + sum over taps, turns of x[pixel + tap, c'] * packed[tap, turn, c'].

    An item is `BLOCK` rows of one phase's grid.
    """
    like = y.dtype.type(0)
    size, lanes, most = y.itemsize, lanes_of(like), lane_pixels(turns)
    channels, pixel = frame[CHANNELS], frame[X_W] * frame[STEP_W]
    turn_step = channels * size
    w_step = turn_step * len(turns)
    table = np.empty(2 * lines, np.int64)
    at = table.ctypes.data
    shared = bias.ctypes.data
    for item in range(lo, hi):
        rest, p = divmod(item, phases.shape[0])  # phases take turns: they share inputs, and cache lines of results
        plane, b = divmod(rest, frame[BLOCKS])
        n, d = divmod(plane, frame[DEPTH])
        if d >= phases[p, GRID_D]:
            continue
        x_at, w_at = x.ctypes.data, packed.ctypes.data + phases[p, W_OFF]
        y_at = y.ctypes.data + phases[p, Y_OFF] + n * frame[Y_N] + d * frame[Y_D]
        h0, h1 = b * frame[BLOCK], min((b + 1) * frame[BLOCK], phases[p, GRID_H])
        top, bottom = _walked(form, d, h0, h1, lanes, phases, frame)
        if top < bottom:
            first, end = _inside(2, 0, phases, frame)
            _walk_sums(form, n, d, top, bottom, first, end, x_at, w_at, shared, how, frame, phases, y_at, like)
        count, tap_step, grid = phases[p, TAPS_W], phases[p, NEXT_W] * frame[X_W], phases[p, GRID_W]
        for h in range(h0, h1):
            low, high = _inside(2, p, phases, frame)
            done, wide = top <= h < bottom, most
            if high - low < wide:
                wide = max(1, most // 2)
            if not done and (channels < lanes or high - low < wide):
                low, high = grid, grid
            for q in range(grid - (high - low)):
                c = q if q < low else q - low + high
                t0, t1 = _valid(c * frame[STEP_W] + phases[p, OFF_W], phases[p, NEXT_W], count, frame[SIZE_W])
                found = _lines(p, phases, frame, n, d, h, x_at, w_at, w_step, table) if t1 > t0 else 0
                _move(table, found, (c * frame[STEP_W] + phases[p, OFF_W]) * frame[X_W] + t0 * tap_step, t0 * w_step)
                out = y_at + h * frame[Y_H] + c * frame[Y_W]
                for v in range(0, channels, lanes):
                    lane_tile(0, 1, turns, found, at, v * size, t1 - t0, tap_step, pixel, w_step, turn_step,
                              out, frame[Y_W], shared, how, channels - v, like)  # fmt: skip
            if done or low == high:
                continue
            found = _lines(p, phases, frame, n, d, h, x_at, w_at, w_step, table)
            _move(table, found, phases[p, OFF_W] * frame[X_W], 0)
            before, rows = 0, y_at + h * frame[Y_H]
            for q in range(low, high, wide):
                c = min(q, high - wide)  # the last tile starts early: it computes the same bits again
                _move(table, found, (c - before) * pixel, 0)
                before = c
                if found:  # the next row's input and result come from far away
                    _fetch(table[2 * found - 2] + frame[STEP_H] * frame[X_H], wide, pixel, pixel)
                if how < STREAM:
                    _fetch(rows + frame[Y_H] + c * frame[Y_W], wide, frame[Y_W], turn_step)
                for v in range(0, channels, lanes):
                    shift, out = min(v, channels - lanes) * size, rows + c * frame[Y_W]
                    if wide == most:
                        lane_tile(1, 0, turns, found, at, shift, count, tap_step, pixel, w_step, turn_step,
                                  out, frame[Y_W], shared, how, lanes, like)  # fmt: skip
                    else:
                        lane_tile(2, 0, turns, found, at, shift, count, tap_step, pixel, w_step, turn_step,
                                  out, frame[Y_W], shared, how, lanes, like)  # fmt: skip
    table[0] = 0  # Numba frees an array after its last mention, addresses do not count


@helper
def _walk_sums(
    form: Any, n: int, d: int, top: int, bottom: int, low: int, high: int, x: int, w: int, bias: int, how: int,
    frame: Any, phases: Any, y: int, like: Any,
) -> None:  # fmt: skip
    """Compute outputs [top, bottom) by [low, high), R rows at a time; the last of them again, with the same bits."""
    lanes, channels, size = lanes_of(like), frame[CHANNELS], frame[X_W] // frame[CHANNELS]
    h = top
    while h < bottom:
        rows = _walk_rows(form, bottom - top)
        first = min(h, bottom - rows)
        at = x + _corner(n, d, first, low, phases, frame)
        out = y + first * frame[Y_H] + low * frame[Y_W]
        for v in range(0, channels, lanes):
            shift = min(v, channels - lanes) * size
            if rows > 1:
                walk_sum(0, form, high - low, at + shift, frame[X_H], frame[X_W], w + shift, channels * size,
                         bias + shift, how, out + shift, frame[Y_H], frame[Y_W], like)  # fmt: skip
            else:
                walk_sum(1, form, high - low, at + shift, frame[X_H], frame[X_W], w + shift, channels * size,
                         bias + shift, how, out + shift, frame[Y_H], frame[Y_W], like)  # fmt: skip
        h += rows


def weight_grad(plan: LanePlan, rows: Array, gy: Array, turns: int) -> Array:
    """Return the weight gradient, flat, from dense channels-last inputs and output gradients."""
    channels = int(plan.frame[CHANNELS])
    padded = -(-channels // host_tile(rows.itemsize)[1]) * host_tile(rows.itemsize)[1]
    total = int(plan.frame[IMAGES] * plan.phases[0, GRID_D] * plan.phases[0, GRID_H])
    taps = plan.source.size // (turns * channels)
    parts = max(1, min(PARTS, total // 4))
    partials = aligned(parts * taps * turns * padded, rows.dtype).reshape(parts, -1, padded)
    partials[...] = 0
    outer_rows(
        parts, plan.work, start_of(rows), start_of(gy), (0,) * turns, plan.form, plan.lines, total, plan.phases,
        plan.frame, partials,
    )  # fmt: skip
    gw = np.empty(plan.source.size, rows.dtype)
    gw[plan.source] = partials.sum(0)[:, :channels].reshape(-1)
    return gw


@kernel
def outer_rows(
    lo: int, hi: int, x: Any, gy: Any, turns: Any, form: Any, lines: int, total: int, phases: Any, frame: Any,
    partials: Any,
) -> None:  # fmt: skip
    """partials[part, (tap, turn), c] += sum over the part's pixels of x[pixel + tap, c] * gy[pixel, c - turn]."""
    like = partials.dtype.type(0)
    size, lanes, most = partials.itemsize, lanes_of(like), lane_pixels(turns)
    channels, pixel = frame[CHANNELS], frame[X_W] * frame[STEP_W]
    turn_step = partials.shape[2] * size
    w_step = turn_step * len(turns)
    table = np.empty(2 * lines, np.int64)
    at = table.ctypes.data
    count, tap_step, grid = phases[0, TAPS_W], phases[0, NEXT_W] * frame[X_W], phases[0, GRID_W]
    low, high = _inside(2, 0, phases, frame)
    stop = high - (high - low) % most
    for part in range(lo, hi):
        w_at = partials.ctypes.data + part * partials.shape[1] * turn_step
        row, end = part * total // partials.shape[0], (part + 1) * total // partials.shape[0]
        while row < end:
            plane, h0 = divmod(row, phases[0, GRID_H])
            n, d = divmod(plane, phases[0, GRID_D])
            h1 = min(h0 + end - row, phases[0, GRID_H])
            top, bottom = _walked(form, d, h0, h1, lanes, phases, frame)
            begin, rows = 0, 1  # the first channel that is not walked
            if h0 == top < bottom:
                begin, rows = channels - channels % lanes, _walk_rows(form, bottom - top)
                source = x.ctypes.data + _corner(n, d, top, low, phases, frame)
                grads = gy.ctypes.data + n * frame[Y_N] + d * frame[Y_D] + top * frame[Y_H] + low * frame[Y_W]
                _walk_outers(form, rows, begin, high - low, source, w_at, turn_step, grads, frame, like)
            row += rows
            for h in range(h0, h0 + rows):
                g_at = gy.ctypes.data + n * frame[Y_N] + d * frame[Y_D] + h * frame[Y_H]
                for q in range(grid - (stop - low)):  # the edges, and what whole tiles leave over
                    c = q if q < low else q - low + stop
                    t0, t1 = _valid(c * frame[STEP_W] + phases[0, OFF_W], phases[0, NEXT_W], count, frame[SIZE_W])
                    found = _lines(0, phases, frame, n, d, h, x.ctypes.data, w_at, w_step, table) if t1 > t0 else 0
                    shift = (c * frame[STEP_W] + phases[0, OFF_W]) * frame[X_W] + t0 * tap_step
                    _move(table, found, shift, t0 * w_step)
                    for v in range(begin if low <= c < high else 0, channels, lanes):
                        lane_outer(0, 1, turns, found, at, v * size, t1 - t0, tap_step, pixel, w_step, turn_step,
                                   g_at + c * frame[Y_W], frame[Y_W], channels - v, like)  # fmt: skip
                if begin == channels:
                    continue
                found = _lines(0, phases, frame, n, d, h, x.ctypes.data, w_at, w_step, table)
                _move(table, found, (low * frame[STEP_W] + phases[0, OFF_W]) * frame[X_W], 0)
                for c in range(low, stop, most):
                    if found:
                        _fetch(table[2 * found - 2] + frame[STEP_H] * frame[X_H], most, pixel, pixel)
                    _fetch(g_at + frame[Y_H] + c * frame[Y_W], most, frame[Y_W], frame[Y_W])
                    for v in range(begin, channels, lanes):
                        if channels - v >= lanes:
                            lane_outer(1, 0, turns, found, at, v * size, count, tap_step, pixel, w_step, turn_step,
                                       g_at + c * frame[Y_W], frame[Y_W], lanes, like)  # fmt: skip
                        else:
                            lane_outer(1, 1, turns, found, at, v * size, count, tap_step, pixel, w_step, turn_step,
                                       g_at + c * frame[Y_W], frame[Y_W], channels - v, like)  # fmt: skip
                    _move(table, found, most * pixel, 0)
    table[0] = 0  # Numba frees an array after its last mention, addresses do not count


@helper
def _walk_outers(
    form: Any, rows: int, channels: int, count: int, x: int, w: int, w_step: int, g: int, frame: Any, like: Any
) -> None:
    """Add what `rows` rows of `count` pixels give to the gradient of the first channels."""
    lanes, size = lanes_of(like), frame[X_W] // frame[CHANNELS]
    for v in range(0, channels, lanes):
        if rows > 1:
            walk_outer(0, form, count, x + v * size, frame[X_H], frame[X_W], w + v * size, w_step,
                       g + v * size, frame[Y_H], frame[Y_W], like)  # fmt: skip
        else:
            walk_outer(1, form, count, x + v * size, frame[X_H], frame[X_W], w + v * size, w_step,
                       g + v * size, frame[Y_H], frame[Y_W], like)  # fmt: skip
