"""Windows over channels-last pixels, some vectors of channels at a time, with all sums in registers.

A window is a list of *lines*, rows of a table of 64-bit integers, each of as many *taps* at equal distances: what the
columns of the table mean (addresses, numbers) moves on by a step from tap to tap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from .gemm import _phi
from .ir import I32, I64, Target, Vec, emitted, target_of, types

__all__ = ["choose_tile", "copy_tile", "max_tile", "merge_tile", "split_tile", "sum_tile", "tile_vectors"]


def window_vectors(target: Target) -> int:
    """Vectors of a wide tile: a value and a place each, and room to compare.

    >>> window_vectors(Target(512, 32, True))
    4
    """
    return max(1, target.registers // 8)


@emitted
def tile_vectors(typingctx: Any, like: Any) -> Any:
    """tile_vectors(x): vectors of a wide tile, a compile-time constant."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(I64, window_vectors(target_of(context)))

    return types.int64(like), codegen


@emitted
def max_tile(
    typingctx: Any, wide: Any, masked: Any, lines: Any, table: Any, taps: Any, x_shift: Any, x_step: Any,
    number: Any, number_step: Any, out: Any, places: Any, cols: Any, like: Any, index: Any,
) -> Any:  # fmt: skip
    """Store the maximum of a window's taps, and the number of the tap that has it.

    Parameters (integers; addresses and steps in bytes)
    ----------
    wide, masked
        Literals: 1 for `tile_vectors` vectors, 0 for one; 1 if there may be fewer channels than lanes.
    lines, table, taps
        Number of lines, their table of (address of x, number of the first tap), taps of a line (at least 1).
    x_shift, x_step, number, number_step
        What is added to the lines' addresses and numbers, and from tap to tap.
    out, places, cols
        Address of the maxima, of the numbers (0: not stored), channels stored.

    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        tile = _Tile(context, builder, like, index, wide, masked, args[11])
        emit_max_tile(tile, *args[2:11])
        return context.get_dummy_value()

    return types.void(wide, masked, *[types.int64] * 10, like, index), codegen


def emit_max_tile(
    t: _Tile, lines: Any, table: Any, taps: Any, x_shift: Any, x_step: Any, number: Any, number_step: Any,
    out: Any, places: Any,
) -> None:  # fmt: skip
    """Emit `max_tile` at the builder's position: the first of equals stays, the last NaN wins."""
    v, build = t.v, t.v.builder
    first = t.spread_int(build.add(v.load_int(table, 1), number))

    def best(columns: Sequence[Any], before: list[Any]) -> list[Any]:
        here, after = t.spread_int(columns[1]), []
        for i, (top, place) in enumerate(zip(before[::2], before[1::2])):
            x = t.load(columns[0], i)
            more, nan = build.fcmp_ordered(">", x, top), build.fcmp_unordered("uno", x, x)
            take = build.or_(more, nan)
            after += [build.select(take, x, top), build.select(take, here, place)]
        return after

    start = [v.splat(float("-inf")), first] * t.vectors
    found = emit_walk(v, lines, table, taps, [(x_shift, x_step), (number, number_step)], start, best)
    for i, top in enumerate(found[::2]):
        t.store(top, out, i)
    with build.if_then(build.icmp_signed("!=", places, ir.Constant(I64, 0))):
        for i, place in enumerate(found[1::2]):
            t.store_index(place, places, i)


@emitted
def choose_tile(
    typingctx: Any, wide: Any, masked: Any, lines: Any, table: Any, taps: Any, g_shift: Any, g_step: Any,
    place_shift: Any, place_step: Any, number: Any, number_step: Any, out: Any, past: Any, cols: Any, like: Any,
    index: Any,
) -> Any:  # fmt: skip
    """Store the sum of the g whose place is the tap's number.

    Parameters as in `max_tile`; lines are (address of g, address of the places, number). If `past` is not 0 the
    result, which is aligned then, goes past the caches.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        tile = _Tile(context, builder, like, index, wide, masked, args[13])
        emit_choose_tile(tile, *args[2:13])
        return context.get_dummy_value()

    return types.void(wide, masked, *[types.int64] * 12, like, index), codegen


def emit_choose_tile(
    t: _Tile, lines: Any, table: Any, taps: Any, g_shift: Any, g_step: Any, place_shift: Any, place_step: Any,
    number: Any, number_step: Any, out: Any, past: Any,
) -> None:  # fmt: skip
    """Emit `choose_tile` at the builder's position."""
    v, build = t.v, t.v.builder

    def add(columns: Sequence[Any], before: list[Any]) -> list[Any]:
        number, after = t.spread_index(columns[2]), []
        for i, total in enumerate(before):
            hit = build.icmp_signed("==", t.load_index(columns[1], i), number)
            after.append(build.fadd(total, build.select(hit, t.load(columns[0], i), v.splat(0.0))))
        return after

    moves = [(g_shift, g_step), (place_shift, place_step), (number, number_step)]
    t.deliver(emit_walk(v, lines, table, taps, moves, [v.splat(0.0)] * t.vectors, add), out, past)


@emitted
def sum_tile(
    typingctx: Any, wide: Any, masked: Any, lines: Any, table: Any, taps: Any, x_shift: Any, x_step: Any, by: Any,
    out: Any, past: Any, cols: Any, factor: Any,
) -> Any:  # fmt: skip
    """Store the sum of a window's taps, over `factor` times the vector at address `by` if that is not 0.

    Parameters as in `choose_tile`; lines are addresses of x.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        tile = _Tile(context, builder, factor, types.uint8, wide, masked, args[10])
        lines, table, taps, x_shift, x_step, by, out, past = args[2:10]
        emit_sum_tile(tile, lines, table, taps, x_shift, x_step, by, out, past, args[11])
        return context.get_dummy_value()

    return types.void(wide, masked, *[types.int64] * 9, factor), codegen


def emit_sum_tile(
    t: _Tile, lines: Any, table: Any, taps: Any, x_shift: Any, x_step: Any, by: Any, out: Any, past: Any, factor: Any
) -> None:
    """Emit `sum_tile` at the builder's position."""
    v, build = t.v, t.v.builder

    def add(columns: Sequence[Any], before: list[Any]) -> list[Any]:
        return [build.fadd(total, t.load(columns[0], i)) for i, total in enumerate(before)]

    found = emit_walk(v, lines, table, taps, [(x_shift, x_step)], [v.splat(0.0)] * t.vectors, add)
    spread, start = v.spread(factor), build.block
    with build.if_then(build.icmp_signed("!=", by, ir.Constant(I64, 0))):
        means = [build.fdiv(x, build.fmul(spread, t.load(by, i))) for i, x in enumerate(found)]
        end = build.block
    results = []
    for x, mean in zip(found, means):
        result = _phi(build, x, start)
        result.add_incoming(mean, end)
        results.append(result)
    t.deliver(results, out, past)


@emitted
def copy_tile(
    typingctx: Any, wide: Any, masked: Any, g: Any, places: Any, to_g: Any, to_places: Any, cols: Any, like: Any,
    index: Any,
) -> Any:  # fmt: skip
    """Copy elements and their places."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        t = _Tile(context, builder, like, index, wide, masked, args[6])
        for i in range(t.vectors):
            t.store(t.load(args[2], i), args[4], i)
            t.store_index(t.load_index(args[3], i), args[5], i)
        return context.get_dummy_value()

    return types.void(wide, masked, *[types.int64] * 5, like, index), codegen


@emitted
def split_tile(typingctx: Any, masked: Any, x: Any, evens: Any, odds: Any, left: Any, like: Any) -> Any:
    """Store every other element of two vectors at x in one place, the others in another; at most `left` are there."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = Vec(builder, like.bitwidth // 8, target_of(context))
        masks = _halves(v, args[4]) if masked.literal_value else [None] * 4
        first = v.load_live(args[1], masks[0])
        second = v.load_live(v.offset(args[1], v.bytes), masks[1])
        for odd, address in enumerate(args[2:4]):
            part = v._shuffle(first, second, range(odd, 2 * v.lanes, 2))
            v.store_live(part, address, masks[2 + odd])
        return context.get_dummy_value()

    return types.void(masked, *[types.int64] * 4, like), codegen


@emitted
def merge_tile(typingctx: Any, masked: Any, evens: Any, odds: Any, out: Any, left: Any, like: Any) -> Any:
    """Store two vectors, element by element in turn; at most `left` of them."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = Vec(builder, like.bitwidth // 8, target_of(context))
        masks = _halves(v, args[4]) if masked.literal_value else [None] * 4
        parts = [v.load_live(address, mask) for address, mask in zip(args[1:3], masks[2:])]
        for i in range(2):
            lanes = [j // 2 + j % 2 * v.lanes for j in range(i * v.lanes, (i + 1) * v.lanes)]
            v.store_live(v._shuffle(parts[0], parts[1], lanes), v.offset(args[3], i * v.bytes), masks[i])
        return context.get_dummy_value()

    return types.void(masked, *[types.int64] * 4, like), codegen


def _halves(v: Vec, left: Any) -> list[Any]:
    """Return masks for `left` elements: of their first vector, their second, those of even places, of odd ones."""
    build, one = v.builder, ir.Constant(I64, 1)
    rest = build.sub(left, ir.Constant(I64, v.lanes))
    odd = build.ashr(left, one)
    return [v.first(n) for n in (left, rest, build.sub(left, odd), odd)]


def emit_walk(
    v: Vec, lines: Any, table: Any, taps: Any, moves: list[tuple[Any, Any]], start: list[Any],
    body: Callable[[Sequence[Any], list[Any]], list[Any]],
) -> list[Any]:  # fmt: skip
    """Emit the loops over lines and taps; return the values that `body(columns, values)` leaves.

    moves: what is added to each column of the table, and from tap to tap.
    """
    build, zero, one = v.builder, ir.Constant(I64, 0), ir.Constant(I64, 1)
    entry = build.block
    head, open_, tap, next_, done = (build.append_basic_block(s) for s in ("line", "open", "tap", "next", "done"))
    build.branch(head)
    build.position_at_end(head)
    left, row = _phi(build, lines, entry), _phi(build, table, entry)
    outer = [_phi(build, value, entry) for value in start]
    build.cbranch(build.icmp_signed(">", left, zero), open_, done)
    build.position_at_end(open_)
    first = [build.add(v.load_int(row, i), shift) for i, (shift, _) in enumerate(moves)]
    build.branch(tap)
    build.position_at_end(tap)
    more = _phi(build, taps, open_)
    columns = [_phi(build, value, open_) for value in first]
    inner = [_phi(build, value, open_) for value in outer]
    values = body(columns, inner)
    fewer = build.sub(more, one)
    more.add_incoming(fewer, build.block)
    for column, (_, step) in zip(columns, moves):
        column.add_incoming(build.add(column, step), build.block)
    for phi, value in zip(inner, values):
        phi.add_incoming(value, build.block)
    build.cbranch(build.icmp_signed(">", fewer, zero), tap, next_)
    build.position_at_end(next_)
    left.add_incoming(build.sub(left, one), next_)
    row.add_incoming(v.offset(row, 8 * len(moves)), next_)
    for phi, value in zip(outer, values):
        phi.add_incoming(value, next_)
    build.branch(head)
    build.position_at_end(done)
    return outer


class _Tile:
    """Vectors of neighbouring channels, and of small integers that belong to them."""

    def __init__(self, context: Any, builder: Any, like: Any, index: Any, wide: Any, masked: Any, cols: Any) -> None:
        target = target_of(context)
        self.v = v = Vec(builder, like.bitwidth // 8, target)
        self.vectors = window_vectors(target) if wide.literal_value else 1
        self.mask = v.first(cols) if masked.literal_value else None
        self.index_bytes = index.bitwidth // 8
        self.small, self.lane = ir.IntType(index.bitwidth), ir.IntType(like.bitwidth)
        self.smalls = ir.VectorType(self.small, v.lanes)

    def load(self, address: Any, i: int) -> Any:
        return self.v.load_live(self.v.offset(address, i * self.v.bytes), self.mask)

    def store(self, value: Any, address: Any, i: int) -> None:
        self.v.store_live(value, self.v.offset(address, i * self.v.bytes), self.mask)

    def deliver(self, values: list[Any], out: Any, past: Any) -> None:
        """Store vectors, past the caches unless `past` is 0."""
        v, build = self.v, self.v.builder
        if self.mask is not None:
            self.store(values[0], out, 0)
            return
        with build.if_else(build.icmp_signed("!=", past, ir.Constant(I64, 0))) as (stream, store):
            with stream:
                for i, value in enumerate(values):
                    v.stream(value, v.offset(out, i * v.bytes))
            with store:
                for i, value in enumerate(values):
                    self.store(value, out, i)

    def spread_int(self, number: Any) -> Any:
        """Copy a 64-bit number into every lane, as wide as the lanes are."""
        build = self.v.builder
        return self.v.spread(number if self.lane.width == 64 else build.trunc(number, self.lane))

    def spread_index(self, number: Any) -> Any:
        """Copy a 64-bit number into every lane of a vector of indices."""
        return self.v.spread(self.v.builder.trunc(number, self.small))

    def load_index(self, address: Any, i: int) -> Any:
        """Load indices."""
        v = self.v
        at = v.pointer(v.offset(address, i * v.lanes * self.index_bytes), self.smalls)
        if self.mask is None:
            return v.builder.load(at, align=self.index_bytes)
        function = self._masked("load", self.smalls, [ir.PointerType(), I32, v.mask, self.smalls])
        nothing = ir.Constant(self.smalls, [0] * v.lanes)
        return v.builder.call(function, [at, ir.Constant(I32, self.index_bytes), self.mask, nothing])

    def store_index(self, value: Any, address: Any, i: int) -> None:
        """Store lanes of integers as indices."""
        v = self.v
        if self.small.width < self.lane.width:
            value = v.builder.trunc(value, self.smalls)
        at = v.pointer(v.offset(address, i * v.lanes * self.index_bytes), self.smalls)
        if self.mask is None:
            v.builder.store(value, at, align=self.index_bytes)
            return
        function = self._masked("store", ir.VoidType(), [self.smalls, ir.PointerType(), I32, v.mask])
        v.builder.call(function, [value, at, ir.Constant(I32, self.index_bytes), self.mask])

    def _masked(self, verb: str, result: Any, arguments: list[Any]) -> Any:
        return self.v._function(f"llvm.masked.{verb}.v{self.v.lanes}i{self.small.width}.p0", result, arguments)
