"""Pooling of channels-last pixels, (N, D, H, W, C) in C order: the vectors lie along the channels.

Gradients gather (each input row collects from the windows that cover it), so no two threads write one place and no sum
depends on how the rows were shared out.  The gradient of an average is the same window sum with the tables turned.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.gemm import lanes_of
from ..codegen.pool import tile_vectors
from ..jit import kernel
from .pool_plan import (
    BOX_H,
    BOX_W,
    FIRST,
    OUT_D,
    OUT_H,
    OUT_W,
    SIZE_D,
    SIZE_H,
    SIZE_W,
    SKIP,
    STOP,
    STRIDE,
    TAP_D,
    TAP_H,
    TAP_W,
    UNIFORM,
)
from .pool_tiles import choose_vectors, max_vectors, sum_vectors

Array = NDArray[Any]


@kernel
def max_pixels(
    lo: int, hi: int, x: Array, channels: int, frame: Array, windows: Array, out: Array, place: Array
) -> None:
    """Maximum of each window, and its place in the box unless `place` is empty; items are rows of windows."""
    like, index = out.dtype.type(0), place.dtype.type(0)
    pixel = channels * x.itemsize
    table = np.zeros(2 * (frame[SIZE_D] * frame[SIZE_H] + 1), np.int64)
    for item in range(lo, hi):
        image, od, oh = item // frame[OUT_H] // frame[OUT_D], item // frame[OUT_H] % frame[OUT_D], item % frame[OUT_H]
        over, row = windows[od], windows[frame[OUT_D] + oh]
        lines = 0
        for d in range(over[FIRST], over[STOP], frame[TAP_D]):
            for h in range(row[FIRST], row[STOP], frame[TAP_H]):
                line = ((image * frame[SIZE_D] + d) * frame[SIZE_H] + h) * frame[SIZE_W]
                table[2 * lines] = x.ctypes.data + line * pixel
                deep, high = d - over[FIRST] + over[SKIP], h - row[FIRST] + row[SKIP]
                table[2 * lines + 1] = (deep * frame[BOX_H] + high) * frame[BOX_W]
                lines += 1
        for ow in range(frame[OUT_W]):
            w = windows[frame[OUT_D] + frame[OUT_H] + ow]
            taps = (w[STOP] - w[FIRST] + frame[TAP_W] - 1) // frame[TAP_W]
            o = (item * frame[OUT_W] + ow) * channels
            kept = place.ctypes.data + o * place.itemsize if place.size > 0 else 0
            max_vectors(
                lines if taps > 0 else 0, table.ctypes.data, taps, w[FIRST] * pixel, frame[TAP_W] * pixel, w[SKIP],
                frame[TAP_W], out.ctypes.data + o * out.itemsize, kept, place.itemsize, channels, like, index,
            )  # fmt: skip


@kernel
def choose_pixels(
    lo: int, hi: int, g: Array, place: Array, channels: int, past: int, frame: Array, windows: Array, covers: Array,
    out: Array,
) -> None:  # fmt: skip
    """Sum for each input the gradients of the windows that chose it; items are input rows.

    Windows alike are lines of several taps: one further on, an input's place is less by their distance.
    """
    like, index = out.dtype.type(0), place.dtype.type(0)
    size, width, before = g.itemsize, place.itemsize, frame[OUT_D] + frame[OUT_H]
    table = np.empty(3 * (frame[OUT_D] * frame[OUT_H] * (1 if frame[UNIFORM] else frame[OUT_W]) + 1), np.int64)
    for item in range(lo, hi):
        image, d, h = (
            item // frame[SIZE_H] // frame[SIZE_D],
            item // frame[SIZE_H] % frame[SIZE_D],
            item % frame[SIZE_H],
        )
        over, row = covers[d], covers[frame[SIZE_D] + h]
        lines = 0
        for w in range(frame[SIZE_W]):
            ow0, ow1 = covers[frame[SIZE_D] + frame[SIZE_H] + w]
            if w == 0 or not frame[UNIFORM]:
                lines = 0
                for od in range(over[0], over[1]):
                    for oh in range(row[0], row[1]):
                        deep, line = windows[od], windows[frame[OUT_D] + oh]
                        dd, hh = d - deep[FIRST] + deep[SKIP], h - line[FIRST] + line[SKIP]
                        o = ((image * frame[OUT_D] + od) * frame[OUT_H] + oh) * frame[OUT_W]
                        for ow in range(1) if frame[UNIFORM] else range(ow0, ow1):
                            table[3 * lines] = g.ctypes.data + (o + ow) * channels * size
                            table[3 * lines + 1] = place.ctypes.data + (o + ow) * channels * width
                            start = 0 if frame[UNIFORM] else windows[before + ow, FIRST]
                            table[3 * lines + 2] = (dd * frame[BOX_H] + hh) * frame[BOX_W] - start
                            lines += 1
            to, taps, at, number = out.ctypes.data + (item * frame[SIZE_W] + w) * channels * size, 1, 0, w
            if frame[UNIFORM]:
                taps, at = ow1 - ow0, ow0 * channels
                number = w - windows[before + ow0, FIRST] + windows[before + ow0, SKIP] if taps > 0 else 0
            choose_vectors(
                lines if taps > 0 else 0, table.ctypes.data, taps, at, channels, number, frame[STRIDE], to, past,
                width, channels, like, index,
            )  # fmt: skip


@kernel
def flat_places(lo: int, hi: int, place: Array, offsets: Array, channels: int, frame: Array, windows: Array,
                out: Array) -> None:  # fmt: skip
    """Flat position in the input of each place in its window; items are rows of windows, of pixels or of planes."""
    last = np.uint64(offsets.size - 1)
    for item in range(lo, hi):
        od, oh = item // frame[OUT_H] % frame[OUT_D], item % frame[OUT_H]
        d, h = windows[od], windows[frame[OUT_D] + oh]
        line = ((d[FIRST] - d[SKIP]) * frame[SIZE_H] + h[FIRST] - h[SKIP]) * frame[SIZE_W]
        for ow in range(frame[OUT_W]):
            w = windows[frame[OUT_D] + frame[OUT_H] + ow]
            start, o = line + w[FIRST] - w[SKIP], np.uint64((item * frame[OUT_W] + ow) * channels)
            for c in range(np.uint64(channels)):
                out[o + c] = start + offsets[min(np.uint64(place[o + c]), last)]


@kernel
def mean_pixels(
    lo: int, hi: int, x: Array, channels: int, past: int, inputs: Array, outputs: Array, ranges: Array,
    divisors: Array, out: Array,
) -> None:  # fmt: skip
    """Sum x over each window, and divide; inputs, outputs: sizes; ranges (all axes' windows, 2 or more).

    Items are rows of windows. With the tables of the inputs' windows this is the gradient.
    """
    depth, height, width = inputs[0], inputs[1], inputs[2]
    many, high, wide = outputs[0], outputs[1], outputs[2]
    pixel, like = channels * x.itemsize, x.dtype.type(0)
    table, ones = np.empty(depth * height + 1, np.int64), np.ones(tile_vectors(like) * lanes_of(like), x.dtype)
    for item in range(lo, hi):
        oh, od = item % high, item // high % many
        image, lines = item // high // many * depth, 0
        for d in range(ranges[od, 0], ranges[od, 1]):
            for h in range(ranges[many + oh, 0], ranges[many + oh, 1]):
                table[lines] = x.ctypes.data + ((image + d) * height + h) * width * pixel
                lines += 1
        for ow in range(wide):
            first, stop = ranges[many + high + ow, 0], ranges[many + high + ow, 1]
            q = x.dtype.type(divisors[od] * divisors[many + oh] * divisors[many + high + ow])
            sum_vectors(
                lines if stop > first else 0, table.ctypes.data, stop - first, first * pixel, pixel, ones.ctypes.data,
                0, out.ctypes.data + (item * wide + ow) * pixel, past, channels, q,
            )  # fmt: skip
