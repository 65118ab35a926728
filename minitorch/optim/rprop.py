"""Rprop: steps whose length depends on how the gradient's sign changes, not on its size."""

from __future__ import annotations

from typing import Any

from ..kernels.optim_rules import rprop
from ..tensor import Tensor
from ._fused import FusedOptimizer
from ._groups import Group
from ._rules import check_lr

__all__ = ["Rprop"]


class Rprop(FusedOptimizer):
    """Resilient backpropagation, for full batches.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float or Tensor, default 1e-2
        Length of every element's first step.
    etas : (float, float), default (0.5, 1.2)
        Factors of the length after a change of sign and after none.
    step_sizes : (float, float), default (1e-6, 50)
        Shortest and longest step.
    capturable, foreach : bool, optional
        Accepted; the implementation is chosen by the engine.
    maximize, differentiable : bool, default False
        Climb instead of descend; record the step on the tape.

    Raises
    ------
    ValueError
        Unless ``0 < etas[0] < 1 < etas[1]``.

    References
    ----------
    Riedmiller and Braun, A Direct Adaptive Method for Faster Backpropagation Learning, ICNN 1993.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    _kernel = rprop

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults: dict[str, Any] = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults | {"differentiable": differentiable, "capturable": capturable})

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        return {
            "step": self._counter(),
            "prev": self._zeros(param),
            "step_size": self._full(param, float(group["lr"])),
        }

    def _roles(self, options: Group) -> tuple[str, ...]:
        return ("prev", "step_size")

    def _numbers(self, at: float, options: Group) -> tuple[float, ...]:
        return *options["etas"], *options["step_sizes"], -1.0 if options["maximize"] else 1.0

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        if h["maximize"]:
            g = -g
        (shrink, grow), (shortest, longest) = h["etas"], h["step_sizes"]
        s["step"] += 1
        agreement = m.sign(g * s["prev"])
        factor = m.where(agreement > 0, grow, m.where(agreement < 0, shrink, agreement * 0 + 1))
        s["step_size"] = m.clip(s["step_size"] * factor, shortest, longest)
        s["prev"] = g = m.where(agreement < 0, 0.0, g)  # after a change of sign the next step stands still
        return p - m.sign(g) * s["step_size"]
