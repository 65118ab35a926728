"""Depthwise convolution and small groups of equal size: the vector's lanes are channels (see `codegen.lanes`).

No table of addresses: output pixels are taken along W, several at a time, while the
next row is fetched: rows are too far apart for the hardware to foresee.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..codegen.gemm import host_tile, lanes_of
from ..codegen.lanes import lane_outer, lane_pixels, lane_tile
from ..codegen.move import prefetch
from ..jit import helper, kernel
from .layout import Array
from .tiles import aligned, start_of
from .window import Window, residues

WIDEST = 8  # channels of a group: R sums a pixel must fit the registers
PARTS = 16  # independent sums over pixels, fixed by shape
ROWS = 8  # output rows of an item: neighbours share input

# Fields of a phase: grid of outputs, number of taps, offset of the first tap and distance of taps along each axis,
# byte offsets into the packed weight and the result.
(
    FIRST, GRID_D, GRID_H, GRID_W, TAPS_D, TAPS_H, TAPS_W, OFF_D, OFF_H, OFF_W,
    NEXT_D, NEXT_H, NEXT_W, W_OFF, Y_OFF, PHASE,
) = range(16)  # fmt: skip
# Fields of the frame; strides in bytes, those of y for one step of the grid.
(
    STEP_D, STEP_H, STEP_W, SIZE_D, SIZE_H, SIZE_W, X_N, X_D, X_H, X_W, Y_N, Y_D, Y_H, Y_W,
    CHANNELS, IMAGES, BLOCK, FRAME,
) = range(18)  # fmt: skip


class LanePlan(NamedTuple):
    """What the shape alone decides."""

    span: int
    work: int
    phases: Array
    frame: Array
    lines: int  # most kernel lines (depth, height) of a phase
    source: Array  # (taps, turns, channels): which weight is packed there


def turns_of(channels: int, filters: int, groups: int, itemsize: int) -> int:
    """Return the channels of a group if such groups are computed by lanes, else 0.

    >>> turns_of(32, 32, 32, 4), turns_of(32, 32, 16, 4), turns_of(32, 64, 32, 4)
    (1, 2, 0)
    """
    width = channels // groups
    equal = groups > 1 and channels == filters and width & (width - 1) == 0
    return width if equal and width <= min(WIDEST, host_tile(itemsize)[1]) else 0


def correlate(plan: LanePlan, rows: Array, w: Array, bias: Array | None, turns: int, out: Array) -> None:
    """Run the plan from dense channels-last `rows` to logical `out`."""
    taps = plan.source.size
    # one more vector, as whole vectors are read
    packed = aligned(taps + host_tile(w.itemsize)[1], w.dtype)
    np.take(w.reshape(-1), plan.source, out=packed[:taps], mode="clip")
    y = start_of(out)
    shared = y if bias is None else np.ascontiguousarray(bias)
    tile_rows(
        plan.span, plan.work, start_of(rows), packed, shared, bias is not None, (0,) * turns,
        plan.lines, plan.phases, plan.frame, y,
    )  # fmt: skip


@lru_cache(maxsize=512)
def forward_plan(images: int, channels: int, window: Window, turns: int, size: int) -> LanePlan:
    """Plan one phase: all outputs see all taps."""
    sides = zip(window.output, window.kernel, window.padding, window.dilation)
    axes = [[(n, list(range(k)), -p[0], d, 0)] for n, k, p, d in sides]

    def source(taps: Array, c: Array, r: Array) -> Any:  # lane j of sum r adds to output j - r of its group
        return (_turned(c, r, turns) * turns + c % turns) * window.taps + taps

    return _plan(
        axes, window, window.stride, window.size, window.output, (1, 1, 1), images, channels, turns, size, source
    )


@lru_cache(maxsize=512)
def input_plan(images: int, channels: int, window: Window, turns: int, size: int) -> LanePlan:
    """Plan a phase for each residue of the stride: its pixels see the same taps."""
    axes: list[Any] = []
    for axis in range(3):
        axes.append([])
        for residue in residues(window, axis):
            taps = sorted(residue.taps, key=lambda tap: tap[1])
            offsets = [offset for _, offset in taps] or [0]
            step = offsets[1] - offsets[0] if len(offsets) > 1 else 1
            axes[axis].append((residue.length, [t for t, _ in taps], offsets[0], step, residue.residue))

    def source(taps: Array, c: Array, r: Array) -> Any:
        return (c * turns + _turned(c, r, turns) % turns) * window.taps + taps

    ones = (1, 1, 1)
    return _plan(axes, window, ones, window.output, window.size, window.stride, images, channels, turns, size, source)


def _turned(c: Array, r: Array, turns: int) -> Any:
    """Channel j - r of the group of channel j, round the group."""
    return c - c % turns + (c - r) % turns


def _plan(
    axes: Any, window: Window, step: Any, size: Any, out: Any, out_step: Any, images: int, channels: int,
    turns: int, itemsize: int, source: Any,
) -> LanePlan:  # fmt: skip
    pixel = channels * itemsize
    frame = np.zeros(FRAME, np.int64)
    frame[STEP_D : STEP_W + 1], frame[SIZE_D : SIZE_W + 1] = step, size
    frame[X_N : X_W + 1] = _strides(size, pixel)
    strides = np.array(_strides(out, pixel))
    frame[Y_N : Y_W + 1] = strides * (1, *out_step)
    grids = [max((phase[0] for phase in axis), default=0) for axis in axes]
    block = max(1, min(ROWS, images * grids[0] * grids[1] // PARTS))
    frame[[CHANNELS, IMAGES, BLOCK]] = channels, images, block
    order: list[int] = []
    phases, items, terms = [], 0, 0
    for d, h, w in product(*axes):
        taps = [(i * window.kernel[1] + j) * window.kernel[2] + k for i in d[1] for j in h[1] for k in w[1]]
        offset = len(order) * turns * channels * itemsize
        start = int(strides[1:] @ (d[4], h[4], w[4]))
        fields = [*zip(*((n, len(t), at, delta) for n, t, at, delta, _ in (d, h, w)))]
        phases.append([items, *(f for row in fields for f in row), offset, start])
        order += taps
        items += images * d[0] * -(-h[0] // block)
        terms += d[0] * h[0] * w[0] * (len(taps) + 1)
    c, r = np.arange(channels), np.arange(turns)[:, None]
    places = source(np.array(order, np.int64).reshape(-1, 1, 1), c, r)
    lines = max((len(d[1]) * len(h[1]) for d, h in product(*axes[:2])), default=0)
    work = images * channels * turns * terms
    table = np.array(phases, np.int64).reshape(-1, PHASE)
    return LanePlan(items, work, table, frame, max(1, lines), places.reshape(-1))


def _strides(size: Any, pixel: int) -> list[int]:
    """Byte strides of a dense (N, D, H, W, C) array along N, D, H and W."""
    return [pixel * size[2] * size[1] * size[0], pixel * size[2] * size[1], pixel * size[2], pixel]


@helper
def _valid(at: int, step: int, taps: int, size: int) -> tuple[int, int]:
    """Return the half-open range of taps that meet the input: at + tap * step in [0, size)."""
    low = max(0, (step - 1 - at) // step)
    return low, max(low, min(taps, (size - 1 - at) // step + 1))


@helper
def _inside(phase: int, phases: Any, frame: Any) -> tuple[int, int]:
    """Return the half-open range of outputs along W all of whose taps meet the input."""
    step, off, grid = frame[STEP_W], phases[phase, OFF_W], phases[phase, GRID_W]
    if phases[phase, TAPS_W] == 0:
        return 0, grid
    last = off + (phases[phase, TAPS_W] - 1) * phases[phase, NEXT_W]
    low = min(grid, max(0, (step - 1 - off) // step))
    return low, max(low, min(grid, (frame[SIZE_W] - 1 - last) // step + 1))


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
    lo: int, hi: int, x: Any, packed: Any, bias: Any, given: bool, turns: Any, lines: int, phases: Any,
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
    shared, some = bias.ctypes.data, 1 if given else 0
    p = 0
    for item in range(lo, hi):
        while p + 1 < phases.shape[0] and phases[p + 1, FIRST] <= item:
            p += 1
        plane, b = divmod(item - phases[p, FIRST], (phases[p, GRID_H] + frame[BLOCK] - 1) // frame[BLOCK])
        n, d = divmod(plane, phases[p, GRID_D])
        x_at, w_at = x.ctypes.data, packed.ctypes.data + phases[p, W_OFF]
        y_at = y.ctypes.data + phases[p, Y_OFF] + n * frame[Y_N] + d * frame[Y_D]
        h0, h1 = b * frame[BLOCK], min((b + 1) * frame[BLOCK], phases[p, GRID_H])
        count, tap_step, grid = phases[p, TAPS_W], phases[p, NEXT_W] * frame[X_W], phases[p, GRID_W]
        low, high = _inside(p, phases, frame)
        wide = most
        if high - low < wide:
            wide = max(1, most // 2)
        if channels < lanes or high - low < wide:
            low, high = grid, grid
        for h in range(h0, h1):
            for q in range(grid - (high - low)):
                c = q if q < low else q - low + high
                t0, t1 = _valid(c * frame[STEP_W] + phases[p, OFF_W], phases[p, NEXT_W], count, frame[SIZE_W])
                found = _lines(p, phases, frame, n, d, h, x_at, w_at, w_step, table) if t1 > t0 else 0
                _move(table, found, (c * frame[STEP_W] + phases[p, OFF_W]) * frame[X_W] + t0 * tap_step, t0 * w_step)
                out = y_at + h * frame[Y_H] + c * frame[Y_W]
                for v in range(0, channels, lanes):
                    lane_tile(0, 1, turns, found, at, v * size, t1 - t0, tap_step, pixel, w_step, turn_step,
                              out, frame[Y_W], shared, some, channels - v, like)  # fmt: skip
            if low == high:
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
                _fetch(rows + frame[Y_H] + c * frame[Y_W], wide, frame[Y_W], turn_step)
                for v in range(0, channels, lanes):
                    shift, out = min(v, channels - lanes) * size, rows + c * frame[Y_W]
                    if wide == most:
                        lane_tile(1, 0, turns, found, at, shift, count, tap_step, pixel, w_step, turn_step,
                                  out, frame[Y_W], shared, some, lanes, like)  # fmt: skip
                    else:
                        lane_tile(2, 0, turns, found, at, shift, count, tap_step, pixel, w_step, turn_step,
                                  out, frame[Y_W], shared, some, lanes, like)  # fmt: skip
    table[0] = 0  # Numba frees an array after its last mention, addresses do not count


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
        parts, plan.work, start_of(rows), start_of(gy), (0,) * turns, plan.lines, total, plan.phases, plan.frame,
        partials,
    )  # fmt: skip
    gw = np.empty(plan.source.size, rows.dtype)
    gw[plan.source] = partials.sum(0)[:, :channels].reshape(-1)
    return gw


@kernel
def outer_rows(
    lo: int, hi: int, x: Any, gy: Any, turns: Any, lines: int, total: int, phases: Any, frame: Any, partials: Any
) -> None:
    """partials[part, (tap, turn), c] += sum over the part's pixels of x[pixel + tap, c] * gy[pixel, c - turn]."""
    like = partials.dtype.type(0)
    size, lanes, most = partials.itemsize, lanes_of(like), lane_pixels(turns)
    channels, pixel = frame[CHANNELS], frame[X_W] * frame[STEP_W]
    turn_step = partials.shape[2] * size
    w_step = turn_step * len(turns)
    table = np.empty(2 * lines, np.int64)
    at = table.ctypes.data
    count, tap_step, grid = phases[0, TAPS_W], phases[0, NEXT_W] * frame[X_W], phases[0, GRID_W]
    low, high = _inside(0, phases, frame)
    stop = high - (high - low) % most
    for part in range(lo, hi):
        w_at = partials.ctypes.data + part * partials.shape[1] * turn_step
        end = (part + 1) * total // partials.shape[0]
        for row in range(part * total // partials.shape[0], end):
            plane, h = divmod(row, phases[0, GRID_H])
            n, d = divmod(plane, phases[0, GRID_D])
            g_at = gy.ctypes.data + n * frame[Y_N] + d * frame[Y_D] + h * frame[Y_H]
            for q in range(grid - (stop - low)):  # the edges, and what whole tiles leave over
                c = q if q < low else q - low + stop
                t0, t1 = _valid(c * frame[STEP_W] + phases[0, OFF_W], phases[0, NEXT_W], count, frame[SIZE_W])
                found = _lines(0, phases, frame, n, d, h, x.ctypes.data, w_at, w_step, table) if t1 > t0 else 0
                shift = (c * frame[STEP_W] + phases[0, OFF_W]) * frame[X_W] + t0 * tap_step
                _move(table, found, shift, t0 * w_step)
                for v in range(0, channels, lanes):
                    lane_outer(0, 1, turns, found, at, v * size, t1 - t0, tap_step, pixel, w_step, turn_step,
                               g_at + c * frame[Y_W], frame[Y_W], channels - v, like)  # fmt: skip
            found = _lines(0, phases, frame, n, d, h, x.ctypes.data, w_at, w_step, table)
            _move(table, found, (low * frame[STEP_W] + phases[0, OFF_W]) * frame[X_W], 0)
            for c in range(low, stop, most):
                if found:
                    _fetch(table[2 * found - 2] + frame[STEP_H] * frame[X_H], most, pixel, pixel)
                _fetch(g_at + frame[Y_H] + c * frame[Y_W], most, frame[Y_W], frame[Y_W])
                for v in range(0, channels, lanes):
                    if channels - v >= lanes:
                        lane_outer(1, 0, turns, found, at, v * size, count, tap_step, pixel, w_step, turn_step,
                                   g_at + c * frame[Y_W], frame[Y_W], lanes, like)  # fmt: skip
                    else:
                        lane_outer(1, 1, turns, found, at, v * size, count, tap_step, pixel, w_step, turn_step,
                                   g_at + c * frame[Y_W], frame[Y_W], channels - v, like)  # fmt: skip
                _move(table, found, most * pixel, 0)
    table[0] = 0  # Numba frees an array after its last mention, addresses do not count
