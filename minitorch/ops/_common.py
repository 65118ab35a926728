"""What the op families share: argument checks, delivery into ``out=``, and the making of table-driven functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..convert import wrap_dim, wrap_dims
from ..dispatch import apply
from ..inplace import apply_, check_result, write
from ..op import Op
from ..tensor import Tensor, method, wrap

__all__ = ["NUMBER", "Tensor", "apply", "apply_", "deliver", "inplace", "ints", "normal_dims", "operand", "tensor_arg",
           "zeros_like"]  # fmt: skip

NUMBER = (int, float, complex, bool, np.number, np.bool_)


def tensor_arg(fn: str, x: Any, name: str = "input", position: int = 1) -> Tensor:
    """Return ``x`` if it is a tensor; TypeError with torch's text otherwise."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{fn}(): argument '{name}' (position {position}) must be Tensor, not {type(x).__name__}")
    return x


def operand(fn: str, x: Any, name: str = "other", position: int = 2) -> Any:
    """Return ``x`` if it is a tensor or a number; TypeError with torch's text otherwise."""
    if not isinstance(x, (Tensor, *NUMBER)):
        raise TypeError(f"{fn}(): argument '{name}' (position {position}) must be Tensor, not {type(x).__name__}")
    return x


def deliver(result: Tensor, out: Tensor | None) -> Tensor:
    """Return the result, or store it in ``out`` (resized if its shape differs) and return that."""
    if out is None:
        return result
    if out.requires_grad or result.requires_grad:
        raise RuntimeError("functions with out=... arguments don't support automatic differentiation, but one of the "
                           "arguments requires grad.")  # fmt: skip
    if out._data.shape != result._data.shape:
        out._data = np.empty(result._data.shape, out._data.dtype)
    check_result(None, out, result._data)
    write(out, result._data)
    return out


def inplace(op: Op, name: str, arity: int = 1) -> None:
    """Attach the in-place method ``name`` (``relu_``) of a primitive with ``arity`` inputs and no parameters."""

    def unary_(self: Tensor) -> Tensor:
        return apply_(op, (self,))

    def binary_(self: Tensor, other: Any) -> Tensor:
        return apply_(op, (self, operand(name, other)))

    fn: Callable[..., Tensor] = unary_ if arity == 1 else binary_
    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"Write the result of `{name[:-1]}` over the tensor, and return it."
    method(fn, name)


def ints(values: tuple[Any, ...]) -> tuple[int, ...]:
    """Return sizes given as ``f(2, 3)`` or as ``f((2, 3))``, as plain ints."""
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        values = tuple(values[0])
    return tuple([int(v) for v in values])


def normal_dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """Return reduced dimensions from 0: all of them for None and for an empty tuple."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    return wrap_dims(dim, ndim)


def one_dim(dim: int, ndim: int) -> int:
    """Return one dimension from 0."""
    return wrap_dim(dim, ndim)


def zeros_like(x: Tensor, shape: tuple[int, ...] | None = None) -> Tensor:
    """Return zeros of the dtype of ``x``, off the tape (a gradient that is 0 even where ``x`` is infinite)."""
    return wrap(np.zeros_like(x._data) if shape is None else np.zeros(shape, x._data.dtype))
