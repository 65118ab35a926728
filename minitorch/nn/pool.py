"""Pooling layers: maximum, average, adaptive, power-average, and the reverse of maximum pooling."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from . import functional as F
from ._sizes import ntuple
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d", "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d",
    "LPPool2d", "LPPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d",
    "MaxUnpool3d",
]  # fmt: skip


class _Pool(Module):
    """A pooling layer, computed by the function called ``_op``; ``repr`` shows ``_shown``."""

    _op: str
    _shown: tuple[str, ...] = ("kernel_size", "stride", "padding")

    def extra_repr(self) -> str:
        """Return the main arguments."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self._shown)


class _MaxPool(_Pool):
    _shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    __constants__ = ["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        """Return the maxima and, with ``return_indices``, their flat places in each channel."""
        pool = getattr(F, self._op)
        return pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool1d(_MaxPool):
    """Maximum over sliding windows of (N, C, L); the arguments are those of ``MaxPool2d``.

    >>> import minitorch
    >>> minitorch.nn.MaxPool1d(2)(minitorch.zeros(1, 1, 6)).shape
    torch.Size([1, 1, 3])
    """

    _op = "max_pool1d"


class MaxPool2d(_MaxPool):
    """Maximum over sliding windows of (N, C, H, W) or (C, H, W).

    Parameters
    ----------
    kernel_size, dilation : int or pair of int
        Size and spacing of the window.
    stride : int or pair of int, optional
        Step of the window; the kernel size by default.
    padding : int or pair of int
        Minus infinity on both sides; at most half the kernel size.
    return_indices : bool
        Also return the places of the maxima, for ``MaxUnpool2d``.
    ceil_mode : bool
        Round the output size up instead of down.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.MaxPool2d(3, stride=2)(minitorch.zeros(20, 16, 50, 32)).shape
    torch.Size([20, 16, 24, 15])
    """

    _op = "max_pool2d"


class MaxPool3d(_MaxPool):
    """Maximum over sliding windows of (N, C, D, H, W); the arguments are those of ``MaxPool2d``.

    >>> import minitorch
    >>> minitorch.nn.MaxPool3d(2)(minitorch.zeros(1, 1, 6, 6, 6)).shape
    torch.Size([1, 1, 3, 3, 3])
    """

    _op = "max_pool3d"


class _AvgPool(_Pool):
    __constants__ = ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """Return the means of the windows."""
        pool = getattr(F, self._op)
        arguments = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return pool(input, *arguments, self.divisor_override)


class AvgPool1d(_Pool):
    """Mean over sliding windows of (N, C, L); the arguments are those of ``AvgPool2d``, without the divisor.

    >>> import minitorch
    >>> minitorch.nn.AvgPool1d(2)(minitorch.zeros(1, 1, 6)).shape
    torch.Size([1, 1, 3])
    """

    __constants__ = ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = ntuple(kernel_size, 1)
        self.stride = ntuple(kernel_size if stride is None else stride, 1)
        self.padding = ntuple(padding, 1)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """Return the means of the windows."""
        arguments = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return F.avg_pool1d(input, *arguments)


class AvgPool2d(_AvgPool):
    """Mean over sliding windows of (N, C, H, W) or (C, H, W).

    ``count_include_pad`` counts the padding's zeros in the mean; ``divisor_override`` divides by another
    number.

    >>> import minitorch
    >>> minitorch.nn.AvgPool2d(2)(minitorch.ones(1, 1, 2, 2)).item()
    1.0
    """

    _op = "avg_pool2d"


class AvgPool3d(_AvgPool):
    """Mean over sliding windows of (N, C, D, H, W); the arguments are those of ``AvgPool2d``.

    >>> import minitorch
    >>> minitorch.nn.AvgPool3d(2)(minitorch.ones(1, 1, 2, 2, 2)).item()
    1.0
    """

    _op = "avg_pool3d"


class _AdaptiveAvgPool(_Pool):
    __constants__ = ["output_size"]
    _shown = ("output_size",)

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Return the means of the parts."""
        return getattr(F, self._op)(input, self.output_size)


class _AdaptiveMaxPool(_Pool):
    __constants__ = ["output_size", "return_indices"]
    _shown = ("output_size",)

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Any:
        """Return the maxima of the parts and, with ``return_indices``, their places."""
        return getattr(F, self._op)(input, self.output_size, self.return_indices)


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Mean over ``output_size`` equal parts of (N, C, L).

    >>> import minitorch
    >>> minitorch.nn.AdaptiveAvgPool1d(2)(minitorch.zeros(1, 1, 6)).shape
    torch.Size([1, 1, 2])
    """

    _op = "adaptive_avg_pool1d"


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Mean over ``output_size`` equal parts of (N, C, H, W); None keeps a dimension's size.

    >>> import minitorch
    >>> minitorch.nn.AdaptiveAvgPool2d(2)(minitorch.zeros(1, 1, 6, 6)).shape
    torch.Size([1, 1, 2, 2])
    """

    _op = "adaptive_avg_pool2d"


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Mean over ``output_size`` equal parts of (N, C, D, H, W); None keeps a dimension's size.

    >>> import minitorch
    >>> minitorch.nn.AdaptiveAvgPool3d(2)(minitorch.zeros(1, 1, 6, 6, 6)).shape
    torch.Size([1, 1, 2, 2, 2])
    """

    _op = "adaptive_avg_pool3d"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Maximum over ``output_size`` equal parts of (N, C, L).

    >>> import minitorch
    >>> minitorch.nn.AdaptiveMaxPool1d(2)(minitorch.zeros(1, 1, 6)).shape
    torch.Size([1, 1, 2])
    """

    _op = "adaptive_max_pool1d"


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Maximum over ``output_size`` equal parts of (N, C, H, W); None keeps a dimension's size.

    >>> import minitorch
    >>> minitorch.nn.AdaptiveMaxPool2d(2)(minitorch.zeros(1, 1, 6, 6)).shape
    torch.Size([1, 1, 2, 2])
    """

    _op = "adaptive_max_pool2d"


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Maximum over ``output_size`` equal parts of (N, C, D, H, W); None keeps a dimension's size.

    >>> import minitorch
    >>> minitorch.nn.AdaptiveMaxPool3d(2)(minitorch.zeros(1, 1, 6, 6, 6)).shape
    torch.Size([1, 1, 2, 2, 2])
    """

    _op = "adaptive_max_pool3d"


class _MaxUnpool(_Pool):
    _ndim: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = ntuple(kernel_size, self._ndim)
        self.stride = ntuple(kernel_size if stride is None else stride, self._ndim)
        self.padding = ntuple(padding, self._ndim)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Return zeros with the values of ``input`` at ``indices``; ``output_size`` picks among possible
        sizes.
        """
        unpool = getattr(F, self._op)
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpool):
    """The partial reverse of ``MaxPool1d``: puts maxima back at their places, zeros elsewhere.

    >>> import minitorch
    >>> pool, unpool = minitorch.nn.MaxPool1d(2, return_indices=True), minitorch.nn.MaxUnpool1d(2)
    >>> unpool(*pool(minitorch.zeros(1, 1, 6))).shape
    torch.Size([1, 1, 6])
    """

    _op, _ndim = "max_unpool1d", 1


class MaxUnpool2d(_MaxUnpool):
    """The partial reverse of ``MaxPool2d``: puts maxima back at their places, zeros elsewhere.

    >>> import minitorch
    >>> pool, unpool = minitorch.nn.MaxPool2d(2, return_indices=True), minitorch.nn.MaxUnpool2d(2)
    >>> unpool(*pool(minitorch.zeros(1, 1, 6, 6))).shape
    torch.Size([1, 1, 6, 6])
    """

    _op, _ndim = "max_unpool2d", 2


class MaxUnpool3d(_MaxUnpool):
    """The partial reverse of ``MaxPool3d``: puts maxima back at their places, zeros elsewhere.

    >>> import minitorch
    >>> pool, unpool = minitorch.nn.MaxPool3d(2, return_indices=True), minitorch.nn.MaxUnpool3d(2)
    >>> unpool(*pool(minitorch.zeros(1, 1, 6, 6, 6))).shape
    torch.Size([1, 1, 6, 6, 6])
    """

    _op, _ndim = "max_unpool3d", 3


class _LPPool(_Pool):
    __constants__ = ["norm_type", "kernel_size", "stride", "ceil_mode"]
    _shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = (
            norm_type,
            kernel_size,
            stride,
            ceil_mode,
        )

    def forward(self, input: Tensor) -> Tensor:
        """Return ``sum(x**norm_type) ** (1/norm_type)`` over the windows."""
        arguments = (float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
        return getattr(F, self._op)(input, *arguments)


class LPPool1d(_LPPool):
    """Power average ``sum(x**p) ** (1/p)`` over sliding windows of (N, C, L).

    >>> import minitorch
    >>> minitorch.nn.LPPool1d(2, 2)(minitorch.zeros(1, 1, 6)).shape
    torch.Size([1, 1, 3])
    """

    _op = "lp_pool1d"


class LPPool2d(_LPPool):
    """Power average ``sum(x**p) ** (1/p)`` over sliding windows of (N, C, H, W).

    >>> import minitorch
    >>> minitorch.nn.LPPool2d(2, 2)(minitorch.zeros(1, 1, 6, 6)).shape
    torch.Size([1, 1, 3, 3])
    """

    _op = "lp_pool2d"


class LPPool3d(_LPPool):
    """Power average ``sum(x**p) ** (1/p)`` over sliding windows of (N, C, D, H, W).

    >>> import minitorch
    >>> minitorch.nn.LPPool3d(2, 2)(minitorch.zeros(1, 1, 6, 6, 6)).shape
    torch.Size([1, 1, 3, 3, 3])
    """

    _op = "lp_pool3d"
