"""Pooling of planes, (N C, D, H, W) in C order: the vectors lie along the rows.

Windows `stride` apart meet every stride-th element of a row.  So a row is taken apart by residues: element
``j stride + q - padding`` goes to place j of buffer q, with padding before and after, and tap t of all windows of a row
is a run of one buffer.  Then the windows of a row are to the tiles of `codegen.pool` what channels are to pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const, divide
from ..jit import helper, kernel
from .pool_plan import (
    BOX_H,
    BOX_W,
    FIRST,
    LENGTH,
    OUT_D,
    OUT_H,
    OUT_W,
    PADDING,
    REACH,
    SIZE_D,
    SIZE_H,
    SIZE_W,
    SKIP,
    STOP,
    STRIDE,
    TAP_D,
    TAP_H,
    TAP_W,
    TAPS,
    UNIFORM,
)
from .pool_tiles import choose_vectors, copy_vectors, max_vectors, merge_vectors, split_vectors, sum_vectors

Array = NDArray[Any]

NARROW = 8  # windows of a row below which vectors are not worth their preparation


@helper
def _run(q: int, frame: Any) -> tuple[int, int, int]:
    """Return (first place of buffer q, the element of the row there, how many there are)."""
    stride, padding = frame[STRIDE], frame[PADDING]
    j = (padding - q + stride - 1) // stride if padding > q else 0
    i = j * stride + q - padding
    return j, i, max(0, (frame[SIZE_W] - i + stride - 1) // stride)


@helper
def _ends(frame: Any) -> tuple[int, int]:
    """For a stride of 2, return the buffers' places of elements 0 and 1 of a row."""
    q = frame[PADDING] % 2
    return q * frame[LENGTH] + _run(q, frame)[0], (1 - q) * frame[LENGTH] + _run(1 - q, frame)[0]


@helper
def _part(x: Any, start: int, frame: Any, buffers: Any, base: int) -> None:
    """Take the row of x at `start` apart, into buffers from `base` on."""
    stride, length, size = frame[STRIDE], frame[LENGTH], x.itemsize
    if stride == 2:
        evens, odds = _ends(frame)
        at = buffers.ctypes.data + base * size
        split_vectors(x.ctypes.data + start * size, at + evens * size, at + odds * size, frame[SIZE_W], x.dtype.type(0))
        return
    for q in range(stride):
        j, i, count = _run(q, frame)
        to, at, step = np.uint64(base + q * length + j), np.uint64(start + i), np.uint64(stride)
        if stride == 1:
            for m in range(np.uint64(count)):
                buffers[to + m] = x[at + m]
        else:
            for m in range(np.uint64(count)):
                buffers[to + m] = x[at + m * step]


@helper
def _join(buffers: Any, frame: Any, start: int, x: Any) -> None:
    """Put the row of x at `start` together."""
    stride, length, size = frame[STRIDE], frame[LENGTH], x.itemsize
    if stride == 2:
        evens, odds = _ends(frame)
        at = buffers.ctypes.data
        merge_vectors(at + evens * size, at + odds * size, x.ctypes.data + start * size, frame[SIZE_W], x.dtype.type(0))
        return
    for q in range(stride):
        j, i, count = _run(q, frame)
        to, at, step = np.uint64(q * length + j), np.uint64(start + i), np.uint64(stride)
        for m in range(np.uint64(count)):
            x[at + m * step] = buffers[to + m]


@helper
def _residues(frame: Any) -> Any:
    """Return for each tap its buffer and the place of its run there."""
    table = np.empty((frame[TAPS], 2), np.int64)
    for t in range(frame[TAPS]):
        away = t * frame[TAP_W]
        table[t, 0], table[t, 1] = away % frame[STRIDE], away // frame[STRIDE]
    return table


@helper
def _longest(ranges: Any, start: int, stop: int) -> int:
    """Return how long the ranges of an axis are at most."""
    most = 1
    for i in range(start, stop):
        most = max(most, ranges[i, 1] - ranges[i, 0])
    return most


@kernel
def max_planes(lo: int, hi: int, x: Array, frame: Array, windows: Array, out: Array, place: Array) -> None:
    """Maximum of each window, and its place in the box unless `place` is empty; items are rows of windows.

    Places start at the window's first tap inside, which the first element of each row may not be: see `skips`.
    """
    like, index, size = x.dtype.type(0), place.dtype.type(0), x.itemsize
    taps, whole, outs = frame[TAPS], frame[STRIDE] * frame[LENGTH], frame[OUT_D]
    rows = _longest(windows, 0, outs) * _longest(windows, outs, outs + frame[OUT_H])
    buffers = np.full(rows * whole, -np.inf, x.dtype)
    residues, table = _residues(frame), np.zeros((rows * taps + 1, 2), np.int64)
    for item in range(lo, hi):
        plane, od, oh = item // frame[OUT_H] // frame[OUT_D], item // frame[OUT_H] % frame[OUT_D], item % frame[OUT_H]
        if frame[OUT_W] < NARROW:
            _max_narrow(x, plane, od, oh, frame, windows, out, place, item * frame[OUT_W])
            continue
        lines = 0
        for d in range(windows[od, FIRST], windows[od, STOP], frame[TAP_D]):
            r = frame[OUT_D] + oh
            for h in range(windows[r, FIRST], windows[r, STOP], frame[TAP_H]):
                base = lines // taps * whole
                _part(x, ((plane * frame[SIZE_D] + d) * frame[SIZE_H] + h) * frame[SIZE_W], frame, buffers, base)
                deep = d - windows[od, FIRST] + windows[od, SKIP]
                number = (deep * frame[BOX_H] + h - windows[r, FIRST] + windows[r, SKIP]) * frame[BOX_W]
                for t in range(taps):
                    at = base + residues[t, 0] * frame[LENGTH] + residues[t, 1]
                    table[lines, 0], table[lines, 1] = buffers.ctypes.data + at * size, number + t * frame[TAP_W]
                    lines += 1
        o, width = item * frame[OUT_W], place.itemsize
        kept = place.ctypes.data + o * width if place.size > 0 else 0
        to = out.ctypes.data + o * size
        max_vectors(lines, table.ctypes.data, 1, 0, 0, 0, 0, to, kept, width, frame[OUT_W], like, index)
        if place.size > 0:
            _skip(frame, windows, out, place, o)


@helper
def _max_narrow(x: Any, plane: int, od: int, oh: int, frame: Any, windows: Any, out: Any, place: Any, o: int) -> None:
    """Maxima of a row of few windows, one after the other."""
    r, c = frame[OUT_D] + oh, frame[OUT_D] + frame[OUT_H]
    for ow in range(frame[OUT_W]):
        best = -const(x[0], "inf")
        deep, high, wide = windows[od, SKIP], windows[r, SKIP], windows[c + ow, SKIP]
        at = (deep * frame[BOX_H] + high) * frame[BOX_W] + wide
        for d in range(windows[od, FIRST], windows[od, STOP], frame[TAP_D]):
            for h in range(windows[r, FIRST], windows[r, STOP], frame[TAP_H]):
                start = ((plane * frame[SIZE_D] + d) * frame[SIZE_H] + h) * frame[SIZE_W]
                line = (d - windows[od, FIRST] + deep) * frame[BOX_H] + h - windows[r, FIRST] + high
                number = line * frame[BOX_W] + wide - windows[c + ow, FIRST]
                for w in range(windows[c + ow, FIRST], windows[c + ow, STOP], frame[TAP_W]):
                    v = x[start + w]
                    if v > best or v != v:
                        best, at = v, number + w
        out[o + ow] = best
        if place.size > 0:
            place[o + ow] = at


@helper
def _skip(frame: Any, windows: Any, out: Any, place: Any, o: int) -> None:
    """Where a window of minus infinities hangs over the row's start, its first element is behind the padding."""
    before = frame[OUT_D] + frame[OUT_H]
    for ow in range(frame[OUT_W]):
        skip = windows[before + ow, SKIP]
        if skip == 0:
            break
        if out[o + ow] == -np.inf and place[o + ow] % frame[BOX_W] < skip:
            place[o + ow] += skip


@kernel
def choose_planes(
    lo: int, hi: int, g: Array, place: Array, frame: Array, windows: Array, covers: Array, out: Array
) -> None:
    """Sum for each input the gradients of the windows that chose it; items are input rows."""
    like, index, size, width = g.dtype.type(0), place.dtype.type(0), g.itemsize, place.itemsize
    outs, length, reach, stride = frame[OUT_W], frame[LENGTH], frame[REACH], frame[STRIDE]
    whole, residues, deep = frame[LENGTH] + frame[REACH], _residues(frame), frame[SIZE_D]
    rows = _longest(covers, 0, deep) * _longest(covers, deep, deep + frame[SIZE_H])
    grads, places = np.zeros(rows * whole, g.dtype), np.zeros(rows * whole, place.dtype)
    buffers, table = np.empty(stride * length, g.dtype), np.empty((rows * frame[TAPS] + 1, 3), np.int64)
    numbers = np.empty(rows, np.int64)
    for item in range(lo, hi):
        plane, d, h = (
            item // frame[SIZE_H] // frame[SIZE_D],
            item // frame[SIZE_H] % frame[SIZE_D],
            item % frame[SIZE_H],
        )
        found, e = 0, frame[SIZE_D] + h
        for od in range(covers[d, 0], covers[d, 1]):
            for oh in range(covers[e, 0], covers[e, 1]):
                r = frame[OUT_D] + oh
                over = d - windows[od, FIRST] + windows[od, SKIP]
                numbers[found] = (over * frame[BOX_H] + h - windows[r, FIRST] + windows[r, SKIP]) * frame[BOX_W]
                o, to = ((plane * frame[OUT_D] + od) * frame[OUT_H] + oh) * outs, found * whole + reach
                near, far = g.ctypes.data + o * size, place.ctypes.data + o * width
                behind = places.ctypes.data + to * width
                copy_vectors(near, far, grads.ctypes.data + to * size, behind, width, outs, like, index)
                found += 1
        for q in range(stride):
            lines = 0
            for f in range(found):
                for t in range(frame[TAPS]):
                    if residues[t, 0] == q:
                        at = f * whole + reach - residues[t, 1]
                        table[lines, 0] = grads.ctypes.data + at * size
                        table[lines, 1] = places.ctypes.data + at * width
                        table[lines, 2] = numbers[f] + t * frame[TAP_W]
                        lines += 1
            j, _, count = _run(q, frame)
            to = buffers.ctypes.data + (q * length + j) * size
            if stride == 1:
                to = out.ctypes.data + item * frame[SIZE_W] * size
            choose_vectors(lines, table.ctypes.data, 1, j, 0, 0, 0, to, 0, width, count, like, index)
        if stride > 1:
            _join(buffers, frame, item * frame[SIZE_W], out)


@kernel
def mean_planes(lo: int, hi: int, x: Array, frame: Array, windows: Array, divisors: Array, out: Array) -> None:
    """Sum of each window over its divisor; items are rows of windows, whose input rows are summed first."""
    size, most = x.itemsize, frame[SIZE_D] * frame[SIZE_H]
    line = np.empty(frame[SIZE_W], x.dtype)
    table, one, before = np.empty(most + frame[TAPS] + 1, np.int64), x.dtype.type(1), frame[OUT_D] + frame[OUT_H]
    along = divisors[before:].astype(x.dtype)
    buffers, residues = np.zeros(frame[STRIDE] * frame[LENGTH] + 1, x.dtype), _residues(frame)
    for item in range(lo, hi):
        plane, od, oh = item // frame[OUT_H] // frame[OUT_D], item // frame[OUT_H] % frame[OUT_D], item % frame[OUT_H]
        lines, r = 0, frame[OUT_D] + oh
        for d in range(windows[od, FIRST], windows[od, STOP]):
            for h in range(windows[r, FIRST], windows[r, STOP]):
                start = ((plane * frame[SIZE_D] + d) * frame[SIZE_H] + h) * frame[SIZE_W]
                table[lines] = x.ctypes.data + start * size
                lines += 1
        at, to, q, o = (
            table.ctypes.data,
            line.ctypes.data,
            x.dtype.type(divisors[od] * divisors[r]),
            item * frame[OUT_W],
        )
        if lines == 1 and not frame[UNIFORM]:
            start = ((plane * frame[SIZE_D] + windows[od, FIRST]) * frame[SIZE_H] + windows[r, FIRST]) * frame[SIZE_W]
            _mean_row(x, start, windows[before:], along, q, out, o)
            continue
        sum_vectors(lines, at, 1, 0, 0, 0, 0, to, 0, frame[SIZE_W], one)
        if frame[UNIFORM] and frame[OUT_W] >= NARROW:
            _part(line, 0, frame, buffers, 0)
            for t in range(frame[TAPS]):
                table[t] = buffers.ctypes.data + (residues[t, 0] * frame[LENGTH] + residues[t, 1]) * size
            to, by = out.ctypes.data + o * size, along.ctypes.data
            sum_vectors(frame[TAPS], at, 1, 0, 0, by, size, to, 0, frame[OUT_W], q)
        else:
            _mean_row(line, 0, windows[before:], along, q, out, o)


@helper
def _mean_row(x: Any, start: int, windows: Any, along: Any, q: Any, out: Any, o: int) -> None:
    """Write the means of the windows of one row of x."""
    for ow in range(along.size):
        total = const(q, "0")
        for j in range(np.uint64(start + windows[ow, FIRST]), np.uint64(start + windows[ow, STOP])):
            total += x[j]
        out[o + ow] = divide(total, q * along[ow])


@kernel
def spread_planes(
    lo: int, hi: int, g: Array, frame: Array, windows: Array, covers: Array, divisor: float, out: Array
) -> None:
    """Sum for each input g over the divisor of the windows that cover it; items are input rows."""
    size, most, stride, length = g.itemsize, frame[OUT_D] * frame[OUT_H], frame[STRIDE], frame[LENGTH]
    outs, reach, before = frame[OUT_W], frame[REACH], frame[OUT_D] + frame[OUT_H]
    ones, line = np.ones(outs, g.dtype), np.zeros(length + reach + outs, g.dtype)
    table, one, by = np.empty(most + frame[TAPS] + 1, np.int64), g.dtype.type(1), g.dtype.type(divisor)
    buffers, residues = np.empty(stride * length + 1, g.dtype), _residues(frame)
    for item in range(lo, hi):
        plane, d, h = (
            item // frame[SIZE_H] // frame[SIZE_D],
            item // frame[SIZE_H] % frame[SIZE_D],
            item % frame[SIZE_H],
        )
        lines, e = 0, frame[SIZE_D] + h
        for od in range(covers[d, 0], covers[d, 1]):
            for oh in range(covers[e, 0], covers[e, 1]):
                table[lines] = g.ctypes.data + ((plane * frame[OUT_D] + od) * frame[OUT_H] + oh) * outs * size
                lines += 1
        at, to, base = table.ctypes.data, line.ctypes.data + reach * size, item * frame[SIZE_W]
        sum_vectors(lines, at, 1, 0, 0, ones.ctypes.data, size, to, 0, outs, by)
        if not frame[UNIFORM]:
            done = 0  # windows share their ends
            for ow in range(outs):
                v, first, stop = line[reach + ow], windows[before + ow, FIRST], windows[before + ow, STOP]
                for j in range(np.uint64(base + first), np.uint64(base + min(done, stop))):
                    out[j] += v
                for j in range(np.uint64(base + max(done, first)), np.uint64(base + stop)):
                    out[j] = v
                done = stop
            continue
        for q in range(stride):
            lines = 0
            for t in range(frame[TAPS]):
                if residues[t, 0] == q:
                    table[lines] = to - residues[t, 1] * size
                    lines += 1
            j, _, count = _run(q, frame)
            there = buffers.ctypes.data + (q * length + j) * size
            if stride == 1:
                there = out.ctypes.data + base * size
            sum_vectors(lines, at, 1, j * size, 0, 0, 0, there, 0, count, one)
        if stride > 1:
            _join(buffers, frame, base, out)
