"""Convolution of small maps, and its input gradient, in one launch: operands are read where they are.

A small problem is over before a weight is packed or a map is brought to channels last. Here the result's *rows* are
its channels, whose weights are broadcast from the user's memory, and the vector's lanes are positions. For the
positions that a vector covers to be neighbours at every tap, an image is copied into planes with its padding: one
plane for each residue of the stride, so that a step of the output is a step in the plane. The tile then sums over
taps by their offsets in the plane (`codegen.gemm.tile`); positions behind the end of a row are computed too, and the
copy of the tile's results into the output leaves them out and adds the bias::

    out[o, q] = bias[o] + sum over taps t, channels c of w[o, c, t] * plane[c, residue of t][q + step of t]

The input gradient is the same sum over one plane of output gradients, once for every residue of the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..codegen.gemm import ZERO, host_tile, lanes_of, rows_of, tile
from ..codegen.move import peek, poke, shift
from ..jit import helper, kernel
from .layout import Array, logical
from .tiles import start_of
from .window import Pairs, Window, residues, window3d

__all__ = [
    "Small", "copy_row", "copying", "correlate", "exceeded", "flat", "forward", "forward_plan", "input_grad",
    "input_plan", "inside", "whole_rows", "whole_tiles",
]  # fmt: skip

# Effort is counted in multiplications of vectors, some 6 in a nanosecond. Up to MOST (less with groups, for which
# there are tiles of their own) nothing is gained by better tiles, or by threads, that preparing them does not cost.
MOST, MOST_GROUPED = 1 << 18, 1 << 16
VECTOR, ELEMENT = 12, 8  # the effort of copying a vector of neighbours, and of an element elsewhere
SCRATCH_BYTES = 1 << 17  # bound of an image's planes, and of its sums: they stay in the L2 cache

# Fields of the header; strides in bytes.
(
    X_N, X_C, X_D, X_H, X_W, SIZE_D, SIZE_H, SIZE_W, STEP_D, STEP_H, STEP_W, LENGTH_D, LENGTH_H, LENGTH_W,
    GROUPS, TERMS, ROWS, W_GROUP, W_ROW, W_TERM, BIAS, Y_N, Y_C, Y_D, Y_H, Y_W, BLOCKS, PHASES, COLS, HEADER,
) = range(30)  # fmt: skip
# Behind it the blocks (each the plane of one residue: the first input along each axis), the phases (each a grid of
# results), and their segments (terms, offset of the weight, offset in the plane).
BLOCK = 3
GRID_D, GRID_H, GRID_W, Y_OFF, SEGMENTS, COUNT, PHASE = range(7)

Tap = tuple[int, int, int]  # along an axis: position in the kernel, block, offset in it


class Grid(NamedTuple):
    """Results along one axis that see the same taps."""

    length: int
    first: int
    taps: list[Tap]


class Axis(NamedTuple):
    """The sum along one axis."""

    step: int  # from one element of a plane to the next, in inputs
    length: int  # of the planes
    starts: list[int]  # first inputs of the planes
    grids: list[Grid]
    stride: int  # from one result of a grid to the next


class Weight(NamedTuple):
    """Shape and strides of a weight, rows and terms of a group, and the steps through them in bytes."""

    shape: tuple[int, ...]
    steps: tuple[int, ...]
    rows: int
    terms: int
    group: int
    row: int
    term: int


class Small(NamedTuple):
    """What shapes and strides alone decide."""

    images: int
    work: int
    table: Array
    stored: tuple[int, ...]  # shape of the result as it is stored
    last: bool  # whether that is channels last, as the operand is
    dense: bool  # whether operand and weight are stored in their own order


# ---- plans ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def forward_plan(
    x: tuple[int, ...], x_steps: tuple[int, ...], w: tuple[int, ...], w_steps: tuple[int, ...], bias: int,
    stride: tuple[int, ...], padding: Pairs, dilation: tuple[int, ...], groups: int, dtype: np.dtype[Any],
) -> Small | None:  # fmt: skip
    """Return how a small convolution is computed, None if it is not small; `bias` is its stride, -1 without one."""
    if not (prod(x) and prod(w)):
        return None
    window = window3d(x[2:], w[2:], stride, padding, dilation)
    rows = w[0] // groups
    weight = Weight(w, w_steps, rows, w[1], rows * w_steps[0], w_steps[0], w_steps[1])
    result = (x[0], w[0], *window.output[5 - len(x) :])
    return _plan(x, x_steps, weight, bias, [_forward_axis(window, i) for i in range(3)], groups, result, dtype)


@lru_cache(maxsize=1024)
def input_plan(
    gy: tuple[int, ...], gy_steps: tuple[int, ...], w: tuple[int, ...], w_steps: tuple[int, ...], bias: int,
    stride: tuple[int, ...], padding: Pairs, dilation: tuple[int, ...], groups: int, size: tuple[int, ...],
    dtype: np.dtype[Any],
) -> Small | None:  # fmt: skip
    """Return how the gradient by a small input of `size` is computed, None if it is not small."""
    if not (prod(gy) and prod(w) and prod(size)):
        return None
    window = window3d(size, w[2:], stride, padding, dilation)
    terms = w[0] // groups
    weight = Weight(w, w_steps, w[1], terms, terms * w_steps[0], w_steps[1], w_steps[0])
    result = (gy[0], w[1] * groups, *size)
    return _plan(gy, gy_steps, weight, bias, [_input_axis(window, i) for i in range(3)], groups, result, dtype)


def _forward_axis(window: Window, axis: int) -> Axis:
    """Planes by the residue of a tap's offset; one grid."""
    stride, outputs = window.stride[axis], window.output[axis]
    taps = [divmod(t * window.dilation[axis], stride) for t in range(window.kernel[axis])]
    found = sorted({r for _, r in taps})
    places = [(t, found.index(r), q) for t, (q, r) in enumerate(taps)]
    starts = [r - window.padding[axis][0] for r in found]
    return Axis(stride, outputs + taps[-1][0], starts, [Grid(outputs, 0, places)], 1)


def _input_axis(window: Window, axis: int) -> Axis:
    """One plane; a grid for every residue of the inputs."""
    found = residues(window, axis)
    reach = [(off, r.length + off) for r in found for _, off in r.taps]
    low = min(reach, default=(0, 0))[0]
    length = max([end for _, end in reach], default=1) - low
    grids = [Grid(r.length, r.residue, [(t, 0, off - low) for t, off in r.taps]) for r in found]
    return Axis(1, max(length, max(g.length for g in grids)), [low], grids, window.stride[axis])


def _plan(
    x: tuple[int, ...], x_steps: tuple[int, ...], weight: Weight, bias: int, axes: Sequence[Axis], groups: int,
    result: tuple[int, ...], dtype: np.dtype[Any],
) -> Small | None:  # fmt: skip
    size, lead = dtype.itemsize, 5 - len(x)
    lengths = [a.length for a in axes]
    starts, grids = (list(product(*(getattr(a, name) for a in axes))) for name in ("starts", "grids"))
    pitch = len(starts) * prod(lengths) * size
    cols = [((d.length - 1) * lengths[1] + h.length - 1) * lengths[2] + w.length for d, h, w in grids]
    counts = [prod(len(g.taps) for g in grid) for grid in grids]
    vectors = sum(whole_tiles(c, size) * count for c, count in zip(cols, counts)) // host_tile(size)[1]
    cost = groups * whole_rows(weight.rows, size) * weight.terms * vectors
    last = _agree(x, x_steps, size, True) and not _agree(x, x_steps, size)
    y_steps = _steps_of(result, size, last)
    cost += copying(x, x_steps[-1] * axes[2].step, size) + copying(result, y_steps[-1] * axes[2].stride, size)
    room = max(x[1] * pitch, result[1] * whole_tiles(max(cols), size) * size)
    if exceeded(cost * x[0], room, groups):
        return None
    head = np.zeros(HEADER, np.int64)
    head[X_N : X_W + 1] = (*x_steps[:2], *(0,) * lead, *x_steps[2:])
    head[SIZE_D : SIZE_W + 1] = (*(1,) * lead, *x[2:])
    head[STEP_D : STEP_W + 1], head[LENGTH_D : LENGTH_W + 1] = [a.step for a in axes], lengths
    head[GROUPS : BIAS + 1] = groups, weight.terms, weight.rows, weight.group, weight.row, weight.term, bias
    along = np.array((*(0,) * lead, *y_steps[2:]))
    head[Y_N], head[Y_C], head[Y_D : Y_W + 1] = *y_steps[:2], along * [a.stride for a in axes]
    head[BLOCKS], head[PHASES], head[COLS] = len(starts), len(grids), whole_tiles(max(cols), size)
    table = [*head.tolist(), *(i for s in starts for i in s)]
    first = len(table) + PHASE * len(grids)
    segments: list[int] = []
    steps = (*(0,) * lead, *weight.steps[2:])
    for grid, count in zip(grids, counts):
        offset = sum(int(step) * g.first for step, g in zip(along, grid))
        table += [*(g.length for g in grid), offset, first + len(segments), count]
        segments += _segments(grid, axes, weight.terms, steps, size)
    stored = (result[0], *result[2:], result[1]) if last else result
    dense = _agree(x, x_steps, size) and _agree(weight.shape, weight.steps, size)
    return Small(x[0], 4 * cost * x[0], np.array(table + segments), stored, last, dense)


def exceeded(cost: int, room: int, groups: int) -> bool:
    """Whether a problem of so much effort, that needs so many bytes for an image, is not small."""
    return cost > (MOST if groups == 1 else MOST_GROUPED) or room > SCRATCH_BYTES


def _segments(grid: Sequence[Grid], axes: Sequence[Axis], terms: int, steps: Sequence[int], size: int) -> list[int]:
    """List a grid's taps: number of terms, offset of the weight, offset in the planes."""
    plane, lengths = prod(a.length for a in axes), [a.length for a in axes]
    blocks = [len(a.starts) for a in axes]
    found = []
    for taps in product(*(g.taps for g in grid)):
        block = (taps[0][1] * blocks[1] + taps[1][1]) * blocks[2] + taps[2][1]
        place = (taps[0][2] * lengths[1] + taps[1][2]) * lengths[2] + taps[2][2]
        found += [terms, sum(t[0] * step for t, step in zip(taps, steps)), (block * plane + place) * size]
    return found


def copying(shape: tuple[int, ...], step: int, size: int) -> int:
    """Return the effort of copying an image whose rows are walked by `step` bytes."""
    rows, row = prod(shape[1:-1]), shape[-1]
    return rows * -(-row // host_tile(size)[1]) * VECTOR if step == size else rows * row * ELEMENT


def whole_tiles(cols: int, size: int) -> int:
    """Round up to whole tiles."""
    width = 2 * host_tile(size)[1]
    return -(-cols // width) * width


def whole_rows(rows: int, size: int) -> int:
    """Return the rows that tiles compute for so many."""
    half = host_tile(size)[0] // 2
    return -(-rows // half) * half


def _steps_of(shape: tuple[int, ...], size: int, last: bool) -> tuple[int, ...]:
    """Return the strides of a dense logical array (N, C, ...), stored channels last or not."""
    order = (0, *range(2, len(shape)), 1) if last else range(len(shape))
    steps, step = [0] * len(shape), size
    for axis in reversed(order):
        steps[axis], step = step, step * shape[axis]
    return tuple(steps)


def _agree(shape: tuple[int, ...], steps: tuple[int, ...], size: int, last: bool = False) -> bool:
    """Whether a logical array is dense in its own order, or channels last."""
    return all(n == 1 or a == b for n, a, b in zip(shape, steps, _steps_of(shape, size, last)))


# ---- the kernel ----------------------------------------------------------------------------------------------------


def flat(x: Array) -> Array:
    """View an array as a kernel takes it that finds elements by address: in one dimension, from the first element."""
    return x.reshape(-1) if x.flags.c_contiguous else start_of(x)


def forward(
    x: Array, w: Array, bias: Array | None, stride: Sequence[int], padding: Pairs, dilation: Sequence[int], groups: int
) -> Array | None:
    """Return a small convolution as `conv.conv_forward` does, stored in the operand's order; None if it is not small.

    Nor are weights taken that have to be told from zeros (`_infinite`), nor memory that must not be written, whose
    type is another one for Numba.
    """
    plan = forward_plan(
        x.shape, x.strides, w.shape, w.strides, -1 if bias is None else bias.strides[0], tuple(stride), tuple(padding),
        tuple(dilation), groups, x.dtype,
    )  # fmt: skip
    return None if plan is None else _run(plan, x, w, bias)


def input_grad(
    gy: Array, w: Array, spatial: Sequence[int], stride: Sequence[int], padding: Pairs, dilation: Sequence[int],
    groups: int, bias: Array | None = None,
) -> Array | None:  # fmt: skip
    """Return the gradient by a small input as `conv.conv_input_grad` does, None under the conditions of `forward`."""
    plan = input_plan(
        gy.shape, gy.strides, w.shape, w.strides, -1 if bias is None else bias.strides[0], tuple(stride),
        tuple(padding), tuple(dilation), groups, tuple(spatial), gy.dtype,
    )  # fmt: skip
    return None if plan is None else _run(plan, gy, w, bias)


def _run(plan: Small, x: Array, w: Array, bias: Array | None) -> Array | None:
    if not (x.flags.writeable and w.flags.writeable):
        return None
    images, work, table, stored, last, dense = plan
    y = np.empty(stored, x.dtype)
    xs, ws = (x.reshape(-1), w.reshape(-1)) if dense else (flat(x), flat(w))
    try:
        correlate(images, work, xs, ws, ws if bias is None else flat(bias), table, y.reshape(-1))
    except FloatingPointError:
        return None
    return logical(y) if last else y


@kernel
def correlate(lo: int, hi: int, x: Any, w: Any, bias: Any, table: Any, y: Any) -> None:
    """Compute one image's results an item; see the top of the file."""
    like, lowest = y.dtype.type(0), y.dtype.type(-np.inf)
    size, mr, width = y.itemsize, rows_of(like), 2 * lanes_of(like)
    rows, terms, pitch = table[ROWS], table[TERMS], table[COLS]
    plane = table[BLOCKS] * table[LENGTH_D] * table[LENGTH_H] * table[LENGTH_W]
    planes = np.zeros(table[GROUPS] * terms * plane + 2 * width, y.dtype)
    sums = np.empty(table[GROUPS] * rows * pitch, y.dtype)
    starts, outs = np.empty(mr, np.int64), np.empty(mr, np.int64)
    if table[GROUPS] > 1 and _infinite(w.ctypes.data, table, like):
        raise FloatingPointError
    for n in range(lo, hi):
        _fill(x.ctypes.data + n * table[X_N], table, plane, planes)
        for p in range(table[PHASES]):
            phase = table[HEADER + BLOCK * table[BLOCKS] + p * PHASE :]
            cols = ((phase[GRID_D] - 1) * table[LENGTH_H] + phase[GRID_H] - 1) * table[LENGTH_W] + phase[GRID_W]
            segments = table.ctypes.data + 8 * phase[SEGMENTS]
            for g in range(table[GROUPS]):
                source = planes.ctypes.data + g * terms * plane * size
                for r in range(0, rows, mr):
                    for i in range(mr):  # rows past the end repeat the last
                        row = min(r + i, rows - 1)
                        starts[i] = w.ctypes.data + g * table[W_GROUP] + row * table[W_ROW]
                        outs[i] = sums.ctypes.data + (g * rows + row) * pitch * size
                    for c in range(0, cols, width):
                        if rows - r > mr // 2:
                            tile(2, 2, phase[COUNT], segments, starts.ctypes.data, 0, 0, table[W_TERM],
                                 source + c * size, plane * size, outs.ctypes.data, c * size, ZERO, 0, width,
                                 lowest)  # fmt: skip
                        else:
                            tile(1, 2, phase[COUNT], segments, starts.ctypes.data, 0, 0, table[W_TERM],
                                 source + c * size, plane * size, outs.ctypes.data, c * size, ZERO, 0, width,
                                 lowest)  # fmt: skip
            _spread(sums, phase, table, bias.ctypes.data, y.ctypes.data + n * table[Y_N] + phase[Y_OFF])
    planes[0] = sums[0] = 0  # Numba frees an array after its last mention, addresses do not count
    starts[0] = outs[0] = 0


@helper
def _infinite(w: int, table: Any, like: Any) -> bool:
    """Whether a weight is not a finite number, and its product with the zeros around a map is NaN.

    It is in torch, too, but with groups, whose kernels leave the zeros out.
    """
    found = like
    for p in range(table[PHASES]):
        phase = table[HEADER + BLOCK * table[BLOCKS] + p * PHASE :]
        for s in range(phase[COUNT]):
            tap = w + table[phase[SEGMENTS] + 3 * s + 1]
            for g in range(table[GROUPS]):
                for r in range(table[ROWS]):
                    for t in range(table[TERMS]):
                        at = tap + g * table[W_GROUP] + r * table[W_ROW] + t * table[W_TERM]
                        found += peek(at, like) * like
    return bool(found != like)


@helper
def _fill(x: int, table: Any, plane: int, planes: Any) -> None:
    """Copy an image into its planes, which hold zeros where it ends."""
    like = planes.dtype.type(0)
    size, step, x_w = planes.itemsize, table[STEP_W], table[X_W] * table[STEP_W]
    for b in range(table[BLOCKS]):
        first = table[HEADER + b * BLOCK : HEADER + b * BLOCK + BLOCK]
        low_d, high_d = inside(first[0], table[STEP_D], table[LENGTH_D], table[SIZE_D])
        low_h, high_h = inside(first[1], table[STEP_H], table[LENGTH_H], table[SIZE_H])
        low_w, high_w = inside(first[2], step, table[LENGTH_W], table[SIZE_W])
        corner = x + (first[2] + low_w * step) * table[X_W]
        for c in range(table[GROUPS] * table[TERMS]):
            for d in range(low_d, high_d):
                for h in range(low_h, high_h):
                    place = ((c * table[BLOCKS] + b) * table[LENGTH_D] + d) * table[LENGTH_H] + h
                    to = planes.ctypes.data + (place * table[LENGTH_W] + low_w) * size
                    at_d, at_h = first[0] + d * table[STEP_D], first[1] + h * table[STEP_H]
                    row = corner + c * table[X_C] + at_d * table[X_D] + at_h * table[X_H]
                    copy_row(row, x_w, to, size, high_w - low_w, size, like)


@helper
def inside(first: int, step: int, length: int, size: int) -> tuple[int, int]:
    """Return the half-open range of elements of a plane that are inputs: first + i * step in [0, size)."""
    low = min(length, max(0, (step - 1 - first) // step))
    return low, max(low, min(length, (size - 1 - first) // step + 1))


@helper
def copy_row(src: int, src_step: int, dst: int, dst_step: int, count: int, size: int, extra: Any) -> None:
    """Copy `count` elements with `extra` added; neighbours go as vectors."""
    if src_step == size and dst_step == size:
        for i in range(0, count, lanes_of(extra)):
            shift(src + i * size, dst + i * size, count - i, extra)
    else:
        for i in range(count):
            poke(dst + i * dst_step, peek(src + i * src_step, extra) + extra)


@helper
def _spread(sums: Any, phase: Any, table: Any, bias: int, y: int) -> None:
    """Copy a grid of sums to its places in the result, and add the bias."""
    like, size = sums.dtype.type(0), sums.itemsize
    for c in range(table[GROUPS] * table[ROWS]):
        extra = like if table[BIAS] < 0 else peek(bias + c * table[BIAS], like)
        for d in range(phase[GRID_D]):
            for h in range(phase[GRID_H]):
                at = c * table[COLS] + (d * table[LENGTH_H] + h) * table[LENGTH_W]
                row = y + c * table[Y_C] + d * table[Y_D] + h * table[Y_H]
                copy_row(sums.ctypes.data + at * size, size, row, table[Y_W], phase[GRID_W], size, extra)
