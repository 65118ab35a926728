"""Modules without start values, for code that loads or draws its own."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from ...random import fork_rng
from ..module import Module

__all__ = ["skip_init"]

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """Return ``module_cls(*args, **kwargs)`` with parameters and buffers that hold anything; no random number is drawn.

    RuntimeError for a class that is no Module, or does not take ``device``, as in torch.

    >>> from minitorch import nn
    >>> nn.utils.skip_init(nn.Linear, 3, 4)
    Linear(in_features=3, out_features=4, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with fork_rng():
        return module_cls(*args, **kwargs).to_empty(device=kwargs.get("device", "cpu"))
