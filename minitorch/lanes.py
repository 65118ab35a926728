"""Short ways for the commonest calls: point-wise operations on small tensors, where Python's own time is most of it.

A lane is a function of the operands that does what `apply` does, in a straight line, for the usual case: tensors of
one floating-point dtype, smaller than what the compiled variants are for, with nobody looking on. All other operands
go ``otherwise``, where the general rules and the errors are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from . import interception
from .dispatch import record, requires
from .memory import Storage
from .op import Op, Pointwise, Widening
from .quiet import silence
from .tape import mode
from .tensor import Tensor, bare

__all__ = ["pair", "pair_", "single"]

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_LARGEST = 3e38  # a number below it is no infinity in float32
_EXACT = 2**53  # an integer below it is the same in float64
_array = np.array
_quietly = silence().run  # one for all threads, which is found faster than the thread's own

Lane = Callable[..., Any]
_MANY = 1 << 14  # elements from which the time of Python does not matter


def _least(op: Op) -> float:
    """Return the size from which an operation has no lane: 0 if it has promotion rules of its own."""
    if not isinstance(op, (Pointwise, Widening)) or type(op).run not in (Pointwise.run, Widening.run):
        return 0
    return 0 if "f" in op.lacks or op.physical else min(op.least, _MANY)


def single(op: Op, otherwise: Lane) -> Lane:
    """Return the lane of an operation of one operand, and its parameters."""
    fwd, vjp, least = op.fwd, op.vjp, _least(op)
    if not least:
        return otherwise

    def lane(x: Any, params: tuple[Any, ...] = ()) -> Any:
        if isinstance(x, Tensor) and not interception.active and x._storage.array is None:
            array = x._data
            kind = array.dtype
            if (kind is _FLOAT32 or kind is _FLOAT64) and array.size < least:
                try:
                    result = _quietly(fwd, array, *params) if params else _quietly(fwd, array)
                except (RuntimeError, ValueError):  # another thread is in the one context just now, or a user's error
                    return otherwise(x, params)
                out = bare(result if type(result) is ndarray else _array(result))
                if (x._requires or (x._base is not None and requires(x))) and vjp is not None and mode.enabled:
                    record(op, (x,), params, (out,))
                return out
        return otherwise(x, params)

    return lane


def pair(op: Op, otherwise: Lane, fwd: Any = None) -> Lane:
    """Return the lane of an operation of two operands, the second of which may be a number.

    ``fwd`` may be a shorter way of the operation's own, which raises ValueError for what it is not made for.
    """
    fwd, vjp, least = fwd or op.fwd, op.vjp, _least(op)
    if not least:
        return otherwise
    numbers = type(fwd) is np.ufunc  # other functions may have a better way for a number than an array of it

    def lane(x: Any, y: Any) -> Any:
        if isinstance(x, Tensor) and not interception.active and x._storage.array is None:
            a = x._data
            kind = a.dtype
            if (kind is _FLOAT32 or kind is _FLOAT64) and a.size < least:
                tracked = x._requires or (x._base is not None and requires(x))
                if isinstance(y, Tensor) and y._storage.array is None:
                    b = y._data
                    tracked = tracked or y._requires or (y._base is not None and requires(y))
                elif numbers and _is_exact(y):
                    b = _array(y, kind)  # NumPy computes with it many times faster than with the number
                else:
                    return otherwise(x, y)
                if b.dtype is kind:
                    try:
                        result = _quietly(fwd, a, b)
                    except (RuntimeError, ValueError):  # as in `single`
                        return otherwise(x, y)
                    out = bare(result if type(result) is ndarray else _array(result))
                    if tracked and vjp is not None and mode.enabled:
                        record(op, (x, y), (), (out,))
                    return out
        return otherwise(x, y)

    return lane


def _is_exact(y: Any) -> bool:
    """Whether ``y`` is a number that is the same, up to rounding, in every floating-point dtype of a lane."""
    return (type(y) is float and -_LARGEST < y < _LARGEST) or (type(y) is int and -_EXACT < y < _EXACT)


def pair_(op: Op, otherwise: Lane) -> Lane:
    """Return the lane of an operation of two operands that writes over the first, where nothing is recorded."""
    fwd, least = op.fwd, _least(op)
    if not least or type(fwd) is not np.ufunc:
        return otherwise

    def lane(self: Any, other: Any) -> Any:
        storage = self._storage
        recording = mode.enabled
        if (
            interception.active
            or type(storage) is not Storage
            or (recording and (self._requires or self._base is not None))
        ):
            return otherwise(self, other)
        a = self._data
        kind = a.dtype
        if (kind is not _FLOAT32 and kind is not _FLOAT64) or a.size >= least or 0 in a.strides:
            return otherwise(self, other)
        if isinstance(other, Tensor) and not (recording and (other._requires or other._base is not None)):
            b = other._data
            if other._storage is storage and b is not a:  # two views, which may overlap
                return otherwise(self, other)
        elif _is_exact(other):
            b = _array(other, kind)
        else:
            return otherwise(self, other)
        if b.dtype is not kind:
            return otherwise(self, other)
        try:
            _quietly(fwd, a, b, a)
        except (RuntimeError, ValueError):  # as in `single`
            return otherwise(self, other)
        storage.written()
        return self

    return lane
