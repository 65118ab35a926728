"""Losses of triplets: an anchor should be nearer to the positive than to the negative. Composites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..op import Failure, Make, Sample, register
from ._common import Tensor
from .distance import pairwise_distance
from .loss import legacy_reduction, reduced
from .pointwise import clamp, minimum

__all__ = ["triplet_margin_loss", "triplet_margin_with_distance_loss"]


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with the p-norm distance.

    With ``swap`` the distance of positive and negative counts if it is the smaller one (Balntas et al., BMVC 2016).

    Raises
    ------
    ValueError : a margin that is not positive.
    RuntimeError : inputs of different numbers of dimensions.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.zeros(1, 2)
    >>> minitorch.nn.functional.triplet_margin_loss(x, x, x)
    tensor(1.)
    """

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    reduction = legacy_reduction(reduction, size_average, reduce)
    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=distance, margin=margin, swap=swap, reduction=reduction
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """Return `triplet_margin_loss` with any distance function of two tensors.

    Raises
    ------
    ValueError : a margin that is not positive, or an unknown reduction.
    RuntimeError : inputs of different numbers of dimensions.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.zeros(1, 2)
    >>> minitorch.nn.functional.triplet_margin_with_distance_loss(x, x, x)
    tensor(1.)
    """
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    sizes = [t._data.ndim for t in (anchor, positive, negative)]
    if len(set(sizes)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {sizes[0]}D, positive {sizes[1]}D, and negative {sizes[2]}D inputs"
        )
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    loss = clamp(margin + near - far, min=0)
    return reduced(loss, reduction, "MeanBackward0" if reduction == "mean" else "SumBackward0")


def _samples(make: Make) -> Iterator[Sample]:
    rows = (make(3, 4), make(3, 4, low=0.5), make(3, 4, high=-0.5))
    yield Sample("rows", rows, {"margin": 2.5})
    yield Sample("swap", rows, {"margin": 2.5, "swap": True, "reduction": "sum"})


def _failures(make: Make) -> Iterator[Failure]:
    x = make(2, 3)
    yield Failure((x, x, make(3)), RuntimeError, "anchor 2D, positive 2D, and negative 1D inputs")
    yield Failure((x, x, x), ValueError, "margin must be greater than 0, got -1", {"margin": -1})


register(triplet_margin_loss, samples=_samples, failures=_failures, methods=(), functional=True)
register(
    triplet_margin_with_distance_loss, samples=_samples, failures=_failures, methods=(), functional=True, top=False
)
