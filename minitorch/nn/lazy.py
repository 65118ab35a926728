"""Lazy layers: they learn their input's size from the first input, and then become the layer of that size."""

from __future__ import annotations

import itertools
from typing import Any

from .. import dtypes
from ..ops.create import tensor
from ..tensor import Tensor
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, _NormBase
from .conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    _Conv,
    _ConvNd,
    _ConvTransposeNd,
    _Size,
)
from .linear import Linear
from .module import Module
from .parameter import UninitializedBuffer, UninitializedParameter, is_lazy

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d",
    "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d", "LazyLinear", "LazyModuleMixin", "is_lazy",
]  # fmt: skip


class LazyModuleMixin(Module):
    """What a Module whose parameters get their shapes from the first input inherits, before its own base class.

    A subclass makes ``UninitializedParameter``s, materialises them in ``initialize_parameters``, which gets the
    arguments of the first call, and names in ``cls_to_become`` the class that it turns into then.

    Examples
    --------
    >>> import minitorch
    >>> layer = minitorch.nn.LazyLinear(3)
    >>> layer(minitorch.zeros(2, 5)).shape
    torch.Size([2, 3])
    >>> layer
    Linear(in_features=5, out_features=3, bias=True)
    """

    cls_to_become: type | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialise the parameters for the arguments of the first call; subclasses override this."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Return whether a parameter or buffer of this Module has no shape yet."""
        return any(is_lazy(value) for value in itertools.chain(self._parameters.values(), self._buffers.values()))

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, value in self._own_state().items():
            destination[prefix + name] = value if keep_vars or is_lazy(value) else value.detach()

    def _lazy_load_hook(self, state_dict: Any, prefix: str, *unused: Any) -> None:
        """Give the parameters the shapes of the values that are about to be loaded."""
        for name, value in itertools.chain(self._parameters.items(), self._buffers.items()):
            given = state_dict.get(prefix + name)
            if isinstance(value, (UninitializedParameter, UninitializedBuffer)) and isinstance(given, Tensor):
                if not is_lazy(given):
                    value.materialize(given.shape)

    def _infer_parameters(self, module: Any, args: Any, kwargs: Any = None) -> None:
        """Materialise the parameters at the first call, and become the class that is not lazy."""
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become


class LazyLinear(LazyModuleMixin, Linear):
    """A ``Linear`` whose ``in_features`` is the size of the last dimension of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyLinear(30)(minitorch.zeros(128, 20)).shape
    torch.Size([128, 30])
    """

    cls_to_become = Linear
    weight: Any
    bias: Any

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)  # without a bias, which would be drawn for nothing
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias, where they exist already."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``in_features`` from the input, and draw weight and bias unless they were loaded."""
        self.in_features = self.in_features or input.shape[-1]
        if self.has_uninitialized_params():
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()


# ---- convolutions --------------------------------------------------------------------------------------------------


class _LazyConvNd(LazyModuleMixin, _ConvNd):
    """A convolution whose ``in_channels`` are those of its first input."""

    weight: Any
    bias: Any
    _ndim: int

    def _postpone(self, out_channels: int, bias: bool, factory: dict[str, Any]) -> None:
        self.weight = UninitializedParameter(**factory)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(**factory)

    def reset_parameters(self) -> None:
        """Draw weight and bias, where they exist already."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take ``in_channels`` from the input and draw weight and bias; ValueError if the groups do not divide it."""
        if not self.has_uninitialized_params():
            return
        self.in_channels = self._channels_of(input)
        if self.in_channels % self.groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        outer, inner = self.out_channels, self.in_channels
        if self.transposed:
            outer, inner = inner, outer
        self.weight.materialize((outer, inner // self.groups, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()

    def _channels_of(self, input: Tensor) -> int:
        unbatched = self._ndim + 1
        if input.dim() not in (unbatched, unbatched + 1):
            raise RuntimeError(
                f"Expected {unbatched}D (unbatched) or {unbatched + 1}D (batched) input to {type(self).__name__}, "
                f"but got input of size: {input.shape}"
            )
        return input.shape[-unbatched]


class _LazyConv(_LazyConvNd, _Conv):
    def __init__(
        self,
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
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device, dtype)
        self._postpone(out_channels, bias, {"device": device, "dtype": dtype})


class _LazyConvTranspose(_LazyConvNd, _ConvTransposeNd):
    def __init__(
        self,
        out_channels: int,
        kernel_size: _Size,
        stride: _Size = 1,
        padding: _Size = 0,
        output_padding: _Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode, device, dtype
        )
        self._postpone(out_channels, bias, {"device": device, "dtype": dtype})


# ---- normalisation -------------------------------------------------------------------------------------------------


class _LazyNorm(LazyModuleMixin, _NormBase):
    """A normalisation whose ``num_features`` are the channels of its first input."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype)
        self.affine, self.track_running_stats = affine, track_running_stats
        factory = {"device": device, "dtype": dtype}
        if affine:
            self.weight = UninitializedParameter(**factory)
            self.bias = UninitializedParameter(**factory) if bias else None
        if track_running_stats:
            self.running_mean = UninitializedBuffer(**factory)
            self.running_var = UninitializedBuffer(**factory)
            self.num_batches_tracked = tensor(0, dtype=dtypes.int64)

    def reset_parameters(self) -> None:
        """Set the start values, where the tensors exist already."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``num_features`` from dimension 1 of the input, and set the start values."""
        if not self.has_uninitialized_params():
            return
        self.num_features = input.shape[1]
        for value in itertools.chain(self._parameters.values(), self._buffers.values()):
            if isinstance(value, (UninitializedParameter, UninitializedBuffer)):
                value.materialize((self.num_features,))
        self.reset_parameters()


# ---- the layers ----------------------------------------------------------------------------------------------------


class LazyConv1d(_LazyConv, Conv1d):
    """A ``Conv1d`` whose ``in_channels`` are those of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyConv1d(4, 3)(minitorch.zeros(2, 3, 8)).shape
    torch.Size([2, 4, 6])
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A ``Conv2d`` whose ``in_channels`` are those of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyConv2d(4, 3)(minitorch.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 4, 6, 6])
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A ``Conv3d`` whose ``in_channels`` are those of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyConv3d(4, 3)(minitorch.zeros(2, 3, 8, 8, 8)).shape
    torch.Size([2, 4, 6, 6, 6])
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A ``ConvTranspose1d`` whose ``in_channels`` are those of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyConvTranspose1d(4, 3)(minitorch.zeros(2, 3, 8)).shape
    torch.Size([2, 4, 10])
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A ``ConvTranspose2d`` whose ``in_channels`` are those of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyConvTranspose2d(4, 3)(minitorch.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 4, 10, 10])
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A ``ConvTranspose3d`` whose ``in_channels`` are those of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyConvTranspose3d(4, 3)(minitorch.zeros(2, 3, 8, 8, 8)).shape
    torch.Size([2, 4, 10, 10, 10])
    """

    cls_to_become = ConvTranspose3d


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A ``BatchNorm1d`` whose ``num_features`` are the channels of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyBatchNorm1d()(minitorch.zeros(2, 3, 8)).shape
    torch.Size([2, 3, 8])
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A ``BatchNorm2d`` whose ``num_features`` are the channels of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyBatchNorm2d()(minitorch.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 3, 8, 8])
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A ``BatchNorm3d`` whose ``num_features`` are the channels of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyBatchNorm3d()(minitorch.zeros(2, 3, 8, 8, 8)).shape
    torch.Size([2, 3, 8, 8, 8])
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """A ``InstanceNorm1d`` whose ``num_features`` are the channels of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyInstanceNorm1d()(minitorch.zeros(2, 3, 8)).shape
    torch.Size([2, 3, 8])
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """A ``InstanceNorm2d`` whose ``num_features`` are the channels of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyInstanceNorm2d()(minitorch.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 3, 8, 8])
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """A ``InstanceNorm3d`` whose ``num_features`` are the channels of its first input.

    >>> import minitorch
    >>> minitorch.nn.LazyInstanceNorm3d()(minitorch.zeros(2, 3, 8, 8, 8)).shape
    torch.Size([2, 3, 8, 8, 8])
    """

    cls_to_become = InstanceNorm3d
