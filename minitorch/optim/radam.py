"""RAdam: Adam whose first steps, while the variance estimate is poor, are rectified."""

from __future__ import annotations

from typing import Any

from ..kernels.optim_rules import radam
from ..tensor import Tensor
from ._adam_family import MomentOptimizer, check_common, moments
from ._fused import FusedOptimizer, decays
from ._groups import Group
from ._rules import decayed

__all__ = ["RAdam"]


class RAdam(MomentOptimizer, FusedOptimizer):
    """Rectified Adam.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float or Tensor, default 1e-3
        Learning rate.
    betas : (float, float), default (0.9, 0.999)
        Decay rates of the moving means of the gradient and of its square.
    eps : float, default 1e-8
        Added to the denominator.
    weight_decay : float, default 0
        L2 penalty, added to the gradient; with ``decoupled_weight_decay`` it shrinks the parameters instead.
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
    Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, arXiv:1908.03265, algorithm 2.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    _kernel = radam

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_common(lr, betas, eps, weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
        }
        defaults |= {"capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, defaults | {"differentiable": differentiable})

    def _roles(self, options: Group) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def _numbers(self, at: float, options: Group) -> tuple[float, ...]:
        beta1, beta2 = options["betas"]
        correction1, correction2 = 1 - beta1**at, 1 - beta2**at
        rectified = _rectification(beta2, at, correction2)
        means = 1 - beta1, beta2, 1 - beta2
        return options["lr"], correction1, correction2**0.5, options["eps"], rectified, *means, *decays(options)

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        p, g = decayed(p, g, h)
        correction1, correction2 = moments(g, s, h)
        step = s["exp_avg"] / correction1
        rectification = _rectification(h["betas"][1], s["step"], correction2)
        if rectification > 0:
            step = step * (correction2**0.5 / (m.sqrt(s["exp_avg_sq"]) + h["eps"])) * rectification
        return p - h["lr"] * step


def _rectification(beta2: Any, step: float, correction2: Any) -> float:
    """Return the variance rectification r_t; 0 while the simple moving average is no longer than 5."""
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * step * beta2**step / correction2
    if length <= 5.0:
        return 0.0
    squared = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return float(squared**0.5)
