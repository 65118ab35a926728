"""Adadelta: steps in the parameters' own units, from the ratio of two running root mean squares."""

from __future__ import annotations

from typing import Any

from ..kernels.optim_rules import adadelta
from ..tensor import Tensor
from ._fused import FusedOptimizer, decays
from ._groups import Group
from ._rules import check_lr, check_range, decayed

__all__ = ["Adadelta"]


class Adadelta(FusedOptimizer):
    """Adadelta.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float or Tensor, default 1.0
        Scales the step.
    rho : float, default 0.9
        Decay rate of the running means of squared gradients and squared steps.
    eps : float, default 1e-6
        Added to both under the root.
    weight_decay : float, default 0
        L2 penalty, added to the gradient.
    foreach, capturable : bool, optional
        Accepted; the implementation is chosen by the engine.
    maximize, differentiable : bool, default False
        Climb instead of descend; record the step on the tape.

    Raises
    ------
    ValueError
        For an option out of range.

    References
    ----------
    Zeiler, ADADELTA: An Adaptive Learning Rate Method, arXiv:1212.5701.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.Adadelta([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9968, 1.9968])
    """

    _kernel = adadelta

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_range("rho value", rho, 0.0 <= rho <= 1.0)
        check_range("epsilon value", eps, eps >= 0.0)
        check_range("weight_decay value", weight_decay, weight_decay >= 0.0)
        defaults: dict[str, Any] = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(
            params,
            defaults | {"capturable": capturable, "foreach": foreach, "differentiable": differentiable},
        )

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        return {"step": self._counter(), "square_avg": self._zeros(param), "acc_delta": self._zeros(param)}

    def _roles(self, options: Group) -> tuple[str, ...]:
        return ("square_avg", "acc_delta")

    def _numbers(self, at: float, options: Group) -> tuple[float, ...]:
        return options["lr"], options["rho"], 1 - options["rho"], options["eps"], *decays(options)

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        p, g = decayed(p, g, h)
        rho, eps = h["rho"], h["eps"]
        s["step"] += 1
        s["square_avg"] = rho * s["square_avg"] + (1 - rho) * (g * g)
        delta = m.sqrt(s["acc_delta"] + eps) / m.sqrt(s["square_avg"] + eps) * g
        s["acc_delta"] = rho * s["acc_delta"] + (1 - rho) * (delta * delta)
        return p - h["lr"] * delta
