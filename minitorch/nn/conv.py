"""Convolution layers, plain and transposed, in one, two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..ops._conv_arguments import same_padding
from ..ops.create import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from ._sizes import ntuple, per_side
from .module import Module
from .parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

_PADDINGS = ("same", "valid")
_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
_Size = int | Sequence[int]


class _ConvNd(Module):
    """What all convolution layers share: parameters, their initialisation, ``repr``."""

    __constants__ = ["stride", "padding", "dilation", "groups", "padding_mode", "output_padding"]
    __constants__ += ["in_channels", "out_channels", "kernel_size"]
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: str | tuple[int, ...],
        dilation: tuple[int, ...],
        transposed: bool,
        output_padding: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_channels(in_channels, out_channels, groups)
        _check_padding(padding, padding_mode)
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.transposed, self.output_padding = transposed, output_padding
        self.groups, self.padding_mode = groups, padding_mode
        self._reversed_padding_repeated_twice = self._pad_amounts()
        outer, inner = (in_channels, out_channels) if transposed else (out_channels, in_channels)
        factory = {"device": device, "dtype": dtype}
        self.weight = Parameter(empty((outer, inner // groups, *kernel_size), **factory))
        self.register_parameter("bias", Parameter(empty(out_channels, **factory)) if bias else None)
        self.reset_parameters()

    def _pad_amounts(self) -> list[int]:
        """Return what ``pad`` must add for the padding modes other than zeros."""
        if not isinstance(self.padding, str):
            return per_side(self.padding)
        amounts: list[int] = []
        for d, k in zip(reversed(self.dilation), reversed(self.kernel_size)):
            total = d * (k - 1) if self.padding == "same" else 0
            amounts += [total // 2, total - total // 2]
        return amounts

    def reset_parameters(self) -> None:
        """Draw weight and bias from U(-b, b) with b = 1/sqrt(fan_in), as torch does."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """Return the arguments that differ from the defaults."""
        n = len(self.kernel_size)
        parts = [f"{self.in_channels}, {self.out_channels}"]
        parts += [f"kernel_size={self.kernel_size}", f"stride={self.stride}"]
        defaults = {"padding": (0,) * n, "dilation": (1,) * n, "output_padding": (0,) * n, "groups": 1}
        parts += [f"{k}={v}" for k, default in defaults.items() if (v := getattr(self, k)) != default]
        parts += ["bias=False"] if self.bias is None else []
        parts += [f"padding_mode={self.padding_mode}"] if self.padding_mode != "zeros" else []
        return ", ".join(parts)


def _check_channels(in_channels: int, out_channels: int, groups: int) -> None:
    if groups <= 0:
        raise ValueError("groups must be a positive integer")
    if in_channels % groups != 0:
        raise ValueError("in_channels must be divisible by groups")
    if out_channels % groups != 0:
        raise ValueError("out_channels must be divisible by groups")


def _check_padding(padding: Any, padding_mode: str) -> None:
    if isinstance(padding, str):
        if padding not in _PADDINGS:
            raise ValueError(f"Invalid padding string {padding!r}, should be one of {set(_PADDINGS)}")
    if padding_mode not in _PADDING_MODES:
        raise ValueError(f"padding_mode must be one of {set(_PADDING_MODES)}, but got padding_mode='{padding_mode}'")


class _Conv(_ConvNd):
    """A plain convolution in ``_ndim`` dimensions, computed by the function called ``_op``."""

    _ndim: int
    _op: str

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Size,
        stride: _Size = 1,
        padding: str | _Size = 0,
        dilation: _Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        n = self._ndim
        super().__init__(
            in_channels,
            out_channels,
            ntuple(kernel_size, n),
            ntuple(stride, n),
            padding if isinstance(padding, str) else ntuple(padding, n),
            ntuple(dilation, n),
            False,
            (0,) * n,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._amounts_for(input), mode=self.padding_mode)
            padding = (0,) * self._ndim
        conv = getattr(F, self._op)
        return conv(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def _amounts_for(self, input: Tensor) -> list[int]:
        if self.padding != "same" or max(self.stride) == 1:
            return self._reversed_padding_repeated_twice
        pairs = same_padding(input.shape[-self._ndim :], self.kernel_size, self.stride, self.dilation)
        return [amount for pair in reversed(pairs) for amount in pair]

    def forward(self, input: Tensor) -> Tensor:
        """Return the convolution of ``input`` with the layer's weight, plus its bias."""
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """Convolution over sequences: (N, C_in, L) or (C_in, L) to (N, C_out, L_out).

    ``L_out = floor((L + 2*padding - dilation*(kernel_size - 1) - 1) / stride + 1)``.

    >>> import minitorch
    >>> minitorch.nn.Conv1d(3, 8, 3, padding=1)(minitorch.zeros(2, 3, 10)).shape
    torch.Size([2, 8, 10])
    """

    _ndim, _op = 1, "conv1d"


class Conv2d(_Conv):
    """Convolution over images: (N, C_in, H, W) or (C_in, H, W) to (N, C_out, H_out, W_out).

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and the output.
    kernel_size, stride, dilation : int or pair of int
        Size, step and spacing of the kernel.
    padding : int, pair of int, 'valid' or 'same'
        What is added on both sides; 'same' gives ceil(H / stride) and ceil(W / stride), the odd row behind
        (torch has it for stride 1 only).
    groups : int
        Blocks of channels that are convolved separately; ``groups=in_channels`` is a depthwise convolution.
    bias : bool
        Whether a bias is added.
    padding_mode : str
        'zeros', 'reflect', 'replicate' or 'circular'.

    Raises
    ------
    ValueError
        If ``groups`` does not divide the channels, or for an unknown padding or padding mode.

    Notes
    -----
    ``H_out = floor((H + 2*padding - dilation*(kernel_size - 1) - 1) / stride + 1)``. The weight has the shape
    (out_channels, in_channels/groups, kH, kW). Source: Dumoulin & Visin, "A guide to convolution
    arithmetic for deep learning" (arXiv:1603.07285).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.Conv2d(3, 8, kernel_size=3, stride=2, padding=1)(minitorch.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 8, 4, 4])
    """

    _ndim, _op = 2, "conv2d"


class Conv3d(_Conv):
    """Convolution over volumes: (N, C_in, D, H, W) or (C_in, D, H, W) to (N, C_out, D_out, H_out, W_out).

    >>> import minitorch
    >>> minitorch.nn.Conv3d(1, 2, 3)(minitorch.zeros(1, 1, 5, 5, 5)).shape
    torch.Size([1, 2, 3, 3, 3])
    """

    _ndim, _op = 3, "conv3d"


class _ConvTransposeNd(_ConvNd):
    """A transposed convolution in ``_ndim`` dimensions: the gradient of a convolution, used as a layer."""

    _ndim: int
    _op: str

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _Size,
        stride: _Size = 1,
        padding: str | _Size = 0,
        output_padding: _Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        n = self._ndim
        super().__init__(
            in_channels,
            out_channels,
            ntuple(kernel_size, n),
            ntuple(stride, n),
            padding if isinstance(padding, str) else ntuple(padding, n),
            ntuple(dilation, n),
            True,
            ntuple(output_padding, n),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """Return the output padding that leads to ``output_size``; ValueError if none does."""
        if output_size is None:
            return self.output_padding
        n = self._ndim
        leading = 2 if input.dim() == n + 2 else 1
        wanted = output_size[leading:] if len(output_size) == leading + n else output_size
        if len(wanted) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have "
                f"{n} or {leading + n} elements (got {len(wanted)})"
            )
        padding: Any = self.padding
        if isinstance(padding, str):
            raise ValueError(f"output_size cannot be chosen with padding={padding!r}: leave one of them out")
        geometry = zip(input.shape[leading:], self.stride, padding, self.dilation, self.kernel_size)
        least = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, s, p, d, k in geometry]
        most = [size + s - 1 for size, s in zip(least, self.stride)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {most} "
                f"(for an input of {input.shape[2:]})"
            )
        return tuple(size - low for size, low in zip(wanted, least))

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Return the transposed convolution; ``output_size`` picks one of the sizes that ``stride``
        allows.
        """
        output_padding = self._output_padding(input, output_size)
        conv = getattr(F, self._op)
        return conv(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            output_padding,
            self.groups,
            self.dilation,
        )


class ConvTranspose1d(_ConvTransposeNd):
    """Transposed convolution over sequences: (N, C_in, L) to (N, C_out, L_out).

    >>> import minitorch
    >>> minitorch.nn.ConvTranspose1d(3, 8, 2, stride=2)(minitorch.zeros(2, 3, 10)).shape
    torch.Size([2, 8, 20])
    """

    _ndim, _op = 1, "conv_transpose1d"


class ConvTranspose2d(_ConvTransposeNd):
    """Transposed convolution over images: (N, C_in, H, W) to (N, C_out, H_out, W_out).

    ``H_out = (H - 1)*stride - 2*padding + dilation*(kernel_size - 1) + output_padding + 1``, or ``H*stride``
    with ``padding='same'`` (the gradient of a convolution with it), which torch does not have; the weight has the
    shape (in_channels, out_channels/groups, kH, kW).

    >>> import minitorch
    >>> minitorch.nn.ConvTranspose2d(3, 8, 2, stride=2)(minitorch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 8, 8, 8])
    """

    _ndim, _op = 2, "conv_transpose2d"


class ConvTranspose3d(_ConvTransposeNd):
    """Transposed convolution over volumes: (N, C_in, D, H, W) to (N, C_out, D_out, H_out, W_out).

    >>> import minitorch
    >>> minitorch.nn.ConvTranspose3d(1, 2, 2, stride=2)(minitorch.zeros(1, 1, 2, 2, 2)).shape
    torch.Size([1, 2, 4, 4, 4])
    """

    _ndim, _op = 3, "conv_transpose3d"
