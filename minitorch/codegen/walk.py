"""Depthwise rows: the vector's lanes are channels, and a whole row of pixels is one loop.

`lanes` computes tiles of pixels, whatever the kernel's shape.  Where kernel lines and taps are neighbours and few
enough for the registers, a *walk* goes along R rows of outputs at once: each step loads the next columns of input, one
vector a row, and multiplies them into all outputs that they meet, K along the row by R across.  So an input is loaded
once for all L x T taps, and only the first and the last K - 1 steps, which meet fewer outputs, are special.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir

from .gemm import BIAS, STREAM, _phi
from .ir import I64, Target, Vec, emitted, target_of, types
from .move import emit_prefetch

MOST_ROWS = 4
State = list[Any]


class Walk(NamedTuple):
    """Sizes that a walk is unrolled by: lines and taps of the kernel, steps of its windows down and along."""

    lines: int
    taps: int
    step: int
    hop: int

    @property
    def depth(self) -> int:
        """K: outputs along the row that one step meets."""
        return -(-self.taps // self.hop)

    def rows(self, target: Target) -> int:
        """R: output rows of a walk, as many as registers hold beside the weights.

        >>> Walk(3, 3, 1, 1).rows(Target(512, 32, True)), Walk(3, 3, 1, 1).rows(Target(256, 16, True))
        (4, 1)
        """
        free = target.registers - self.lines * self.taps - 2
        return max(1, min(MOST_ROWS, free // (self.depth + 1)))

    def meets(self, rows: int, row: int, column: int, live: range) -> list[tuple[int, int, int, int]]:
        """List the (output row, output, line, tap) that an input of this row and column of a step meets."""
        found = []
        for r in range(rows):
            line = row - r * self.step
            if 0 <= line < self.lines:
                found += [(r, k, line, column + k * self.hop) for k in live if column + k * self.hop < self.taps]
        return found


# Each kind costs a first call seconds of compilation; tiles do the kernels that networks rarely have.
USUAL = (Walk(3, 3, 1, 1), Walk(3, 3, 2, 2), Walk(1, 3, 1, 1), Walk(1, 4, 1, 1))


def walks(walk: Walk, target: Target) -> bool:
    """Whether there is such a walk on a CPU whose registers hold its weights.

    >>> walks(Walk(3, 3, 1, 1), Target(256, 16, True)), walks(Walk(5, 5, 1, 1), Target(512, 32, True))
    (True, False)
    """
    return walk in USUAL and 16 * walk.lines * walk.taps <= 9 * target.registers


def walk_of(form: Any) -> Walk | None:
    """Read a walk from the type of a tuple of four tuples, whose lengths are its sizes."""
    return Walk(*[part.count for part in form.types]) if form.count else None


@emitted
def walk_rows(typingctx: Any, form: Any) -> Any:
    """walk_rows(form): rows of a walk, 0 if there is none; a compile-time constant."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        walk = walk_of(form)
        return ir.Constant(I64, 0 if walk is None else walk.rows(target_of(context)))

    return types.int64(form), codegen


@emitted
def walk_depth(typingctx: Any, form: Any) -> Any:
    """walk_depth(form): the least number of outputs along a walk; a compile-time constant."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        walk = walk_of(form)
        return ir.Constant(I64, 0 if walk is None else walk.depth)

    return types.int64(form), codegen


@emitted
def walk_sum(
    typingctx: Any, single: Any, form: Any, count: Any, x: Any, row_step: Any, column_step: Any, w: Any, w_step: Any,
    bias: Any, how: Any, y: Any, y_row: Any, y_step: Any, like: Any,
) -> Any:  # fmt: skip
    """Write to y[r, i] bias + sum over l, t of x[r step + l, i hop + t] * w[l, t].

    Parameters (integers; addresses and steps in bytes)
    ----------
    single, form
        Literal: 1 for one row, 0 for R of them. Four tuples, as long as the sizes of a `Walk`; none: nothing is done.
    count, x, row_step, column_step
        Number of outputs in a row, at least K; address of the first input, distances of neighbours down and along.
    w, w_step, bias, how
        Address and distance of the taps' weights; a readable address that is added if `how` has BIAS. With STREAM,
        results leave the registers for memory, past the caches.
    y, y_row, y_step
        Address of the first output, distances from row to row and along.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        walk, target = walk_of(form), target_of(context)
        if walk is not None:
            rows = 1 if single.literal_value else walk.rows(target)
            emit_walk_sum(Vec(builder, like.bitwidth // 8, target), walk, rows, *args[2:13])
        return context.get_dummy_value()

    return types.void(single, form, *[types.int64] * 11, like), codegen


def emit_walk_sum(
    v: Vec, walk: Walk, rows: int, count: Any, x: Any, row_step: Any, column_step: Any, w: Any, w_step: Any, bias: Any,
    how: Any, y: Any, y_row: Any, y_step: Any,
) -> None:  # fmt: skip
    """Emit `walk_sum` at the builder's position."""
    build = v.builder
    weights = [v.load(build.add(w, step)) for step in multiples(v, w_step, walk.lines * walk.taps)]
    wanted, past = v.spread(has(v, how, BIAS)), has(v, how, STREAM)
    start = v.load_masked(bias, wanted)
    down, last = multiples(v, y_row, rows), walk.depth - 1

    def ask(out: Any, live: range) -> None:
        for away in multiples(v, y_row, 2 * rows)[rows:] if len(live) == walk.depth else []:
            emit_prefetch(build, build.add(out, away), write=True)

    def step(state: State, at: Any, out: Any, live: range) -> State:
        sums = [[start] * rows, *state]
        if len(live) == walk.depth:
            _ask_ahead(v, walk, rows, at, row_step, column_step)
        for value, met in _inputs(v, walk, rows, at, row_step, column_step, live):
            for r, k, line, tap in met:
                sums[k][r] = v.fma(value, weights[line * walk.taps + tap], sums[k][r])
        if last in live:
            v.store_rows(sums[last], [build.add(out, away) for away in down], past, lambda: ask(out, live))
        return sums[:last]

    first = build.sub(y, build.mul(y_step, ir.Constant(I64, last)))  # a step finishes the output K - 1 before
    state = [[v.splat(0.0)] * rows for _ in range(last)]
    _emit_steps(v, walk, count, (x, build.mul(column_step, ir.Constant(I64, walk.hop))), (first, y_step), state, step)


@emitted
def walk_outer(
    typingctx: Any, single: Any, form: Any, count: Any, x: Any, row_step: Any, column_step: Any, w: Any, w_step: Any,
    g: Any, g_row: Any, g_step: Any, like: Any,
) -> Any:  # fmt: skip
    """Add to w[l, t] the sum over r, i of x[r step + l, i hop + t] * g[r, i]; parameters as in `walk_sum`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        walk, target = walk_of(form), target_of(context)
        if walk is not None:
            rows = 1 if single.literal_value else walk.rows(target)
            emit_walk_outer(Vec(builder, like.bitwidth // 8, target), walk, rows, *args[2:11])
        return context.get_dummy_value()

    return types.void(single, form, *[types.int64] * 9, like), codegen


def emit_walk_outer(
    v: Vec, walk: Walk, rows: int, count: Any, x: Any, row_step: Any, column_step: Any, w: Any, w_step: Any, g: Any,
    g_row: Any, g_step: Any,
) -> None:  # fmt: skip
    """Emit `walk_outer` at the builder's position."""
    build = v.builder
    places = [build.add(w, step) for step in multiples(v, w_step, walk.lines * walk.taps)]
    down, last = multiples(v, g_row, rows), walk.depth - 1

    def step(state: State, at: Any, g_at: Any, live: range) -> State:
        new = [v.load(build.add(g_at, away)) for away in down] if 0 in live else state[0]
        if len(live) == walk.depth:
            _ask_ahead(v, walk, rows, at, row_step, column_step)
            for away in multiples(v, g_row, 2 * rows)[rows:]:
                emit_prefetch(build, build.add(g_at, away), near=2)
        grads, totals = [new, *state[:last]], list(state[last])
        for value, met in _inputs(v, walk, rows, at, row_step, column_step, live):
            for r, k, line, tap in met:
                place = line * walk.taps + tap
                totals[place] = v.fma(value, grads[k][r], totals[place])
        return [*grads[:last], totals]

    state = [[v.splat(0.0)] * rows for _ in range(last)] + [[v.load(place) for place in places]]
    columns = (x, build.mul(column_step, ir.Constant(I64, walk.hop)))
    for total, place in zip(_emit_steps(v, walk, count, columns, (g, g_step), state, step)[last], places):
        v.store(total, place)


def _inputs(v: Vec, walk: Walk, rows: int, at: Any, row_step: Any, column_step: Any, live: range) -> Any:
    """Load a step's inputs one after the other, each with what it meets."""
    down = multiples(v, row_step, (rows - 1) * walk.step + walk.lines)
    for column, along in enumerate(multiples(v, column_step, walk.hop)):
        for row, away in enumerate(down):
            if met := walk.meets(rows, row, column, live):
                yield v.load(v.builder.add(v.builder.add(at, along), away)), met


def _ask_ahead(v: Vec, walk: Walk, rows: int, at: Any, row_step: Any, column_step: Any) -> None:
    """Fetch this step's part of the rows that the next walk adds: they are too far away for the hardware to foresee."""
    first = (rows - 1) * walk.step + walk.lines
    for along in multiples(v, column_step, walk.hop):
        for away in multiples(v, row_step, first + rows * walk.step)[first:]:
            emit_prefetch(v.builder, v.builder.add(v.builder.add(at, along), away), near=2)


def _emit_steps(
    v: Vec, walk: Walk, count: Any, x: tuple[Any, Any], out: tuple[Any, Any], state: State,
    step: Callable[[State, Any, Any, range], State],
) -> State:  # fmt: skip
    """Emit the first K - 1 steps, a loop, and the last K - 1; return the state after them."""
    build, depth = v.builder, walk.depth
    (at, at_step), (place, place_step) = x, out

    def advance(a: Any, b: Any) -> tuple[Any, Any]:
        return build.add(a, at_step), build.add(b, place_step)

    for early in range(depth - 1):
        state = step(state, at, place, range(early + 1))
        at, place = advance(at, place)
    before, times = build.block, build.sub(count, ir.Constant(I64, depth - 1))
    head, body, after = (build.append_basic_block(name) for name in ("steps", "step", "last"))
    build.branch(head)
    build.position_at_end(head)
    left = _phi(build, times, before)
    at, place = _phi(build, at, before), _phi(build, place, before)
    held = [[_phi(build, value, before) for value in row] for row in state]
    build.cbranch(build.icmp_signed(">", left, ir.Constant(I64, 0)), body, after)
    build.position_at_end(body)
    new = step([list(row) for row in held], at, place, range(depth))
    next_at, next_place = advance(at, place)
    end = build.block  # stores may have made new ones
    left.add_incoming(build.sub(left, ir.Constant(I64, 1)), end)
    at.add_incoming(next_at, end)
    place.add_incoming(next_place, end)
    for phis, values in zip(held, new):
        for phi, value in zip(phis, values):
            phi.add_incoming(value, end)
    build.branch(head)
    build.position_at_end(after)
    state = [list(row) for row in held]
    for late in range(1, depth):
        state = step(state, at, place, range(late, depth))
        at, place = advance(at, place)
    return state


def has(v: Vec, how: Any, flag: int) -> Any:
    """Return whether BIAS or STREAM (`codegen.gemm`), one bit each, is set in `how`."""
    return v.builder.icmp_signed("!=", v.builder.and_(how, ir.Constant(I64, flag)), ir.Constant(I64, 0))


def multiples(v: Vec, step: Any, count: int) -> list[Any]:
    """Return 0, 1, ... `count` - 1 times a step."""
    return [v.builder.mul(step, ir.Constant(I64, i)) for i in range(count)]
