"""Memory formats of convolution weights in a model."""

from __future__ import annotations

from typing import TypeVar

from ...device import memory_format as MemoryFormat
from ..conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d
from ..module import Module

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]

M = TypeVar("M", bound=Module)


def _convert(module: M, kinds: tuple[type, ...], memory_format: MemoryFormat) -> M:
    for part in module.modules():
        if isinstance(part, kinds):
            part.weight.data = part.weight.detach().clone(memory_format=memory_format)
    return module


def convert_conv2d_weight_memory_format(module: M, memory_format: MemoryFormat) -> M:
    """Lay out the weights of all 2-d convolutions of a model, plain and transposed; return the model.

    >>> import minitorch
    >>> layer = minitorch.nn.Conv2d(3, 4, 3)
    >>> _ = minitorch.nn.utils.convert_conv2d_weight_memory_format(layer, minitorch.channels_last)
    >>> layer.weight.is_contiguous(memory_format=minitorch.channels_last)
    True
    """
    return _convert(module, (Conv2d, ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module: M, memory_format: MemoryFormat) -> M:
    """Lay out the weights of all 3-d convolutions of a model, plain and transposed; return the model.

    >>> import minitorch
    >>> layer = minitorch.nn.Conv3d(3, 4, 3)
    >>> _ = minitorch.nn.utils.convert_conv3d_weight_memory_format(layer, minitorch.channels_last_3d)
    >>> layer.weight.is_contiguous(memory_format=minitorch.channels_last_3d)
    True
    """
    return _convert(module, (Conv3d, ConvTranspose3d), memory_format)
