"""Muon: momentum whose matrices are made orthogonal before they are applied."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import convert
from ..memory import Array
from ..tensor import Tensor
from ._groups import Group
from ._rules import RuleOptimizer

__all__ = ["Muon"]


class Muon(RuleOptimizer):
    """Momentum, orthogonalised by Newton-Schulz iterations; for the matrices of a network's hidden layers.

    Biases, embeddings, norms and other parameters that are no matrices belong to another optimizer.

    Parameters
    ----------
    params : iterable
        Two-dimensional parameters, named parameters or groups.
    lr : float, default 1e-3
        Learning rate.
    weight_decay : float, default 0.1
        Each step first shrinks the parameters by ``lr * weight_decay``.
    momentum : float, default 0.95
        Decay rate of the running mean of gradients.
    nesterov : bool, default True
        Look ahead: mix the mean with the gradient again.
    ns_coefficients : (float, float, float), default (3.4445, -4.775, 2.0315)
        Coefficients of the iteration's odd polynomial of degree five.
    eps : float, default 1e-7
        Lower bound of the norm that is divided by.
    ns_steps : int, default 5
        Number of iterations, below 100. They are computed in bfloat16, as in torch.
    adjust_lr_fn : {None, "original", "match_rms_adamw"}
        How the rate depends on the shape ``(A, B)``: ``sqrt(max(1, A / B))`` (the default), or
        ``0.2 * sqrt(max(A, B))``, with which AdamW's rates can be kept.

    Raises
    ------
    ValueError
        For an option out of range or a parameter that is no matrix.

    References
    ----------
    Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024; Liu et al., Muon is Scalable for
    LLM Training, arXiv:2502.16982 (match_rms_adamw).

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.eye(2).requires_grad_()
    >>> optimizer = minitorch.optim.Muon([w], lr=0.5, weight_decay=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> bool((w < 0.8).all())
    True
    """

    _scalars = ()

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value in (("Learning rate", lr), ("momentum", momentum), ("weight decay", weight_decay)):
            if not value >= 0.0:
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults: dict[str, Any] = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov}
        defaults |= {"ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps}
        super().__init__(params, defaults | {"adjust_lr_fn": adjust_lr_fn})
        for group in self.param_groups:
            for param in group["params"]:
                if param.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {param.size()}"
                    )

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        return {"momentum_buffer": self._zeros(param)}

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        mean = s["momentum_buffer"] = _between(s["momentum_buffer"], g, 1 - h["momentum"])
        update = _between(g, mean, h["momentum"]) if h["nesterov"] else mean
        update = orthogonal(update, h["ns_coefficients"], h["ns_steps"], h["eps"])
        rate = h["lr"] * _shape_factor(p.shape, h["adjust_lr_fn"])
        return _fused(update, -rate, p * (1 - h["lr"] * h["weight_decay"]))


# A last bit that differs decides now and then which way bfloat16 rounds, and later steps amplify that: so these round
# where torch's kernels do.


def _fused(x: Array, factor: float, y: Array) -> Array:
    """Return ``x * factor + y``, rounded once."""
    wide = x.astype(np.float64) * float(y.dtype.type(factor)) + y.astype(np.float64)
    return wide.astype(y.dtype)


def _between(a: Array, b: Array, weight: float) -> Array:
    """Return ``a + weight * (b - a)``, from the nearer end."""
    weight = a.dtype.type(weight)
    return _fused(b - a, weight, a) if weight < 0.5 else _fused(b - a, weight - a.dtype.type(1), b)


def _shape_factor(shape: tuple[int, ...], kind: str | None) -> float:
    rows, columns = shape
    if kind == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))


def _rounded(x: Any) -> Array:
    """Round float32 to what bfloat16 can hold."""
    return convert.from_bfloat16(convert.to_bfloat16(np.ascontiguousarray(x, np.float32)))


_SMALL = 4096


def orthogonal(matrix: Array, coefficients: tuple[float, ...], steps: int, eps: float) -> Array:
    """Return about U V^T of the matrix's singular value decomposition U S V^T, computed in bfloat16.

    The polynomial a x + b x^3 + c x^5 drives singular values towards 1; its coefficients make it steep at 0.
    """
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = (np.float32(value) for value in coefficients)
    tall = matrix.shape[0] > matrix.shape[1]
    x: Any = _rounded(matrix.T if tall else matrix)
    norm = _rounded(np.sqrt(np.sum(x * x, dtype=np.float32)))
    x = _rounded(x / np.maximum(norm, _rounded(np.float32(eps))))
    # Sums of few products are rounded to bfloat16 as the exact ones would be, wherever torch's kernels round inside.
    kind: Any = np.float64 if x.size <= _SMALL else np.float32
    for _ in range(steps):
        x = x.astype(kind)
        gram: Any = _rounded(x @ x.T).astype(kind)
        x = _rounded(a * x + _rounded(b * gram + c * (gram @ gram)) @ x)
    return x.T if tall else x
