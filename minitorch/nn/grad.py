"""Gradients of convolutions as functions: with respect to the input, and to the weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.engine import grad
from ..autograd.grad_mode import enable_grad, is_grad_enabled
from ..ops.create import zeros
from ..tensor import Tensor
from . import functional as F

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _gradient(op: str, wanted: int, arrays: list[Tensor], grad_output: Tensor, geometry: tuple[Any, ...]) -> Tensor:
    """Return the gradient of a convolution in one of its operands, which it is linear in: zeros stand for it."""
    recorded = is_grad_enabled() and (grad_output.requires_grad or arrays[1 - wanted].requires_grad)
    arrays[wanted].requires_grad_()
    with enable_grad():
        output = getattr(F, op)(*arrays, None, *geometry)
    found: Any = grad(output, arrays[wanted], grad_output, create_graph=recorded)
    return found[0]


def _input(op: str, size: Sequence[int], weight: Tensor, grad_output: Tensor, geometry: Any) -> Tensor:
    return _gradient(op, 0, [zeros(tuple(size), dtype=weight.dtype), weight], grad_output, geometry)


def _weight(op: str, input: Tensor, size: Sequence[int], grad_output: Tensor, geometry: Any) -> Tensor:
    return _gradient(op, 1, [input, zeros(tuple(size), dtype=input.dtype)], grad_output, geometry)


def conv1d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Return the gradient of ``conv1d`` with respect to its input (N, C, L), of size ``input_size``.

    >>> import minitorch
    >>> w, g = minitorch.ones(1, 1, 3), minitorch.ones(1, 1, 2)
    >>> minitorch.nn.grad.conv1d_input((1, 1, 4), w, g).sum()
    tensor(6.)
    """
    return _input("conv1d", input_size, weight, grad_output, (stride, padding, dilation, groups))


def conv1d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Return the gradient of ``conv1d`` with respect to its weight, of size ``weight_size``.

    >>> import minitorch
    >>> x, g = minitorch.ones(1, 1, 4), minitorch.ones(1, 1, 2)
    >>> minitorch.nn.grad.conv1d_weight(x, (1, 1, 3), g).sum()
    tensor(6.)
    """
    return _weight("conv1d", input, weight_size, grad_output, (stride, padding, dilation, groups))


def conv2d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Return the gradient of ``conv2d`` with respect to its input (N, C, H, W), of size ``input_size``.

    >>> import minitorch
    >>> w, g = minitorch.ones(1, 1, 3, 3), minitorch.ones(1, 1, 2, 2)
    >>> minitorch.nn.grad.conv2d_input((1, 1, 4, 4), w, g).sum()
    tensor(36.)
    """
    return _input("conv2d", input_size, weight, grad_output, (stride, padding, dilation, groups))


def conv2d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Return the gradient of ``conv2d`` with respect to its weight, of size ``weight_size``.

    >>> import minitorch
    >>> x, g = minitorch.ones(1, 1, 4, 4), minitorch.ones(1, 1, 2, 2)
    >>> minitorch.nn.grad.conv2d_weight(x, (1, 1, 3, 3), g).sum()
    tensor(36.)
    """
    return _weight("conv2d", input, weight_size, grad_output, (stride, padding, dilation, groups))


def conv3d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Return the gradient of ``conv3d`` with respect to its input (N, C, D, H, W), of size ``input_size``.

    >>> import minitorch
    >>> w, g = minitorch.ones(1, 1, 3, 3, 3), minitorch.ones(1, 1, 2, 2, 2)
    >>> minitorch.nn.grad.conv3d_input((1, 1, 4, 4, 4), w, g).sum()
    tensor(216.)
    """
    return _input("conv3d", input_size, weight, grad_output, (stride, padding, dilation, groups))


def conv3d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Return the gradient of ``conv3d`` with respect to its weight, of size ``weight_size``.

    >>> import minitorch
    >>> x, g = minitorch.ones(1, 1, 4, 4, 4), minitorch.ones(1, 1, 2, 2, 2)
    >>> minitorch.nn.grad.conv3d_weight(x, (1, 1, 3, 3, 3), g).sum()
    tensor(216.)
    """
    return _weight("conv3d", input, weight_size, grad_output, (stride, padding, dilation, groups))
