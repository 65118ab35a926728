"""The register tile that convolution, its gradients and matrix products are made of.

A tile keeps `mr` rows by `nv` vectors of the result in registers while it sums over *segments* (taps of a
window, blocks of a long sum, runs of pixels).  Row i of segment s starts at an address of its own, taken from
a table: after M. Dukhan, "The Indirect Convolution Algorithm", arXiv:1907.02129.  So one tile serves every
kernel size, stride, dilation, padding, rank and matrix layout, and no operand is unfolded.  Rows past the end
of a matrix repeat the last row: they compute and store the same bits to the same place, which costs no
branch.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .ir import I64, Target, Vec, emitted, host_target, target_of, types

SEGMENT = 3  # integers a segment: number of terms, byte offset of the rows, byte offset of the panel
# where a tile's sums start: at zero, at a vector shared by its rows, at what is stored
ZERO, BIAS, ADD = 0, 1, 2
STREAM = 4  # added to one of these: whole vectors leave the registers for memory, past the caches; at cache lines only


def tile_rows(target: Target) -> int:
    """Rows of the widest tile: with two vectors a row, it fills the registers and hides the latency of the
    FMA.
    """
    return 12 if target.registers >= 32 else 6


def host_tile(itemsize: int) -> tuple[int, int]:
    """Return (rows, lanes) of the tiles compiled in this process."""
    target = host_target()
    return tile_rows(target), target.lanes(itemsize)


@emitted
def rows_of(typingctx: Any, like: Any) -> Any:
    """rows_of(x): rows of a tile on the CPU compiled for, a compile-time constant."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(I64, tile_rows(target_of(context)))

    return types.int64(like), codegen


@emitted
def lanes_of(typingctx: Any, like: Any) -> Any:
    """lanes_of(x): elements like scalar `x` in a vector of the CPU compiled for, a compile-time constant."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(I64, target_of(context).lanes(like.bitwidth // 8))

    return types.int64(like), codegen


@emitted
def size_of(typingctx: Any, like: Any) -> Any:
    """size_of(x): bytes of an element like scalar `x`, a compile-time constant."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(I64, like.bitwidth // 8)

    return types.int64(like), codegen


@emitted
def tile(
    typingctx: Any, halves: Any, nv: Any, count: Any, segments: Any, rows: Any, row_step: Any, shift: Any,
    a_step: Any, b: Any, b_step: Any, out_rows: Any, out_shift: Any, start: Any, bias: Any, cols: Any,
    floor: Any,
) -> Any:  # fmt: skip
    """Compute max(floor, start + sum over s, k of A(s, i, k) * B(s, k, j)) for a tile of the result.

    Parameters (integers; addresses, offsets and steps in bytes)
    ----------
    halves, nv
        Literals: the tile has `rows_of() * halves // 2` rows of `nv` vectors.
    count, segments
        Number of segments, and their table of (terms >= 1, row offset, panel offset).
    rows, row_step, shift
        Table of row addresses, distance of one segment's table to the next (0: all share one), offset added
        to each.
    a_step, b, b_step
        Distance between terms in a row; the panel's address and the distance between its terms.
    out_rows, out_shift, start, bias, cols, floor
        Table of result row addresses, offset added to each, ZERO | BIAS | ADD, the bias vector's address, the
        number of columns stored, and the least value stored (minus infinity, or 0 for ReLU). With `start` + STREAM
        all columns are.

    """
    if not (isinstance(halves, types.IntegerLiteral) and isinstance(nv, types.IntegerLiteral)):
        return None
    signature = types.void(halves, nv, *[types.int64] * 13, floor)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = target_of(context)
        vec = Vec(builder, floor.bitwidth // 8, target)
        emit_tile(vec, tile_rows(target) * halves.literal_value // 2, nv.literal_value, *args[2:])
        return context.get_dummy_value()

    return signature, codegen


def emit_tile(
    v: Vec, mr: int, nv: int, count: Any, segments: Any, rows: Any, row_step: Any, shift: Any, a_step: Any,
    b: Any, b_step: Any, out_rows: Any, out_shift: Any, start: Any, bias: Any, cols: Any, floor: Any,
) -> None:  # fmt: skip
    """Emit `tile` at the builder's position."""
    build = v.builder
    masks = [v.first(build.sub(cols, ir.Constant(I64, j * v.lanes))) for j in range(nv)]
    sums = _start(v, mr, nv, out_rows, out_shift, start, bias, masks)
    entry = build.block
    head, body, inner, after, done = (build.append_basic_block(n) for n in ("segment", "rows", "term", "next", "store"))
    build.branch(head)

    build.position_at_end(head)
    s = _phi(build, ir.Constant(I64, 0), entry)
    seg = _phi(build, segments, entry)
    table = _phi(build, rows, entry)
    acc = [[_phi(build, sums[i][j], entry) for j in range(nv)] for i in range(mr)]
    build.cbranch(build.icmp_signed("<", s, count), body, done)

    build.position_at_end(body)
    terms, row_offset = v.load_int(seg, 0), build.add(v.load_int(seg, 1), shift)
    # else LLVM may see that the starts have a part in common, and advance a pointer for every row
    starts = [v.opaque(build.add(v.load_int(table, i), row_offset)) for i in range(mr)]
    panel = build.add(b, v.load_int(seg, 2))
    build.branch(inner)

    build.position_at_end(inner)
    left = _phi(build, terms, body)
    at = _phi(build, ir.Constant(I64, 0), body)
    pb = _phi(build, panel, body)
    part = [[_phi(build, acc[i][j], body) for j in range(nv)] for i in range(mr)]
    bs = [v.load(v.offset(pb, j * v.bytes)) for j in range(nv)]
    new = []
    for i in range(mr):
        av = v.broadcast(build.add(starts[i], at))
        new.append([v.fma(av, bs[j], part[i][j]) for j in range(nv)])
    fewer = build.sub(left, ir.Constant(I64, 1))
    left.add_incoming(fewer, inner)
    at.add_incoming(build.add(at, a_step), inner)
    pb.add_incoming(build.add(pb, b_step), inner)
    _close(part, new, inner)
    build.cbranch(build.icmp_signed(">", fewer, ir.Constant(I64, 0)), inner, after)

    build.position_at_end(after)
    s.add_incoming(build.add(s, ir.Constant(I64, 1)), after)
    seg.add_incoming(v.offset(seg, 8 * SEGMENT), after)
    table.add_incoming(build.add(table, row_step), after)
    _close(acc, new, after)
    build.branch(head)

    build.position_at_end(done)
    least = v.spread(floor)
    streams = build.icmp_signed(">=", start, ir.Constant(I64, STREAM))
    with build.if_else(streams) as (past, through):
        for way in (past, through):
            with way:
                for i in range(mr):
                    row = build.add(v.load_int(out_rows, i), out_shift)
                    for j in range(nv):
                        value, at = v.at_least(acc[i][j], least), v.offset(row, j * v.bytes)
                        v.stream(value, at) if way is past else v.store_masked(value, at, masks[j])


def _phi(build: ir.IRBuilder, value: ir.Value, block: ir.Block) -> ir.PhiInstr:
    phi = build.phi(value.type)
    phi.add_incoming(value, block)
    return phi


def _close(phis: list[list[ir.PhiInstr]], values: list[list[ir.Value]], block: ir.Block) -> None:
    for row, new in zip(phis, values):
        for phi, value in zip(row, new):
            phi.add_incoming(value, block)


def _start(v: Vec, mr: int, nv: int, out_rows: Any, out_shift: Any, start: Any, bias: Any, masks: Any) -> Any:
    """Emit the sums' first values: zero, the bias, or what the result's rows hold."""
    build = v.builder
    zero, shared, stored, ready = (build.append_basic_block(n) for n in ("zero", "bias", "add", "ready"))
    switch = build.switch(build.and_(start, ir.Constant(I64, STREAM - 1)), zero)
    switch.add_case(ir.Constant(I64, BIAS), shared)
    switch.add_case(ir.Constant(I64, ADD), stored)
    build.position_at_end(zero)
    build.branch(ready)
    build.position_at_end(shared)
    biases = [v.load_masked(v.offset(bias, j * v.bytes), masks[j]) for j in range(nv)]
    build.branch(ready)
    build.position_at_end(stored)
    old = []
    for i in range(mr):
        row = build.add(v.load_int(out_rows, i), out_shift)
        old.append([v.load_masked(v.offset(row, j * v.bytes), masks[j]) for j in range(nv)])
    build.branch(ready)
    build.position_at_end(ready)
    sums = [[_phi(build, v.splat(0.0), zero) for _ in range(nv)] for _ in range(mr)]
    _close(sums, [biases] * mr, shared)
    _close(sums, old, stored)
    return sums
