"""Further ways to get a Jacobian, for `gradcheck`: forward mode, and many vectors at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..memory import Array
from ..ops.join import stack
from ..tensor import Tensor, wrap
from ._jacobians import _unit_grads, differentiable, numbers
from ._tangents import Tangents
from .engine import grad

__all__ = ["batched_rows", "batched_tangents", "forward_jacobians"]

Function = Callable[..., Any]
Rows = list[tuple[Array, Array]]


def _pushed(func: Function, inputs: tuple[Any, ...], place: int, tangent: Tensor) -> list[Tensor]:
    """Return the tangents of the outputs for a tangent of one input."""
    with Tangents() as level:
        given = list(inputs)
        given[place] = inputs[place].view_as(inputs[place])
        level.give(given[place], tangent)
        outs = differentiable(func(*given))
        found = [level.of(out) for out in outs]
        return [wrap(np.zeros(o._data.shape, o._data.dtype)) if t is None else t.detach() for t, o in zip(found, outs)]


def forward_jacobians(func: Function, inputs: tuple[Any, ...], place: int) -> list[Array]:
    """Return, per output, the matrix (numbers of the input, numbers of the output) by forward mode."""
    units = _unit_grads(inputs[place])
    rows = [[numbers(t._data) for t in _pushed(func, inputs, place, unit)] for unit in units]
    return [np.array(column) for column in zip(*rows)] if rows else []


def _random_rows(x: Tensor, count: int = 2) -> list[Tensor]:
    rng = np.random.default_rng(x._data.size)
    return [wrap(np.asarray(rng.uniform(-1.0, 1.0, x._data.shape), x._data.dtype)) for _ in range(count)]


def batched_rows(func: Function, inputs: tuple[Any, ...], wanted: list[Tensor]) -> Rows:
    """Return gradients of every output by two vectors: for both at once, and one after the other."""
    found: Rows = []
    for out in differentiable(func(*inputs)):
        rows = _random_rows(out)
        kept: dict[str, Any] = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
        together = grad(out, wanted, stack(rows), is_grads_batched=True, **kept)
        apart = [grad(out, wanted, row, **kept) for row in rows]
        found += [(_numbers(g), numbers(stack(list(each))._data)) for g, each in zip(together, zip(*apart))]
    return found


def _numbers(g: Any) -> Array:
    return numbers(g._data)


def batched_tangents(func: Function, inputs: tuple[Any, ...], place: int) -> Rows:
    """Return tangents of all outputs for two tangents of an input: for both at once, and one after the other."""
    from ..func import vmap  # stands on this package

    rows = _random_rows(inputs[place])
    together = vmap(lambda row: tuple(_pushed(func, inputs, place, row)))(stack(rows))
    apart = [_pushed(func, inputs, place, row) for row in rows]
    return [(numbers(t._data), numbers(stack(list(each))._data)) for t, each in zip(together, zip(*apart))]
