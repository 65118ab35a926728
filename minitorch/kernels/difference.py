"""Losses of the difference of two arrays, summed, and their gradients, each in one pass.

A loss is ``inner d**2`` for differences d below a bound and ``outer (|d| - offset)`` beyond; a negative bound means
that there is no beyond.  Sums run over blocks that the size alone determines.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const
from ..jit import kernel

Array = NDArray[Any]

BLOCK = 4096  # elements that are summed in the arrays' own type


@kernel
def loss_blocks(
    lo: int, hi: int, x: Array, y: Array, bound: float, inner: float, offset: float, outer: float, out: Array
) -> None:
    """Sum the losses of each BLOCK of x - y (n,) into out (blocks,), float64; items are blocks."""
    b, a = x.dtype.type(bound), x.dtype.type(inner)
    c, s = x.dtype.type(offset), x.dtype.type(outer)
    for item in range(lo, hi):
        total = const(x[0], "0")
        start, stop = np.uint64(item * BLOCK), np.uint64(min((item + 1) * BLOCK, x.size))
        if bound < 0:
            for i in range(start, stop):
                d = x[i] - y[i]
                total += d * d
            out[item] = total * a
        else:
            for i in range(start, stop):
                d = abs(x[i] - y[i])
                total += a * d * d if d < b else s * (d - c)
            out[item] = total


@kernel
def loss_slopes(lo: int, hi: int, x: Array, y: Array, bound: float, inner: float, outer: float, out: Array) -> None:
    """Write the derivative of the loss of x - y; arrays (n,); items are elements."""
    b, a, s = x.dtype.type(bound), x.dtype.type(2 * inner), x.dtype.type(outer)
    zero = const(x[0], "0")
    if bound < 0:
        for i in range(lo, hi):
            out[i] = a * (x[i] - y[i])
    else:
        for i in range(lo, hi):
            d = x[i] - y[i]
            beyond = s if d > zero else (-s if d < zero else zero)
            out[i] = a * d if abs(d) < b or (d != d and b > zero) else beyond


def loss_sum(x: Array, y: Array, bound: float, inner: float, offset: float, outer: float) -> float:
    """Return the sum of the losses of vectors x and y, which hold something.

    >>> loss_sum(np.array([1.0, 4.0]), np.array([1.0, 1.0]), -1.0, 1.0, 0.0, 0.0)
    9.0
    """
    out = np.empty(-(-x.size // BLOCK))
    loss_blocks(out.size, 2 * x.nbytes, x, y, bound, inner, offset, outer, out)
    return float(out.sum())


def loss_gradient(x: Array, y: Array, factor: float, bound: float, inner: float, outer: float, out: Array) -> None:
    """Write ``factor`` times the derivatives with respect to the vector x.

    >>> out = np.empty(2)
    >>> loss_gradient(np.array([1.0, 4.0]), np.array([1.0, 1.0]), 1.0, -1.0, 1.0, 0.0, out)
    >>> out.tolist()
    [0.0, 6.0]
    """
    loss_slopes(x.size, 3 * x.nbytes, x, y, bound, inner * factor, outer * factor, out)
