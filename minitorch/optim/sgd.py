"""Stochastic gradient descent, with momentum and Nesterov's variant of it."""

from __future__ import annotations

from typing import Any

from ..kernels.optim import sgd
from ..tensor import Tensor
from ._fused import FusedOptimizer
from ._groups import Group
from ._rules import check_implementation, check_lr, check_range

__all__ = ["SGD"]


class SGD(FusedOptimizer):
    """Stochastic gradient descent.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float or Tensor, default 1e-3
        Learning rate.
    momentum, dampening : float, default 0
        ``buffer = momentum * buffer + (1 - dampening) * gradient``; the first gradient fills it whole.
    weight_decay : float, default 0
        L2 penalty: ``weight_decay * parameter`` is added to the gradient.
    nesterov : bool, default False
        Step along ``gradient + momentum * buffer``.
    maximize : bool, default False
        Climb instead of descend.
    foreach, fused : bool, optional
        Accepted; the implementation is chosen by the engine.
    differentiable : bool, default False
        Record the step on the tape.

    Raises
    ------
    ValueError
        For a negative option, or ``nesterov`` without momentum or with dampening.

    References
    ----------
    Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.SGD([w], lr=0.1, momentum=0.9)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    _scalars = ()
    _kernel, _cost = sgd, 20

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_range("momentum value", momentum, momentum >= 0.0)
        check_range("weight_decay value", weight_decay, bool(weight_decay >= 0.0))
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
        }
        defaults |= {
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_implementation(foreach, fused, differentiable)

    def _state_of(self, param: Tensor, group: Group) -> dict[str, Any]:
        if group["momentum"] == 0:
            return {}
        state: dict[str, Any] = self.state[param]
        state.setdefault("momentum_buffer", None)
        return state

    def _roles(self, options: Group) -> tuple[str, ...]:
        return ("momentum_buffer",) if options["momentum"] else ()

    def _advance(self, state: dict[str, Any], options: Group, first: bool) -> bool:
        return first

    def _numbers(self, at: bool, options: Group) -> tuple[float, ...]:
        h = options
        sign = -1.0 if h["maximize"] else 1.0
        return h["lr"], h["momentum"], 1.0 - h["dampening"], h["weight_decay"], sign, h["nesterov"], at

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        if h["maximize"]:
            g = -g
        if h["weight_decay"] != 0:
            g = g + h["weight_decay"] * p
        if h["momentum"] != 0:
            old = s["momentum_buffer"]
            s["momentum_buffer"] = g if old is None else h["momentum"] * old + (1 - h["dampening"]) * g
            g = g + h["momentum"] * s["momentum_buffer"] if h["nesterov"] else s["momentum_buffer"]
        return p - h["lr"] * g
