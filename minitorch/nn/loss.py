"""Loss layers; those with margins stand beside.

A loss names its function in ``nn.functional`` and the attributes that are its keyword arguments;
``forward`` follows.
"""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from ._loss import _Loss, _WeightedLoss
from ._margin_loss import CosineEmbeddingLoss as CosineEmbeddingLoss
from ._margin_loss import HingeEmbeddingLoss as HingeEmbeddingLoss
from ._margin_loss import MarginRankingLoss as MarginRankingLoss
from ._margin_loss import MultiLabelMarginLoss as MultiLabelMarginLoss
from ._margin_loss import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from ._margin_loss import MultiMarginLoss as MultiMarginLoss
from ._margin_loss import SoftMarginLoss as SoftMarginLoss
from ._margin_loss import TripletMarginLoss as TripletMarginLoss
from ._margin_loss import TripletMarginWithDistanceLoss as TripletMarginWithDistanceLoss

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss",
    "GaussianNLLLoss", "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss",
    "MarginRankingLoss", "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss",
    "NLLLoss", "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]  # fmt: skip


class L1Loss(_Loss):
    """Mean (or sum, or each) of ``abs(input - target)``.

    >>> import minitorch
    >>> minitorch.nn.L1Loss()(minitorch.tensor([1.0, 3.0]), minitorch.tensor([0.0, 0.0]))
    tensor(2.)
    """

    _op = "l1_loss"


class MSELoss(_Loss):
    """Mean (or sum, or each) of ``(input - target)**2``.

    >>> import minitorch
    >>> minitorch.nn.MSELoss()(minitorch.tensor([1.0, 3.0]), minitorch.tensor([0.0, 0.0]))
    tensor(5.)
    """

    _op = "mse_loss"


class SmoothL1Loss(_Loss):
    """``0.5 * d**2 / beta`` where ``d = abs(input - target) < beta``, else ``d - 0.5*beta``.

    >>> import minitorch
    >>> minitorch.nn.SmoothL1Loss()(minitorch.tensor([0.5, 3.0]), minitorch.tensor([0.0, 0.0]))
    tensor(1.3125)
    """

    _op, _arguments = "smooth_l1_loss", ("reduction", "beta")
    __constants__ = ["reduction"]

    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta


class HuberLoss(_Loss):
    """``0.5 * d**2`` where ``d = abs(input - target) < delta``, else ``delta * (d - 0.5*delta)``.

    >>> import minitorch
    >>> minitorch.nn.HuberLoss()(minitorch.tensor([0.5, 3.0]), minitorch.tensor([0.0, 0.0]))
    tensor(1.3125)
    """

    _op, _arguments = "huber_loss", ("reduction", "delta")
    __constants__ = ["reduction", "delta"]

    def __init__(
        self,
        reduction: str = "mean",
        delta: float = 1.0,
    ) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta


class NLLLoss(_WeightedLoss):
    """Negative log-likelihood: minus the log-probability (N, C, *) of the target class (N, *).

    Targets equal to ``ignore_index`` do not count.

    >>> import minitorch
    >>> minitorch.nn.NLLLoss()(minitorch.tensor([[-0.5, -1.0]]), minitorch.tensor([1]))
    tensor(1.)
    """

    _op, _arguments = "nll_loss", ("weight", "ignore_index", "reduction")
    __constants__ = ["ignore_index", "reduction"]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index


class CrossEntropyLoss(_WeightedLoss):
    """Cross entropy between logits (N, C, *) and target classes (N, *), or class probabilities (N, C, *).

    Parameters
    ----------
    weight : Tensor, optional
        One weight for each class.
    ignore_index : int
        Targets with this value do not count.
    reduction : str
        'mean' (weighted), 'sum' or 'none'.
    label_smoothing : float
        What part of the target's probability is spread over all classes; RuntimeError unless in [0, 1].

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.CrossEntropyLoss()(minitorch.zeros(1, 2), minitorch.tensor([1]))
    tensor(0.6931)
    """

    _op, _arguments = "cross_entropy", ("weight", "ignore_index", "reduction", "label_smoothing")
    __constants__ = ["ignore_index", "reduction", "label_smoothing"]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing


class BCELoss(_WeightedLoss):
    """``-(y*log(p) + (1 - y)*log(1 - p))`` for probabilities p and targets y; logs are limited to -100.

    >>> import minitorch
    >>> minitorch.nn.BCELoss()(minitorch.tensor([0.5]), minitorch.tensor([1.0]))
    tensor(0.6931)
    """

    _op = "binary_cross_entropy"


class BCEWithLogitsLoss(_Loss):
    """Binary cross entropy of ``sigmoid(input)``, computed without overflow; ``pos_weight`` weights
    positives.

    >>> import minitorch
    >>> minitorch.nn.BCEWithLogitsLoss()(minitorch.tensor([0.0]), minitorch.tensor([1.0]))
    tensor(0.6931)
    """

    _op, _arguments = "binary_cross_entropy_with_logits", ("weight", "pos_weight", "reduction")
    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)


class KLDivLoss(_Loss):
    """``target * (log(target) - input)`` for log-probabilities ``input``; 'batchmean' divides by the batch
    size.

    >>> import minitorch
    >>> minitorch.nn.KLDivLoss()(minitorch.tensor([0.0]), minitorch.tensor([1.0]))
    tensor(0.)
    """

    _op, _arguments = "kl_div", ("reduction", "log_target")
    __constants__ = ["reduction"]

    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target


class PoissonNLLLoss(_Loss):
    """``exp(input) - target*input``, for counts; with ``full`` Stirling's term for the factorial is added.

    >>> import minitorch
    >>> minitorch.nn.PoissonNLLLoss()(minitorch.tensor([0.0]), minitorch.tensor([1.0]))
    tensor(1.)
    """

    _op, _arguments = "poisson_nll_loss", ("log_input", "full", "eps", "reduction")
    __constants__ = ["log_input", "full", "eps", "reduction"]

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps


class GaussianNLLLoss(_Loss):
    """``0.5 * (log(var) + (input - target)**2 / var)``, with ``var`` at least ``eps``.

    >>> import minitorch
    >>> minitorch.nn.GaussianNLLLoss()(*[minitorch.ones(2) for _ in range(3)])
    tensor(0.)
    """

    _op, _arguments = "gaussian_nll_loss", ("full", "eps", "reduction")
    __constants__ = ["full", "eps", "reduction"]

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps


class CTCLoss(_Loss):
    """Connectionist temporal classification. Source: Graves et al., ICML 2006.

    ``forward(log_probs, targets, input_lengths, target_lengths)`` with log-probabilities (T, N, C),
    targets (N, S) or all in one row, and lengths (N).

    >>> import minitorch
    >>> log_probs = minitorch.full((2, 1, 2), 0.5).log()
    >>> minitorch.nn.CTCLoss()(log_probs, minitorch.tensor([[1]]), (2,), (1,))
    tensor(0.2877)
    """

    _op, _arguments = "ctc_loss", ("blank", "reduction", "zero_infinity")
    __constants__ = ["blank", "reduction"]

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity
