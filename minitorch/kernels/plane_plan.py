"""What the shape alone decides about convolution by planes (`conv_planes`): the buffer, its taps, the order of weights.

Rows of the source are copied into a buffer with their padding.  Where windows move by a stride, columns are sorted by
what remains when they are divided by it, so that neighbouring outputs read neighbouring elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..codegen.gemm import host_tile
from ..codegen.planes import OUTER_TAPS
from .layout import Array
from .window import Window, residues

WIDEST = 4  # pairs of planes of a group: with more, multiplying costs more than converting the order would
BUFFER_BYTES = 1 << 15  # of rows that stay in the L1 cache, unless a window alone needs more
LEAST_ROWS = 8
ITEMS = 16  # independent sums of the weight gradient, fixed by shape

# Fields of the frame, in elements: source and result planes of a group; both maps; the buffer; the bands of result
# rows that are taken together; from one result of a grid to the next, and how many
# grids share a row.
(
    SOURCES, RESULTS, GROUPS, IMAGES, DEPTH, SIZE_H, SIZE_W, OUT_H, OUT_W, STEP, SPLIT, TOP, LEFT, ROWS, PITCH,
    BAND, BANDS, APART_H, APART_W, ACROSS, CELLS_, FRAME,
) = range(22)  # fmt: skip
# Fields of a grid of results that see the same taps: its size, its first row, its taps and weights.
GRID_H, GRID_W, FIRST_H, TAP, TAPS, W_OFF, GRID = range(7)

Tap = tuple[int, int, int]  # row and column of the buffer, number in the kernel


class PlanePlan(NamedTuple):
    """What the shape alone decides, in the form the kernels read."""

    span: int
    work: int
    grids: Array
    offsets: Array  # (taps of all grids), bytes
    frame: Array
    source: Array | None  # which weight is packed where; none: they are in order


def fits(window: Window, inputs: int, filters: int, groups: int) -> bool:
    """Whether there are planes to work on: groups of few of them, and no depth to sum over.

    >>> from .window import window3d
    >>> fits(window3d((8, 8), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)), 1, 2, 16)
    True
    """
    flat = window.kernel[0] == window.stride[0] == 1 and window.padding[0] == (0, 0)
    return flat and groups > 1 and inputs * filters <= WIDEST


@lru_cache(maxsize=256)
def forward_plan(images: int, window: Window, groups: int, inputs: int, filters: int, size: int) -> PlanePlan:
    """Plan one grid: all outputs see all taps."""
    _, kh, kw = window.kernel
    (_, dh, dw), (_, *steps), (_, *outputs) = window.dilation, window.stride, window.output
    taps = [(i * dh, j * dw, i * kw + j) for i in range(kh) for j in range(kw)]
    frame = _frame(images, window, groups, (inputs, filters), window.size, window.output)
    frame[[STEP, SPLIT, TOP, LEFT]] = *steps, window.padding[1][0], window.padding[2][0]
    return _plan(frame, [(*outputs, 0, taps)], size, None)


@lru_cache(maxsize=256)
def input_plan(images: int, window: Window, groups: int, inputs: int, filters: int, size: int) -> PlanePlan:
    """Plan a grid for each residue of the stride: its pixels see the same taps."""
    frame = _frame(images, window, groups, (filters, inputs), window.output, window.size)
    down, across = (residues(window, axis) for axis in (1, 2))
    top, left = (-min((o for r in axis for _, o in r.taps), default=0) for axis in (down, across))
    top, left = max(top, 0), max(left, 0)
    frame[[STEP, SPLIT, TOP, LEFT, APART_H, APART_W, ACROSS]] = 1, 1, top, left, *window.stride[1:], len(across)
    grids = [
        (h.length, w.length, h.residue,
         [(oh + top, ow + left, i * window.kernel[2] + j) for (i, oh), (j, ow) in product(h.taps, w.taps)])
        for h, w in product(down, across)
    ]  # fmt: skip
    order = [_weights(window.taps, groups, inputs, filters, grid[-1]) for grid in grids]
    return _plan(frame, grids, size, np.concatenate(order))


def _weights(count: int, groups: int, inputs: int, filters: int, taps: list[Tap]) -> Array:
    """List the weights of an input gradient's grid: for each input plane, those of its group's filters and taps."""
    numbers = np.arange(groups * filters * inputs * count).reshape(groups, filters, inputs, count)
    return numbers[..., [t for _, _, t in taps]].swapaxes(1, 2).reshape(-1)


def _frame(images: int, window: Window, groups: int, planes: tuple[int, int], size: Any, out: Any) -> Array:
    frame = np.zeros(FRAME, np.int64)
    frame[[SOURCES, RESULTS, GROUPS, IMAGES, DEPTH]] = *planes, groups, images, size[0]
    frame[[SIZE_H, SIZE_W, OUT_H, OUT_W, APART_H, APART_W, ACROSS]] = *size[1:], *out[1:], 1, 1, 1
    return frame


def _plan(frame: Array, grids: list[Any], size: int, source: Array | None) -> PlanePlan:
    """Complete the tables: the buffer's shape, and the taps' places in it."""
    lanes, split, step = host_tile(size)[1], int(frame[SPLIT]), int(frame[STEP])
    every = [tap for *_, taps in grids for tap in taps]
    reach = max((u // split for _, u, _ in every), default=0)
    high, wide = (max(grid[axis] for grid in grids) for axis in (0, 1))
    vectors = -(-wide // lanes)
    frame[PITCH] = pitch = -(-(vectors * lanes + reach) // lanes) * lanes
    tail = max((row for row, _, _ in every), default=0) + 1
    bytes_a_row = int(frame[SOURCES]) * split * pitch * size
    band = max(LEAST_ROWS, (BUFFER_BYTES // bytes_a_row - tail) // step + 1)
    frame[BAND] = band = min(band, high)
    frame[BANDS], frame[ROWS], frame[CELLS_] = -(-high // band), (band - 1) * step + tail, band * vectors
    table, first = np.zeros((len(grids), GRID), np.int64), 0
    offsets: list[int] = []
    for row, (h, w, top, taps) in zip(table, grids):
        found = list(_offsets(frame, taps, size))
        row[:] = h, w, top, len(offsets), len(found), first
        # the weight gradient takes several taps at once: those past the end repeat the last
        offsets += found + found[-1:] * (-len(found) % OUTER_TAPS)
        first += len(found) * int(frame[GROUPS] * frame[RESULTS])
    span = int(frame[IMAGES] * frame[GROUPS] * frame[DEPTH] * frame[BANDS])
    work = (
        span * int(frame[RESULTS] * band) * sum(w * (1 + len(taps) * int(frame[SOURCES])) for _, w, *_, taps in grids)
    )
    return PlanePlan(span, work, table, np.array(offsets, np.int64), frame, source)


def _offsets(frame: Array, taps: list[Tap], size: int) -> Iterator[int]:
    split, pitch = int(frame[SPLIT]), int(frame[PITCH])
    for i in range(int(frame[SOURCES])):
        for row, u, _ in taps:
            yield (((i * int(frame[ROWS]) + row) * split + u % split) * pitch + u // split) * size
