"""The weight gradient of convolution: an outer product summed over pixels, both operands read where they are.

For a tap, the pixels of one output row that meet the input form a *run*: both operands advance by a constant
step. The sum over pixels is cut into a number of *parts* that the shape fixes; a part goes through its output
rows in blocks that fit the L2 cache, and adds each block to its own partial gradient. A second pass adds the
parts in order and brings the result from (tap, channel, filter) to the weight's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..codegen.gemm import ADD, ZERO, host_tile, lanes_of, rows_of, tile
from ..codegen.move import move, peek, poke, transpose
from ..jit import helper, kernel
from . import conv_lanes, conv_planes, small_weight, winograd_parts
from .conv import Case, by_winograd, dense_strides, folds, in_parts, lanes_plan, settle
from .conv_groups import diagonal_blocks
from .layout import Array, as_channels_last
from .slabs import SLAB_BYTES, copied, padded, slabs
from .tiles import aligned, panel_width, start_of
from .window import Pairs
from .winograd_weight import weight_grad

PARTS = 8  # independent sums over pixels, so that threads need not share one; fixed by shape
PARTIAL_BYTES = 1 << 23  # bound of the partial gradients together
BLOCK_BYTES = 3 << 17  # input and output gradient of a block of rows: they stay in the L2 cache over all taps

# Fields of the frame; strides in bytes.
(
    X_N, X_D, X_H, X_W, STEP_D, STEP_H, STEP_W, OUT_D, OUT_H, OUT_W, G_W, ROWS, COLS,
    GROUPS, PARTS_, SHARES, BLOCK, TAPS, FRAME,
) = range(19)  # fmt: skip
# Fields of a tap: offset along each axis of the input, then the valid range [low, high) of outputs along
# each.
TAP_D, TAP_H, TAP_W, LOW_D, LOW_H, LOW_W, HIGH_D, HIGH_H, HIGH_W, TAP_FIELDS = range(10)


class WeightPlan(NamedTuple):
    """What the shape alone decides."""

    span: int
    work: int
    taps: Array
    frame: Array
    rows: int  # output rows (N, D, H) in all
    partial: int  # elements of one part's gradient


def conv_weight_grad(
    gy: Array,
    x: Array,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Pairs,
    dilation: Sequence[int],
    groups: int,
    winograd: bool = False,
) -> Array:
    """Return the gradient (O, C / groups, *kernel) of `conv_forward` by its weight.

    >>> conv_weight_grad(np.ones((1, 1, 4)), np.ones((1, 1, 4)), (3,), (1,), ((1, 1),), (1,), 1).tolist()
    [[[3.0, 4.0, 3.0]]]
    """
    gradients = small_weight.gradients(gy, x, kernel, stride, padding, dilation, groups, False)
    if gradients is not None:
        return gradients[0]
    shape = (gy.shape[1], x.shape[1] // groups, *kernel)
    if gy.size == 0 or x.size == 0:
        return np.zeros(shape, x.dtype)
    case, merged, _ = settle(
        x.shape[0], x.shape[1], gy.shape[1], groups, x.shape[2:], tuple(kernel), tuple(stride), tuple(padding),
        tuple(dilation), x.dtype,
    )  # fmt: skip
    window = case.window
    if conv_planes.is_planar(x, window, x.shape[1], gy.shape[1], groups):
        return conv_planes.weight_grad(x, gy, window, groups).reshape(shape)
    if x.nbytes + gy.nbytes > SLAB_BYTES:
        nbytes = copied(x, folds(case) and any(window.padding[2])) + copied(gy)
        cuts = slabs(len(x), nbytes, prod(shape) * x.itemsize)
        if len(cuts) > 1:
            how = (kernel, stride, padding, dilation, groups, winograd)
            gw = conv_weight_grad(gy[cuts[0]], x[cuts[0]], *how)
            for cut in cuts[1:]:
                gw += conv_weight_grad(gy[cut], x[cut], *how)
            return gw
    rows, grads = as_channels_last(x), as_channels_last(gy)
    if case.turns:
        return conv_lanes.weight_grad(lanes_plan(case, False), rows, grads, case.turns).reshape(shape)
    if winograd and by_winograd(case):
        gw = np.empty(shape, x.dtype)
        if _by_winograd(case, rows, grads, gw):
            return gw
    parts = in_parts(case, False) if winograd else None
    if parts is not None:
        found = winograd_parts.weight_grad(rows, grads, case.images, case.channels, case.filters, case.window, parts)
        if np.isfinite(found).all():
            return _collected(case, found.reshape(-1), 1).reshape(shape)
    if folds(case):
        rows = padded(rows, window.padding[2])
    gw = _outer(case, rows, grads).reshape(gy.shape[1], -1, *kernel)
    return diagonal_blocks(gw, groups, merged)


def _by_winograd(case: Case, rows: Array, grads: Array, gw: Array) -> bool:
    """Run Winograd's algorithm; return whether the result stands: see `winograd_weight.weight_grad`."""
    maps = case.images * case.window.output[0]
    before = (case.window.padding[1][0], case.window.padding[2][0])
    return weight_grad(rows.reshape(maps, *rows.shape[-3:]), grads.reshape(maps, *grads.shape[-3:]), before, gw)


def _outer(case: Case, rows: Array, grads: Array) -> Array:
    """Return the gradient (O, C / groups * taps) from dense channels-last operands."""
    plan = _weight_plan(case)
    partials = aligned(plan.partial * int(plan.frame[PARTS_]), rows.dtype)
    outer(plan.span, plan.work, start_of(rows), start_of(grads), plan.rows, plan.taps, plan.frame, partials)
    return _collected(case, partials, int(plan.frame[PARTS_]))


def _collected(case: Case, partials: Array, parts: int) -> Array:
    """Add the parts and return them in the weight's order (O, C / groups * taps)."""
    inputs, outputs = case.channels // case.groups, case.filters // case.groups
    gw = np.empty((case.filters, inputs * case.window.taps), partials.dtype)
    lanes = panel_width(partials.itemsize) // 2
    blocks = case.groups * -(-outputs // lanes) * -(-inputs // lanes)
    # Partials are in (tap, channel) order, or (depth and height, (width, channel)) with folded rows: the
    # same.
    collect(blocks, 2 * partials.nbytes, partials, parts, outputs, inputs, case.window.taps, gw)
    return gw


@lru_cache(maxsize=512)
def _weight_plan(case: Case) -> WeightPlan:
    window, size = case.window, case.dtype.itemsize
    inputs, outputs = case.channels // case.groups, case.filters // case.groups
    kd, kh, kw = window.kernel
    extent = list(window.size)
    folded = folds(case)
    if folded:
        extent[2] += sum(window.padding[2])
        inputs, kw = inputs * kw, 1
    frame = np.zeros(FRAME, np.int64)
    frame[X_N : X_W + 1] = dense_strides(extent, case.channels, size)
    frame[STEP_D : STEP_W + 1], frame[OUT_D : OUT_W + 1] = window.stride, window.output
    frame[G_W], frame[ROWS], frame[COLS], frame[GROUPS] = case.filters * size, inputs, outputs, case.groups
    taps = np.zeros((kd * kh * kw, TAP_FIELDS), np.int64)
    position = np.stack(np.unravel_index(np.arange(len(taps)), (kd, kh, kw)), 1)
    taps[:, :3] = position * window.dilation - [pair[0] for pair in window.padding]
    for axis in range(3):
        taps[:, [LOW_D + axis, HIGH_D + axis]] = [window.inside(axis, int(t)) for t in position[:, axis]]
    if folded:
        taps[:, [TAP_W, LOW_W]], taps[:, HIGH_W] = 0, window.output[2]
    partial = case.groups * len(taps) * inputs * outputs
    rows = case.images * window.output[0] * window.output[1]
    row_bytes = size * (extent[2] * case.channels * window.stride[1] + window.output[2] * case.filters)
    block = max(1, min(BLOCK_BYTES // row_bytes, rows))
    parts = max(1, min(PARTS, PARTIAL_BYTES // (partial * size), -(-rows // block)))
    tiles_of_rows = -(-inputs // _tile_rows(size))
    shares = min(len(taps) * tiles_of_rows * case.groups, -(-PARTS // parts))
    frame[PARTS_], frame[SHARES], frame[BLOCK], frame[TAPS] = parts, shares, block, len(taps)
    work = partial * rows * window.output[2] // 4
    return WeightPlan(parts * shares, work, taps, frame, rows, partial)


def _tile_rows(itemsize: int) -> int:
    return host_tile(itemsize)[0]


@kernel
def outer(lo: int, hi: int, x: Any, gy: Any, total_rows: int, taps: Any, frame: Any, partials: Any) -> None:
    """partials[part, group, tap, c, o] = sum of x[pixel + tap, c] * gy[pixel, o] over the part's output rows.

    An item is a part's share of the (group, tap, tile of channels) triples.
    """
    like = partials.dtype.type(0)
    least = partials.dtype.type(-np.inf)
    size, mr, width = partials.itemsize, rows_of(like), 2 * lanes_of(like)
    inputs, outputs, count = frame[ROWS], frame[COLS], frame[TAPS]
    panels, steps = (outputs + width - 1) // width, (inputs + mr - 1) // mr
    pixels = frame[BLOCK] * frame[OUT_W]
    pixel = frame[X_W] * frame[STEP_W]
    # one more vector than needed, to start the panels at a cache line
    memory = np.empty(panels * pixels * width + width, partials.dtype)
    runs = np.empty(frame[BLOCK] * 3, np.int64)
    rows, outs = np.empty(mr, np.int64), np.empty(mr, np.int64)
    triples = frame[GROUPS] * count * steps
    for item in range(lo, hi):
        part, share = divmod(item, frame[SHARES])
        partial = partials.ctypes.data + part * frame[GROUPS] * count * inputs * outputs * size
        first, end = share * triples // frame[SHARES], (share + 1) * triples // frame[SHARES]
        r0 = part * total_rows // frame[PARTS_]
        stop = (part + 1) * total_rows // frame[PARTS_]
        start = ZERO
        while r0 < stop:
            # Numba frees an array after its last mention, addresses do not count: so it is mentioned in here
            packed = memory.ctypes.data + (-memory.ctypes.data) % 64
            r1 = min(r0 + frame[BLOCK], stop)
            for g in range(first // (count * steps), (end - 1) // (count * steps) + 1):
                source = gy.ctypes.data + r0 * frame[OUT_W] * frame[G_W] + g * outputs * size
                _pack_pixels(source, frame[G_W], (r1 - r0) * frame[OUT_W], outputs, width, size, like, packed)
                panel = (r1 - r0) * frame[OUT_W] * width * size
                t_before, found = -1, 0
                for triple in range(max(first, g * count * steps), min(end, (g + 1) * count * steps)):
                    t, step = divmod(triple - g * count * steps, steps)
                    if t != t_before:
                        found = _find_runs(r0, r1, taps[t], frame, width * size, runs)
                        t_before = t
                    origin = partial + ((g * count + t) * inputs + step * mr) * outputs * size
                    for i in range(mr):  # rows past the end repeat the last
                        live = min(i, inputs - step * mr - 1)
                        rows[i] = x.ctypes.data + (g * inputs + step * mr + live) * size
                        outs[i] = origin + live * outputs * size
                    for j in range(panels):
                        cols = min(width, outputs - j * width)
                        b, c0 = packed + j * panel, j * width * size
                        if cols > width // 2:
                            tile(2, 2, found, runs.ctypes.data, rows.ctypes.data, 0, 0, pixel,
                                 b, width * size, outs.ctypes.data, c0, start, 0, cols, least)  # fmt: skip
                        else:
                            tile(2, 1, found, runs.ctypes.data, rows.ctypes.data, 0, 0, pixel,
                                 b, width * size, outs.ctypes.data, c0, start, 0, cols, least)  # fmt: skip
            start = ADD
            r0 = r1


@helper
def _pack_pixels(
    source: int, step: int, pixels: int, outputs: int, width: int, size: int, like: Any, packed: int
) -> None:
    """Copy the pixels' channels into panels; columns past the end are zero."""
    lanes = width // 2
    for j in range((outputs + width - 1) // width):
        for q in range(pixels):
            begin = source + q * step + j * width * size
            end = packed + (j * pixels + q) * width * size
            cols = min(width, outputs - j * width)
            v = 0
            while v + lanes <= cols:
                move(begin + v * size, end + v * size, like)
                v += lanes
            for c in range(v, width):
                poke(end + c * size, peek(begin + c * size, like) if c < cols else like)


@helper
def _find_runs(r0: int, r1: int, tap: Any, frame: Any, pixel: int, runs: Any) -> int:
    """List the runs (terms, byte offsets into x and into the panel) of output rows r0 to r1 at a tap."""
    terms = tap[HIGH_W] - tap[LOW_W]
    found = 0
    if terms <= 0:
        return found
    for r in range(r0, r1):
        plane, b = divmod(r, frame[OUT_H])
        n, a = divmod(plane, frame[OUT_D])
        if tap[LOW_D] <= a < tap[HIGH_D] and tap[LOW_H] <= b < tap[HIGH_H]:
            d = a * frame[STEP_D] + tap[TAP_D]
            h = b * frame[STEP_H] + tap[TAP_H]
            w = tap[LOW_W] * frame[STEP_W] + tap[TAP_W]
            x_at = n * frame[X_N] + d * frame[X_D] + h * frame[X_H] + w * frame[X_W]
            g_at = ((r - r0) * frame[OUT_W] + tap[LOW_W]) * pixel
            last, step = 3 * found - 3, frame[X_W] * frame[STEP_W]
            # without padding and stride, rows continue each other
            joined = found > 0 and runs[last + 1] + runs[last] * step == x_at
            if joined and runs[last + 2] + runs[last] * pixel == g_at:
                runs[last] += terms
            else:
                runs[last + 3], runs[last + 4], runs[last + 5] = terms, x_at, g_at
                found += 1
    return found


@kernel(exact=True)
def collect(lo: int, hi: int, partials: Any, parts: int, outputs: int, inputs: int, taps: int, gw: Any) -> None:
    """gw[o, c * taps + t] = sum over parts, in order, of partials[part, group, t, c, o].

    An item is one vector of filters by as many channels of one group.  Its sums are taken in the order of the
    partials' memory, kept (channel, tap, filter) in the L1 cache, and leave it turned, a square at a time.
    """
    like = partials.dtype.type(0)
    lanes, size = lanes_of(like), gw.itemsize
    across, down = (inputs + lanes - 1) // lanes, (outputs + lanes - 1) // lanes
    whole = partials.size // parts
    sums = np.empty(lanes * taps * lanes, partials.dtype)
    for item in range(lo, hi):
        rest, c0 = item // across, item % across * lanes
        g, o0 = rest // down, rest % down * lanes
        live, channels = min(lanes, outputs - o0), min(lanes, inputs - c0)
        for p in range(parts):
            for t in range(taps):
                for c in range(channels):
                    at = p * whole + ((g * taps + t) * inputs + c0 + c) * outputs + o0
                    _add_row(p > 0, live, partials, at, sums, (c * taps + t) * lanes)
        row, first, terms = gw.shape[1], c0 * taps, channels * taps
        squares = terms // lanes if live == lanes else 0
        for q in range(0, squares * lanes, lanes):
            target = gw.ctypes.data + ((g * outputs + o0) * row + first + q) * size
            transpose(sums.ctypes.data + q * lanes * size, lanes * size, target, row * size, like)
        for o in range(live):
            for q in range(squares * lanes, terms):
                gw[g * outputs + o0 + o, first + q] = sums[q * lanes + o]


@helper(exact=True)
def _add_row(more: bool, live: int, row: Any, at: int, sums: Any, to: int) -> None:
    """sums[to + o] (+)= row[at + o]; a whole vector, of a length known when compiling, is one instruction."""
    lanes = lanes_of(row.dtype.type(0))
    if live < lanes:
        for o in range(live):
            sums[to + o] = sums[to + o] + row[at + o] if more else row[at + o]
    elif more:
        for o in range(lanes):
            sums[to + o] += row[at + o]
    else:
        for o in range(lanes):
            sums[to + o] = row[at + o]
