"""Copies, and the order of their elements in memory: clone and contiguous."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..device import channels_last, channels_last_3d, contiguous_format, preserve_format
from ..memory import Array, copied
from ..op import Op
from ..tensor import method
from ._common import Tensor, apply, register_views

__all__ = ["clone", "contiguous"]


def _copy_fwd(x: Array, order: str) -> Array:
    if order == "channels last":
        return np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)
    return copied(x) if order == "preserved" else x.copy()


COPY: Op = Op("clone", _copy_fwd, lambda node, g: g)


def clone(input: Tensor, *, memory_format: Any = preserve_format) -> Tensor:
    """Return a copy on the tape.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.ones(2).clone()
    tensor([1., 1.])
    """
    order = "C" if memory_format is contiguous_format else "preserved"
    return apply(COPY, (input,), ("channels last" if memory_format in (channels_last, channels_last_3d) else order,))


@method
def contiguous(self: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """Return the tensor itself if its memory is in the order of ``memory_format``, else a copy that is."""
    if self.is_contiguous(memory_format):
        return self
    return clone(self, memory_format=memory_format)


register_views(clone, ("matrix", (2, 3), ()), ("0-d", (), ()))
