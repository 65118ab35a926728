"""Winograd's algorithm for convolutions of other shapes than 3x3: the sum of their 3x3 or 2x2 parts (`lattice`).

A patch of 4x4 outputs (5x5 for 2x2 taps) needs, for each part, 36 products of a transformed patch of 6x6 inputs with
a transformed filter; the parts are summed before the result is transformed back, as if they were more input channels.
So a 5x5 filter takes 2.8 times fewer multiplications than its definition, 4x4 with stride 2 as well, 3x3x3 four
times, a folded row of nine taps three times.  Everything else is as in `winograd`: blocks of patches go forward, the
weight gradient sums over chunks of patches.

A NaN or an infinity makes the whole patches that read it NaN, which is noticed as in `winograd`.

Scratch: `BLOCK_BYTES` a thread going forward (more when 12 patches alone need more), `CHUNK_BYTES` in all for the
weight gradient (more when `LEAST_CHUNK` patches need more), and the transformed filter, `lattice.FILTER_BYTES` at
most.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..codegen.gemm import ZERO, host_tile, lanes_of, rows_of, tile
from ..codegen.winograd import (
    FILTER,
    FILTER_2,
    FILTER_GRAD,
    FILTER_GRAD_2,
    INPUT,
    OUTPUT,
    OUTPUT_5,
    OUTPUT_GRAD,
    OUTPUT_GRAD_5,
    WHOLE,
    gather,
    scatter,
)  # fmt: skip
from ..jit import helper, kernel
from . import winograd
from .lattice import Lattice, lattice, patches_of
from .layout import Array
from .tiles import aligned, panel_width, start_of
from .window import Window
from .winograd_weight import add_chunk

BLOCK_BYTES = 3 << 18
CHUNK_BYTES = 1 << 22
LEAST_CHUNK = 96

# Fields of the frame: strides in bytes, sizes in elements.
(
    X_N, X_D, X_H, X_W, SIZE_D, SIZE_H, SIZE_W, STEP_D, STEP_H, STEP_W, Y_N, Y_D, Y_H, Y_W, OUT_D, OUT_H, OUT_W,
    OUT_STEP_D, OUT_STEP_H, OUT_STEP_W, FOLD, SIDE, LIVE, IN_C, OUT_C, PARTS, BLOCK, V_ROW, V_TERM,
    V_PLANE, M_PLANE, F_PLANE, FRAME,
) = range(33)  # fmt: skip
# Fields of a phase: its first block and patch, its outputs, its patches, its first part and its filter.
BLOCK_0, PATCH_0, FIRST_D, FIRST_H, FIRST_W, DEPTH, ROWS, COLS, PATCHES, PART_0, SET, PHASE = range(12)


class Plan(NamedTuple):
    """What the shape alone decides, in the form the kernels read."""

    frame: Array
    phases: Array
    starts: Array  # (parts of all phases, 3)
    taps: Array  # (filters, parts, side * side)
    blocks: int
    patches: int
    zeros: Array


def _strides(size: tuple[int, int, int], channels: int, itemsize: int) -> list[int]:
    w = channels * itemsize
    return [size[0] * size[1] * size[2] * w, size[1] * size[2] * w, size[2] * w, w]


@lru_cache(maxsize=256)
def _plan(
    images: int, channels: int, filters: int, window: Window, inverse: bool, side: int, chunk: int,
    dtype: np.dtype[Any],
) -> Plan:  # fmt: skip
    """Lay the lattice out in tables; `chunk` patches are taken together (0: as the L2 cache likes)."""
    how = lattice(window, inverse, side)
    if how is None:
        raise ValueError(f"winograd_parts: window={window} does not fall into parts of side={side}")
    source, result = (filters, channels) if inverse else (channels, filters)
    inputs, outputs = (window.output, window.size) if inverse else (window.size, window.output)
    size, (rows, lanes) = dtype.itemsize, host_tile(dtype.itemsize)
    parts, width = len(how.phases[0].parts), -(-result // (2 * lanes)) * 2 * lanes
    block = chunk or max(min(48, BLOCK_BYTES // (36 * size * (parts * source + result))) // rows * rows, rows)
    sets = sorted({tuple(part.taps for part in phase.parts) for phase in how.phases})
    frame = np.zeros(FRAME, np.int64)
    frame[X_N : X_W + 1], frame[SIZE_D : SIZE_W + 1], frame[STEP_D : STEP_W + 1] = (
        _strides(inputs, source, size), inputs, how.step
    )  # fmt: skip
    frame[Y_N : Y_W + 1], frame[OUT_D : OUT_W + 1] = _strides(outputs, result, size), outputs
    frame[OUT_STEP_D : OUT_STEP_W + 1], frame[FOLD], frame[SIDE] = how.out_step, how.fold, 7 - side
    frame[LIVE] = how.fold or 7 - side
    frame[IN_C], frame[OUT_C], frame[PARTS], frame[BLOCK] = source, result, parts, block
    # Sums over patches want a vector's patches together: else a step leads to the same sets of the cache each time.
    by_vector = chunk > 0 and source % lanes == 0
    frame[V_ROW : V_TERM + 1] = (lanes * size, block * size) if by_vector else (parts * source * size, size)
    planes = block * parts * source, block * width, len(sets) * parts * source * width
    frame[V_PLANE : F_PLANE + 1] = [winograd.plane(n, size) // size for n in planes]
    phases = np.zeros((len(how.phases), PHASE), np.int64)
    blocks = patches = 0
    for i, (row, phase) in enumerate(zip(phases, how.phases)):
        down, across = patches_of(how, phase)
        count = images * phase.size[0] * down * across
        number = sets.index(tuple(part.taps for part in phase.parts))
        row[:] = blocks, patches, *phase.out, phase.size[0], down, across, count, i * parts, number
        blocks, patches = blocks - (-count // block), patches + count
    starts = np.array([part.start for phase in how.phases for part in phase.parts], np.int64)
    zeros = np.zeros(max(source, result, lanes), dtype)
    return Plan(frame, phases, starts, np.array(sets, np.int64), blocks, patches, zeros)


def correlate(
    x: Array, packed: Array, bias: Array | None, images: int, channels: int, filters: int, window: Window,
    how: Lattice, inverse: bool, y: Array,
) -> bool:  # fmt: skip
    """Write to dense channels-last `y` the convolution of `x`, or with `inverse` the input gradient from `x`.

    `packed` is (panels, taps * C, panel width), tap by tap, as `tiles.pack` leaves it. Returns whether all results are
    finite, as `winograd.correlate` does.
    """
    plan = _plan(images, channels, filters, window, inverse, how.side, 0, x.dtype)
    source, result = (filters, channels) if inverse else (channels, filters)
    sets, parts, _ = plan.taps.shape
    panels = -(-result // panel_width(x.itemsize))
    filter36 = aligned(36 * int(plan.frame[F_PLANE]), x.dtype)
    transform_filters(
        sets * panels * parts, 200 * sets * parts * source * result, packed, plan.taps, window.taps, plan.frame,
        plan.zeros, filter36,
    )  # fmt: skip
    work, odd = plan.patches * parts * source * result * 18, np.zeros(1, np.int64)
    forward(
        plan.blocks, work, start_of(x), filter36, plan.zeros if bias is None else bias, plan.zeros, plan.phases,
        plan.starts, plan.frame, odd, start_of(y),
    )  # fmt: skip
    return not odd[0]


def weight_grad(x: Array, gy: Array, images: int, channels: int, filters: int, window: Window, how: Lattice) -> Array:
    """Return the gradient (taps, C, O) of a convolution by its filter, from dense channels-last operands."""
    parts, size, lanes = len(how.phases[0].parts), x.itemsize, host_tile(x.itemsize)[1]
    chunk = max(LEAST_CHUNK, CHUNK_BYTES // (36 * size * (parts * channels + filters)))
    plan = _plan(images, channels, filters, window, False, how.side, chunk, x.dtype)
    frame, terms = plan.frame, parts * channels
    far = winograd.plane(terms, filters * size)
    inputs, grads = (aligned(36 * int(frame[at]), x.dtype) for at in (V_PLANE, M_PLANE))
    sums = aligned(9 * far, x.dtype)
    products = np.zeros(winograd.FRAME, np.int64)
    products[[winograd.IN_C, winograd.OUT_C, winograd.BLOCK]] = terms, filters, chunk
    products[[winograd.V_PLANE, winograd.M_PLANE, winograd.M_ROW]] = *frame[[V_PLANE, M_PLANE]] * size, 2 * lanes * size
    step = lanes * frame[V_TERM]
    products[[winograd.V_ROW, winograd.V_STEP, winograd.V_LAST]] = frame[V_ROW], step, (terms - lanes) * frame[V_TERM]
    for first in range(0, plan.patches, chunk):
        count = min(chunk, plan.patches - first)
        transform_patches(
            count, 60 * count * (terms + filters), start_of(x), start_of(gy), first, plan.zeros, plan.phases,
            plan.starts, frame, inputs, grads,
        )  # fmt: skip
        add_chunk(inputs, grads, count, first, products, far, sums)
    gw = np.empty((window.taps, channels, filters), x.dtype)
    transform_sums(terms, 200 * terms * filters, sums, far, plan.taps, frame, gw)
    return gw


@kernel
def transform_filters(lo: int, hi: int, packed: Any, taps: Any, places: int, frame: Any, zeros: Any, out: Any) -> None:
    """out[36, set, panel, part, c, :] = G g G^T, g being the part's taps of packed[panel, tap, c, :].

    An item is a part of a panel of a set.
    """
    like = packed.dtype.type(0)
    lanes, size = lanes_of(like), packed.itemsize
    width, inputs, parts = 2 * lanes, frame[IN_C], frame[PARTS]
    panels = (frame[OUT_C] + width - 1) // width
    table = np.empty(9, np.int64)
    far = frame[F_PLANE] * size
    for item in range(lo, hi):
        rest, s = divmod(item, parts)
        which, j = divmod(rest, panels)
        for c in range(inputs):
            for half in range(2):
                for t in range(taps.shape[2]):
                    tap = taps[which, s, t]
                    at = (((j * places + tap) * inputs + c) * 2 + half) * lanes * size
                    table[t] = packed.ctypes.data + at if tap >= 0 else zeros.ctypes.data
                dst = out.ctypes.data + ((item * inputs + c) * 2 + half) * lanes * size
                if taps.shape[2] == 4:
                    gather(FILTER_2, table.ctypes.data, 0, dst, far, WHOLE, like)
                else:
                    gather(FILTER, table.ctypes.data, 0, dst, far, WHOLE, like)


@helper
def _origin(patch: int, phase: Any) -> tuple[int, int, int, int]:
    """Return the image, depth, row and column of a phase's patch, counted in patches."""
    rest, col = divmod(patch, phase[COLS])
    rest, row = divmod(rest, phase[ROWS])
    n, d = divmod(rest, phase[DEPTH])
    return n, d, row, col


@helper
def _sources(base: int, n: int, d: int, row: int, col: int, start: Any, frame: Any, absent: int, table: Any) -> None:
    """Write the addresses of the 6x6 pixels that a patch sees through a part; those outside the map are `absent`."""
    side, fold, step_h, step_w = frame[SIDE], frame[FOLD], frame[STEP_H], frame[STEP_W]
    height, width, x_h, x_w = frame[SIZE_H], frame[SIZE_W], frame[X_H], frame[X_W]
    a = start[0] + d * frame[STEP_D]
    h0 = start[1] + (0 if fold else step_h * side * row)
    w0 = start[2] + step_w * side * (fold * row + col)
    down, across = 0 if fold else step_h, fold * step_w
    base += n * frame[X_N] + a * frame[X_D]
    present = 0 <= a < frame[SIZE_D]
    for i in range(6):
        for j in range(6):
            h, w = h0 + i * down, w0 + i * across + j * step_w
            inside = present and 0 <= h < height and 0 <= w < width
            table[i * 6 + j] = base + h * x_h + w * x_w if inside else absent


@helper
def _targets(base: int, n: int, d: int, row: int, col: int, phase: Any, frame: Any, absent: int, table: Any) -> None:
    """Write the addresses of a patch's outputs; those outside the result are `absent`."""
    side, fold, step_h, step_w = frame[SIDE], frame[FOLD], frame[OUT_STEP_H], frame[OUT_STEP_W]
    height, width, y_h, y_w, live = frame[OUT_H], frame[OUT_W], frame[Y_H], frame[Y_W], frame[LIVE]
    h0 = phase[FIRST_H] + (0 if fold else step_h * side * row)
    w0 = phase[FIRST_W] + step_w * side * (fold * row + col)
    down, across = 0 if fold else step_h, fold * step_w
    base += n * frame[Y_N] + (phase[FIRST_D] + d * frame[OUT_STEP_D]) * frame[Y_D]
    for i in range(side):
        for j in range(side):
            h, w = h0 + i * down, w0 + i * across + j * step_w
            inside = h < height and w < width and j < live
            table[i * side + j] = base + h * y_h + w * y_w if inside else absent


@helper
def _transform_inputs(
    base: int, n: int, d: int, row: int, col: int, first: int, starts: Any, frame: Any, absent: int, table: Any,
    like: Any, size: int, dst: int,
) -> None:  # fmt: skip
    """Write BT x BT^T of all parts of a patch to `dst`, part after part, each of the 36 to its plane."""
    lanes, inputs = lanes_of(like), frame[IN_C]
    for s in range(frame[PARTS]):
        _sources(base, n, d, row, col, starts[first + s], frame, absent, table)
        for c in range(0, inputs, lanes):
            gather(INPUT, table.ctypes.data, c * size, dst + (s * inputs + c) * frame[V_TERM], frame[V_PLANE] * size,
                   inputs - c, like)  # fmt: skip


@kernel
def forward(
    lo: int, hi: int, x: Any, filter36: Any, bias: Any, zeros: Any, phases: Any, starts: Any, frame: Any, odd: Any,
    y: Any,
) -> None:  # fmt: skip
    """Y = AT [sum over parts of filter36 * (BT x BT^T)] AT^T + bias, patch by patch; an item is a block of patches."""
    like = y.dtype.type(0)
    lowest = y.dtype.type(-np.inf)
    size, mr, lanes = y.itemsize, rows_of(like), lanes_of(like)
    width, block = 2 * lanes, frame[BLOCK]
    terms, outputs = frame[IN_C] * frame[PARTS], frame[OUT_C]
    panels = (outputs + width - 1) // width
    v36 = np.empty(36 * frame[V_PLANE] + lanes, y.dtype)
    m36 = np.empty(36 * frame[M_PLANE] + lanes, y.dtype)
    v_plane, m_plane, f_plane = frame[V_PLANE] * size, frame[M_PLANE] * size, frame[F_PLANE] * size
    table, spare = np.empty(36, np.int64), np.empty(outputs + lanes, y.dtype)
    segment = np.array([terms, 0, 0])
    rows, outs = np.empty(block, np.int64), np.empty(block, np.int64)
    p = 0
    for item in range(lo, hi):
        v_at = v36.ctypes.data + (-v36.ctypes.data) % 64
        m_at = m36.ctypes.data + (-m36.ctypes.data) % 64
        while p + 1 < phases.shape[0] and phases[p + 1, BLOCK_0] <= item:
            p += 1
        first = (item - phases[p, BLOCK_0]) * block
        count = min(block, phases[p, PATCHES] - first)
        for q in range(count):
            n, d, row, col = _origin(first + q, phases[p])
            _transform_inputs(
                x.ctypes.data, n, d, row, col, phases[p, PART_0], starts, frame, zeros.ctypes.data, table, like, size,
                v_at + q * terms * size,
            )  # fmt: skip
        for q in range(block):  # rows past the end repeat the last
            rows[q] = v_at + min(q, count - 1) * terms * size
            outs[q] = m_at + min(q, count - 1) * outputs * size
        b0 = filter36.ctypes.data + phases[p, SET] * panels * terms * width * size
        for k in range(36):
            for j in range(panels):
                b = b0 + k * f_plane + j * terms * width * size
                cols = min(width, outputs - j * width)
                for q in range(0, count, mr):
                    at, out = rows.ctypes.data + q * 8, outs.ctypes.data + q * 8
                    shift, out_shift = k * v_plane, k * m_plane + j * width * size
                    if cols > lanes:
                        tile(2, 2, 1, segment.ctypes.data, at, 0, shift, size, b, width * size,
                             out, out_shift, ZERO, 0, cols, lowest)  # fmt: skip
                    else:
                        tile(2, 1, 1, segment.ctypes.data, at, 0, shift, size, b, width * size,
                             out, out_shift, ZERO, 0, cols, lowest)  # fmt: skip
        strange = False
        for q in range(count):
            n, d, row, col = _origin(first + q, phases[p])
            # pixels outside the output go to one spare row
            _targets(y.ctypes.data, n, d, row, col, phases[p], frame, spare.ctypes.data, table)
            for c in range(0, outputs, lanes):
                src, start = m_at + (q * outputs + c) * size, bias.ctypes.data + c * size
                if frame[SIDE] == 5:
                    strange |= scatter(OUTPUT_5, src, m_plane, table.ctypes.data, c * size, start, outputs - c, like)
                else:
                    strange |= scatter(OUTPUT, src, m_plane, table.ctypes.data, c * size, start, outputs - c, like)
        if strange:
            odd[0] = 1


@kernel
def transform_patches(
    lo: int, hi: int, x: Any, gy: Any, first: int, zeros: Any, phases: Any, starts: Any, frame: Any,
    inputs36: Any, grads36: Any,
) -> None:  # fmt: skip
    """inputs36[36, part and C, q] = BT x BT^T, by vectors or not, and grads36[36, panel, q, :] = AT^T gy AT.

    An item is patch first + q.
    """
    like = x.dtype.type(0)
    size, lanes = x.itemsize, lanes_of(like)
    outputs, block = frame[OUT_C], frame[BLOCK]
    table = np.empty(36, np.int64)
    p = 0
    for q in range(lo, hi):
        while p + 1 < phases.shape[0] and phases[p + 1, PATCH_0] <= first + q:
            p += 1
        n, d, row, col = _origin(first + q - phases[p, PATCH_0], phases[p])
        _transform_inputs(
            x.ctypes.data, n, d, row, col, phases[p, PART_0], starts, frame, zeros.ctypes.data, table, like, size,
            inputs36.ctypes.data + q * frame[V_ROW],
        )  # fmt: skip
        _targets(gy.ctypes.data, n, d, row, col, phases[p], frame, zeros.ctypes.data, table)
        for c in range(0, outputs, lanes):
            j, half = divmod(c // lanes, 2)
            dst = grads36.ctypes.data + (((j * block + q) * 2) + half) * lanes * size
            far = frame[M_PLANE] * size
            if frame[SIDE] == 5:
                gather(OUTPUT_GRAD_5, table.ctypes.data, c * size, dst, far, outputs - c, like)
            else:
                gather(OUTPUT_GRAD, table.ctypes.data, c * size, dst, far, outputs - c, like)


@kernel
def transform_sums(lo: int, hi: int, sums: Any, far: int, taps: Any, frame: Any, gw: Any) -> None:
    """gw[tap, c, :] = G^T sums[36, part, c, :] G for the taps of a part; an item is one c of a part."""
    like = sums.dtype.type(0)
    lanes, size, inputs, outputs = lanes_of(like), sums.itemsize, frame[IN_C], frame[OUT_C]
    spare, table = np.empty(outputs + lanes, sums.dtype), np.empty(9, np.int64)
    zeros = np.zeros(lanes, sums.dtype)
    for item in range(lo, hi):
        s, c = divmod(item, inputs)
        for t in range(taps.shape[2]):
            tap = taps[0, s, t]
            at = gw.ctypes.data + (tap * inputs + c) * outputs * size
            table[t] = at if tap >= 0 else spare.ctypes.data
        for o in range(0, outputs, lanes):
            src = sums.ctypes.data + (item * outputs + o) * size
            if taps.shape[2] == 4:
                scatter(FILTER_GRAD_2, src, far, table.ctypes.data, o * size, zeros.ctypes.data, outputs - o, like)
            else:
                scatter(FILTER_GRAD, src, far, table.ctypes.data, o * size, zeros.ctypes.data, outputs - o, like)
