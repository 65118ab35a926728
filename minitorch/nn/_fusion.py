"""Layers of a Sequential that are computed together where nobody can tell.

A batch norm before a ReLU is one pass over memory in place of two. The result and the graph are those of the two
layers; what is missing is the tensor between them, which only hooks, subclasses and replaced methods would see.
"""

from __future__ import annotations

from typing import Any

from ._activation import ReLU
from ._handles import shared
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .module import name_layer

__all__ = ["run_pair", "starts_pair"]

_FIRST = (BatchNorm1d, BatchNorm2d, BatchNorm3d)
_AS_WRITTEN = {cls: (cls.forward, cls.__call__) for cls in (*_FIRST, ReLU)}  # whoever replaces them sees every call


def _plain(module: Any) -> bool:
    """Whether nothing but `forward` happens when the module is called."""
    cls = type(module)
    return not (
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
        or shared.forward
        or shared.forward_pre
        or shared.backward
        or shared.backward_pre
        or "forward" in module.__dict__
        or (cls.forward, cls.__call__) != _AS_WRITTEN[cls]
    )


def starts_pair(module: Any) -> bool:
    """Whether a layer might be computed together with the next one."""
    return type(module) in _FIRST


def run_pair(first: Any, second: Any, input: Any) -> tuple[Any, bool]:
    """Return the result of two layers and True, or of the first one and False where they stay apart."""
    if type(second) is not ReLU or not _plain(first) or not _plain(second):
        return first(input), False
    try:
        return first.forward_relu(input, second.inplace), True
    except Exception as error:
        name_layer(first, error)
        raise
