"""FLOPs of a call, by the plain algorithm: what a faster algorithm (Winograd's) does not need counts all the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .case import Case, Shape

__all__ = ["conv", "conv_transpose", "matmul", "per_input", "per_output"]

Cost = Callable[[Case, Sequence[Shape]], float]


def _products(case: Case) -> int:
    """Passes over a bilinear form of the first two tensors: forward, and a gradient for each that wants one."""
    return 1 if case.mode != "train" else 1 + case.args[0].grad + case.args[1].grad


def conv(case: Case, outputs: Sequence[Shape]) -> float:
    """Every output element sums over the taps and channels of one filter (O, C/groups, *kernel)."""
    return 2.0 * math.prod(outputs[0]) * math.prod(case.args[1].shape[1:]) * _products(case)


def conv_transpose(case: Case, outputs: Sequence[Shape]) -> float:
    """Every input element is spread over the taps and channels of one filter (C, O/groups, *kernel)."""
    return 2.0 * case.args[0].size * math.prod(case.args[1].shape[1:]) * _products(case)


def matmul(case: Case, outputs: Sequence[Shape]) -> float:
    """Every output element sums over the last axis of the first tensor."""
    return 2.0 * math.prod(outputs[0]) * case.args[0].shape[-1] * _products(case)


def per_output(forward: float, backward: float) -> Cost:
    """Return a cost of so many operations an output element."""

    def cost(case: Case, outputs: Sequence[Shape]) -> float:
        return (forward + (backward if case.mode == "train" else 0)) * math.prod(outputs[0])

    return cost


def per_input(forward: float, backward: float) -> Cost:
    """Return a cost of so many operations an element of the first tensor."""

    def cost(case: Case, outputs: Sequence[Shape]) -> float:
        return (forward + (backward if case.mode == "train" else 0)) * case.args[0].size

    return cost
