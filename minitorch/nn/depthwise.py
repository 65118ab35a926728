"""Depthwise and depthwise separable convolutions: compositions that torch leaves to ``groups``."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .conv import Conv2d, _Size
from .module import Module

__all__ = ["DepthwiseConv2d", "SeparableConv2d"]


class DepthwiseConv2d(Conv2d):
    """A convolution of each channel by itself: ``Conv2d`` with ``groups=in_channels``, whose state it shares.

    Parameters
    ----------
    in_channels : int
        Channels of the input.
    out_channels : int, optional
        Channels of the output, a multiple of ``in_channels``; equal to them by default.
    kernel_size, stride, padding, dilation, bias, padding_mode
        As for ``Conv2d``.

    Raises
    ------
    ValueError
        If ``out_channels`` is no multiple of ``in_channels``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.DepthwiseConv2d(32, kernel_size=3, padding="same")(minitorch.zeros(1, 32, 9, 9)).shape
    torch.Size([1, 32, 9, 9])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int | None = None,
        kernel_size: _Size = 3,
        stride: _Size = 1,
        padding: str | _Size = 0,
        dilation: _Size = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            in_channels if out_channels is None else out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            in_channels,
            bias,
            padding_mode,
            device,
            dtype,
        )


class SeparableConv2d(Module):
    """A depthwise convolution, then one of 1x1 over channels: (N, C_in, H, W) to (N, C_out, H_out, W_out).

    Its parts are ``depthwise`` (no bias, ``depth_multiplier`` channels for each of the input's) and ``pointwise``.
    Source: Sifre & Mallat, 2014; Chollet, "Xception", arXiv:1610.02357.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and the output.
    kernel_size, stride, padding, dilation, padding_mode
        Of the depthwise part, as for ``Conv2d``.
    bias : bool
        Whether the pointwise part adds a bias.
    depth_multiplier : int
        Channels between the parts, for each of the input's.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.SeparableConv2d(32, 64, 3, stride=2, padding="same")(minitorch.zeros(1, 32, 9, 9)).shape
    torch.Size([1, 64, 5, 5])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Size,
        stride: _Size = 1,
        padding: str | _Size = 0,
        dilation: _Size = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        depth_multiplier: int = 1,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        factory = {"device": device, "dtype": dtype}
        between = in_channels * depth_multiplier
        self.depthwise = DepthwiseConv2d(
            in_channels, between, kernel_size, stride, padding, dilation, False, padding_mode, **factory
        )
        self.pointwise = Conv2d(between, out_channels, 1, bias=bias, **factory)

    def forward(self, input: Tensor) -> Tensor:
        """Return the pointwise convolution of the depthwise one."""
        return self.pointwise(self.depthwise(input))
