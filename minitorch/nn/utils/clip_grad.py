"""Clipping of gradients by their norm or their value. Source: Pascanu et al., arXiv:1211.5063."""

from __future__ import annotations

import functools
import types
import warnings
from collections.abc import Iterable
from typing import Any

from ...ops.create import tensor
from ...ops.join import stack
from ...tape import recording
from ...tensor import Tensor
from .._left_out import renamed

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Tensors = Tensor | Iterable[Tensor]


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Tensor]:
    return [p.grad for p in _listed(parameters) if p.grad is not None]


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """Return the norm of all tensors together, as if they were one vector.

    RuntimeError if it is infinite or NaN and ``error_if_nonfinite`` is set. ``foreach`` is accepted for
    torch's sake.

    >>> import minitorch
    >>> minitorch.nn.utils.get_total_norm([minitorch.ones(9), minitorch.ones(16)])
    tensor(5.)
    """
    norm_type = float(norm_type)
    with recording(False):
        norms = [t.norm(norm_type) for t in _listed(tensors)]
        total: Tensor = stack(norms).norm(norm_type) if norms else tensor(0.0)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients by ``max_norm / total_norm`` if that is less than 1, in place.

    >>> import minitorch
    >>> p = minitorch.zeros(2, requires_grad=True)
    >>> p.grad = minitorch.tensor([3.0, 4.0])
    >>> minitorch.nn.utils.clip_grads_with_norm_(p, 1.0, minitorch.tensor(5.0))
    >>> p.grad
    tensor([0.6000, 0.8000])
    """
    with recording(False):
        factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        for grad in _gradients(parameters):
            grad.mul_(factor)


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients together, in place, so that their norm is at most ``max_norm``; return the old
    norm.

    >>> import minitorch
    >>> p = minitorch.zeros(2, requires_grad=True)
    >>> p.grad = minitorch.tensor([3.0, 4.0])
    >>> minitorch.nn.utils.clip_grad_norm_([p], max_norm=1.0)
    tensor(5.)
    """
    listed = _listed(parameters)
    if isinstance(parameters, types.GeneratorType) and not listed:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total = get_total_norm(_gradients(listed), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of the gradients to [-clip_value, clip_value], in place.

    >>> import minitorch
    >>> p = minitorch.zeros(2, requires_grad=True)
    >>> p.grad = minitorch.tensor([3.0, -4.0])
    >>> minitorch.nn.utils.clip_grad_value_([p], 1.0)
    >>> p.grad
    tensor([ 1., -1.])
    """
    limit: Any = float(clip_value)
    with recording(False):
        for grad in _gradients(parameters):
            grad.clamp_(min=-limit, max=limit)


clip_grad_norm = functools.wraps(clip_grad_norm_)(renamed(clip_grad_norm_, "torch.nn.utils"))
