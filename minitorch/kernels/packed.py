"""A matrix that many products share, laid out once for the register tiles: the weights of a recurrent layer."""

from __future__ import annotations

import numpy as np

from ..codegen.gemm import ADD, BIAS, ZERO
from .gemm import FEW_ROWS, SMALL, _finish, _plan
from .layout import Array
from .tiles import aligned, multiply, pack, panel_width, start_of

__all__ = ["Packed"]


class Packed:
    """The second operand b (K, N) of products; its values are copied when the first large product needs it.

    >>> out = np.empty((2, 2))
    >>> Packed(np.ones((3, 2))).times(np.ones((2, 3)), out)
    >>> out.tolist()
    [[3.0, 3.0], [3.0, 3.0]]
    """

    def __init__(self, b: Array) -> None:
        self.b = b
        self.panels: Array | None = None

    def times(self, a: Array, out: Array, bias: Array | None = None, accumulate: bool = False) -> None:
        """Write a @ b (+ bias (N,), or + out) to `out`; a (M, K), out (M, N) with contiguous rows."""
        (terms, cols), rows = self.b.shape, len(a)
        if rows * terms * cols <= SMALL or rows <= FEW_ROWS or cols <= FEW_ROWS:
            product = np.matmul(a, self.b) if accumulate else np.matmul(a, self.b, out=out)
            return _finish(product, out, bias, accumulate, False)
        if self.panels is None:
            self.panels = _packed(self.b)
        plan, _, _ = _plan(out.shape, terms, a.strides, self.b.strides, out.strides, True, out.dtype)
        start = ADD if accumulate else ZERO if bias is None else BIAS
        first, floor = start_of(out), out.dtype.type(-np.inf)
        multiply(
            plan.span, plan.work, start_of(a), self.panels, first if bias is None else bias, start, floor,
            plan.zeros, plan.phases, plan.taps, plan.frame, first,
        )  # fmt: skip
        return None


def _packed(b: Array) -> Array:
    (terms, cols), (row, col), width = b.shape, b.strides, panel_width(b.itemsize)
    count = -(-cols // width)
    panels = aligned(count * terms * width, b.dtype)
    pack(count, panels.size, start_of(b), np.zeros(1, np.int64), 1, 0, cols, col, row, np.arange(terms), terms, panels)
    return panels
