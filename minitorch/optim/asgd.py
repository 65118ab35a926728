"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from ..kernels.optim_rules import asgd
from ..tensor import Tensor
from ._fused import FusedOptimizer, advanced, decays
from ._groups import Group
from ._rules import check_lr, check_range, decayed

__all__ = ["ASGD"]


class ASGD(FusedOptimizer):
    """Averaged stochastic gradient descent; the average stands in the state as ``ax``.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float or Tensor, default 1e-2
        Learning rate of the first step.
    lambd : float, default 1e-4
        Decay term.
    alpha : float, default 0.75
        Power of the learning rate's decay.
    t0 : float, default 1e6
        The step at which averaging starts.
    weight_decay : float, default 0
        L2 penalty, added to the gradient.
    foreach, capturable : bool, optional
        Accepted; the implementation is chosen by the engine.
    maximize, differentiable : bool, default False
        Climb instead of descend; record the step on the tape.

    Raises
    ------
    ValueError
        For a negative learning rate or weight decay.

    References
    ----------
    Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, SIAM J. Control Optim., 1992.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    _kernel = asgd
    _scalars = ("step", "eta", "mu")

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check_range("weight_decay value", weight_decay, weight_decay >= 0.0)
        defaults: dict[str, Any] = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
        }
        super().__init__(
            params,
            defaults | {"maximize": maximize, "differentiable": differentiable, "capturable": capturable},
        )

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        counters = {"step": 0.0, "eta": float(group["lr"]), "mu": 1.0}
        return {key: self._counter(value) for key, value in counters.items()} | {"ax": self._zeros(param)}

    def _roles(self, options: Group) -> tuple[str, ...]:
        return ("ax",)

    def _advance(self, state: dict[str, Any], options: Group, first: bool) -> tuple[float, float]:
        step, before = advanced(state), (float(state["eta"]), float(state["mu"]))
        state["eta"], state["mu"] = map(self._counter, _rates(step, options))
        return before

    def _numbers(self, at: tuple[float, float], options: Group) -> tuple[float, ...]:
        eta, mu = at
        return 1 - options["lambd"] * eta, eta, mu, *decays(options)

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        p, g = decayed(p, g, h)
        s["step"] += 1
        p = p * (1 - h["lambd"] * s["eta"]) - s["eta"] * g
        s["ax"] = p if s["mu"] == 1 else s["ax"] + (p - s["ax"]) * s["mu"]
        s["eta"], s["mu"] = _rates(s["step"], h)
        return p


def _rates(step: float, h: Group) -> tuple[float, float]:
    """Return what follows a step: the next learning rate, and the weight of the next parameter in the average."""
    lr = float(h["lr"])
    return lr / (1 + h["lambd"] * lr * step) ** h["alpha"], 1 / max(1, step - h["t0"])
