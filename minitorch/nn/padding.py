"""Padding layers: constant, zero, reflection, replication and circular."""

from __future__ import annotations

from collections.abc import Sequence

from ..tensor import Tensor
from . import functional as F
from ._sizes import ntuple
from .module import Module

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
    "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class _Pad(Module):
    """``F.pad`` of the last ``_ndim`` dimensions in the mode ``_mode``."""

    __constants__ = ["padding"]
    _ndim: int
    _mode: str

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        self.padding = ntuple(padding, 2 * self._ndim)

    def forward(self, input: Tensor) -> Tensor:
        """Return the padded input; ``padding`` counts from the last dimension, before and after."""
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        """Return the padding."""
        return f"{self.padding}"


class _CircularPad(_Pad):
    _mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """Return the input continued periodically."""
        low, high = self._ndim + 1, self._ndim + 2
        if input.dim() not in (low, high):
            raise ValueError(f"expected {low}D or {high}D input (got {input.dim()}D input)")
        return super().forward(input)


class _ReflectionPad(_Pad):
    _mode = "reflect"


class _ReplicationPad(_Pad):
    _mode = "replicate"


class _ConstantPad(_Pad):
    __constants__ = ["padding", "value"]

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with ``value`` around it."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Return padding and value."""
        return f"padding={self.padding}, value={self.value}"


class CircularPad1d(_CircularPad):
    """(N, C, W) continued periodically; padding for all sides, or before and after from the last dimension
    on.

    >>> import minitorch
    >>> minitorch.nn.CircularPad1d(1)(minitorch.zeros(2, 3, 4)).shape
    torch.Size([2, 3, 6])
    """

    _ndim = 1


class CircularPad2d(_CircularPad):
    """(N, C, H, W) continued periodically; padding for all sides, or before and after from the last
    dimension on.

    >>> import minitorch
    >>> minitorch.nn.CircularPad2d(1)(minitorch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 3, 6, 6])
    """

    _ndim = 2


class CircularPad3d(_CircularPad):
    """(N, C, D, H, W) continued periodically; padding for all sides, or before and after from the last
    dimension on.

    >>> import minitorch
    >>> minitorch.nn.CircularPad3d(1)(minitorch.zeros(2, 3, 4, 4, 4)).shape
    torch.Size([2, 3, 6, 6, 6])
    """

    _ndim = 3


class ReflectionPad1d(_ReflectionPad):
    """(N, C, W) mirrored at its borders, which are not repeated; padding for all sides, or before and
    after from the last dimension on.

    >>> import minitorch
    >>> minitorch.nn.ReflectionPad1d(1)(minitorch.zeros(2, 3, 4)).shape
    torch.Size([2, 3, 6])
    """

    _ndim = 1


class ReflectionPad2d(_ReflectionPad):
    """(N, C, H, W) mirrored at its borders, which are not repeated; padding for all sides, or before and
    after from the last dimension on.

    >>> import minitorch
    >>> minitorch.nn.ReflectionPad2d(1)(minitorch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 3, 6, 6])
    """

    _ndim = 2


class ReflectionPad3d(_ReflectionPad):
    """(N, C, D, H, W) mirrored at its borders, which are not repeated; padding for all sides, or before
    and after from the last dimension on.

    >>> import minitorch
    >>> minitorch.nn.ReflectionPad3d(1)(minitorch.zeros(2, 3, 4, 4, 4)).shape
    torch.Size([2, 3, 6, 6, 6])
    """

    _ndim = 3


class ReplicationPad1d(_ReplicationPad):
    """(N, C, W) with its border values repeated; padding for all sides, or before and after from the last
    dimension on.

    >>> import minitorch
    >>> minitorch.nn.ReplicationPad1d(1)(minitorch.zeros(2, 3, 4)).shape
    torch.Size([2, 3, 6])
    """

    _ndim = 1


class ReplicationPad2d(_ReplicationPad):
    """(N, C, H, W) with its border values repeated; padding for all sides, or before and after from the
    last dimension on.

    >>> import minitorch
    >>> minitorch.nn.ReplicationPad2d(1)(minitorch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 3, 6, 6])
    """

    _ndim = 2


class ReplicationPad3d(_ReplicationPad):
    """(N, C, D, H, W) with its border values repeated; padding for all sides, or before and after from the
    last dimension on.

    >>> import minitorch
    >>> minitorch.nn.ReplicationPad3d(1)(minitorch.zeros(2, 3, 4, 4, 4)).shape
    torch.Size([2, 3, 6, 6, 6])
    """

    _ndim = 3


class ConstantPad1d(_ConstantPad):
    """(N, C, W) with ``value`` around it.

    >>> import minitorch
    >>> minitorch.nn.ConstantPad1d(1, 0.5)(minitorch.zeros(2, 3, 4)).shape
    torch.Size([2, 3, 6])
    """

    _ndim = 1


class ZeroPad1d(ConstantPad1d):
    """(N, C, W) with zeros around it.

    >>> import minitorch
    >>> minitorch.nn.ZeroPad1d(1)(minitorch.zeros(2, 3, 4)).shape
    torch.Size([2, 3, 6])
    """

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the padding."""
        return f"{self.padding}"


class ConstantPad2d(_ConstantPad):
    """(N, C, H, W) with ``value`` around it.

    >>> import minitorch
    >>> minitorch.nn.ConstantPad2d(1, 0.5)(minitorch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 3, 6, 6])
    """

    _ndim = 2


class ZeroPad2d(ConstantPad2d):
    """(N, C, H, W) with zeros around it.

    >>> import minitorch
    >>> minitorch.nn.ZeroPad2d(1)(minitorch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 3, 6, 6])
    """

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the padding."""
        return f"{self.padding}"


class ConstantPad3d(_ConstantPad):
    """(N, C, D, H, W) with ``value`` around it.

    >>> import minitorch
    >>> minitorch.nn.ConstantPad3d(1, 0.5)(minitorch.zeros(2, 3, 4, 4, 4)).shape
    torch.Size([2, 3, 6, 6, 6])
    """

    _ndim = 3


class ZeroPad3d(ConstantPad3d):
    """(N, C, D, H, W) with zeros around it.

    >>> import minitorch
    >>> minitorch.nn.ZeroPad3d(1)(minitorch.zeros(2, 3, 4, 4, 4)).shape
    torch.Size([2, 3, 6, 6, 6])
    """

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the padding."""
        return f"{self.padding}"
