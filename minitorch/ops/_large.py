"""The compiled variants of point-wise ops: worth their launch, and their compilation, on large arrays only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels import activations, elementwise, gamma  # noqa: F401 (their kernels join the table)
from ..op import Op, Pointwise, Variant
from ._common import Tensor, apply, vjp_of

__all__ = ["LARGE", "compiled", "curve"]

# elements from which a kernel on one thread is as fast as NumPy's loop; below, nothing needs to be compiled
LARGE = 1 << 14


def compiled(name: str, operands: int = 1) -> tuple[Variant, ...]:
    """Return the variant that runs the kernel ``name`` of the table on ``operands`` arrays."""

    def applies(*values: Any) -> bool:
        arrays = values[:operands]
        return all(type(a) is np.ndarray for a in arrays) and elementwise.applies(*arrays)

    return (Variant("compiled", applies, lambda *values: elementwise.run(name, *values), LARGE),)


def curve(
    name: str,
    value: Callable[..., Any],
    slope: Callable[..., Any],
    formula: Callable[..., Tensor],
    *,
    kernel: str = "",
    gradient: str = "",
    **kw: Any,
) -> Op:
    """Make the op of a function of a tensor and numbers, whose gradient is an op too: each with a compiled variant.

    Parameters
    ----------
    name, gradient : of the kernels, that of the gradient by default ``name_backward``. ``kernel`` : in torch's errors.
    ``value(x, *numbers)``, ``slope(x, *numbers)`` : NumPy.
    formula : ``formula(g, x, *numbers)``, g times the slope in ops: where the gradient's own gradient comes from.
    """

    def forward(x: Any, *numbers: Any) -> Any:
        return value(x, *numbers).astype(x.dtype, copy=False)

    def back(g: Any, x: Any, *numbers: Any) -> Any:
        return (g * slope(x, *numbers)).astype(x.dtype, copy=False)

    def back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, ...]:
        scaled = lambda g, x: formula(g, x, *node.params)  # noqa: E731
        return vjp_of(scaled, node, (node.input(0), node.input(1)), (gg,))

    gradient = gradient or name + "_backward"
    slopes: Op = Pointwise(gradient, back, back_vjp, saves=((0, 1), (0, 1)), variants=compiled(gradient, 2))
    result: Op = Pointwise(
        name,
        forward,
        lambda node, g: apply(slopes, (g, node.input(0)), node.params),
        saves=((0,),),
        variants=compiled(name),
        kernel=kernel,
        **kw,
    )
    return result
