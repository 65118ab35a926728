"""The weight and bias gradients of a small convolution in one launch; see `small` for the input's.

Rows of the result are filters, read as they are stored, and the vector's lanes are what a row of the kernel meets:
channels, and with dilation 1 the kernel's positions along W as well, which are neighbours in a copy of the image that
holds its channels last. The tile sums over pixels, a run of which is a row of the output::

    gw[o, c, t] = sum over images, rows r, positions q of gy[o, r, q] * image[r s + t d, q s + t d, c]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..codegen.gemm import ADD, ZERO, lanes_of, rows_of, tile
from ..codegen.move import peek
from ..jit import helper, kernel
from . import small
from .layout import Array
from .small import copy_row, copying, flat, inside, whole_rows, whole_tiles
from .window import Pairs, window3d

__all__ = ["SmallWeight", "gradients", "plan"]

MOST_RUNS = 1 << 12  # bound of the table

# Fields of the header; strides in bytes. Behind it the taps (count of runs, their start in the table, offset in the
# image), and the runs (terms, offset in the output's gradient, offset in the image).
(
    X_N, X_C, X_D, X_H, X_W, SIZE_D, SIZE_H, SIZE_W, PAD_D, PAD_H, PAD_W, LENGTH_D, LENGTH_H, LENGTH_W,
    IMAGES, GROUPS, INPUTS, OUTPUTS, G_N, G_C, G_D, G_H, G_W, OUT_D, OUT_H, OUT_W, TAPS, FOLD, B_STEP, COLS, HEADER,
) = range(31)  # fmt: skip
COUNT, RUNS, PLACE, TAP = range(4)


class SmallWeight(NamedTuple):
    """What shapes and strides alone decide."""

    work: int
    table: Array
    shape: tuple[int, ...]  # of the weight


@lru_cache(maxsize=1024)
def plan(
    gy: tuple[int, ...], gy_steps: tuple[int, ...], x: tuple[int, ...], x_steps: tuple[int, ...],
    kernel: tuple[int, ...], stride: tuple[int, ...], padding: Pairs, dilation: tuple[int, ...], groups: int,
    dtype: np.dtype[Any],
) -> SmallWeight | None:  # fmt: skip
    """Return how the gradients are computed, None if the problem is not small."""
    if not (prod(gy) and prod(x) and prod(kernel)):
        return None
    size, lead = dtype.itemsize, 5 - len(x)
    window = window3d(x[2:], kernel, stride, padding, dilation)
    inputs, outputs = x[1] // groups, gy[1] // groups
    fold = window.kernel[2] if window.dilation[2] == 1 else 1
    axes = list(zip(window.output, window.stride, window.dilation, window.kernel))
    lengths = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in axes]
    cols, taps = whole_tiles(inputs * fold, size), window.taps // fold
    vectors = -(-inputs * fold // (whole_tiles(1, size) // 2))
    cost = groups * taps * whole_rows(outputs, size) * vectors * prod(window.output)
    together = _is_together(x, x_steps, groups, size)
    cost += copying(x, size if together else 0, size) + prod(kernel) * inputs * gy[1] * 4 // x[0] + prod(gy[1:])
    room = max(x[1] * prod(lengths), taps * gy[1] * cols) * size
    runs = taps * window.output[0] * window.output[1]
    if small.exceeded(cost * x[0], room, groups) or runs > MOST_RUNS:
        return None
    head = np.zeros(HEADER, np.int64)
    head[X_N : X_W + 1] = (*x_steps[:2], *(0,) * lead, *x_steps[2:])
    head[SIZE_D : SIZE_W + 1], head[PAD_D : PAD_W + 1] = window.size, [p for p, _ in window.padding]
    head[LENGTH_D : LENGTH_W + 1], head[IMAGES : OUTPUTS + 1] = lengths, (x[0], groups, inputs, outputs)
    head[G_N : G_W + 1] = (*gy_steps[:2], *(0,) * lead, *gy_steps[2:])
    head[OUT_D : OUT_W + 1] = window.output
    head[TAPS : COLS + 1] = taps, fold, window.stride[2] * inputs * size, inputs * fold
    table: list[int] = head.tolist()
    found: list[int] = []
    row = inputs * size * lengths[2]
    for t in product(*(range(k) for k in (*window.kernel[:2], window.kernel[2] // fold))):
        d, h, w = (a * b for a, b in zip(t, window.dilation))
        ranges = [range(*window.inside(axis, t[axis])) for axis in (0, 1)]
        begin = HEADER + TAP * taps + len(found)
        table += [len(ranges[0]) * len(ranges[1]), begin, (d * lengths[1] + h) * row + w * inputs * size]
        for a, b in product(*ranges):
            place = (a * window.stride[0] * lengths[1] + b * window.stride[1]) * row
            found += [window.output[2], int(a * head[G_D] + b * head[G_H]), place]
    return SmallWeight(4 * cost * x[0], np.array(table + found), (gy[1], inputs, *kernel))


def _is_together(x: tuple[int, ...], steps: tuple[int, ...], groups: int, size: int) -> bool:
    """Whether rows of an image with its channels are neighbours in memory, as the copy wants them."""
    return steps[-1] == x[1] // groups * size and (steps[1] == size or x[1] == groups)


def gradients(
    gy: Array, x: Array, kernel: Sequence[int], stride: Sequence[int], padding: Pairs, dilation: Sequence[int],
    groups: int, biased: bool,
) -> tuple[Array, Any] | None:  # fmt: skip
    """Return the gradients by the weight and, if asked for, the bias; None under the conditions of `small.forward`."""
    how = plan(
        gy.shape, gy.strides, x.shape, x.strides, tuple(kernel), tuple(stride), tuple(padding), tuple(dilation),
        groups, x.dtype,
    )  # fmt: skip
    if how is None or not (x.flags.writeable and gy.flags.writeable):
        return None
    gw = np.empty(how.shape, x.dtype)
    gb = np.empty(how.shape[0] if biased else 0, x.dtype)
    try:
        outer(1, how.work, flat(x), flat(gy), how.table, gw.reshape(-1), gb)
    except FloatingPointError:  # infinities have met the zeros around a map
        return None
    return gw, gb if biased else None


@kernel
def outer(lo: int, hi: int, x: Any, gy: Any, table: Any, gw: Any, gb: Any) -> None:
    """Compute the gradients; see the top of the file."""
    like, least = gw.dtype.type(0), gw.dtype.type(-np.inf)
    size, mr, lanes = gw.itemsize, rows_of(like), lanes_of(like)
    outputs, filters = table[OUTPUTS], table[OUTPUTS] * table[GROUPS]
    pitch = (table[COLS] + 2 * lanes - 1) // (2 * lanes) * 2 * lanes
    plane = table[LENGTH_D] * table[LENGTH_H] * table[LENGTH_W] * table[INPUTS]
    image = np.zeros(table[GROUPS] * plane + 2 * lanes, gw.dtype)
    sums = np.empty(table[TAPS] * filters * pitch, gw.dtype)
    pixels = np.empty(filters, gw.dtype)
    rows, outs = np.empty(mr, np.int64), np.empty(mr, np.int64)
    for n in range(table[IMAGES]):
        _fill(x.ctypes.data + n * table[X_N], table, plane, image)
        start = ADD if n else ZERO
        for t in range(table[TAPS]):
            tap = table[HEADER + t * TAP : HEADER + t * TAP + TAP]
            segments = table.ctypes.data + 8 * tap[RUNS]
            for g in range(table[GROUPS]):
                source = image.ctypes.data + g * plane * size + tap[PLACE]
                for r in range(0, outputs, mr):
                    for i in range(mr):  # rows past the end repeat the last
                        o = g * outputs + min(r + i, outputs - 1)
                        rows[i] = gy.ctypes.data + n * table[G_N] + o * table[G_C]
                        outs[i] = sums.ctypes.data + (t * filters + o) * pitch * size
                    for c in range(0, table[COLS], 2 * lanes):
                        _sum(outputs - r > mr // 2, table[COLS] - c > lanes, tap[COUNT], segments, rows, table,
                             source + c * size, outs, c * size, start, lanes, least)  # fmt: skip
        if gb.size or table[GROUPS] > 1:
            _add_pixels(gy.ctypes.data + n * table[G_N], table, n == 0, pixels)
    if table[GROUPS] > 1:
        for c in range(filters):
            if pixels[c] * like != like:
                raise FloatingPointError
    gb[:] = pixels[: gb.size]
    _collect(sums, pitch, table, gw)
    image[0] = 0  # Numba frees an array after its last mention, addresses do not count
    rows[0] = outs[0] = 0


@helper
def _sum(
    tall: bool, wide: bool, count: int, segments: int, rows: Any, table: Any, source: int, outs: Any, shift: int,
    start: int, lanes: int, least: Any,
) -> None:  # fmt: skip
    """Sum a tile over the runs of a tap."""
    at, to, a_step, b_step = rows.ctypes.data, outs.ctypes.data, table[G_W], table[B_STEP]
    if wide:
        if tall:
            tile(2, 2, count, segments, at, 0, 0, a_step, source, b_step, to, shift, start, 0, 2 * lanes, least)
        else:
            tile(1, 2, count, segments, at, 0, 0, a_step, source, b_step, to, shift, start, 0, 2 * lanes, least)
    elif tall:
        tile(2, 1, count, segments, at, 0, 0, a_step, source, b_step, to, shift, start, 0, lanes, least)
    else:
        tile(1, 1, count, segments, at, 0, 0, a_step, source, b_step, to, shift, start, 0, lanes, least)


@helper
def _fill(x: int, table: Any, plane: int, image: Any) -> None:
    """Copy an image, each group with its channels last, between zeros where it ends."""
    like, size, inputs = image.dtype.type(0), image.itemsize, table[INPUTS]
    low_d, high_d = inside(-table[PAD_D], 1, table[LENGTH_D], table[SIZE_D])
    low_h, high_h = inside(-table[PAD_H], 1, table[LENGTH_H], table[SIZE_H])
    low_w, high_w = inside(-table[PAD_W], 1, table[LENGTH_W], table[SIZE_W])
    together = table[X_W] == inputs * size and (table[X_C] == size or inputs == 1)
    corner = x + (low_w - table[PAD_W]) * table[X_W]
    for g in range(table[GROUPS]):
        for d in range(low_d, high_d):
            for h in range(low_h, high_h):
                at_d, at_h = d - table[PAD_D], h - table[PAD_H]
                row = corner + g * inputs * table[X_C] + at_d * table[X_D] + at_h * table[X_H]
                place = (d * table[LENGTH_H] + h) * table[LENGTH_W] + low_w
                to = image.ctypes.data + (g * plane + place * inputs) * size
                if together:
                    copy_row(row, size, to, size, (high_w - low_w) * inputs, size, like)
                else:
                    for c in range(inputs):
                        copy_row(row + c * table[X_C], table[X_W], to + c * size, inputs * size, high_w - low_w,
                                  size, like)  # fmt: skip


@helper
def _add_pixels(gy: int, table: Any, first: bool, gb: Any) -> None:
    """Add an image's output gradients to the bias's; channels take turns, as each waits for its own sum."""
    like = gb.dtype.type(0)
    if first:
        gb[:] = like
    for d in range(table[OUT_D]):
        for h in range(table[OUT_H]):
            for w in range(table[OUT_W]):
                pixel = gy + d * table[G_D] + h * table[G_H] + w * table[G_W]
                for c in range(gb.size):
                    gb[c] += peek(pixel + c * table[G_C], like)


@helper
def _collect(sums: Any, pitch: int, table: Any, gw: Any) -> None:
    """Bring the sums from (tap, filter, (position along W, channel)) to the weight's order."""
    filters, inputs, fold = table[GROUPS] * table[OUTPUTS], table[INPUTS], table[FOLD]
    taps = table[TAPS] * fold
    for t in range(table[TAPS]):
        for o in range(filters):
            for w in range(fold):
                at, to = (t * filters + o) * pitch + w * inputs, o * inputs * taps + t * fold + w
                for c in range(inputs):
                    gw[to + c * taps] = sums[at + c]
