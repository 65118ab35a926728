"""Adafactor: an adaptive method whose second moments are kept as sums of rows and columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tensor import Tensor
from ._groups import Group
from ._rules import RuleOptimizer, lerp

__all__ = ["Adafactor"]


class Adafactor(RuleOptimizer):
    """Steps of the size of the parameters themselves, scaled by second moments in little memory.

    For a parameter of two or more dimensions the running mean of squared gradients is the outer product of its row
    and column means, so that the state is of size N + M instead of N M.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters or groups.
    lr : float, default 1e-2
        Upper bound of the relative step size ``min(lr, 1 / sqrt(step))``.
    beta2_decay : float, default -0.8
        The means move by ``step ** beta2_decay`` towards the new gradient's square.
    eps : (float or None, float), default (None, 1e-3)
        Lower bounds: of the means (None: of the dtype's precision) and of the parameters' size.
    d : float, default 1.0
        Updates whose root mean square is above it are scaled down to it.
    weight_decay : float, default 0
        Each step first shrinks the parameters by ``lr * weight_decay``.
    foreach : bool, optional
        Accepted; it changes nothing.
    maximize : bool
        Ascend instead.

    Raises
    ------
    ValueError
        For an option out of range.
    RuntimeError
        For complex parameters.

    References
    ----------
    Shazeer & Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, arXiv:1804.04235.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.ones(2, 3, requires_grad=True)
    >>> optimizer = minitorch.optim.Adafactor([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()[0]
    tensor([0.5000, 0.5000, 0.5000])
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        _check("Learning rate should be >= 0", lr, bool(lr >= 0.0))
        _check("beta2_decay should be <= 0", beta2_decay, beta2_decay <= 0.0)
        _check("epsilon1 should be >= 0", eps[0], eps[0] is None or eps[0] >= 0.0)
        _check("epsilon2 should be >= 0", eps[1], eps[1] >= 0.0)
        _check("Clipping threshold d should be >= 1", d, d >= 1.0)
        _check("weight_decay should be >= 0", weight_decay, weight_decay >= 0.0)
        defaults: dict[str, Any] = {"lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d}
        defaults |= {"weight_decay": weight_decay, "foreach": foreach, "maximize": maximize}
        super().__init__(params, defaults)

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        if param.is_complex():
            raise RuntimeError("Adafactor does not support complex parameters")
        if param.dim() < 2:
            return {"step": self._counter(), "variance": self._zeros(param)}
        rows, columns = [*param.shape[:-1], 1], [*param.shape[:-2], 1, param.shape[-1]]
        return {"step": self._counter(), "row_var": param.new_zeros(rows), "col_var": param.new_zeros(columns)}

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        g = -g if h["maximize"] else g
        s["step"] += 1
        if not p.size:
            return p
        floor, smallest = h["eps"]
        floor = float(np.finfo(p.dtype).eps) if floor is None else floor
        size = max(smallest, _root_mean_square(p)) * min(h["lr"], 1 / math.sqrt(s["step"]))
        p = p * (1 - h["lr"] * h["weight_decay"]) if h["weight_decay"] else p
        update = g / m.sqrt(m.maximum(_second_moments(m, g, s, s["step"] ** h["beta2_decay"], floor), floor * floor))
        return p - size / max(1.0, _root_mean_square(update) / h["d"]) * update


def _check(text: str, value: Any, valid: bool) -> None:
    if not valid:
        raise ValueError(f"{text} but is: {value}")


def _root_mean_square(x: Any) -> float:
    return float(np.sqrt(np.mean(np.square(x), dtype=np.float64)))


def _second_moments(m: Any, g: Any, s: dict[str, Any], weight: float, floor: float) -> Any:
    """Move the means towards the squared gradient, and return what they say of it."""
    square = g * g
    if g.ndim < 2:
        s["variance"] = lerp(s["variance"], square, weight)
        return s["variance"]
    row = s["row_var"] = lerp(s["row_var"], square.mean(-1, keepdims=True), weight)
    column = s["col_var"] = lerp(s["col_var"], square.mean(-2, keepdims=True), weight)
    return row * column / m.maximum(row.mean(-2, keepdims=True), floor)
