"""The one place where the logical (N, C, *spatial) order meets the physical channels-last order.

Window and norm kernels run on C-contiguous (N, *spatial, C) arrays: their inner loops are then contiguous
vectors over C.  Their results are handed on as logical views, so a chain of such ops never converts;
`conversions` counts the copies that were needed all the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .transpose import transposed

Array = NDArray[Any]


class Conversions:
    """How many physical layout conversions happened, and how many bytes they wrote."""

    __slots__ = ("bytes", "count")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start counting from zero."""
        self.count = 0
        self.bytes = 0

    def add(self, nbytes: int) -> None:
        """Count one conversion that wrote `nbytes` bytes."""
        self.count += 1
        self.bytes += nbytes


conversions = Conversions()

_LAST = {n: (0, *range(2, n), 1) for n in range(2, 9)}
_FIRST = {n: (0, n - 1, *range(1, n - 1)) for n in range(2, 9)}


def as_channels_last(x: Array) -> Array:
    """Return logical `x` (N, C, *spatial) as a C-contiguous (N, *spatial, C) array, copying only if it must.

    >>> as_channels_last(np.zeros((2, 3, 4, 5))).shape
    (2, 4, 5, 3)
    """
    y = x.transpose(_LAST[x.ndim])
    if y.flags.c_contiguous:
        return y
    conversions.add(y.nbytes)
    return _dense(y)


def as_contiguous(x: Array) -> Array:
    """Return logical `x` (N, C, *spatial) C-contiguous in that order, copying only if it must.

    >>> as_contiguous(logical(np.zeros((2, 4, 5, 3)))).flags.c_contiguous
    True
    """
    if x.flags.c_contiguous:
        return x
    conversions.add(x.nbytes)
    return _dense(x)


def logical(y: Array) -> Array:
    """View channels-last `y` (N, *spatial, C) in logical order (N, C, *spatial); never copies.

    >>> logical(np.zeros((2, 4, 5, 3))).shape
    (2, 3, 4, 5)
    """
    return y.transpose(_FIRST[y.ndim])


def is_channels_last(x: Array) -> bool:
    """Tell whether logical `x` (N, C, *spatial) is already dense channels last."""
    return bool(x.transpose(_LAST[x.ndim]).flags.c_contiguous)


def empty_channels_last(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an uninitialised logical (N, C, *spatial) array that is stored channels last."""
    return logical(np.empty((shape[0], *shape[2:], shape[1]), dtype))


def _dense(y: Array) -> Array:
    """Copy y into C order; by tiles where y is (N, S, C) and its memory (N, C, S), or the other way round."""
    for cut in {2, y.ndim - 1}:  # where the spatial part ends, or begins
        stored = y.transpose(0, *range(cut, y.ndim), *range(1, cut))
        if y.ndim > 2 and stored.flags.c_contiguous:
            matrices = stored.reshape(y.shape[0], math.prod(y.shape[cut:]), -1)
            return transposed(matrices).reshape(y.shape)
    return np.ascontiguousarray(y)
