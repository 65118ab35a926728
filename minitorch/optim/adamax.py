"""Adamax: Adam with the infinity norm in place of the second moment."""

from __future__ import annotations

from typing import Any

from ..kernels.optim_rules import adamax
from ..tensor import Tensor
from ._adam_family import check_common
from ._fused import FusedOptimizer, decays
from ._groups import Group
from ._rules import decayed, lerp

__all__ = ["Adamax"]


class Adamax(FusedOptimizer):
    """Adamax.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float or Tensor, default 2e-3
        Learning rate.
    betas : (float, float), default (0.9, 0.999)
        Decay rates of the running mean of the gradient and of its largest absolute value.
    eps : float, default 1e-8
        Added to the gradient's absolute value.
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
    Kingma and Ba, Adam: A Method for Stochastic Optimization, arXiv:1412.6980, section 7.1.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    _kernel = adamax

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_common(lr, betas, eps, weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults | {"differentiable": differentiable, "capturable": capturable})

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        return {"step": self._counter(), "exp_avg": self._zeros(param), "exp_inf": self._zeros(param)}

    def _roles(self, options: Group) -> tuple[str, ...]:
        return ("exp_avg", "exp_inf")

    def _numbers(self, at: float, options: Group) -> tuple[float, ...]:
        beta1, beta2 = options["betas"]
        return options["lr"] / (1 - beta1**at), 1 - beta1, beta2, options["eps"], *decays(options)

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        p, g = decayed(p, g, h)
        beta1, beta2 = h["betas"]
        s["step"] += 1
        s["exp_avg"] = lerp(s["exp_avg"], g, 1 - beta1)
        s["exp_inf"] = m.maximum(beta2 * s["exp_inf"], m.abs(g) + h["eps"])
        return p - (h["lr"] / (1 - beta1 ** s["step"])) * (s["exp_avg"] / s["exp_inf"])
