"""What Adam and its relatives share: checks of their options and the two moving moments."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from ._groups import Group
from ._rules import RuleOptimizer, check_lr, check_range, lerp

__all__ = ["MomentOptimizer", "check_common", "moments"]


def check_betas(betas: Any) -> None:
    """Raise ValueError unless both decay rates are in [0, 1)."""
    for index in (0, 1):
        check_range(f"beta parameter at index {index}", betas[index], bool(0.0 <= betas[index] < 1.0))


def check_common(lr: Any, betas: Any, eps: float, weight_decay: float) -> None:
    """Raise ValueError for an option out of range, in torch's order of checks."""
    check_lr(lr)
    check_range("epsilon value", eps, eps >= 0.0)
    check_betas(betas)
    check_range("weight_decay value", weight_decay, weight_decay >= 0.0)


class MomentOptimizer(RuleOptimizer):
    """An optimizer whose state is a step count and moving means of the gradient and of its square."""

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        return {"step": self._counter(), "exp_avg": self._zeros(param), "exp_avg_sq": self._zeros(param)}


def moments(g: Any, s: dict[str, Any], h: Group) -> tuple[float, float]:
    """Advance step and moments by one gradient; return the bias corrections ``1 - beta ** step``."""
    beta1, beta2 = h["betas"]
    s["step"] = step = s["step"] + 1
    s["exp_avg"] = lerp(s["exp_avg"], g, 1 - beta1)
    s["exp_avg_sq"] = beta2 * s["exp_avg_sq"] + (1 - beta2) * (g * g)
    return 1 - beta1**step, 1 - beta2**step
