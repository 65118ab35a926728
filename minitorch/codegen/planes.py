"""Rows of planes: the vector's lanes are neighbouring pixels of one channel.

A *cell* is a vector's worth of pixels of an output row.  A tile sums several cells over a list of taps, each of which
is one weight and one distance in a buffer of padded input rows; so one loop serves every kernel size, and no cell
asks whether it lies at an edge.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .gemm import _phi
from .ir import I64, Vec, emitted, target_of, types
from .move import emit_prefetch

CELL = 3  # integers a cell: byte offset into the buffer, byte offset of its pixels in the result, a bit for each pixel
CELLS = 8  # of a tile: as many sums as hide the latency of the multiply-add
OUTER_CELLS, OUTER_TAPS = 2, 5  # of a tile of the weight gradient
FETCHES = 2  # cache lines that it asks for


@emitted
def plane_tile(
    typingctx: Any, cells: Any, x: Any, offsets: Any, taps: Any, w: Any, start: Any, out: Any
) -> Any:  # fmt: skip
    """Write to the pixels of `CELLS` cells start + sum over taps of x[cell + offset of tap] * w[tap].

    Parameters (integers; addresses and offsets in bytes)
    ----------
    cells, x, out
        Table of cells; what their offsets into the buffer and into the result count from.
    offsets, taps, w
        Table of the taps' offsets, their number, the address of their weights.
    start
        A number, whose type is that of the elements.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit_plane_tile(Vec(builder, start.bitwidth // 8, target_of(context)), *args)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5, start, types.int64), codegen


def emit_plane_tile(v: Vec, cells: Any, x: Any, offsets: Any, taps: Any, w: Any, start: Any, out: Any) -> None:
    """Emit `plane_tile` at the builder's position."""
    build = v.builder
    away = [build.add(x, v.load_int(cells, CELL * i)) for i in range(CELLS)]
    loop = _Loop(v, taps, [offsets, w], [v.spread(start)] * CELLS)
    offset, weight = v.load_int(loop.at[0]), v.broadcast(loop.at[1])
    new = [v.fma(v.load(build.add(at, offset)), weight, total) for at, total in zip(away, loop.state)]
    loop.close([8, v.itemsize], new)
    for i, total in enumerate(loop.state):
        place, live = (v.load_int(cells, CELL * i + field) for field in (1, 2))
        v.store_masked(total, build.add(out, place), v.bits(live))


@emitted
def plane_outer(
    typingctx: Any, cells: Any, pairs: Any, x: Any, g: Any, offsets: Any, sums: Any, ahead: Any, stride: Any, like: Any
) -> Any:
    """Add to `OUTER_TAPS` vectors at `sums` the sum over cells of x[cell + offset of tap] * g[cell].

    `pairs` times `OUTER_CELLS` cells; pixels that are not the cell's are neither read nor counted. Meanwhile `stride`
    bytes a pair are fetched from address `ahead` on.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit_plane_outer(Vec(builder, like.bitwidth // 8, target_of(context)), *args[:8])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 8, like), codegen


def emit_plane_outer(
    v: Vec, cells: Any, pairs: Any, x: Any, g: Any, offsets: Any, sums: Any, ahead: Any, stride: Any
) -> None:
    """Emit `plane_outer` at the builder's position."""
    build, zero = v.builder, v.splat(0.0)
    taps = [build.add(x, v.load_int(offsets, t)) for t in range(OUTER_TAPS)]
    places = [v.offset(sums, t * v.bytes) for t in range(OUTER_TAPS)]
    loop = _Loop(
        v, pairs, [cells, ahead], [v.load(place) for place in places] + [zero] * (OUTER_TAPS * (OUTER_CELLS - 1))
    )
    new = []
    for i in range(OUTER_CELLS):
        away, place, live = (v.load_int(loop.at[0], CELL * i + field) for field in range(CELL))
        mask = v.bits(live)
        grad = v.load_masked(build.add(g, place), mask)
        for t, tap in enumerate(taps):
            value = v.load_masked(build.add(tap, away), mask)
            new.append(v.fma(value, grad, loop.state[i * OUTER_TAPS + t]))
    quarter = build.sdiv(stride, ir.Constant(I64, FETCHES))
    for i in range(FETCHES):
        emit_prefetch(build, build.add(loop.at[1], build.mul(quarter, ir.Constant(I64, i))), near=2)
    loop.close([8 * CELL * OUTER_CELLS, stride], new)
    for t, place in enumerate(places):
        total = loop.state[t]
        for i in range(1, OUTER_CELLS):
            total = build.fadd(total, loop.state[i * OUTER_TAPS + t])
        v.store(total, place)


@emitted
def plane_copy(typingctx: Any, step: Any, count: Any, src: Any, dst: Any, like: Any) -> Any:
    """Copy `count` elements like `like`, every one (literal `step` 1) or every second (2), to neighbouring places."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit_plane_copy(Vec(builder, like.bitwidth // 8, target_of(context)), step.literal_value, *args[1:4])
        return context.get_dummy_value()

    return types.void(step, *[types.int64] * 3, like), codegen


def emit_plane_copy(v: Vec, step: int, count: Any, src: Any, dst: Any) -> None:
    """Emit `plane_copy` at the builder's position."""
    build, lanes = v.builder, ir.Constant(I64, v.lanes)

    def taken(at: Any, live: Any) -> Any:
        """Load what becomes one vector; without `live`, whole."""
        parts = []
        for i in range(step):
            mask = None if live is None else v.first(build.sub(live, ir.Constant(I64, i * v.lanes)))
            parts.append(v.load_live(v.offset(at, i * v.bytes), mask))
        return parts[0] if step == 1 else v._shuffle(parts[0], parts[1], range(0, 2 * v.lanes, 2))

    loop = _Loop(v, build.sdiv(count, lanes), [src, dst], [])
    v.store(taken(loop.at[0], None), loop.at[1])
    loop.close([step * v.bytes, v.bytes], [])
    rest = build.srem(count, lanes)
    some = build.icmp_signed(">", rest, ir.Constant(I64, 0))
    with build.if_then(some):
        # the last element taken is the last that is read
        live = build.sub(build.mul(rest, ir.Constant(I64, step)), ir.Constant(I64, step - 1))
        v.store_masked(taken(loop.at[0], live), loop.at[1], v.first(rest))


class _Loop:
    """A loop of `count` turns, possibly none, over addresses that advance and vectors that are carried along."""

    def __init__(self, v: Vec, count: Any, at: list[Any], state: list[Any]) -> None:
        self.build = build = v.builder
        entry = build.block
        self.head, self.body, self.done = (build.append_basic_block(name) for name in ("head", "turn", "done"))
        build.branch(self.head)
        build.position_at_end(self.head)
        self.left = _phi(build, count, entry)
        self.at = [_phi(build, address, entry) for address in at]
        self.state = [_phi(build, value, entry) for value in state]
        build.cbranch(build.icmp_signed(">", self.left, ir.Constant(I64, 0)), self.body, self.done)
        build.position_at_end(self.body)

    def close(self, steps: list[Any], new: list[Any]) -> None:
        """End a turn; `state` then holds the vectors after the last one."""
        build = self.build
        self.left.add_incoming(build.sub(self.left, ir.Constant(I64, 1)), build.block)
        for address, step in zip(self.at, steps):
            by = ir.Constant(I64, step) if isinstance(step, int) else step
            address.add_incoming(build.add(address, by), build.block)
        for value, following in zip(self.state, new):
            value.add_incoming(following, build.block)
        build.branch(self.head)
        build.position_at_end(self.done)
