"""Sums of products over rows found through tables: the one kernel under convolution and matrix products.

The result is a grid of rows (pixels, or rows of a matrix) by columns (output channels).  A *phase* is a grid
with a list of *taps*; for each row, a tap names a run of the input and a block of the packed operand that it
is multiplied by.  Forward convolution has one phase, the input gradient one for each residue of the
stride, a matrix product one a batch item, with blocks of the sum for taps.  Work is cut into items of at most
`BLOCKS` blocks of tile rows; an element of the result is summed by one tile in an order that the shape fixes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..codegen.gemm import ADD, STREAM, host_tile, lanes_of, rows_of, tile
from ..codegen.move import move, peek, poke, transpose
from ..jit import helper, kernel
from .layout import Array

BLOCKS = 8  # blocks of tile rows that share one pass over the packed operand
TABLE_BYTES = 1 << 16  # bound of an item's address table, unless one block alone needs more
# part of a packed panel that is kept in the L2 cache while an item's blocks pass over it
PANEL_BYTES = 1 << 18
STREAM_BYTES = 1 << 24  # results from this size on are written past the caches
ITEMS = 16  # enough independent items to occupy the threads; fixed, so that the shape alone decides

# Fields of a phase.
(
    FIRST, GRID_D, GRID_H, GRID_W, IMAGES, TAP, TAPS, W_OFF, X_OFF, Y_OFF,
    LOW_D, LOW_H, LOW_W, HIGH_D, HIGH_H, HIGH_W, PHASE,
) = range(17)  # fmt: skip
# Fields of a tap: offset along each axis of the input, number of terms, byte offsets into the row and the
# panel.
TAP_D, TAP_H, TAP_W, TERMS, ROW_OFF, PANEL_OFF, TAP_FIELDS = range(7)
# Fields of the frame, which all phases share; strides are in bytes, those of y for one step of the grid.
(
    X_N, X_D, X_H, X_W, STEP_D, STEP_H, STEP_W, SIZE_D, SIZE_H, SIZE_W, X_TERM,
    Y_N, Y_D, Y_H, Y_W, COLS, PANEL, GROUPS, X_GROUP, W_GROUP, CHUNK, SPLITS, MOST_TAPS, PASS, FRAME,
) = range(25)  # fmt: skip


class Plan(NamedTuple):
    """What the shape alone decides, in the form the kernel reads."""

    span: int
    work: int
    phases: Array
    taps: Array
    frame: Array
    zeros: Array  # what rows in the padding read


def make_plan(phases: Array, taps: Array, frame: Array, dtype: np.dtype[Any]) -> Plan:
    """Complete the tables: cut phases into items, and passes over taps so that panels stay in cache."""
    rows, lanes = host_tile(dtype.itemsize)
    terms = int(taps[:, TERMS].max(initial=1))
    cells = phases[:, GRID_D] * phases[:, GRID_H] * phases[:, GRID_W] * phases[:, IMAGES]
    blocks = -(-cells // rows)
    frame[MOST_TAPS] = most = max(1, int(phases[:, TAPS].max()))
    frame[CHUNK] = chunk = max(1, min(BLOCKS, TABLE_BYTES // (most * rows * 8), int(blocks.max())))
    chunks = -(-blocks // chunk)
    panels = -(-int(frame[COLS]) // (2 * lanes)) * int(frame[GROUPS])
    frame[SPLITS] = splits = min(panels, -(-ITEMS // max(1, int(chunks.sum()))))
    frame[PASS] = max(1, PANEL_BYTES // (terms * 2 * lanes * dtype.itemsize))
    items = chunks * splits
    phases[:, FIRST] = np.cumsum(items) - items
    for phase in phases:
        own = taps[phase[TAP] : phase[TAP] + phase[TAPS], :3]
        phase[LOW_D : LOW_W + 1] = np.maximum(0, -own).max(0, initial=0)
        sizes = frame[SIZE_D : SIZE_W + 1]
        phase[HIGH_D : HIGH_W + 1] = np.minimum(sizes, sizes - own.max(0, initial=0))
    products = sum(int(c) * int(taps[p[TAP] : p[TAP] + p[TAPS], TERMS].sum()) for c, p in zip(cells, phases))
    work = int(frame[COLS] * frame[GROUPS]) * products // 4
    channels = terms + int(frame[X_GROUP] * (frame[GROUPS] - 1)) // dtype.itemsize
    zeros = np.zeros(channels, dtype)
    return Plan(int(items.sum()), work, phases, taps, frame, zeros)


def panel_width(itemsize: int) -> int:
    """Columns of a packed panel."""
    return 2 * host_tile(itemsize)[1]


def aligned(count: int, dtype: np.dtype[Any]) -> Array:
    """Return uninitialised memory that starts at a cache line: a vector across two costs two loads."""
    raw = np.empty(count * dtype.itemsize + 64, np.uint8)
    skip = -raw.ctypes.data % 64
    return raw[skip : skip + count * dtype.itemsize].view(dtype)


def start_of(x: Array) -> Array:
    """View the first element of a non-empty array; kernels reach the rest by address."""
    return x[(slice(0, 1),) * x.ndim].reshape(-1)


def streams(out: Array, cols: int) -> int:
    """Return STREAM if a logical result (N, C, ...), stored channels last, had better not go through the caches.

    It would leave them before anybody reads it, and its lines would be read before they are written. Each group's
    `cols` channels have to begin at a cache line: such a store elsewhere ends the process.
    """
    whole = cols * out.itemsize % 64 == 0 and out.ctypes.data % 64 == 0
    return STREAM if out.nbytes >= STREAM_BYTES and whole else 0


@kernel
def multiply(
    lo: int, hi: int, x: Any, packed: Any, bias: Any, start: int, floor: Any,
    zeros: Any, phases: Any, taps: Any, frame: Any, y: Any,
) -> None:  # fmt: skip
    """y[row, :] = max(floor, start + sum over taps of x[row of tap] @ packed[tap]), rows and taps as in
    `phases`.
    """
    mr = rows_of(floor)
    width = 2 * lanes_of(floor)
    lowest = packed.dtype.type(-np.inf)
    most = frame[MOST_TAPS]
    rows = np.empty(frame[CHUNK] * most * mr, np.int64)
    outs = np.empty(frame[CHUNK] * mr, np.int64)
    cells = np.empty(4 * mr, np.int64)
    segments = np.empty(most * 3, np.int64)
    panels = (frame[COLS] + width - 1) // width * frame[GROUPS]
    p, before, blocks = -1, -1, 0
    for item in range(lo, hi):
        while p + 1 < phases.shape[0] and phases[p + 1, FIRST] <= item:
            p += 1
            before = -1
            for t in range(phases[p, TAPS]):
                tap = taps[phases[p, TAP] + t]
                segments[3 * t], segments[3 * t + 1], segments[3 * t + 2] = tap[TERMS], 0, tap[PANEL_OFF]
        chunk, split = divmod(item - phases[p, FIRST], frame[SPLITS])
        if chunk != before:
            blocks = _locate(
                chunk, phases[p], taps, frame, x.ctypes.data, y.ctypes.data, zeros.ctypes.data, floor,
                cells, rows, outs,
            )  # fmt: skip
            before = chunk
        low, high = split * panels // frame[SPLITS], (split + 1) * panels // frame[SPLITS]
        for panel in range(low, high):
            g, j = divmod(panel, panels // frame[GROUPS])
            b = packed.ctypes.data + phases[p, W_OFF] + g * frame[W_GROUP] + j * frame[PANEL]
            shift = g * frame[X_GROUP]
            c0 = (g * frame[COLS] + j * width) * y.itemsize
            bias_at = bias.ctypes.data + c0
            cols = min(width, frame[COLS] - j * width)
            t0 = 0
            while t0 == 0 or t0 < phases[p, TAPS]:
                count = min(frame[PASS], phases[p, TAPS] - t0)
                least = floor if t0 + count == phases[p, TAPS] else lowest
                how = start % STREAM if t0 == 0 else ADD
                if start >= STREAM and cols == width and t0 + count == phases[p, TAPS]:
                    how += STREAM
                seg = segments.ctypes.data + t0 * 24
                for k in range(blocks):
                    at = rows.ctypes.data + (k * most + t0) * mr * 8
                    out = outs.ctypes.data + k * mr * 8
                    if cols > width // 2:
                        tile(2, 2, count, seg, at, mr * 8, shift, frame[X_TERM], b, width * y.itemsize,
                             out, c0, how, bias_at, cols, least)  # fmt: skip
                    else:
                        tile(2, 1, count, seg, at, mr * 8, shift, frame[X_TERM], b, width * y.itemsize,
                             out, c0, how, bias_at, cols, least)  # fmt: skip
                t0 += frame[PASS]


@helper
def _locate(
    chunk: int,
    phase: Any,
    taps: Any,
    frame: Any,
    x: int,
    y: int,
    zeros: int,
    like: Any,
    cells: Any,
    rows: Any,
    outs: Any,
) -> int:
    """Write the addresses of a chunk's input rows, tap by tap, and of its results; return its number of
    blocks.
    """
    mr = rows_of(like)
    first = chunk * frame[CHUNK] * mr
    last = min(phase[IMAGES] * phase[GRID_D] * phase[GRID_H] * phase[GRID_W], first + frame[CHUNK] * mr) - 1
    step_d, step_h, step_w = frame[STEP_D], frame[STEP_H], frame[STEP_W]
    x_n, x_d, x_h, x_w = frame[X_N], frame[X_D], frame[X_H], frame[X_W]
    y_n, y_d, y_h, y_w = frame[Y_N], frame[Y_D], frame[Y_H], frame[Y_W]
    grid_d, grid_h, grid_w = phase[GRID_D], phase[GRID_H], phase[GRID_W]
    low_d, low_h, low_w = phase[LOW_D], phase[LOW_H], phase[LOW_W]
    high_d, high_h, high_w = phase[HIGH_D], phase[HIGH_H], phase[HIGH_W]
    base, at_d, at_h, at_w = cells[:mr], cells[mr : 2 * mr], cells[2 * mr : 3 * mr], cells[3 * mr :]
    size_d, size_h, size_w = frame[SIZE_D], frame[SIZE_H], frame[SIZE_W]
    x, y = x + phase[X_OFF], y + phase[Y_OFF]
    row, c = divmod(first, phase[GRID_W])
    plane, b = divmod(row, phase[GRID_H])
    n, a = divmod(plane, phase[GRID_D])
    blocks: int = (last - first) // mr + 1
    for k in range(blocks):
        edge = False
        for i in range(mr):
            d, h, w = a * step_d, b * step_h, c * step_w
            base[i] = x + n * x_n + d * x_d + h * x_h + w * x_w
            outs[k * mr + i] = y + n * y_n + a * y_d + b * y_h + c * y_w
            inside = low_d <= d < high_d and low_h <= h < high_h and low_w <= w < high_w
            at_d[i], at_h[i], at_w[i] = d, h, w
            edge = edge or not inside
            if first + k * mr + i < last:  # rows past the end repeat the last
                c += 1
                if c == grid_w:
                    c, b = 0, b + 1
                    if b == grid_h:
                        b, a = 0, a + 1
                        if a == grid_d:
                            a, n = 0, n + 1
        for t in range(phase[TAPS]):
            tap = taps[phase[TAP] + t]
            delta = tap[TAP_D] * x_d + tap[TAP_H] * x_h + tap[TAP_W] * x_w + tap[ROW_OFF]
            table = rows[(k * frame[MOST_TAPS] + t) * mr :]
            for i in range(mr):
                table[i] = base[i] + delta
            if edge:  # taps that lie in the padding read zeros
                for i in range(mr):
                    d, h, w = at_d[i] + tap[TAP_D], at_h[i] + tap[TAP_H], at_w[i] + tap[TAP_W]
                    if d < 0 or d >= size_d or h < 0 or h >= size_h or w < 0 or w >= size_w:
                        table[i] = zeros
    return blocks


@kernel
def pack(
    lo: int, hi: int, source: Any, sources: Any, outer: int, outer_step: int, cols: int, col_step: int,
    inner_step: int, places: Any, total: int, packed: Any,
) -> None:  # fmt: skip
    """Lay an operand out in panels: packed[g, panel, places[q] + e, col] = source[g, e, q, col], steps in
    bytes.

    `packed` is flat, (groups, panels, total rows, width); columns past the end are zero; places < 0 are left
    out. An item is one panel of one group.
    """
    like = packed.dtype.type(0)
    size, lanes = packed.itemsize, lanes_of(like)
    width, panels = 2 * lanes, (cols + 2 * lanes - 1) // (2 * lanes)
    square = np.empty(lanes * lanes, packed.dtype)
    squares = inner_step == size and col_step > 0 and outer_step >= 0
    for item in range(lo, hi):
        g, j = divmod(item, panels)
        for v in range(0, width, lanes):
            live = min(lanes, cols - j * width - v)
            source_v = source.ctypes.data + sources[g] + (j * width + v) * col_step
            panel_v = packed.ctypes.data + (item * total * width + v) * size
            for e in range(outer):
                begin, end = source_v + e * outer_step, panel_v + e * width * size
                if live == lanes and col_step == size:
                    for q in range(places.size):
                        if places[q] >= 0:
                            move(begin + q * inner_step, end + places[q] * width * size, like)
                # Whole vectors are read, which must not leave the operand: a short last row is packed
                # plainly.
                elif (
                    live == lanes
                    and squares
                    and (places.size >= lanes or (e + 1 < outer and outer_step >= lanes * col_step))
                ):
                    _pack_squares(begin, col_step, places, lanes, like, square, end)
                else:
                    _pack_plain(begin, col_step, inner_step, places, live, lanes, size, like, end)


@helper
def _pack_squares(begin: int, col_step: int, places: Any, lanes: int, like: Any, square: Any, end: int) -> None:
    """Pack `lanes` columns whose terms are contiguous, a transposed square at a time."""
    size, row = square.itemsize, lanes * square.itemsize
    for block in range((places.size + lanes - 1) // lanes):
        q = max(0, min(block * lanes, places.size - lanes))
        transpose(begin + q * size, col_step, square.ctypes.data, row, like)
        for i in range(min(lanes, places.size)):
            if places[q + i] >= 0:
                move(square.ctypes.data + i * row, end + places[q + i] * 2 * row, like)


@helper
def _pack_plain(
    begin: int,
    col_step: int,
    inner_step: int,
    places: Any,
    live: int,
    lanes: int,
    size: int,
    like: Any,
    end: int,
) -> None:
    """Pack up to `lanes` columns, any strides; columns past the end are zero."""
    for q in range(places.size):
        if places[q] >= 0:
            at = end + places[q] * 2 * lanes * size
            for c in range(lanes):
                poke(at + c * size, peek(begin + q * inner_step + c * col_step, like) if c < live else like)
