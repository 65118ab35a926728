"""Gradients behind a ReLU that are not multiplied out: their receiver does it on its way, and saves two passes.

A ReLU's gradient is what arrives where its input was positive. If the input is the result of an op that can find that
out by itself (``op.masks``: batch norm, whose gradient reads its own input anyway) and nobody else looks at the
gradient between the two, the walk carries a `Masked` instead of a new array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import interception, tape
from .tape import Node, mode
from .tensor import Tensor

__all__ = ["Masked", "may_mask", "settled"]


class Masked:
    """A gradient before it passes a ReLU, and how it would pass."""

    __slots__ = ("gradient", "settle")

    def __init__(self, gradient: Tensor, settle: Callable[[], Tensor]) -> None:
        self.gradient, self.settle = gradient, settle

    @property
    def _data(self) -> Any:
        return self.gradient._data


def may_mask(node: Any) -> bool:
    """Whether the op that made this node's input masks gradients itself, and nothing else would see them before."""
    edge = node.edges[0]
    if mode.enabled or edge is None or not isinstance(edge[0], Node) or edge[1] or not getattr(edge[0].op, "masks", 0):
        return False
    seen = node.hooks or edge[0].watched
    return not seen and tape.anomaly is None and not interception.active


def settled(grad: Any) -> Any:
    """Return a gradient multiplied out."""
    return grad.settle() if type(grad) is Masked else grad
