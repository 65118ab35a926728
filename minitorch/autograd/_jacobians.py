"""Jacobian matrices by central differences and by backward passes, for `gradcheck`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import COMPLEX
from ..memory import Array
from ..tensor import Tensor, wrap
from .engine import grad

__all__ = [
    "analytical_jacobians",
    "differentiable",
    "evaluate",
    "numbers",
    "numerical_jacobians",
    "real_parts",
]

Function = Callable[..., Any]


def differentiable(result: Any) -> tuple[Tensor, ...]:
    """Return the outputs that gradients can come from."""
    given = (result,) if isinstance(result, Tensor) else tuple(result)
    return tuple(out for out in given if isinstance(out, Tensor) and out.requires_grad)


def real_parts(array: Array) -> list[Array]:
    """Return writable views of the real numbers in an array: itself, or its real and imaginary parts."""
    return [array.real, array.imag] if array.dtype.kind == "c" else [array]


def numbers(array: Array) -> Array:
    """Return the real numbers of an array as one float64 vector, a copy."""
    return np.concatenate([part.reshape(-1) for part in real_parts(array)]).astype(np.float64)


def evaluate(func: Function, inputs: tuple[Any, ...]) -> list[Array]:
    """Return the numbers of the outputs of a function."""
    return [numbers(out._data) for out in differentiable(func(*inputs))]


def numerical_jacobians(func: Function, inputs: tuple[Any, ...], x: Tensor, eps: float) -> list[Array]:
    """Return, per output, the matrix (numbers of x, numbers of the output) of central differences."""
    rows: list[list[Array]] = []
    for part in real_parts(x._data):
        for index in np.ndindex(part.shape):
            before = part[index].copy()
            part[index] = before + eps
            above = evaluate(func, inputs)
            part[index] = before - eps
            below = evaluate(func, inputs)
            part[index] = before
            rows.append([(a - b) / (2 * eps) for a, b in zip(above, below)])
    return [np.array(column) for column in zip(*rows)] if rows else []


def _unit_grads(out: Tensor) -> list[Tensor]:
    """Return a gradient of one 1 (and one i) for every element of an output."""
    units = []
    for part in range(len(real_parts(out._data))):
        for index in np.ndindex(out._data.shape):
            unit = np.zeros(out._data.shape, out._data.dtype)
            real_parts(unit)[part][index] = 1
            units.append(wrap(unit))
    return units


def analytical_jacobians(out: Tensor, inputs: list[Tensor]) -> list[Array]:
    """Return, per input, the matrix (numbers of the input, numbers of ``out``) by backward passes."""
    columns: list[list[Array]] = [[] for _ in inputs]
    for unit in _unit_grads(out):
        found = grad(out, inputs, unit, retain_graph=True, allow_unused=True)
        for column, x, g in zip(columns, inputs, found):
            column.append(np.zeros(_count(x)) if g is None else numbers(g._data))
    return [np.array(c).T if c else np.zeros((_count(x), 0)) for c, x in zip(columns, inputs)]


def _count(x: Tensor) -> int:
    return x._data.size * (2 if x.dtype.category == COMPLEX else 1)
