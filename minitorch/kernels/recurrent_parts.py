"""What the kernels of `recurrent_steps` share: memory, the product of a slice, and the meeting after each step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._parallel import idle_address
from ..codegen.gemm import lanes_of, rows_of, size_of, tile
from ..codegen.move import move
from ..codegen.wait import arrive, await_count
from ..jit import Kernel, helper
from .tiles import aligned, pack, panel_width, start_of

Array = NDArray[Any]

BLOCK = 96  # sequences of an item: eight tiles of rows that share a pass over the weights


def panels_of(b: Array, gates: int = 1) -> Array:
    """Lay b (K, gates * N) out in panels of two vectors, for `product`; each gate's last one is filled with zeros."""
    (terms, cols), (row, col), width = b.shape, b.strides, panel_width(b.itemsize)
    cols //= gates
    count = gates * -(-cols // width)
    panels = aligned(count * terms * width, b.dtype)
    sources = np.arange(gates) * (cols * col)
    pack(count, panels.size, start_of(b), sources, 1, 0, cols, col, row, np.arange(terms), terms, panels)
    return panels


def planes_for(state: Array, steps: int, kinds: int) -> Array:
    """Return memory for planes of a state (B, H): (steps, blocks, slices, kinds, elements)."""
    width = panel_width(state.itemsize)
    blocks, slices = -(-len(state) // BLOCK), -(-state.shape[1] // width)
    return np.empty((steps, blocks, slices, kinds, min(BLOCK, len(state)) * width), state.dtype)


def to_planes(state: Array) -> Array:
    """Return a state (B, H) in planes (blocks, slices, elements)."""
    planes, width = planes_for(state, 1, 1)[0, :, :, 0], panel_width(state.itemsize)
    blocks, slices, elements = planes.shape
    whole = np.zeros((blocks, elements // width, slices, width), state.dtype)
    whole.reshape(-1, slices * width)[: len(state), : state.shape[1]] = state
    planes.reshape(blocks, slices, -1, width)[...] = whole.swapaxes(1, 2)
    return planes


def from_planes(planes: Array, shape: tuple[int, int]) -> Array:
    """Return the state (B, H) that planes hold."""
    (blocks, slices, _), width = planes.shape, panel_width(planes.itemsize)
    rows = planes.reshape(blocks, slices, -1, width).swapaxes(1, 2).reshape(-1, slices * width)
    return np.ascontiguousarray(rows[: shape[0], : shape[1]])


def run(step_kernel: Kernel, stages: Array, steps: Array, hidden: int, work: int, *args: Any) -> None:
    """Launch over the stages, some or all of the steps; `work` is that of a row, `hidden` the width that is sliced."""
    rows = stages[:, 1]
    blocks = -(-int(rows.max(initial=1)) // BLOCK)
    slices = -(-hidden // panel_width(args[0].itemsize))
    total = work * int(rows.sum())
    done = np.zeros((len(steps), blocks), np.int64)
    # a meeting costs a microsecond or two, so steps of ten of them are shared out
    shared = slices * blocks > 1 and total >> 18 >= len(stages)
    step_kernel.in_turn(len(stages) * blocks * slices, total if shared else 0, *args, steps, done, idle_address())


@helper
def product(
    a: int, step: int, rows: int, terms: int, panel: int, out: int, start: int, tables: Any, lowest: Any
) -> None:
    """Write a (rows, terms), its rows `step` bytes apart, by a panel to the scratch at `out`, or add it to that."""
    mr, width = rows_of(lowest), 2 * lanes_of(lowest) * size_of(lowest)
    tables[0], tables[1], tables[2] = terms, 0, 0
    segment = tables.ctypes.data
    row_table, out_table = segment + 24, segment + 24 + 8 * mr
    for first in range(0, rows, mr):
        for i in range(mr):
            r = min(first + i, rows - 1)  # rows past the end repeat the last
            tables[3 + i], tables[3 + mr + i] = a + r * step, out + r * width
        if 2 * (rows - first) > mr:
            tile(2, 2, 1, segment, row_table, 0, 0, size_of(lowest), panel, width, out_table, 0, start, out,
                 2 * lanes_of(lowest), lowest)  # fmt: skip
        else:
            tile(1, 2, 1, segment, row_table, 0, 0, size_of(lowest), panel, width, out_table, 0, start, out,
                 2 * lanes_of(lowest), lowest)  # fmt: skip


@helper
def gather(x: Array, row: int, col: int, rows: int, live: int, plane: Array, at: int, like: Any) -> None:
    """Copy x[row : row + rows, col : col + live] to the scratch plane from row `at` on."""
    lanes, size = lanes_of(like), size_of(like)
    if live == 2 * lanes:
        source, to = x.ctypes.data + (row * x.shape[1] + col) * size, plane.ctypes.data + at * 2 * lanes * size
        for r in range(rows):
            begin, end = source + r * x.shape[1] * size, to + r * 2 * lanes * size
            move(begin, end, like)
            move(begin + lanes * size, end + lanes * size, like)
    else:
        for r in range(rows):
            for k in range(live):
                plane[(at + r) * 2 * lanes + k] = x[row + r, col + k]


@helper
def scatter(plane: Array, at: int, rows: int, live: int, x: Array, row: int, col: int, like: Any) -> None:
    """Copy rows of the scratch plane, from `at` on, to x[row : row + rows, col : col + live]."""
    lanes, size = lanes_of(like), size_of(like)
    if live == 2 * lanes:
        source, to = plane.ctypes.data + at * 2 * lanes * size, x.ctypes.data + (row * x.shape[1] + col) * size
        for r in range(rows):
            begin, end = source + r * 2 * lanes * size, to + r * x.shape[1] * size
            move(begin, end, like)
            move(begin + lanes * size, end + lanes * size, like)
    else:
        for r in range(rows):
            for k in range(live):
                x[row + r, col + k] = plane[(at + r) * 2 * lanes + k]


@helper
def hand_on(
    plane: Array, rows: int, live: int, r0: int, col: int, left: int, following: int, before: Array, last: Array,
    like: Any,
) -> None:  # fmt: skip
    """Write a state to where the step after reads it, for the `left` sequences it has, to `last` for the others."""
    on = max(0, min(rows, left - r0))
    scatter(plane, 0, on, live, before, following + r0, col, like)
    scatter(plane, on, rows - on, live, last, r0 + on, col, like)


@helper
def place(item: int, done: Array, slices: int, idle: int) -> tuple[int, int, int]:
    """Return (step, block, slice) of an item, once the step before is finished in its block."""
    s, rest = divmod(item, done.shape[1] * slices)
    block, p = divmod(rest, slices)
    if s > 0:
        await_count(done.ctypes.data + ((s - 1) * done.shape[1] + block) * 8, slices, idle)
    return s, block, p


@helper
def finish(s: int, block: int, done: Array) -> None:
    """Say that an item is done."""
    arrive(done.ctypes.data + (s * done.shape[1] + block) * 8)


@helper
def add_bias(plane: Array, rows: int, live: int, bias: Array, col: int, width: int) -> None:
    """Add bias[col : col + live] to the rows of a scratch plane."""
    for r in range(rows):
        for k in range(live):
            plane[r * width + k] += bias[col + k]
