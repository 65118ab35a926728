"""Convolution of small groups where each channel's plane is contiguous, (N, C, *spatial): nothing is converted.

The vector's lanes are neighbouring pixels of a row (`codegen.planes`).  An item is a band of rows of one group: its
source rows are copied, padded, into a buffer that stays in the L1 cache, from which every tap reads whole vectors.
Such layers are bound by memory: the copy is of data that must be read anyway.

Scratch: a band's buffer a thread, `plane_plan.BUFFER_BYTES` unless one window of rows needs more, and where the
gradient of a strided convolution interleaves columns, as many rows of results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..codegen.gemm import host_tile, lanes_of
from ..codegen.move import prefetch
from ..codegen.planes import CELL, CELLS, OUTER_CELLS, OUTER_TAPS, plane_copy, plane_outer, plane_tile
from ..jit import helper, kernel
from .layout import Array, as_contiguous, is_channels_last
from .plane_plan import (
    ACROSS,
    APART_H,
    APART_W,
    BAND,
    BANDS,
    CELLS_,
    DEPTH,
    FIRST_H,
    GRID_H,
    GRID_W,
    GROUPS,
    IMAGES,
    ITEMS,
    LEFT,
    OUT_H,
    OUT_W,
    PITCH,
    RESULTS,
    ROWS,
    SIZE_H,
    SIZE_W,
    SOURCES,
    SPLIT,
    STEP,
    TAP,
    TAPS,
    TOP,
    W_OFF,
    PlanePlan,
    fits,
    forward_plan,
    input_plan,
)
from .window import Window

AHEAD = 1 << 13  # bytes by which reading is foreseen: rows come in pieces too short for the hardware

__all__ = ["forward", "input_grad", "is_planar", "weight_grad"]


def is_planar(x: Array, window: Window, inputs: int, filters: int, groups: int) -> bool:
    """Tell whether logical `x` (N, C, *spatial) is stored as planes, and the convolution is one for planes.

    >>> from .window import window3d
    >>> window = window3d((8, 8), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    >>> [is_planar(np.ones((1, 4, 8, 8)), window, 4, 4, groups) for groups in (1, 4)]
    [False, True]
    """
    if groups == 1 or x.size == 0 or not x.flags.c_contiguous or is_channels_last(x):
        return False
    return fits(window, inputs // groups, filters // groups, groups)


def forward(x: Array, w: Array, bias: Array | None, window: Window, groups: int, outputs: Sequence[int]) -> Array:
    """Return the convolution (N, O, *outputs) of dense `x` (N, C, *spatial) with `w` (O, C / groups, *kernel)."""
    inputs, filters = w.shape[1], w.shape[0] // groups
    plan = forward_plan(x.shape[0], window, groups, inputs, filters, x.itemsize)
    return _sum(plan, x, w, bias, np.empty((x.shape[0], w.shape[0], *outputs), x.dtype))


def input_grad(gy: Array, w: Array, bias: Array | None, window: Window, groups: int, spatial: Sequence[int]) -> Array:
    """Return the gradient (N, C, *spatial) of `forward` by its input, from dense `gy` (N, O, *outputs)."""
    inputs, filters = w.shape[1], w.shape[0] // groups
    plan = input_plan(gy.shape[0], window, groups, inputs, filters, gy.itemsize)
    return _sum(plan, gy, w, bias, np.empty((gy.shape[0], inputs * groups, *spatial), gy.dtype))


def _sum(plan: PlanePlan, x: Array, w: Array, bias: Array | None, y: Array) -> Array:
    flat = np.ascontiguousarray(w).reshape(-1)
    packed = flat if plan.source is None else flat[plan.source]
    offset = packed if bias is None else np.ascontiguousarray(bias)
    if not packed.size:  # a kernel smaller than its stride may have no weight in any grid
        packed = flat
    plane_sums(
        plan.span, plan.work, x.reshape(-1), packed, offset, bias is not None, plan.grids, plan.offsets, plan.frame,
        y.reshape(-1),
    )  # fmt: skip
    return y


def weight_grad(x: Array, gy: Array, window: Window, groups: int) -> Array:
    """Return the gradient (O, C / groups * taps) of `forward` by its weight; dense `x`, any `gy`."""
    inputs, filters = x.shape[1] // groups, gy.shape[1] // groups
    plan = forward_plan(x.shape[0], window, groups, inputs, filters, x.itemsize)
    blocks = min(groups, ITEMS)
    parts = min(x.shape[0], -(-ITEMS // blocks))
    sums = np.zeros((parts, gy.shape[1], len(plan.offsets), host_tile(x.itemsize)[1]), x.dtype)
    plane_products(
        parts * blocks, plan.work, x.reshape(-1), as_contiguous(gy).reshape(-1), parts, blocks, plan.grids,
        plan.offsets, plan.frame, sums,
    )  # fmt: skip
    return sums[:, :, : inputs * window.taps].sum((0, 3))


@helper
def _fill(x: Any, plane: int, apart: int, band: int, frame: Any, buffer: Any) -> None:
    """Copy the rows that a band sees of each source plane, `apart` planes from each other; the padding is zero."""
    split, pitch, rows, width = frame[SPLIT], frame[PITCH], frame[ROWS], frame[SIZE_W]
    top = band * frame[BAND] * frame[STEP] - frame[TOP]
    for i in range(frame[SOURCES]):
        for r in range(rows):
            h = top + r
            row = ((plane + i * apart) * frame[SIZE_H] + h) * width
            ask = x.ctypes.data + row * x.itemsize + AHEAD
            for line in range(ask, ask + width * x.itemsize, 64):
                prefetch(line)
            for s in range(split):
                # columns q of the buffer's phase s hold column q * split + s - left of the source
                shift = s - frame[LEFT]
                first = max(0, (split - 1 - shift) // split)
                last = max(first, min(pitch, (width - 1 - shift) // split + 1))
                at = ((i * rows + r) * split + s) * pitch
                if 0 <= h < frame[SIZE_H]:
                    _copy_columns(x, row + first * split + shift, split, buffer, at + first, last - first)
                else:
                    buffer[at + first : at + last] = 0


@helper
def _copy_columns(x: Any, source: int, step: int, buffer: Any, at: int, count: int) -> None:
    """buffer[at + q] = x[source + q step]."""
    src, dst, like = x.ctypes.data + source * x.itemsize, buffer.ctypes.data + at * x.itemsize, buffer.dtype.type(0)
    if step == 1:
        plane_copy(1, count, src, dst, like)
    elif step == 2:
        plane_copy(2, count, src, dst, like)
    else:
        for q in range(count):
            buffer[at + q] = x[source + q * step]


@helper
def _cells(grid: Any, band: int, pitch: int, frame: Any, lanes: int, size: int, cells: Any) -> int:
    """List the cells of a band of a grid, result rows `pitch` apart; return how many there are."""
    live = min(frame[BAND], grid[GRID_H] - band * frame[BAND])
    found = 0
    for r in range(live):  # none, where a grid ends before the others
        for w in range(0, grid[GRID_W], lanes):
            cells[found, 0] = (r * frame[STEP] * frame[SPLIT] * frame[PITCH] + w) * size
            cells[found, 1] = (r * pitch + w) * size
            cells[found, 2] = (1 << min(lanes, grid[GRID_W] - w)) - 1
            found += 1
    for i in range(found, CELLS if found else 0):  # fewer than a tile: the last one again
        cells[i] = cells[found - 1]
    return found


@helper
def _sum_cells(
    cells: Any, count: int, x: int, offsets: int, taps: int, w: int, start: Any, out: int, ahead: Any
) -> None:
    """Sum all cells of a band, some at a time; the last tile starts early: it computes the same bits again.

    Meanwhile the next item's result is asked for: `ahead` says from where on and how much a tile.
    """
    for first in range(0, count, CELLS):
        at = cells.ctypes.data + max(0, min(first, count - CELLS)) * CELL * 8
        plane_tile(at, x, offsets, taps, w, start, out)
        for line in range(ahead[0], ahead[0] + ahead[1], 64):
            prefetch(line)
        ahead[0] += ahead[1]


@helper
def _interleave(parts: Any, row: int, grids: Any, first: int, step: int, out: Any, at: int) -> None:
    """out[at + q step + i] = parts[i, row + q] for the grids from `first` on; pairs are known when compiling."""
    whole = 0
    if parts.shape[0] == step == 2:
        whole = grids[first + 1, GRID_W]
        for q in range(np.uint64(whole)):
            out[np.uint64(at) + np.uint64(2) * q] = parts[0, np.uint64(row) + q]
            out[np.uint64(at) + np.uint64(2) * q + np.uint64(1)] = parts[1, np.uint64(row) + q]
    for i in range(parts.shape[0]):
        for q in range(np.uint64(whole), np.uint64(grids[first + i, GRID_W])):
            out[np.uint64(at + i) + np.uint64(step) * q] = parts[i, np.uint64(row) + q]


@kernel
def plane_sums(
    lo: int, hi: int, x: Any, w: Any, bias: Any, given: bool, grids: Any, offsets: Any, frame: Any, y: Any
) -> None:
    """y[result plane, pixel] = bias + sum over source planes of the group, taps of x[plane, pixel + tap] * w.

    An item is a band of rows of a group.
    """
    like = y.dtype.type(0)
    size, lanes = y.itemsize, lanes_of(like)
    groups, depth, results, across = frame[GROUPS], frame[DEPTH], frame[RESULTS], frame[ACROSS]
    buffer = np.zeros(frame[SOURCES] * frame[ROWS] * frame[SPLIT] * frame[PITCH], y.dtype)
    cells = np.zeros((grids.shape[0], frame[CELLS_] + CELLS, CELL), np.int64)
    counts = np.zeros(grids.shape[0], np.int64)
    direct = frame[APART_W] == 1
    row = frame[OUT_W] * frame[APART_H] if direct else frame[PITCH]
    ahead = np.zeros(2, np.int64)
    spare = np.empty((across, 1 if direct else frame[BAND] * row), y.dtype)
    written = min(frame[BAND] * frame[APART_H], frame[OUT_H]) * frame[OUT_W] * results * size  # of an item
    before = -1
    for item in range(lo, hi):
        rest, band = divmod(item, frame[BANDS])
        rest, d = divmod(rest, depth)
        n, g = divmod(rest, groups)
        top = band * frame[BAND]
        source = ((n * groups + g) * frame[SOURCES]) * depth + d
        if band != before:
            for p in range(grids.shape[0]):
                counts[p] = _cells(grids[p], band, row, frame, lanes, size, cells[p])
            before = band
            ahead[1] = written // (results * (counts.sum() // CELLS + 1))
        _fill(x, source, depth, band, frame, buffer)
        first = (n * groups + g) * results * depth
        ahead[0] = y.ctypes.data + (first * frame[OUT_H] + top * frame[APART_H]) * frame[OUT_W] * size + written
        for j in range(results):
            channel = g * results + j
            plane = (n * groups * results + channel) * depth + d
            start = bias[channel] if given else like
            for p in range(grids.shape[0]):
                first = plane * frame[OUT_H] + top * frame[APART_H] + grids[p, FIRST_H]
                out = y.ctypes.data + first * frame[OUT_W] * size
                if not direct:
                    out = spare.ctypes.data + p % across * spare.shape[1] * size
                w_at = w.ctypes.data + (grids[p, W_OFF] + channel * grids[p, TAPS]) * size
                taps_at = offsets.ctypes.data + grids[p, TAP] * 8
                _sum_cells(cells[p], counts[p], buffer.ctypes.data, taps_at, grids[p, TAPS], w_at, start, out, ahead)
                if not direct and p % across == across - 1:
                    for r in range(min(frame[BAND], grids[p, GRID_H] - top)):
                        at = (first + r * frame[APART_H]) * frame[OUT_W]
                        _interleave(spare, r * row, grids, p - across + 1, frame[APART_W], y, at)
    buffer[0], spare[0, 0] = 0, 0  # Numba frees an array after its last mention, addresses do not count


@kernel
def plane_products(
    lo: int, hi: int, x: Any, gy: Any, parts: int, blocks: int, grids: Any, offsets: Any, frame: Any, sums: Any
) -> None:  # fmt: skip
    """sums[part, result plane, (source plane, tap), lane] = sum of x[plane, pixel + tap] * gy[result plane, pixel].

    An item is a part of the images and a block of groups, whose planes are neighbours in memory.
    """
    size, lanes = sums.itemsize, lanes_of(sums.dtype.type(0))
    groups, bands, images = frame[GROUPS], frame[DEPTH] * frame[BANDS], frame[IMAGES]
    buffer = np.zeros(frame[SOURCES] * frame[ROWS] * frame[SPLIT] * frame[PITCH], sums.dtype)
    cells = np.zeros((frame[CELLS_] + CELLS, CELL), np.int64)
    for item in range(lo, hi):
        part, block = divmod(item, blocks)
        for n in range(part * images // parts, (part + 1) * images // parts):
            for g in range(block * groups // blocks, (block + 1) * groups // blocks):
                for rest in range(bands):
                    d, band = divmod(rest, frame[BANDS])
                    count = _cells(grids[0], band, frame[OUT_W], frame, lanes, size, cells)
                    cells[count, 2] = 0  # an odd number leaves half of the last pair
                    _fill(x, (n * groups + g) * frame[SOURCES] * frame[DEPTH] + d, frame[DEPTH], band, frame, buffer)
                    for j in range(frame[RESULTS]):
                        result = g * frame[RESULTS] + j
                        plane = (n * groups * frame[RESULTS] + result) * frame[DEPTH] + d
                        g_at = gy.ctypes.data + (plane * frame[OUT_H] + band * frame[BAND]) * frame[OUT_W] * size
                        _add_products(cells, count, buffer, g_at, offsets, sums[part, result])
    buffer[0], cells[0, 0] = 0, 0  # Numba frees an array after its last mention, addresses do not count


@helper
def _add_products(cells: Any, count: int, buffer: Any, g: int, offsets: Any, sums: Any) -> None:
    """sums[tap, :] += sum over cells of buffer[cell + offset of tap] * g[cell]; the next plane is asked for."""
    pairs, row = (count + OUTER_CELLS - 1) // OUTER_CELLS, sums.shape[1] * sums.itemsize
    for t in range(0, sums.shape[0], OUTER_TAPS):
        stride = OUTER_CELLS * row if t == 0 else 0
        plane_outer(cells.ctypes.data, pairs, buffer.ctypes.data, g, offsets.ctypes.data + t * 8,
                    sums.ctypes.data + t * row, g + AHEAD, stride, sums.dtype.type(0))  # fmt: skip
