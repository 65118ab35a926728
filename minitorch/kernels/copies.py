"""Copies of large arrays on all threads: of dense ones in their order, and of expanded ones, whose elements repeat."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel

__all__ = ["LARGE", "copy_into", "copy_of"]

Array = NDArray[Any]

LARGE = 1 << 20  # bytes from which a second thread is worth its launch
_WORDS = {4: np.dtype(np.float32), 8: np.dtype(np.float64)}  # bits are moved, whatever they mean


@kernel
def copy_words(lo: int, hi: int, x: Array, out: Array) -> None:
    """Copy flat arrays; items are elements."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i]


@kernel
def repeat_rows(lo: int, hi: int, x: Array, out: Array) -> None:
    """Repeat the rows of x (outer, inner) in out (outer, n, inner); items are outer times n."""
    n, inner = out.shape[1], out.shape[2]
    if inner == 1:
        for o in range(lo // n, (hi + n - 1) // n):
            value = x[o, 0]
            for k in range(np.uint64(max(lo - o * n, 0)), np.uint64(min(hi - o * n, n))):
                out[o, k, 0] = value
    else:
        for item in range(lo, hi):
            o, k = item // n, item % n
            for i in range(inner):
                out[o, k, i] = x[o, i]


def copy_into(target: Array, source: Array) -> bool:
    """Copy an array over another of its shape and dtype; False if that is left to NumPy.

    >>> a = np.zeros((512, 512))
    >>> copy_into(a, np.ones((512, 512))), float(a.sum())
    (True, 262144.0)
    """
    word = _WORDS.get(target.itemsize)
    if target.nbytes < LARGE or word is None or target.dtype != source.dtype or target.dtype.hasobject:
        return False
    if target.shape != source.shape or np.may_share_memory(target, source):
        return False
    flat = _flat(target), _flat(source)
    if flat[0] is None or flat[1] is None or target.strides != source.strides:
        return False
    copy_words(target.size, 2 * target.nbytes, flat[1].view(word), flat[0].view(word))
    return True


def _flat(x: Array) -> Array | None:
    """View a dense array in the order of its memory, None if it has gaps."""
    if x.flags.c_contiguous:
        return x.reshape(-1)
    order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
    y = x.transpose(order)
    return y.reshape(-1) if y.flags.c_contiguous else None


def copy_of(x: Array) -> Array | None:
    """Return a copy of a large array, dense or repeating along neighbouring axes; None if that is left to NumPy.

    >>> float(copy_of(np.broadcast_to(np.float32(2.0), (1024, 512))).sum())
    1048576.0
    """
    word = _WORDS.get(x.itemsize)
    if x.nbytes < LARGE or word is None or x.dtype.hasobject:
        return None
    still = [axis for axis in range(x.ndim) if x.strides[axis] == 0 and x.shape[axis] != 1]
    if not still:
        out = np.empty_like(x)
        return out if copy_into(out, x) else None
    first, last = still[0], still[-1]
    row = x[(slice(None),) * first + (0,) * len(still)] if last - first + 1 == len(still) else x
    if row is x or not row.flags.c_contiguous:
        return None
    out = np.empty(x.shape, x.dtype)
    outer, n, inner = (math.prod(part) for part in (x.shape[:first], x.shape[first : last + 1], x.shape[last + 1 :]))
    repeat_rows(outer * n, out.nbytes, row.reshape(outer, inner).view(word), out.reshape(outer, n, inner).view(word))
    return out
