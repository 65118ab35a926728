"""The softmax family of layers."""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from ._activation import _Activation
from .module import Module

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


class Softmax(_Activation):
    """``exp(x) / sum(exp(x))`` along ``dim``: probabilities.

    >>> import minitorch
    >>> minitorch.nn.Softmax(dim=1)(minitorch.zeros(1, 4))
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """

    _op, _arguments = "softmax", ("dim",)
    __constants__ = ["dim"]

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim


class LogSoftmax(_Activation):
    """``log(softmax(x))`` along ``dim``, without overflow.

    >>> import minitorch
    >>> minitorch.nn.LogSoftmax(dim=1)(minitorch.zeros(1, 2))
    tensor([[-0.6931, -0.6931]])
    """

    _op, _arguments = "log_softmax", ("dim",)
    __constants__ = ["dim"]

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim


class Softmin(_Activation):
    """``softmax(-x)`` along ``dim``.

    >>> import minitorch
    >>> minitorch.nn.Softmin(dim=0)(minitorch.zeros(2))
    tensor([0.5000, 0.5000])
    """

    _op, _arguments = "softmin", ("dim",)
    __constants__ = ["dim"]

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim


class Softmax2d(Module):
    """Softmax over the channels of (N, C, H, W) or (C, H, W); ValueError for other numbers of dimensions.

    >>> import minitorch
    >>> minitorch.nn.Softmax2d()(minitorch.zeros(1, 2, 1, 1)).flatten()
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the probabilities."""
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3)
