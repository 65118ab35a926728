"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

from typing import Any

from ..kernels.optim_rules import nadam
from ..tensor import Tensor
from ._adam_family import MomentOptimizer, check_common, moments
from ._fused import FusedOptimizer, advanced, decays
from ._groups import Group
from ._rules import check_range, decayed

__all__ = ["NAdam"]


class NAdam(MomentOptimizer, FusedOptimizer):
    """Adam with Nesterov momentum.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float or Tensor, default 2e-3
        Learning rate.
    betas : (float, float), default (0.9, 0.999)
        Decay rates of the moving means of the gradient and of its square.
    eps : float, default 1e-8
        Added to the denominator.
    weight_decay : float, default 0
        L2 penalty, added to the gradient; with ``decoupled_weight_decay`` it shrinks the parameters instead.
    momentum_decay : float, default 4e-3
        How fast the momentum of step t grows towards ``betas[0]``.
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
    Dozat, Incorporating Nesterov Momentum into Adam, ICLR 2016 workshop.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8944, 1.8944])
    """

    _kernel = nadam
    _scalars = ("step", "mu_product")

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_common(lr, betas, eps, weight_decay)
        check_range("momentum_decay value", momentum_decay, momentum_decay >= 0.0)
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
        }
        defaults |= {
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
        }
        super().__init__(params, defaults | {"capturable": capturable, "differentiable": differentiable})

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        return {
            "step": self._counter(),
            "mu_product": self._counter(1.0),
            **_buffers(super()._fresh(param, group)),
        }

    def _roles(self, options: Group) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def _advance(self, state: dict[str, Any], options: Group, first: bool) -> tuple[float, float]:
        step = advanced(state)
        product = float(state["mu_product"]) * _momentum(options, step)
        state["mu_product"] = self._counter(product)
        return step, product

    def _numbers(self, at: tuple[float, float], options: Group) -> tuple[float, ...]:
        (step, product), lr, (beta1, beta2) = at, options["lr"], options["betas"]
        mu, mu_next = (_momentum(options, step + ahead) for ahead in (0, 1))
        rates = lr * (1 - mu) / (1 - product), lr * mu_next / (1 - product * mu_next)
        return *rates, 1 - beta2**step, options["eps"], 1 - beta1, beta2, 1 - beta2, *decays(options)

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        p, g = decayed(p, g, h)
        _, correction2 = moments(g, s, h)
        mu, mu_next = (_momentum(h, s["step"] + ahead) for ahead in (0, 1))
        s["mu_product"] *= mu
        denominator = m.sqrt(s["exp_avg_sq"] / correction2) + h["eps"]
        p = p - (h["lr"] * (1 - mu) / (1 - s["mu_product"])) * (g / denominator)
        return p - (h["lr"] * mu_next / (1 - s["mu_product"] * mu_next)) * (s["exp_avg"] / denominator)


def _momentum(h: Group, step: float) -> Any:
    """Return the momentum of a step, the warm-up schedule of the paper's section 4."""
    return h["betas"][0] * (1 - 0.5 * 0.96 ** (step * h["momentum_decay"]))


def _buffers(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != "step"}
