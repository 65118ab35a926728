"""The transforms of Winograd's F(4x4, 3x3), as straight-line code over vectors of channels.

A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308, section 4.3. With d
a 6x6 patch of the input, g the 3x3 filter and s a 4x4 patch of the output gradient::

    output            y  = AT [ (G g G^T) * (BT d BT^T) ] AT^T
    filter gradient   dg = G^T [ (BT d BT^T) * (AT^T s AT) ] G
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from .ir import I64, Vec, emitted, target_of, types

Matrix = list[list[float]]

BT: Matrix = [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
]
G: Matrix = [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
]
AT: Matrix = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
# F(5x5, 2x2) evaluates at the same points, so it shares BT
G_2: Matrix = [[1 / 4, 0], [-1 / 6, -1 / 6], [-1 / 6, 1 / 6], [1 / 24, 1 / 12], [1 / 24, -1 / 12], [0, 1]]
AT_5: Matrix = [*AT[:3], [0, 1, -1, 8, -8, 0], [0, 1, 1, 16, 16, 1]]


def _turned(matrix: Matrix) -> Matrix:
    return [list(row) for row in zip(*matrix)]


WHOLE = 0  # in place of a number of channels: as many as lanes, or more
INPUT, OUTPUT, FILTER, OUTPUT_GRAD, FILTER_GRAD, OUTPUT_5, FILTER_2, OUTPUT_GRAD_5, FILTER_GRAD_2 = range(9)
MATRICES = {
    INPUT: BT, OUTPUT: AT, FILTER: G, OUTPUT_GRAD: _turned(AT), FILTER_GRAD: _turned(G),
    OUTPUT_5: AT_5, FILTER_2: G_2, OUTPUT_GRAD_5: _turned(AT_5), FILTER_GRAD_2: _turned(G_2),
}  # fmt: skip


def _twins(matrix: Matrix) -> list[tuple[int, int]]:
    """Return the pairs of rows that differ in the signs of some elements only."""
    sizes = [[abs(number) for number in row] for row in matrix]
    return [(p, p + 1) for p in range(len(matrix) - 1) if sizes[p] == sizes[p + 1]]


def _halves(p: list[float], q: list[float]) -> tuple[list[float], list[float]]:
    """Return e and o with p = e + o and q = e - o."""
    return [a if a == b else 0 for a, b in zip(p, q)], [a if a != b else 0 for a, b in zip(p, q)]


def emit_product(v: Vec, matrix: Matrix, values: list[Any]) -> list[Any]:
    """Emit M @ values; rows, or columns, that are twins share their multiplications."""
    build, columns = v.builder, _turned(matrix)
    for p, q in _twins(columns):
        columns[p], columns[q] = _halves(columns[p], columns[q])
        values = list(values)
        values[p], values[q] = build.fadd(values[p], values[q]), build.fsub(values[p], values[q])
    rows = _turned(columns)
    out = [None if any(r in pair for pair in _twins(rows)) else v.combine(row, values) for r, row in enumerate(rows)]
    for p, q in _twins(rows):
        even, odd = (v.combine(half, values) for half in _halves(rows[p], rows[q]))
        out[p], out[q] = build.fadd(even, odd), build.fsub(even, odd)
    return out


def emit_sandwich(v: Vec, matrix: Matrix, load: Callable[[int], Any], store: Callable[[int, Any], None]) -> None:
    """Emit Y = M X M^T; `load` and `store` take an element's number in its square matrix."""
    out, side = len(matrix), len(matrix[0])
    half = [emit_product(v, matrix, [load(i * side + j) for j in range(side)]) for i in range(side)]
    for q in range(out):
        for r, value in enumerate(emit_product(v, matrix, [row[q] for row in half])):
            store(r * out + q, value)


@emitted
def gather(typingctx: Any, which: Any, table: Any, shift: Any, dst: Any, step: Any, cols: Any, like: Any) -> Any:
    """Transform a patch whose pixels' addresses are in a table; element k of the result goes to dst + k *
    step.

    `cols` is the number of channels, or the literal `WHOLE`.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = Vec(builder, like.bitwidth // 8, target_of(context))
        _, table, shift, dst, step, count, _ = args
        mask = _mask(v, cols, count)
        emit_sandwich(
            v,
            MATRICES[which.literal_value],
            lambda k: v.load_live(builder.add(v.load_int(table, k), shift), mask),
            lambda k, value: v.store_live(value, _at(v, dst, step, k), mask),
        )
        return context.get_dummy_value()

    return types.void(which, *[types.int64] * 4, cols, like), codegen


@emitted
def scatter(
    typingctx: Any, which: Any, src: Any, step: Any, table: Any, shift: Any, bias: Any, cols: Any, like: Any
) -> Any:
    """Transform elements at src + k * step, add the vector at `bias`, store to the pixels of a table of addresses.

    `cols` is as in `gather`. Returns whether there was a NaN or an infinity among the results.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = Vec(builder, like.bitwidth // 8, target_of(context))
        _, src, step, table, shift, bias, count, _ = args
        mask = _mask(v, cols, count)
        offset, zero = v.load_live(bias, mask), v.splat(0.0)
        odd = [zero]  # NaN where a result is not finite: zero times it is NaN

        def store(k: int, value: Any) -> None:
            value = builder.fadd(value, offset)
            odd[0] = v.fma(value, zero, odd[0])
            v.store_live(value, builder.add(v.load_int(table, k), shift), mask)

        emit_sandwich(v, MATRICES[which.literal_value], lambda k: v.load_live(_at(v, src, step, k), mask), store)
        return v.any_nan(odd[0])

    return types.boolean(which, *[types.int64] * 5, cols, like), codegen


@emitted
def convert(typingctx: Any, which: Any, flip: Any, src: Any, src_step: Any, dst: Any, dst_step: Any, like: Any) -> Any:
    """Transform elements at src + k * src_step to dst + k * dst_step; literal `flip` 1 takes them back to
    front.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = Vec(builder, like.bitwidth // 8, target_of(context))
        _, _, src, src_step, dst, dst_step, _ = args
        matrix = MATRICES[which.literal_value]
        last = len(matrix[0]) ** 2 - 1
        emit_sandwich(
            v,
            matrix,
            lambda k: v.load(_at(v, src, src_step, last - k if flip.literal_value else k)),
            lambda k, value: v.store(value, _at(v, dst, dst_step, k)),
        )
        return context.get_dummy_value()

    return types.void(which, flip, *[types.int64] * 4, like), codegen


def _mask(v: Vec, cols: Any, count: Any) -> Any:
    """Return the mask of the first `count` lanes, or None for all of them."""
    return None if isinstance(cols, types.IntegerLiteral) and cols.literal_value == WHOLE else v.first(count)


def _at(v: Vec, base: Any, step: Any, k: int) -> Any:
    return v.builder.add(base, v.builder.mul(step, ir.Constant(I64, k)))
