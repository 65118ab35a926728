"""Unfold (sliding blocks as columns) and fold, its adjoint, in one, two or three spatial dimensions.

Images come in any memory order; columns and folded images are contiguous, as torch has them.  Unfold fills a
row of the result for each (image, channel, tap); fold collects for each row of the image from the columns
that cover it, so no two threads add to one place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const
from ..jit import kernel
from .layout import as_contiguous
from .window import window3d

Array = NDArray[Any]
Ints = Sequence[int]

SIZE, KERNEL, STRIDE, PADDING, DILATION, OUTPUT = range(6)  # rows of a geometry table


@kernel
def unfold_rows(lo: int, hi: int, x: Array, geometry: Array, rd: Array, rh: Array, rw: Array, out: Array) -> None:
    """Columns (N C K, L) of x (N C, pixels); ranges of valid windows by tap of each axis; items are rows."""
    kernel, stride, dilation, outs = geometry[KERNEL], geometry[STRIDE], geometry[DILATION], geometry[OUTPUT]
    for item in range(lo, hi):
        kw = item % kernel[2]
        kh = item // kernel[2] % kernel[1]
        kd = item // kernel[2] // kernel[1] % kernel[0]
        image = item // kernel[2] // kernel[1] // kernel[0]
        first, last, step = np.uint64(rw[kw, 0]), np.uint64(rw[kw, 1]), np.uint64(stride[2])
        for od in range(outs[0]):
            d = od * stride[0] - geometry[PADDING, 0] + kd * dilation[0]
            for oh in range(outs[1]):
                row = np.uint64((od * outs[1] + oh) * outs[2])
                after = row + np.uint64(outs[2])
                if od < rd[kd, 0] or od >= rd[kd, 1] or oh < rh[kh, 0] or oh >= rh[kh, 1]:
                    for j in range(row, after):
                        out[item, j] = const(out[item, j], "0")
                    continue
                h = oh * stride[1] - geometry[PADDING, 1] + kh * dilation[1]
                w = rw[kw, 0] * stride[2] - geometry[PADDING, 2] + kw * dilation[2]
                start = np.uint64((d * geometry[SIZE, 1] + h) * geometry[SIZE, 2] + w)
                for j in range(row, row + first):
                    out[item, j] = const(out[item, j], "0")
                for j in range(row + last, after):
                    out[item, j] = const(out[item, j], "0")
                if stride[2] == 1:  # known to be dense here: this loop moves whole vectors
                    for j in range(last - first):
                        out[item, row + first + j] = x[image, start + j]
                else:
                    for j in range(last - first):
                        out[item, row + first + j] = x[image, start + j * step]


@kernel
def fold_rows(lo: int, hi: int, x: Array, geometry: Array, rw: Array, out: Array) -> None:
    """Sum columns x (N C K, L) into images out (N C, pixels); items are rows of images."""
    size, kernel, outs = geometry[SIZE], geometry[KERNEL], geometry[OUTPUT]
    stride, padding, dilation = geometry[STRIDE], geometry[PADDING], geometry[DILATION]
    for item in range(lo, hi):
        h = item % size[1]
        d = item // size[1] % size[0]
        image = item // size[1] // size[0]
        row, step = (d * size[1] + h) * size[2], np.uint64(stride[2])
        for j in range(np.uint64(row), np.uint64(row + size[2])):
            out[image, j] = const(out[image, j], "0")
        for kd in range(kernel[0]):
            od = (d + padding[0] - kd * dilation[0]) // stride[0]
            if od < 0 or od >= outs[0] or od * stride[0] != d + padding[0] - kd * dilation[0]:
                continue
            for kh in range(kernel[1]):
                oh = (h + padding[1] - kh * dilation[1]) // stride[1]
                if oh < 0 or oh >= outs[1] or oh * stride[1] != h + padding[1] - kh * dilation[1]:
                    continue
                for kw in range(kernel[2]):
                    tap = ((image * kernel[0] + kd) * kernel[1] + kh) * kernel[2] + kw
                    count = np.uint64(rw[kw, 1] - rw[kw, 0])
                    here = np.uint64((od * outs[1] + oh) * outs[2] + rw[kw, 0])
                    there = np.uint64(row + rw[kw, 0] * stride[2] - padding[2] + kw * dilation[2])
                    if stride[2] == 1:  # known to be dense here: this loop adds whole vectors
                        for j in range(count):
                            out[image, there + j] += x[tap, here + j]
                    else:
                        for j in range(count):
                            out[image, there + j * step] += x[tap, here + j]


# ---- array functions -------------------------------------------------------------------------------------


class Plan(NamedTuple):
    """What the sizes alone decide."""

    taps: int
    pixels: int
    columns: int
    geometry: Array
    ranges: tuple[Array, ...]  # by axis, for each tap the half-open range of windows that have it inside the image


@lru_cache(maxsize=256)
def _plan(spatial: Ints, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Plan:
    sizes, taps, steps, gaps = (tuple(map(int, v)) for v in (spatial, kernel, stride, dilation))
    window = window3d(sizes, taps, steps, [(int(p), int(p)) for p in padding], gaps)
    pads = [p[0] for p in window.padding]
    rows = [window.size, window.kernel, window.stride, pads, window.dilation, window.output]
    ranges = [[window.inside(axis, k) for k in range(window.kernel[axis])] for axis in range(3)]
    tables = [np.array(r, np.int64).reshape(-1, 2) for r in ranges]
    # a tap that no window has inside the input: its empty range may begin past the last window
    clipped = tuple(np.minimum(t, n) for t, n in zip(tables, window.output))
    return Plan(window.taps, math.prod(window.size), math.prod(window.output), np.array(rows, np.int64), clipped)


def unfold(x: Array, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Array:
    """Return the blocks of x (N, C, *spatial) as columns (N, C * prod(kernel), L), zeros where they overhang.

    >>> unfold(np.arange(4.0).reshape(1, 1, 4), (2,), (1,), (0,), (1,)).tolist()
    [[[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]]
    """
    plan = _plan(x.shape[2:], tuple(kernel), tuple(dilation), tuple(padding), tuple(stride))
    out = np.empty((x.shape[0], x.shape[1] * plan.taps, plan.columns), x.dtype)
    if out.size:
        rows = out.reshape(-1, plan.columns)
        images = as_contiguous(x).reshape(x.shape[0] * x.shape[1], plan.pixels)
        unfold_rows(rows.shape[0], 2 * out.nbytes, images, plan.geometry, *plan.ranges, rows)
    return out


def fold(x: Array, spatial: Ints, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Array:
    """Sum columns x (N, C * prod(kernel), L) into images (N, C, *spatial); the adjoint of `unfold`.

    >>> fold(np.ones((1, 2, 3)), (4,), (2,), (1,), (0,), (1,)).tolist()
    [[[1.0, 2.0, 2.0, 1.0]]]
    """
    plan = _plan(tuple(spatial), tuple(kernel), tuple(dilation), tuple(padding), tuple(stride))
    channels = x.shape[1] // max(plan.taps, 1)
    out = np.empty((x.shape[0], channels, *spatial), x.dtype)
    if out.size:
        images = out.reshape(x.shape[0] * channels, plan.pixels)
        columns = as_contiguous(x).reshape(x.shape[0] * x.shape[1], x.shape[2])
        span = images.shape[0] * int(plan.geometry[SIZE, 0] * plan.geometry[SIZE, 1])
        fold_rows(span, out.nbytes + 2 * x.nbytes, columns, plan.geometry, plan.ranges[2], images)
    return out
