"""Folding of a batch norm in eval mode into the layer before it, which then computes both."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from ...ops.create import ones_like, zeros_like
from ...tensor import Tensor
from ..batchnorm import _BatchNorm
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

M = TypeVar("M", bound=Any)


def _check(layer: Any, bn: _BatchNorm) -> None:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")


def fuse_conv_bn_eval(conv: M, bn: _BatchNorm, transpose: bool = False) -> M:
    """Return a copy of ``conv`` that computes ``bn(conv(x))``; both in eval mode, else AssertionError as
    in torch.

    >>> import minitorch
    >>> from minitorch import nn
    >>> conv, bn = nn.Conv2d(1, 2, 3).eval(), nn.BatchNorm2d(2).eval()
    >>> fused, x = nn.utils.fuse_conv_bn_eval(conv, bn), minitorch.ones(1, 1, 4, 4)
    >>> bool(((fused(x) - bn(conv(x))).abs() < 1e-5).all())
    True
    """
    _check(conv, bn)
    fused = copy.deepcopy(conv)
    statistics = (bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias)
    fused.weight, fused.bias = fuse_conv_bn_weights(fused.weight, fused.bias, *statistics, transpose)  # type: ignore[arg-type]
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Return the weight and bias of the fused convolution.

    >>> import minitorch
    >>> zeros, ones = minitorch.zeros(2), minitorch.ones(2)
    >>> bn = (zeros, ones, 0.0, ones, ones)
    >>> w, b = minitorch.nn.utils.fuse_conv_bn_weights(minitorch.ones(2, 1, 1), None, *bn)
    >>> b.tolist()
    [1.0, 1.0]
    """
    conv_b = zeros_like(bn_rm) if conv_b is None else conv_b
    scale = (bn_rv + bn_eps).rsqrt() * (ones_like(bn_rm) if bn_w is None else bn_w)
    shift = zeros_like(bn_rm) if bn_b is None else bn_b
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    weight = (conv_w * scale.reshape(shape)).to(conv_w.dtype)
    bias = ((conv_b - bn_rm) * scale + shift).to(conv_b.dtype)
    return Parameter(weight, conv_w.requires_grad), Parameter(bias, conv_b.requires_grad)


def fuse_linear_bn_eval(linear: M, bn: _BatchNorm) -> M:
    """Return a copy of ``linear`` that computes ``bn(linear(x))``; both in eval mode, else AssertionError.

    >>> import minitorch
    >>> from minitorch import nn
    >>> linear, bn = nn.Linear(3, 2).eval(), nn.BatchNorm1d(2).eval()
    >>> nn.utils.fuse_linear_bn_eval(linear, bn)(minitorch.ones(4, 3)).shape
    torch.Size([4, 2])
    """
    _check(linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    statistics = (bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias)
    fused.weight, fused.bias = fuse_linear_bn_weights(fused.weight, fused.bias, *statistics)  # type: ignore[arg-type]
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Return the weight and bias of the fused linear layer.

    >>> import minitorch
    >>> zeros, ones = minitorch.zeros(2), minitorch.ones(2)
    >>> bn = (zeros, ones, 0.0, ones, ones)
    >>> w, b = minitorch.nn.utils.fuse_linear_bn_weights(minitorch.ones(2, 3), None, *bn)
    >>> b.tolist()
    [1.0, 1.0]
    """
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
