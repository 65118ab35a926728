"""The mean or sum of a loss of the difference of two tensors: one op, and one for its gradient.

A loss is ``inner d**2`` below a bound and ``outer (|d| - offset)`` beyond (see `kernels.difference`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..kernels import difference as kernels
from ..kernels import elementwise
from ..memory import Array
from ..op import Op, Variant, Widening
from ..quiet import quiet
from ..tensor import wrap
from ._common import Tensor, apply, vjp_of
from ._large import LARGE
from .pointwise import where

__all__ = ["applies", "difference_loss"]

Shape = tuple[float, float, float, float]  # bound, inner, offset, outer


def applies(x: Tensor, y: Tensor) -> bool:
    """Return whether the tensors are of one shape and type that the op takes, and hold something."""
    a, b = x._data, y._data
    return a.dtype.char in "fd" and a.dtype == b.dtype and a.shape == b.shape and a.size > 0


def difference_loss(x: Tensor, y: Tensor, loss: Shape, reduction: str, grad_name: str) -> Tensor:
    """Return the "mean" or "sum" of the losses."""
    count = x._data.size if reduction == "mean" else 1
    result: Tensor = apply(_op(grad_name), (x, y), (loss, count))
    return result


# ---- value ---------------------------------------------------------------------------------------------------------


def _plain(x: Array, y: Array, loss: Shape, count: int) -> Array:
    bound, inner, offset, outer = loss

    def values() -> Any:
        d = x - y
        if bound < 0:
            return d * d * inner
        d = abs(d)
        return np.where(d < bound, d * d * inner, (d - offset) * outer)

    return np.asarray(quiet.run(values).sum(dtype=np.float64) / count, x.dtype)


def _compiled(x: Array, y: Array, loss: Shape, count: int) -> Array:
    flatten: Any = elementwise.flattener(x)
    return np.asarray(kernels.loss_sum(flatten(x), flatten(y), *loss) / count, x.dtype)


def _large(x: Array, y: Array, *_: Any) -> bool:
    return x.size >= LARGE and elementwise.applies(x, y)


# ---- gradient ------------------------------------------------------------------------------------------------------


def _vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    gx: Tensor = apply(BACK, (g, node.input(0), node.input(1)), node.params)
    return gx if node.needs[0] else None, -gx if node.needs[1] else None


def _beyond(d: Array, bound: float, outer: float) -> tuple[Array, Array]:
    """Return where the loss is quadratic, and its slopes elsewhere."""
    inside = (abs(d) < bound) | (np.isnan(d) & (bound > 0)) if bound >= 0 else np.ones(d.shape, bool)
    return inside, ((d > 0).astype(d.dtype) - (d < 0)) * d.dtype.type(outer)


def _back_plain(g: Array, x: Array, y: Array, loss: Shape, count: int) -> Array:
    bound, inner, _, outer = loss
    factor = float(g) / count

    def values() -> Any:
        d = x - y
        if bound < 0:
            return d * (2 * inner * factor)
        inside, slopes = _beyond(d, bound, outer * factor)
        return np.where(inside, d * (2 * inner * factor), slopes)

    return np.asarray(quiet.run(values))


def _back_compiled(g: Array, x: Array, y: Array, loss: Shape, count: int) -> Array:
    flatten: Any = elementwise.flattener(x)
    bound, inner, _, outer = loss
    out = np.empty_like(x)
    kernels.loss_gradient(flatten(x), flatten(y), float(g) / count, bound, inner, outer, flatten(out))
    return out


def _formula(g: Tensor, x: Tensor, y: Tensor, loss: Shape, count: int) -> Tensor:
    bound, inner, _, outer = loss
    d = x - y
    if bound < 0:
        return d * (2 * inner / count) * g
    inside, slopes = _beyond(d._data, bound, outer / count)
    return where(wrap(inside), d * (2 * inner / count), wrap(slopes)) * g


def _back_vjp(node: Any, gg: Tensor) -> Any:
    inputs = (node.input(0), node.input(1), node.input(2))
    return vjp_of(lambda g, x, y: _formula(g, x, y, *node.params), node, inputs, (gg,))


BACK: Op = Widening(
    "difference_loss_backward",
    _back_plain,
    _back_vjp,
    saves=((0, 1, 2),) * 3,
    variants=(Variant("compiled", lambda g, x, y, *_: _large(x, y), _back_compiled, LARGE),),
)


@lru_cache
def _op(grad_name: str) -> Op:
    """Return the op that the tape shows under a loss's name."""
    compiled = Variant("compiled", _large, _compiled, LARGE)
    return Widening("difference_loss", _plain, _vjp, saves=((0, 1), (0, 1)), grad_name=grad_name, variants=(compiled,))
