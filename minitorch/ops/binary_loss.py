"""Losses from likelihoods: Bernoulli (from probabilities and from logits), Poisson, Gaussian."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..memory import Array
from ..op import Failure, Make, Pointwise, Sample, register
from ._common import Tensor, apply, float_arg, tensor_arg
from .loss import legacy_reduction, reduced
from .pointwise import clamp, where
from .smooth import logsigmoid
from .unary import exp, log, sigmoid

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "gaussian_nll_loss", "poisson_nll_loss"]

_LEAST_LOG = -100.0  # so that a wrong certainty costs much, but not everything


def _bce_fwd(p: Array, y: Array) -> Array:
    with np.errstate(divide="ignore"):
        positive, negative = np.maximum(np.log(p), _LEAST_LOG), np.maximum(np.log1p(-p), _LEAST_LOG)
    result: Array = (y - 1) * negative - y * positive
    return result


def _bce_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # d/dp = (p - y) / (p * (1 - p)), d/dy = log(1 - p) - log(p); limited as torch limits them
    p, y = node.input(0), node.input(1)
    gp = g * (p - y) / clamp((1 - p) * p, min=1e-12) if node.needs[0] else None
    return gp, g * (log(1 - p) - log(p)) if node.needs[1] else None


BCE = Pointwise("binary_cross_entropy", _bce_fwd, _bce_vjp, saves=((0, 1), (0,)))


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``-(y*log(p) + (1 - y)*log(1 - p))`` for probabilities p and targets y; logs are at least -100.

    Raises
    ------
    ValueError : a target of another shape, or an unknown reduction.
    RuntimeError : probabilities outside of [0, 1].

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.binary_cross_entropy(minitorch.tensor([0.5]), minitorch.tensor([1.0]))
    tensor(0.6931)
    """
    p, y = float_arg("binary_cross_entropy", input), tensor_arg("binary_cross_entropy", target, "target", 2)
    reduction = legacy_reduction(reduction, size_average, reduce)
    if p._data.shape != y._data.shape:
        raise ValueError(
            f"Using a target size ({y.shape}) that is different to the input size ({p.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    if p._data.size and not (float(p._data.min()) >= 0 and float(p._data.max()) <= 1):
        raise RuntimeError("all elements of input should be between 0 and 1")
    loss = apply(BCE, (p, y))
    return reduced(loss if weight is None else loss * weight, reduction, "BinaryCrossEntropyBackward0")


def _logits_fwd(x: Array, y: Array) -> Array:
    result: Array = (1 - y) * x - (np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))))
    return result


def _logits_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # as the difference of sigmoid and target, the slope keeps its digits where both are near 0
    x, y = node.input(0), node.input(1)
    return g * (sigmoid(x) - y) if node.needs[0] else None, -g * x if node.needs[1] else None


BCE_LOGITS = Pointwise("binary_cross_entropy_with_logits", _logits_fwd, _logits_vjp, saves=((0, 1), (0,)))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return the binary cross entropy of ``sigmoid(input)``, without overflow; ``pos_weight`` weights positives.

    Raises
    ------
    ValueError : a target of another shape, or an unknown reduction.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.binary_cross_entropy_with_logits(minitorch.tensor([0.0]), minitorch.tensor([1.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy_with_logits"
    x, y = float_arg(name, input, "log_sigmoid_cpu"), tensor_arg(name, target, "target", 2)
    reduction = legacy_reduction(reduction, size_average, reduce)
    if x._data.shape != y._data.shape:
        raise ValueError(f"Target size ({y.shape}) must be the same as input size ({x.shape})")
    if pos_weight is None:
        loss = apply(BCE_LOGITS, (x, y))
    else:
        loss = (1 - y) * x - ((pos_weight - 1) * y + 1) * logsigmoid(x)
    return reduced(loss if weight is None else loss * weight, reduction, "BinaryCrossEntropyWithLogitsBackward0")


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: Any = None,
    eps: float = 1e-8,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``exp(x) - y*x`` (``x - y*log(x + eps)`` if not ``log_input``) for counts y.

    ``full`` adds Stirling's approximation of ``log(y!)`` where y is above 1.

    Raises
    ------
    ValueError : an unknown reduction.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.poisson_nll_loss(minitorch.tensor([0.0]), minitorch.tensor([1.0]))
    tensor(1.)
    """
    x, y = tensor_arg("poisson_nll_loss", input), tensor_arg("poisson_nll_loss", target, "target", 2)
    reduction = legacy_reduction(reduction, size_average, reduce)
    loss = exp(x) - y * x if log_input else x - y * log(x + eps)
    if full:
        large = where(y > 1, y, 1.0)  # keeps the unused branch's logarithm finite
        loss = loss + where(y > 1, large * log(large) - large + 0.5 * log(2 * math.pi * large), 0.0)
    return _plainly_reduced(loss, reduction)


def _plainly_reduced(loss: Tensor, reduction: str) -> Tensor:
    return reduced(loss, reduction, "MeanBackward0" if reduction == "mean" else "SumBackward0")


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Return ``0.5 * (log(var) + (input - target)**2 / var)``, with ``var`` at least ``eps``.

    ``var`` has the shape of the input, or 1 in the last dimension, or lacks it; or is a number. ``full`` adds
    ``0.5 * log(2*pi)``. Source: Nix & Weigend, ICNN 1994.

    Raises
    ------
    ValueError : variances that are negative or of another shape, or an unknown reduction.

    Examples
    --------
    >>> import minitorch
    >>> one = minitorch.ones(2)
    >>> minitorch.nn.functional.gaussian_nll_loss(one, one, one)
    tensor(0.)
    """
    x, y = tensor_arg("gaussian_nll_loss", input), tensor_arg("gaussian_nll_loss", target, "target", 2)
    spread = _variances(x, var)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    if (spread._data < 0).any():
        raise ValueError("var has negative entry/entries")
    # limited without a trace: the gradient passes to small variances, too
    spread = spread + (clamp(spread, min=eps) - spread).detach()
    loss = 0.5 * (log(spread) + (x - y) ** 2 / spread)
    return _plainly_reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def _variances(x: Tensor, var: Any) -> Tensor:
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        return x.detach() * 0 + var
    want, have = x._data.shape, var._data.shape
    if have == want or (have[:-1] == want[:-1] and have[-1:] == (1,)):
        return var
    if have == want[:-1]:
        return var.unsqueeze(-1)
    raise ValueError("var is of incorrect size")


# ---- records -------------------------------------------------------------------------------------------------------


def _probability_samples(make: Make) -> Iterator[Sample]:
    rows = (make(3, 4, low=0.1, high=0.9), make(3, 4, low=0.1, high=0.9))
    yield Sample("none", rows, {"reduction": "none"})
    yield Sample("weights", (*rows, make(4)), {"reduction": "none"})


def _logit_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4), make(3, 4, low=0.0, high=1.0)))
    yield Sample("weights", (make(3, 4), make(3, 4, low=0.0, high=1.0), make(4)), {"pos_weight": make(4, low=0.5)})


def _poisson_samples(make: Make) -> Iterator[Sample]:
    yield Sample("logs", (make(3, 4), make(3, 4, low=0.0, high=5.0)))
    yield Sample("full", (make(3, low=0.5), make(3, low=1.5, high=5.0), False, True), {"reduction": "sum"})


def _gaussian_samples(make: Make) -> Iterator[Sample]:
    yield Sample("none", (make(3, 4), make(3, 4), make(3, 4, low=0.5)), {"reduction": "none"})
    yield Sample("row", (make(3, 4), make(3, 4), make(3, low=0.5)), {"reduction": "none", "full": True})


def _probability_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, low=1.5), make(2)), RuntimeError, "all elements of input should be between 0 and 1")
    yield Failure((make(2, low=0.1), make(3)), ValueError, r"Using a target size \(torch.Size\(\[3\]\)\)")


def _logit_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), make(3)), ValueError, r"Target size \(torch.Size\(\[3\]\)\) must be the same as input size")
    yield Failure((make(2), make(2)), ValueError, "x is not a valid value for reduction", {"reduction": "x"})


def _gaussian_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), make(2), make(3, low=0.5)), ValueError, "var is of incorrect size")
    yield Failure((make(2), make(2), make(2, high=-1.0)), ValueError, "var has negative entry/entries")
    yield Failure((make(2), make(2), make(2, low=0.5)), ValueError, "x is not valid", {"reduction": "x"})


def _poisson_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), make(2)), ValueError, "x is not a valid value for reduction", {"reduction": "x"})


for _fn, _samples, _failures in (
    (binary_cross_entropy, _probability_samples, _probability_failures),
    (binary_cross_entropy_with_logits, _logit_samples, _logit_failures),
    (poisson_nll_loss, _poisson_samples, _poisson_failures),
    (gaussian_nll_loss, _gaussian_samples, _gaussian_failures),
):
    _top = _fn in (binary_cross_entropy_with_logits, poisson_nll_loss)
    # terms of both signs: an error is larger than a few units of the small result
    register(_fn, samples=_samples, failures=_failures, methods=(), functional=True, top=_top, budget=16.0)
