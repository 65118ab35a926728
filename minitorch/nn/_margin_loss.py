"""Losses with margins, and of triplets.

A loss names its function in ``nn.functional`` and the attributes that are its keyword arguments;
``forward`` follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from ._loss import _Loss, _WeightedLoss
from .distance import PairwiseDistance

__all__ = [
    "CosineEmbeddingLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "SoftMarginLoss", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]  # fmt: skip


class HingeEmbeddingLoss(_Loss):
    """``x`` where the target is 1, ``max(0, margin - x)`` where it is -1.

    >>> import minitorch
    >>> minitorch.nn.HingeEmbeddingLoss()(minitorch.tensor([2.0, 0.5]), minitorch.tensor([1, -1]))
    tensor(1.2500)
    """

    _op, _arguments = "hinge_embedding_loss", ("margin", "reduction")
    __constants__ = ["margin", "reduction"]

    def __init__(
        self,
        margin: float = 1.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class SoftMarginLoss(_Loss):
    """``log(1 + exp(-target * input))`` for targets 1 and -1.

    >>> import minitorch
    >>> minitorch.nn.SoftMarginLoss()(minitorch.tensor([0.0]), minitorch.tensor([1.0]))
    tensor(0.6931)
    """

    _op = "soft_margin_loss"


class MultiLabelMarginLoss(_Loss):
    """Hinge loss between every target class and every other class; the targets end at the first -1.

    >>> import minitorch
    >>> minitorch.nn.MultiLabelMarginLoss()(minitorch.tensor([[0.0, 1.0]]), minitorch.tensor([[1, -1]]))
    tensor(0.)
    """

    _op = "multilabel_margin_loss"


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """Binary cross entropy of ``sigmoid(input)``, averaged over the classes.

    >>> from minitorch import nn, tensor
    >>> nn.MultiLabelSoftMarginLoss()(tensor([[0.0, 0.0]]), tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """

    _op = "multilabel_soft_margin_loss"


class MultiMarginLoss(_WeightedLoss):
    """``sum(max(0, margin - x[target] + x[i])**p for i != target) / C`` for (N, C) and target classes (N).

    ValueError unless p is 1 or 2.

    >>> import minitorch
    >>> minitorch.nn.MultiMarginLoss()(minitorch.tensor([[0.5, 0.5]]), minitorch.tensor([1]))
    tensor(0.5000)
    """

    _op, _arguments = "multi_margin_loss", ("p", "margin", "weight", "reduction")
    __constants__ = ["p", "margin", "reduction"]

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.dim() != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead")
        self.p, self.margin = p, margin


class CosineEmbeddingLoss(_Loss):
    """``1 - cos(x1, x2)`` where the target is 1, ``max(0, cos(x1, x2) - margin)`` where it is -1.

    >>> from minitorch import nn, tensor
    >>> nn.CosineEmbeddingLoss()(tensor([[1.0, 0.0]]), tensor([[0.0, 1.0]]), tensor([1]))
    tensor(1.)
    """

    _op, _arguments = "cosine_embedding_loss", ("margin", "reduction")
    __constants__ = ["margin", "reduction"]

    def __init__(
        self,
        margin: float = 0.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class MarginRankingLoss(_Loss):
    """``max(0, -target * (x1 - x2) + margin)`` for targets 1 (x1 should be larger) and -1.

    >>> from minitorch import nn, tensor
    >>> nn.MarginRankingLoss()(tensor([1.0]), tensor([3.0]), tensor([1]))
    tensor(2.)
    """

    _op, _arguments = "margin_ranking_loss", ("margin", "reduction")
    __constants__ = ["margin", "reduction"]

    def __init__(
        self,
        margin: float = 0.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class TripletMarginLoss(_Loss):
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with the p-norm distance.

    Source: Balntas et al., BMVC 2016.

    >>> import minitorch
    >>> minitorch.nn.TripletMarginLoss()(*[minitorch.zeros(1, 2) for _ in range(3)])
    tensor(1.)
    """

    _op, _arguments = "triplet_margin_loss", ("margin", "p", "eps", "swap", "reduction")
    __constants__ = ["margin", "p", "eps", "swap", "reduction"]

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap


class TripletMarginWithDistanceLoss(_Loss):
    """``TripletMarginLoss`` with any distance function of two tensors.

    >>> import minitorch
    >>> loss = minitorch.nn.TripletMarginWithDistanceLoss(distance_function=minitorch.nn.CosineSimilarity())
    >>> loss(*[minitorch.ones(1, 2) for _ in range(3)])
    tensor(1.)
    """

    _op, _arguments = (
        "triplet_margin_with_distance_loss",
        ("distance_function", "margin", "swap", "reduction"),
    )
    __constants__ = ["margin", "swap", "reduction"]

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(
                f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap
