"""Dropout layers. Source: Srivastava et al., JMLR 15 (2014) 1929-1958."""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _Dropout(Module):
    """``F.<_op>(input, p, training, inplace)``."""

    __constants__ = ["p", "inplace"]
    _op: str

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input`` with parts dropped in training mode, unchanged in eval mode."""
        return getattr(F, self._op)(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, zero each element with probability ``p`` and scale the others by ``1/(1 - p)``.

    ValueError unless ``0 <= p <= 1``.

    >>> import minitorch
    >>> minitorch.nn.Dropout(0.2).eval()(minitorch.ones(3))
    tensor([1., 1., 1.])
    """

    _op = "dropout"


class Dropout1d(_Dropout):
    """Dropout of whole channels of (N, C, L) or (C, L).

    >>> import minitorch
    >>> minitorch.nn.Dropout1d(0.2).eval()(minitorch.ones(1, 2, 1)).shape
    torch.Size([1, 2, 1])
    """

    _op = "dropout1d"


class Dropout2d(_Dropout):
    """Dropout of whole channels of (N, C, H, W). Source: Tompson et al., arXiv:1411.4280.

    >>> import minitorch
    >>> minitorch.nn.Dropout2d(0.2).eval()(minitorch.ones(1, 2, 1, 1)).shape
    torch.Size([1, 2, 1, 1])
    """

    _op = "dropout2d"


class Dropout3d(_Dropout):
    """Dropout of whole channels of (N, C, D, H, W).

    >>> import minitorch
    >>> minitorch.nn.Dropout3d(0.2).eval()(minitorch.ones(1, 2, 1, 1, 1)).shape
    torch.Size([1, 2, 1, 1, 1])
    """

    _op = "dropout3d"


class AlphaDropout(_Dropout):
    """Dropout that keeps mean and variance, for use with SELU. Source: Klambauer et al., arXiv:1706.02515.

    >>> import minitorch
    >>> minitorch.nn.AlphaDropout(0.2).eval()(minitorch.ones(2))
    tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input`` with elements dropped in training mode, unchanged in eval mode."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """Alpha dropout of whole channels.

    >>> import minitorch
    >>> minitorch.nn.FeatureAlphaDropout(0.2).eval()(minitorch.ones(1, 2, 1)).shape
    torch.Size([1, 2, 1])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input`` with channels dropped in training mode, unchanged in eval mode."""
        return F.feature_alpha_dropout(input, self.p, self.training)
