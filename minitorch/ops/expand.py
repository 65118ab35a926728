"""Repetition without a copy, and its adjoint: expand and sum_to_size."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import shape_text
from ..memory import Array
from ..op import Op, Widening
from ..tensor import method
from ._common import Tensor, apply, apply_view, ints, register_views

__all__ = ["expand"]


def _expand_fwd(x: Array, shape: tuple[int, ...]) -> Array:
    if x.shape == shape:
        return x[...]
    lead = len(shape) - x.ndim
    steps = (0,) * lead + tuple([0 if n == 1 else s for s, n in zip(x.strides, x.shape)])
    if x.flags.c_contiguous:  # many times faster than `broadcast_to`, and writable, as torch has it
        return np.ndarray(shape, x.dtype, x, 0, steps)
    return np.lib.stride_tricks.as_strided(x, shape, steps)


def _expand_vjp(node: Any, g: Tensor) -> Tensor:
    return apply(SUM_TO, (g,), (node.in_shape(0),))


EXPAND: Op = Op("expand", _expand_fwd, _expand_vjp, view=True)


def _sum_to_fwd(x: Array, shape: tuple[int, ...]) -> Array:
    lead = x.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(lead + i for i, n in enumerate(shape) if n == 1 and x.shape[lead + i] != 1)
    return np.sum(x, axis=axes, keepdims=True, dtype=x.dtype).reshape(shape)


SUM_TO: Op = Widening("sum_to_size", _sum_to_fwd, lambda node, g: expand(g, node.in_shape(0)), grad_name="SumBackward1")


def expand(input: Tensor, *sizes: Any, size: Any = (), implicit: bool = False) -> Tensor:
    """Return a view with dimensions of size 1 repeated without a copy; -1 keeps a size.

    Raises
    ------
    RuntimeError : a size that the existing one cannot become.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.ones(3, 1).expand(-1, 4).shape
    torch.Size([3, 4])
    """
    want, shape = ints(sizes or tuple(size)), input._data.shape
    lead = len(want) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.{_type_name(input)}{{{shape_text(shape)}}}, size={list(want)}): the number of sizes "
            f"provided ({len(want)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    full = []
    for i, n in enumerate(want):
        have = shape[i - lead] if i >= lead else 1
        if n == -1 and i < lead:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}"
            )
        if n != -1 and have not in (1, n):
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at non-singleton "
                f"dimension {i}.  Target sizes: {shape_text(want)}.  Tensor sizes: {shape_text(shape)}"
            )
        full.append(have if n == -1 else n)
    return apply_view(EXPAND, input, (tuple(full),))


def _type_name(x: Tensor) -> str:
    return {"float32": "FloatTensor", "float64": "DoubleTensor", "int64": "LongTensor"}.get(x.dtype.name, "Tensor")


@method
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Expand the tensor to the shape of ``other``."""
    return expand(self, other._data.shape)


@method
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """Sum away broadcast dimensions until the tensor has shape ``size``."""
    want = ints(size)
    have = self._data.shape[self._data.ndim - len(want) :]
    if len(want) > self._data.ndim or any(n not in (1, m) for n, m in zip(want, have)):
        raise RuntimeError(f"size {{{list(want)}}} is not expandable to size {{{list(self._data.shape)}}}.")
    return self if self._data.shape == want else apply(SUM_TO, (self,), (want,))


register_views(
    expand,
    ("column", (3, 1), (3, 4)),
    ("lead", (3,), (2, 3)),
    ("keep", (2, 1), (-1, 3)),
    ("zero size", (1, 3), (0, 3)),
    fails=[((3, 4), (3, 5), RuntimeError, "The expanded size of the tensor")],
    methods=("expand", "broadcast_to"),
)
