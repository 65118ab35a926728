"""The base classes of losses.

A loss names its function in ``nn.functional`` and the attributes that are its keyword arguments;
``forward`` follows.
"""

from __future__ import annotations

from typing import Any

from ..ops.loss import legacy_reduction
from ..tensor import Tensor
from . import functional as F
from .module import Module


class _Loss(Module):
    """``getattr(F, _op)(*inputs, **{name: self.name for name in _arguments})``."""

    _op: str
    _arguments: tuple[str, ...] = ("reduction",)
    __constants__ = ["reduction"]
    reduction: str

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = legacy_reduction(reduction, size_average, reduce)

    def forward(self, *inputs: Tensor, **named: Tensor) -> Tensor:
        """Return the loss of the inputs."""
        arguments = {name: getattr(self, name) for name in self._arguments}
        return getattr(F, self._op)(*inputs, **named, **arguments)


class _WeightedLoss(_Loss):
    """A loss with a weight for each class, kept as a buffer."""

    _arguments: tuple[str, ...] = ("weight", "reduction")
    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
