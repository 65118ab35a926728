"""Adam: steps scaled by running estimates of the gradient's first two moments."""

from __future__ import annotations

from typing import Any

from ..kernels.optim import adam
from ..tensor import Tensor
from ._adam_family import MomentOptimizer, check_common, moments
from ._fused import FusedOptimizer, decays
from ._groups import Group
from ._rules import check_implementation, check_lr, decayed

__all__ = ["Adam"]


class Adam(MomentOptimizer, FusedOptimizer):
    """Adam, and AdamW with ``decoupled_weight_decay``.

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
        L2 penalty, added to the gradient.
    amsgrad : bool, default False
        Divide by the largest second moment so far.
    foreach, fused, capturable : bool, optional
        Accepted; the implementation is chosen by the engine.
    maximize : bool, default False
        Climb instead of descend.
    differentiable : bool, default False
        Record the step on the tape.
    decoupled_weight_decay : bool, default False
        Shrink the parameters themselves instead of adding to the gradient.

    Raises
    ------
    ValueError
        For an option out of range.

    References
    ----------
    Kingma and Ba, Adam: A Method for Stochastic Optimization, arXiv:1412.6980; Reddi et al., On the
    Convergence of Adam and Beyond, ICLR 2018 (amsgrad).

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    _kernel = adam

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_lr(lr)
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_common(lr, betas, eps, weight_decay)
        if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor):
            raise ValueError("betas must be either both floats or both Tensors")
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        defaults |= {
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults | {"decoupled_weight_decay": decoupled_weight_decay})
        check_implementation(foreach, fused, differentiable)

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        state = super()._fresh(param, group)
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = self._zeros(param)
        return state

    def _roles(self, options: Group) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")[: 3 if options["amsgrad"] else 2]

    def _numbers(self, at: float, options: Group) -> tuple[float, ...]:
        h = options
        beta1, beta2 = h["betas"]
        rate, root = h["lr"] / (1 - beta1**at), (1 - beta2**at) ** 0.5
        return rate, root, h["eps"], 1 - beta1, beta2, 1 - beta2, *decays(h), h["amsgrad"]

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        p, g = decayed(p, g, h)
        correction1, correction2 = moments(g, s, h)
        second = s["exp_avg_sq"]
        if h["amsgrad"]:
            second = s["max_exp_avg_sq"] = m.maximum(s["max_exp_avg_sq"], second)
        denominator = m.sqrt(second) / correction2**0.5 + h["eps"]
        return p - (h["lr"] / correction1) * (s["exp_avg"] / denominator)
