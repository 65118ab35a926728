"""Activation layers without parameters of their own, and the base class of all activations.

Each class names its function in ``nn.functional`` and the attributes that are its arguments; ``forward`` and
``repr`` follow from these two.
"""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "Hardsigmoid", "Hardswish", "LogSigmoid", "Mish", "ReLU", "SELU", "SiLU", "Sigmoid", "Softsign", "Tanh",
    "Tanhshrink",
]  # fmt: skip


class _Activation(Module):
    """``getattr(F, _op)(input, *_arguments)``."""

    _op: str
    _arguments: tuple[str, ...] = ()

    def forward(self, input: Tensor) -> Tensor:
        """Return the function of every element of ``input`` (any shape)."""
        own = self.__dict__
        return getattr(F, self._op)(input, *[own[name] for name in self._arguments])

    def extra_repr(self) -> str:
        """Return the arguments; ``inplace`` only where it is set."""
        shown = [f"{n}={getattr(self, n)!r}" for n in self._arguments if n != "inplace" or self.inplace]
        return ", ".join(shown)


class _InPlace(_Activation):
    """An activation whose only argument is ``inplace``."""

    _arguments = ("inplace",)
    __constants__ = ["inplace"]

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class ReLU(_InPlace):
    """``max(0, x)``; with ``inplace`` the input itself is overwritten.

    >>> import minitorch
    >>> minitorch.nn.ReLU()(minitorch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    _op = "relu"


class SiLU(_InPlace):
    """``x * sigmoid(x)``, also called swish. Source: arXiv:1606.08415, section 2.

    >>> import minitorch
    >>> minitorch.nn.SiLU()(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7311])
    """

    _op = "silu"


class Mish(_InPlace):
    """``x * tanh(softplus(x))``. Source: Misra, arXiv:1908.08681.

    >>> import minitorch
    >>> minitorch.nn.Mish()(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8651])
    """

    _op = "mish"


class SELU(_InPlace):
    """``scale * (max(0, x) + min(0, alpha*(exp(x) - 1)))``. Source: Klambauer et al., arXiv:1706.02515.

    >>> import minitorch
    >>> minitorch.nn.SELU()(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.0507])
    """

    _op = "selu"


class Hardsigmoid(_InPlace):
    """``min(max(0, x + 3), 6) / 6``.

    >>> import minitorch
    >>> minitorch.nn.Hardsigmoid()(minitorch.tensor([-4.0, 0.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """

    _op = "hardsigmoid"

    def extra_repr(self) -> str:
        """Return nothing, as torch does."""
        return ""


class Hardswish(_InPlace):
    """``x * hardsigmoid(x)``. Source: Howard et al., "Searching for MobileNetV3", arXiv:1905.02244.

    >>> import minitorch
    >>> minitorch.nn.Hardswish()(minitorch.tensor([-4.0, 0.0, 4.0]))
    tensor([-0., 0., 4.])
    """

    _op = "hardswish"

    def extra_repr(self) -> str:
        """Return nothing, as torch does."""
        return ""


class Sigmoid(_Activation):
    """``1 / (1 + exp(-x))``.

    >>> import minitorch
    >>> minitorch.nn.Sigmoid()(minitorch.tensor([0.0, 1.0]))
    tensor([0.5000, 0.7311])
    """

    _op = "sigmoid"


class Tanh(_Activation):
    """The hyperbolic tangent.

    >>> import minitorch
    >>> minitorch.nn.Tanh()(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """

    _op = "tanh"


class LogSigmoid(_Activation):
    """``log(1 / (1 + exp(-x)))``, without overflow.

    >>> import minitorch
    >>> minitorch.nn.LogSigmoid()(minitorch.tensor([0.0, -200.0]))
    tensor([  -0.6931, -200.0000])
    """

    _op = "logsigmoid"


class Softsign(_Activation):
    """``x / (1 + abs(x))``.

    >>> import minitorch
    >>> minitorch.nn.Softsign()(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.5000])
    """

    _op = "softsign"


class Tanhshrink(_Activation):
    """``x - tanh(x)``.

    >>> import minitorch
    >>> minitorch.nn.Tanhshrink()(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.2384])
    """

    _op = "tanhshrink"
