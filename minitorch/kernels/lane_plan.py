"""What the shape alone decides about convolution by lanes (`conv_lanes`): phases, packing, walks."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..codegen.gemm import host_tile
from ..codegen.ir import host_target
from ..codegen.walk import Walk, walks
from .layout import Array
from .window import Window, residues

WIDEST = 8  # channels of a group: R sums a pixel must fit the registers
PARTS = 16  # independent sums over pixels, fixed by shape
ROWS = 8  # output rows of an item: neighbours share input

# Fields of a phase: grid of outputs, number of taps, offset of the first tap and distance of taps along each axis,
# byte offsets into the packed weight and the result.
(
    GRID_D, GRID_H, GRID_W, TAPS_D, TAPS_H, TAPS_W, OFF_D, OFF_H, OFF_W,
    NEXT_D, NEXT_H, NEXT_W, W_OFF, Y_OFF, PHASE,
) = range(15)  # fmt: skip
# Fields of the frame; strides in bytes, those of y for one step of the grid; blocks of rows in the
# highest grid, planes in the deepest.
(
    STEP_D, STEP_H, STEP_W, SIZE_D, SIZE_H, SIZE_W, X_N, X_D, X_H, X_W, Y_N, Y_D, Y_H, Y_W,
    CHANNELS, IMAGES, BLOCK, BLOCKS, DEPTH, FRAME,
) = range(20)  # fmt: skip


class LanePlan(NamedTuple):
    """What the shape alone decides."""

    span: int
    work: int
    phases: Array
    frame: Array
    lines: int  # most kernel lines (depth, height) of a phase
    form: tuple[tuple[int, ...], ...]  # of a walk (`codegen.walk`), or nothing
    source: Array  # (taps, turns, channels): which weight is packed there


def turns_of(channels: int, filters: int, groups: int, itemsize: int) -> int:
    """Return the channels of a group if such groups are computed by lanes, else 0.

    >>> turns_of(32, 32, 32, 4), turns_of(32, 32, 16, 4), turns_of(32, 64, 32, 4)
    (1, 2, 0)
    """
    width = channels // groups
    equal = groups > 1 and channels == filters and width & (width - 1) == 0
    return width if equal and width <= min(WIDEST, host_tile(itemsize)[1]) else 0


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
    frame[[CHANNELS, IMAGES, BLOCK, BLOCKS, DEPTH]] = channels, images, block, -(-grids[1] // block), grids[0]
    order: list[int] = []
    phases, terms = [], 0
    for d, h, w in product(*axes):
        taps = [(i * window.kernel[1] + j) * window.kernel[2] + k for i in d[1] for j in h[1] for k in w[1]]
        offset = len(order) * turns * channels * itemsize
        start = int(strides[1:] @ (d[4], h[4], w[4]))
        fields = [*zip(*((n, len(t), at, delta) for n, t, at, delta, _ in (d, h, w)))]
        phases.append([*(f for row in fields for f in row), offset, start])
        order += taps
        terms += d[0] * h[0] * w[0] * (len(taps) + 1)
    c, r = np.arange(channels), np.arange(turns)[:, None]
    places = source(np.array(order, np.int64).reshape(-1, 1, 1), c, r)
    lines = max((len(d[1]) * len(h[1]) for d, h in product(*axes[:2])), default=0)
    work = images * channels * turns * terms
    table = np.array(phases, np.int64).reshape(-1, PHASE)
    form, items = _form(turns, table, frame), len(table) * images * int(frame[DEPTH] * frame[BLOCKS])
    return LanePlan(items, work, table, frame, max(1, lines), form, places.reshape(-1))


def _form(turns: int, phases: Array, frame: Array) -> tuple[tuple[int, ...], ...]:
    """Return the walk that computes the inside of the only phase, if there is one."""
    if turns > 1 or len(phases) != 1 or phases[0, TAPS_D] != 1 or phases[0, NEXT_H] != 1 or phases[0, NEXT_W] != 1:
        return ()
    walk = Walk(*(int(v) for v in (*phases[0, [TAPS_H, TAPS_W]], frame[STEP_H], frame[STEP_W])))
    return tuple((0,) * size for size in walk) if walks(walk, host_target()) else ()


def _strides(size: Any, pixel: int) -> list[int]:
    """Byte strides of a dense (N, D, H, W, C) array along N, D, H and W."""
    return [pixel * size[2] * size[1] * size[0], pixel * size[2] * size[1], pixel * size[2], pixel]
