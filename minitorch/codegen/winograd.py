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
from numba.core import types

from .ir import I64, Vec, emitted, target_of

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


INPUT, OUTPUT, FILTER, OUTPUT_GRAD, FILTER_GRAD, OUTPUT_5, FILTER_2, OUTPUT_GRAD_5, FILTER_GRAD_2 = range(9)
MATRICES = {
    INPUT: BT, OUTPUT: AT, FILTER: G, OUTPUT_GRAD: _turned(AT), FILTER_GRAD: _turned(G),
    OUTPUT_5: AT_5, FILTER_2: G_2, OUTPUT_GRAD_5: _turned(AT_5), FILTER_GRAD_2: _turned(G_2),
}  # fmt: skip


def emit_sandwich(v: Vec, matrix: Matrix, load: Callable[[int], Any], store: Callable[[int, Any], None]) -> None:
    """Emit Y = M X M^T; `load` and `store` take an element's number in its square matrix."""
    out, side = len(matrix), len(matrix[0])
    half = []
    for i in range(side):
        row = [load(i * side + j) for j in range(side)]
        half.append([v.combine(weights, row) for weights in matrix])
    for q in range(out):
        column = [half[i][q] for i in range(side)]
        for r in range(out):
            store(r * out + q, v.combine(matrix[r], column))


@emitted
def gather(typingctx: Any, which: Any, table: Any, shift: Any, dst: Any, step: Any, cols: Any, like: Any) -> Any:
    """Transform a patch whose pixels' addresses are in a table; element k of the result goes to dst + k *
    step.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = Vec(builder, like.bitwidth // 8, target_of(context))
        _, table, shift, dst, step, cols, _ = args
        mask = v.first(cols)
        emit_sandwich(
            v,
            MATRICES[which.literal_value],
            lambda k: v.load_masked(builder.add(v.load_int(table, k), shift), mask),
            lambda k, value: v.store_masked(value, _at(v, dst, step, k), mask),
        )
        return context.get_dummy_value()

    return types.void(which, *[types.int64] * 5, like), codegen


@emitted
def scatter(
    typingctx: Any, which: Any, src: Any, step: Any, table: Any, shift: Any, bias: Any, given: Any, floor: Any,
    cols: Any, like: Any,
) -> Any:  # fmt: skip
    """Transform elements at src + k * step into a patch whose pixels' addresses are in a table.

    `bias` is the address of what is added if `given`, a readable one in any case (a masked load from nowhere takes
    hundreds of cycles); `floor` the least value stored.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = Vec(builder, like.bitwidth // 8, target_of(context))
        _, src, step, table, shift, bias, given, floor, cols, _ = args
        mask, least = v.first(cols), v.spread(floor)
        wanted = v.spread(builder.icmp_signed("!=", given, ir.Constant(I64, 0)))
        offset = v.load_masked(bias, builder.and_(mask, wanted))
        emit_sandwich(
            v,
            MATRICES[which.literal_value],
            lambda k: v.load_masked(_at(v, src, step, k), mask),
            lambda k, value: v.store_masked(
                v.at_least(builder.fadd(value, offset), least), builder.add(v.load_int(table, k), shift), mask
            ),
        )
        return context.get_dummy_value()

    return types.void(which, *[types.int64] * 6, like, types.int64, like), codegen


@emitted
def convert(
    typingctx: Any, which: Any, flip: Any, src: Any, src_step: Any, dst: Any, dst_step: Any, cols: Any, like: Any
) -> Any:
    """Transform elements at src + k * src_step to dst + k * dst_step; literal `flip` 1 takes them back to
    front.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = Vec(builder, like.bitwidth // 8, target_of(context))
        _, _, src, src_step, dst, dst_step, cols, _ = args
        matrix, mask = MATRICES[which.literal_value], v.first(cols)
        last = len(matrix[0]) ** 2 - 1
        emit_sandwich(
            v,
            matrix,
            lambda k: v.load_masked(_at(v, src, src_step, last - k if flip.literal_value else k), mask),
            lambda k, value: v.store_masked(value, _at(v, dst, dst_step, k), mask),
        )
        return context.get_dummy_value()

    return types.void(which, flip, *[types.int64] * 5, like), codegen


def _at(v: Vec, base: Any, step: Any, k: int) -> Any:
    return v.builder.add(base, v.builder.mul(step, ir.Constant(I64, k)))
