"""Tiles whose lanes are channels: depthwise convolution, small groups, and their weight gradient.

In groups of R channels, lane j of an input vector is wanted by the R outputs of its group.  Instead of copying it
to their lanes at every tap, R sums are kept: sum r gathers, in lane j, what input j adds to output j - r of the
group, and is turned by r lanes once, at the end.  So a tap costs R multiply-adds and no shuffle; R = 1 is depthwise.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .gemm import BIAS, STREAM, _phi, tile_rows
from .ir import I64, Target, Vec, emitted, target_of, types
from .walk import has, multiples

MOST_PIXELS = 8


def tile_pixels(target: Target, turns: int) -> int:
    """Neighbouring pixels of a tile: with `turns` sums each they leave registers for a tap's vectors.

    >>> tile_pixels(Target(512, 32, True), 4)
    6
    """
    return max(1, min(MOST_PIXELS, 2 * tile_rows(target) // turns))


def _pixels(target: Target, turns: Any, share: Any) -> int:
    """Return the pixels of a whole tile (`share` 1), of half of one (2), or one pixel (0)."""
    share = share.literal_value
    return max(1, tile_pixels(target, turns.count) // share) if share else 1


@emitted
def lane_pixels(typingctx: Any, turns: Any) -> Any:
    """lane_pixels(t): pixels of a whole tile for the tuple `t` of R numbers, a compile-time constant."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(I64, tile_pixels(target_of(context), turns.count))

    return types.int64(turns), codegen


@emitted
def lane_tile(
    typingctx: Any, share: Any, masked: Any, turns: Any, lines: Any, table: Any, shift: Any, taps: Any,
    tap_step: Any, pixel_step: Any, w_step: Any, turn_step: Any, out: Any, out_step: Any, bias: Any, how: Any,
    cols: Any, like: Any,
) -> Any:  # fmt: skip
    """Write to out[i] bias + sum over lines, taps of x[line + tap + i] * w[line + tap], in groups of R channels.

    Parameters (integers; addresses and steps in bytes)
    ----------
    share, masked
        Literals: 1, 2 or 0 for a whole tile of pixels, half of one or one pixel; 1 if there may be fewer channels
        than lanes.
    turns
        A tuple of R numbers.
    lines, table, shift
        Number of kernel lines, their table of (address of x, address of w), offset added to each.
    taps, tap_step, pixel_step, w_step, turn_step
        Taps of a line (at least 1), distances between taps and pixels of x, between taps and sums of w.
    out, out_step, bias, how, cols
        The first pixel's result and the next one's distance, the bias vector's address (a readable one even if `how`
        lacks BIAS: a masked load from nowhere takes hundreds of cycles), channels stored. With STREAM in `how`, tiles
        that are not masked store past the caches.

    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = target_of(context)
        v = Vec(builder, like.bitwidth // 8, target)
        mask = v.first(args[15]) if masked.literal_value else None
        emit_lane_tile(v, _pixels(target, turns, share), turns.count, mask, *args[3:15])
        return context.get_dummy_value()

    return types.void(share, masked, turns, *[types.int64] * 13, like), codegen


def emit_lane_tile(
    v: Vec, pixels: int, turns: int, mask: Any, lines: Any, table: Any, shift: Any, taps: Any, tap_step: Any,
    pixel_step: Any, w_step: Any, turn_step: Any, out: Any, out_step: Any, bias: Any,
    how: Any,
) -> None:  # fmt: skip
    """Emit `lane_tile` at the builder's position."""
    build = v.builder
    away = multiples(v, pixel_step, pixels)
    turned = multiples(v, turn_step, turns)
    wanted = v.spread(has(v, how, BIAS))
    first = v.load_masked(build.add(bias, shift), wanted if mask is None else build.and_(mask, wanted))
    starts = [first] + [v.splat(0.0)] * (turns - 1)
    loop = _Lines(v, lines, table, shift, taps)
    sums = [[_phi(build, start, loop.entry) for start in starts] for _ in range(pixels)]
    at, w = loop.line()
    part = [[_phi(build, total, loop.start) for total in row] for row in sums]
    weights = [_load(v, build.add(w, step), None) for step in turned]
    new = []
    for row, step in zip(part, away):
        x = _load(v, build.add(at, step), mask)
        new.append([v.fma(x, weight, total) for weight, total in zip(weights, row)])
    loop.close(tap_step, w_step, [(a, b, c) for r in zip(sums, part, new) for a, b, c in zip(*r)])
    totals = [_turned_sum(v, row, turns) for row in sums]
    places = [build.add(build.add(out, shift), step) for step in multiples(v, out_step, pixels)]
    if mask is None:
        v.store_rows(totals, places, has(v, how, STREAM))
    else:
        for total, place in zip(totals, places):
            v.store_masked(total, place, mask)


def _turned_sum(v: Vec, row: list[Any], turns: int) -> Any:
    """Return the sum of a pixel's sums, each brought to the lanes of its outputs."""
    total = row[0]
    for r in range(1, turns):
        total = v.builder.fadd(total, _turn(v, row[r], turns, r))
    return total


@emitted
def lane_outer(
    typingctx: Any, share: Any, masked: Any, turns: Any, lines: Any, table: Any, shift: Any, taps: Any,
    tap_step: Any, pixel_step: Any, w_step: Any, turn_step: Any, g: Any, g_step: Any, cols: Any, like: Any,
) -> Any:  # fmt: skip
    """Add to w[line + tap], R vectors, the sum over i of x[line + tap + i] * g[i], g turned by 0 to R - 1 lanes.

    Parameters as in `lane_tile`; `g` and `g_step` are the output gradient's first pixel and the next one's distance.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = target_of(context)
        v = Vec(builder, like.bitwidth // 8, target)
        mask = v.first(args[13]) if masked.literal_value else None
        emit_lane_outer(v, _pixels(target, turns, share), turns.count, mask, *args[3:13])
        return context.get_dummy_value()

    return types.void(share, masked, turns, *[types.int64] * 11, like), codegen


def emit_lane_outer(
    v: Vec, pixels: int, turns: int, mask: Any, lines: Any, table: Any, shift: Any, taps: Any, tap_step: Any,
    pixel_step: Any, w_step: Any, turn_step: Any, g: Any, g_step: Any,
) -> None:  # fmt: skip
    """Emit `lane_outer` at the builder's position."""
    build = v.builder
    away = multiples(v, pixel_step, pixels)
    turned = multiples(v, turn_step, turns)
    grads = [_load(v, build.add(build.add(g, shift), step), mask) for step in multiples(v, g_step, pixels)]
    spread = [[_turn(v, grad, turns, -r) for r in range(turns)] for grad in grads]
    loop = _Lines(v, lines, table, shift, taps)
    at, w = loop.line()
    xs = [_load(v, build.add(at, step), mask) for step in away]
    for r, step in enumerate(turned):
        total = v.load(build.add(w, step))
        for x, row in zip(xs, spread):
            total = v.fma(x, row[r], total)
        v.store(total, build.add(w, step))
    loop.close(tap_step, w_step, [])


class _Lines:
    """Two loops: over kernel lines, possibly none, and over the taps of a line."""

    def __init__(self, v: Vec, lines: Any, table: Any, shift: Any, taps: Any) -> None:
        build, self.v, self.taps, self.shift = v.builder, v, taps, shift
        self.entry = build.block
        self.head, self.start, self.body, self.after, self.done = (
            build.append_basic_block(name) for name in ("line", "start", "tap", "next", "store")
        )
        build.branch(self.head)
        build.position_at_end(self.head)
        self.lines, self.table = _phi(build, lines, self.entry), _phi(build, table, self.entry)

    def line(self) -> tuple[Any, Any]:
        """Open a line's taps and return the addresses of x and w."""
        build, v = self.v.builder, self.v
        build.cbranch(build.icmp_signed(">", self.lines, ir.Constant(I64, 0)), self.start, self.done)
        build.position_at_end(self.start)
        at, w = (build.add(v.load_int(self.table, i), self.shift) for i in range(2))
        build.branch(self.body)
        build.position_at_end(self.body)
        self.left = _phi(build, self.taps, self.start)
        self.at, self.w = _phi(build, at, self.start), _phi(build, w, self.start)
        return self.at, self.w

    def close(self, tap_step: Any, w_step: Any, sums: list[tuple[Any, Any, Any]]) -> None:
        """Close both loops; `sums` are (sum over lines, sum over taps, the latter's next value)."""
        build, one = self.v.builder, ir.Constant(I64, 1)
        fewer = build.sub(self.left, one)
        self.left.add_incoming(fewer, self.body)
        self.at.add_incoming(build.add(self.at, tap_step), self.body)
        self.w.add_incoming(build.add(self.w, w_step), self.body)
        build.cbranch(build.icmp_signed(">", fewer, ir.Constant(I64, 0)), self.body, self.after)
        build.position_at_end(self.after)
        self.lines.add_incoming(build.sub(self.lines, one), self.after)
        self.table.add_incoming(self.v.offset(self.table, 16), self.after)
        for outer, inner, new in sums:
            inner.add_incoming(new, self.body)
            outer.add_incoming(new, self.after)
        build.branch(self.head)
        build.position_at_end(self.done)


def _load(v: Vec, address: Any, mask: Any) -> Any:
    return v.load(address) if mask is None else v.load_masked(address, mask)


def _turn(v: Vec, value: Any, turns: int, by: int) -> Any:
    """Return in lane j what lane j + by of its group of `turns` lanes holds, round the group."""
    if by % turns == 0:
        return value
    lanes = [j - j % turns + (j + by) % turns for j in range(v.lanes)]
    return v._shuffle(value, value, lanes)
