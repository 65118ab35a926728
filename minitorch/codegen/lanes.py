"""Tiles whose lanes are channels that do not mix: depthwise convolution and its weight gradient.

Rows are found through the same address tables as in `gemm`; here each row is a vector of channels, not of
terms.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from .gemm import BIAS, _phi, tile_rows
from .ir import I64, Vec, emitted, target_of


@emitted
def lane_tile(
    typingctx: Any, count: Any, rows: Any, row_step: Any, shift: Any, w: Any, w_step: Any, out_rows: Any,
    start: Any, bias: Any, cols: Any, floor: Any,
) -> Any:  # fmt: skip
    """out[i] = max(floor, start + sum over taps of row[tap, i] * w[tap]) for the first `cols` lanes at
    `shift`.

    `count` taps; tables of addresses as for `gemm.tile`; `shift` is added to row and result addresses.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = target_of(context)
        emit_lane_tile(Vec(builder, floor.bitwidth // 8, target), tile_rows(target), *args)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 10, floor), codegen


def emit_lane_tile(
    v: Vec, mr: int, count: Any, rows: Any, row_step: Any, shift: Any, w: Any, w_step: Any, out_rows: Any,
    start: Any, bias: Any, cols: Any, floor: Any,
) -> None:  # fmt: skip
    """Emit `lane_tile` at the builder's position."""
    build, mask = v.builder, v.first(cols)
    biased = build.icmp_signed("==", start, ir.Constant(I64, BIAS))
    with build.if_else(biased) as (yes, no):
        with yes:
            given, shared = v.load_masked(bias, mask), build.block
        with no:
            empty = build.block
    first = _phi(build, given, shared)
    first.add_incoming(v.splat(0.0), empty)
    entry = build.block
    head, body, done = (build.append_basic_block(n) for n in ("tap", "rows", "store"))
    build.branch(head)

    build.position_at_end(head)
    t, table, at = _phi(build, ir.Constant(I64, 0), entry), _phi(build, rows, entry), _phi(build, w, entry)
    sums = [_phi(build, first, entry) for _ in range(mr)]
    build.cbranch(build.icmp_signed("<", t, count), body, done)

    build.position_at_end(body)
    weight = v.load_masked(at, mask)
    for i, total in enumerate(sums):
        x = v.load_masked(build.add(v.load_int(table, i), shift), mask)
        total.add_incoming(v.fma(x, weight, total), body)
    t.add_incoming(build.add(t, ir.Constant(I64, 1)), body)
    table.add_incoming(build.add(table, row_step), body)
    at.add_incoming(build.add(at, w_step), body)
    build.branch(head)

    build.position_at_end(done)
    least = v.spread(floor)
    for i, total in enumerate(sums):
        v.store_masked(v.at_least(total, least), build.add(v.load_int(out_rows, i), shift), mask)


@emitted
def lane_outer(
    typingctx: Any, count: Any, rows: Any, row_step: Any, shift: Any, g_rows: Any, out: Any, out_step: Any,
    cols: Any, like: Any,
) -> Any:  # fmt: skip
    """out[tap] += sum over i of row[tap, i] * g_row[i] for the first `cols` lanes at `shift`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = target_of(context)
        emit_lane_outer(Vec(builder, like.bitwidth // 8, target), tile_rows(target), *args[:-1])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 8, like), codegen


def emit_lane_outer(
    v: Vec, mr: int, count: Any, rows: Any, row_step: Any, shift: Any, g_rows: Any, out: Any, out_step: Any,
    cols: Any,
) -> None:  # fmt: skip
    """Emit `lane_outer` at the builder's position; `count` is at least 1."""
    build, mask = v.builder, v.first(cols)
    gs = [v.load_masked(build.add(v.load_int(g_rows, i), shift), mask) for i in range(mr)]
    entry, body, done = build.block, build.append_basic_block("tap"), build.append_basic_block("done")
    build.branch(body)

    build.position_at_end(body)
    left, table, at = _phi(build, count, entry), _phi(build, rows, entry), _phi(build, out, entry)
    total = v.load_masked(at, mask)
    for i, g in enumerate(gs):
        total = v.fma(v.load_masked(build.add(v.load_int(table, i), shift), mask), g, total)
    v.store_masked(total, at, mask)
    fewer = build.sub(left, ir.Constant(I64, 1))
    left.add_incoming(fewer, body)
    table.add_incoming(build.add(table, row_step), body)
    at.add_incoming(build.add(at, out_step), body)
    build.cbranch(build.icmp_signed(">", fewer, ir.Constant(I64, 0)), body, done)
    build.position_at_end(done)
