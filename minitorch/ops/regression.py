"""Losses for regression, and between distributions: expressions in ops."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from ..op import Failure, Make, Sample, register
from ._common import Tensor, float_arg, tensor_arg
from ._difference import applies, difference_loss
from .loss import legacy_reduction, reduced
from .pointwise import where

__all__ = ["huber_loss", "kl_div", "l1_loss", "mse_loss", "smooth_l1_loss"]


def _paired(name: str, input: Any, target: Any, kernel: str = "") -> tuple[Tensor, Tensor]:
    for t in (target, input):
        if not isinstance(t, Tensor):  # torch reads the sizes first
            raise AttributeError(f"{name}: '{type(t).__name__}' object has no attribute 'size': it must be a Tensor")
    x, y = input, target
    if kernel and "f" not in (x._data.dtype.kind, y._data.dtype.kind) and x._data.dtype.kind in "biu":
        float_arg(name, y, kernel)
    if x._data.shape != y._data.shape:
        warnings.warn(
            f"Using a target size ({y.shape}) that is different to the input size ({x.shape}). This will "
            "likely lead to "
            "incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )
    return x, y


def _fused(x: Tensor, y: Tensor, weight: Tensor | None, reduction: str) -> bool:
    return weight is None and reduction in ("mean", "sum") and applies(x, y)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the squared differences, or their mean or sum.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.mse_loss(minitorch.tensor([1.0, 3.0]), minitorch.tensor([1.0, 1.0]))
    tensor(2.)
    """
    reduction = legacy_reduction(reduction, size_average, reduce)
    x, y = _paired("mse_loss", input, target, "mse_cpu")
    if _fused(x, y, weight, reduction):
        return difference_loss(x, y, (-1.0, 1.0, 0.0, 0.0), reduction, "MseLossBackward0")
    loss = (x - y) ** 2
    return reduced(loss if weight is None else loss * weight, reduction, "MseLossBackward0")


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the absolute differences, or their mean or sum.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.l1_loss(minitorch.tensor([1.0, 3.0]), minitorch.tensor([1.0, 1.0]))
    tensor(1.)
    """
    reduction = legacy_reduction(reduction, size_average, reduce)
    x, y = _paired("l1_loss", input, target)
    name = "MeanBackward0" if reduction == "mean" else "SumBackward0"
    if _fused(x, y, weight, reduction):
        return difference_loss(x, y, (0.0, 0.0, 0.0, 1.0), reduction, name)
    loss = (x - y).abs()
    return reduced(loss if weight is None else loss * weight, reduction, name)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Return ``d**2 / (2 beta)`` for differences d below ``beta`` and ``|d| - beta / 2`` beyond.

    Source: Girshick, arXiv 1504.08083.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.smooth_l1_loss(minitorch.tensor([1.0, 3.0]), minitorch.tensor([1.0, 1.0]))
    tensor(0.7500)
    """
    reduction = legacy_reduction(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    x, y = _paired("smooth_l1_loss", input, target, "smooth_l1_cpu")
    if _fused(x, y, None, reduction):
        loss_shape = (beta, 0.5 / beta if beta else 0.0, 0.5 * beta, 1.0)
        return difference_loss(x, y, loss_shape, reduction, "SmoothL1LossBackward0")
    size = (x - y).abs()
    loss = size if beta == 0 else where(size < beta, size * size * (0.5 / beta), size - 0.5 * beta)
    return reduced(loss, reduction, "SmoothL1LossBackward0")


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Return ``d**2 / 2`` for differences d below ``delta`` and ``delta (|d| - delta / 2)`` beyond (Huber, 1964).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.huber_loss(minitorch.tensor([1.0, 3.0]), minitorch.tensor([1.0, 1.0]))
    tensor(0.7500)
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    x, y = _paired("huber_loss", input, target, "huber_cpu")
    if _fused(x, y, weight, reduction):
        return difference_loss(x, y, (delta, 0.5, 0.5 * delta, delta), reduction, "HuberLossBackward0")
    size = (x - y).abs()
    loss = where(size < delta, size * size * 0.5, (size - 0.5 * delta) * delta)
    return reduced(loss if weight is None else loss * weight, reduction, "HuberLossBackward0")


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Return ``target (log target - input)`` for log-probabilities ``input``; "batchmean" divides by the first size.

    Examples
    --------
    >>> import minitorch
    >>> p = minitorch.tensor([0.5, 0.5])
    >>> minitorch.nn.functional.kl_div(p.log(), p, reduction="sum")
    tensor(0.)
    """
    reduction = legacy_reduction(reduction, size_average, reduce)
    if not {tensor_arg("kl_div", input)._data.dtype.kind, target._data.dtype.kind} - set("biu"):
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        loss = target.exp() * (target - input)
    else:
        entropy = where(target > 0, target * where(target > 0, target, 1.0).log(), 0.0)
        loss = entropy - target * input
    if reduction == "batchmean":
        return loss.sum() / input._data.shape[0]
    return reduced(loss, reduction, "MeanBackward0" if reduction == "mean" else "SumBackward0")


# ---- samples -------------------------------------------------------------------------------------------------------


def _difference_samples(make: Make) -> Iterator[Sample]:
    yield Sample("mean", (make(3, 4, apart=0.33), make(3, 4, low=-1.9, apart=0.33)))
    yield Sample("sum", (make(3, 4, apart=0.33), make(3, 4, low=-1.9, apart=0.33)), {"reduction": "sum"})
    yield Sample("none", (make(2, 3, apart=0.65), make(2, 3, low=-1.9, apart=0.65)), {"reduction": "none"})


def _difference_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), make(3)), ValueError, "x is not a valid value for reduction", {"reduction": "x"})


def _kl_samples(make: Make) -> Iterator[Sample]:
    yield Sample("mean", (make(3, 4), make(3, 4, low=0.2)))
    yield Sample("logarithms", (make(3, 4), make(3, 4)), {"log_target": True, "reduction": "batchmean"})


for _fn in (mse_loss, l1_loss, smooth_l1_loss, huber_loss):
    register(_fn, samples=_difference_samples, failures=_difference_failures, methods=(), functional=True, top=False)
register(kl_div, samples=_kl_samples, methods=(), functional=True)
