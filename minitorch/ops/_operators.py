"""Python's operators between tensors and numbers, or arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..lanes import pair, pair_
from ..op import Op
from ..tensor import method, wrap
from ._common import OPERAND, Tensor, apply, apply_

__all__ = ["operator"]


def _from_array(x: Tensor, other: Any) -> Any:
    """Return a NumPy operand as a tensor, whose dtype counts even if it has no dimensions, as NumPy has it."""
    if not isinstance(other, np.ndarray):
        return NotImplemented
    dtypes.of(other)
    return wrap(other if other.ndim else other.reshape((1,) * x._data.ndim))


def operator(name: str, op: Op, swapped: bool = False, write: bool = False) -> None:
    """Attach a Python operator: ``swapped`` with the tensor on the right, ``write`` in place."""

    def dunder(self: Tensor, other: Any) -> Any:
        if type(other) is not Tensor and not isinstance(other, OPERAND):
            other = _from_array(self, other)
        return NotImplemented if other is NotImplemented else run(op, (self, other))

    def reflected(self: Tensor, other: Any) -> Any:
        if type(other) is not Tensor and not isinstance(other, OPERAND):
            other = _from_array(self, other)
        return NotImplemented if other is NotImplemented else run(op, (other, self))

    run = apply_ if write else apply
    fn = reflected if swapped else pair_(op, dunder) if write else pair(op, dunder)
    fn.__name__ = fn.__qualname__ = name
    method(fn, name)
