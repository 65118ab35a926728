"""RMSprop: steps scaled by a running root mean square of the gradient."""

from __future__ import annotations

from typing import Any

from ..kernels.optim_rules import rmsprop
from ..tensor import Tensor
from ._fused import FusedOptimizer, decays
from ._groups import Group
from ._rules import check_lr, check_range, decayed, lerp

__all__ = ["RMSprop"]


class RMSprop(FusedOptimizer):
    """RMSprop, plain or centered, with or without momentum.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float or Tensor, default 1e-2
        Learning rate.
    alpha : float, default 0.99
        Decay rate of the running mean of squares.
    eps : float, default 1e-8
        Added to the root.
    weight_decay : float, default 0
        L2 penalty, added to the gradient.
    momentum : float, default 0
        Momentum of the scaled gradients.
    centered : bool, default False
        Scale by the estimated standard deviation instead.
    capturable, foreach : bool, optional
        Accepted; the implementation is chosen by the engine.
    maximize, differentiable : bool, default False
        Climb instead of descend; record the step on the tape.

    Raises
    ------
    ValueError
        For a negative option.

    References
    ----------
    Tieleman and Hinton, Neural Networks for Machine Learning, 6.5; Graves, arXiv:1308.0850 (centered).

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    _kernel = rmsprop

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_range("epsilon value", eps, eps >= 0.0)
        check_range("momentum value", momentum, momentum >= 0.0)
        check_range("weight_decay value", weight_decay, weight_decay >= 0.0)
        check_range("alpha value", alpha, alpha >= 0.0)
        defaults: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
        }
        defaults |= {
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        state = {"step": self._counter(), "square_avg": self._zeros(param)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = self._zeros(param)
        if group["centered"]:
            state["grad_avg"] = self._zeros(param)
        return state

    def _roles(self, options: Group) -> tuple[str, ...]:
        more = (("momentum_buffer", options["momentum"] > 0), ("grad_avg", options["centered"]))
        return ("square_avg", *(name for name, used in more if used))

    def _numbers(self, at: float, options: Group) -> tuple[float, ...]:
        h = options
        return h["lr"], h["alpha"], 1 - h["alpha"], h["eps"], h["momentum"], h["centered"], *decays(h)

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        p, g = decayed(p, g, h)
        alpha = h["alpha"]
        s["step"] += 1
        variance = s["square_avg"] = alpha * s["square_avg"] + (1 - alpha) * (g * g)
        if h["centered"]:
            s["grad_avg"] = lerp(s["grad_avg"], g, 1 - alpha)
            variance = variance - s["grad_avg"] * s["grad_avg"]
        direction = g / (m.sqrt(variance) + h["eps"])
        if h["momentum"] > 0:
            direction = s["momentum_buffer"] = h["momentum"] * s["momentum_buffer"] + direction
        return p - h["lr"] * direction
