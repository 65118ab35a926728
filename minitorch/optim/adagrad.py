"""Adagrad: steps scaled by the sum of all squared gradients so far."""

from __future__ import annotations

from typing import Any

from ..kernels.optim_rules import adagrad
from ..tensor import Tensor
from ._fused import FusedOptimizer, decays
from ._groups import Group
from ._rules import check_implementation, check_lr, check_range, decayed

__all__ = ["Adagrad"]


class Adagrad(FusedOptimizer):
    """Adagrad.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float or Tensor, default 1e-2
        Learning rate.
    lr_decay : float, default 0
        The rate of step t is ``lr / (1 + (t - 1) * lr_decay)``.
    weight_decay : float, default 0
        L2 penalty, added to the gradient.
    initial_accumulator_value : float, default 0
        Where the sums of squares start.
    eps : float, default 1e-10
        Added to the denominator.
    foreach, fused : bool, optional
        Accepted; the implementation is chosen by the engine.
    maximize, differentiable : bool, default False
        Climb instead of descend; record the step on the tape.

    Raises
    ------
    ValueError
        For a negative option.

    References
    ----------
    Duchi et al., Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, JMLR 12, 2011.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    _kernel = adagrad

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_range("lr_decay value", lr_decay, lr_decay >= 0.0)
        check_range("weight_decay value", weight_decay, weight_decay >= 0.0)
        check_range("initial_accumulator_value value", initial_accumulator_value, initial_accumulator_value >= 0.0)
        check_range("epsilon value", eps, eps >= 0.0)
        defaults: dict[str, Any] = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        defaults |= {
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults | {"differentiable": differentiable, "fused": fused})
        check_implementation(foreach, fused, differentiable)
        for group in self.param_groups:  # torch's state exists before the first step
            for param in group["params"]:
                self._state_of(param, group)

    def share_memory(self) -> None:
        """Move the sums into memory shared with worker processes."""
        for state in self.state.values():
            state["sum"].share_memory_()

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        return {"step": self._counter(), "sum": self._full(param, group["initial_accumulator_value"])}

    def _roles(self, options: Group) -> tuple[str, ...]:
        return ("sum",)

    def _numbers(self, at: float, options: Group) -> tuple[float, ...]:
        return options["lr"] / (1 + (at - 1) * options["lr_decay"]), options["eps"], *decays(options)

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        p, g = decayed(p, g, h)
        s["step"] += 1
        s["sum"] = s["sum"] + g * g
        rate = h["lr"] / (1 + (s["step"] - 1) * h["lr_decay"])
        return p - rate * (g / (m.sqrt(s["sum"]) + h["eps"]))
