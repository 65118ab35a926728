"""Backward functions that must not be differentiated themselves."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..dispatch import apply
from ..op import Op
from ..tape import Node, mode, recording
from ..tensor import Tensor

__all__ = ["once_differentiable"]


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Declare that a `Function.backward` is not differentiable: differentiating its result raises
    RuntimeError.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.autograd.function import once_differentiable
    >>> class Double(minitorch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return 2 * x
    ...
    ...     @staticmethod
    ...     @once_differentiable
    ...     def backward(ctx, grad):
    ...         return 2 * grad
    """

    @functools.wraps(fn)
    def once(ctx: Any, *grads: Any) -> Any:
        with recording(False):
            found = fn(ctx, *grads)
        tracked = tuple([g for g in grads if isinstance(g, Tensor) and g.requires_grad])
        if not mode.enabled or not tracked:
            return found
        given = found if isinstance(found, tuple) else (found,)
        barred = tuple([apply(_ONCE, (g, *tracked)) if isinstance(g, Tensor) else g for g in given])
        return barred if isinstance(found, tuple) else barred[0]

    return once


def _refuse(node: Node, *grads: Any) -> Any:
    raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


_ONCE = Op("once", lambda value, *tracked: value.copy(), _refuse, grad_name="DelayedError")
