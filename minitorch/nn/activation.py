"""Activation layers with parameters; those without, and the softmax family, are re-exported from beside."""

from __future__ import annotations

import warnings
from typing import Any

from ..ops.create import empty
from ..tensor import Tensor
from . import functional as F
from . import init as _init
from ._activation import SELU as SELU
from ._activation import Hardsigmoid as Hardsigmoid
from ._activation import Hardswish as Hardswish
from ._activation import LogSigmoid as LogSigmoid
from ._activation import Mish as Mish
from ._activation import ReLU as ReLU
from ._activation import Sigmoid as Sigmoid
from ._activation import SiLU as SiLU
from ._activation import Softsign as Softsign
from ._activation import Tanh as Tanh
from ._activation import Tanhshrink as Tanhshrink
from ._activation import _Activation
from ._softmax import LogSoftmax as LogSoftmax
from ._softmax import Softmax as Softmax
from ._softmax import Softmax2d as Softmax2d
from ._softmax import Softmin as Softmin
from .module import Module
from .parameter import Parameter

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
    "LogSigmoid", "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid",
    "Softmax", "Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink",
    "Threshold",
]  # fmt: skip


class LeakyReLU(_Activation):
    """``max(0, x) + negative_slope * min(0, x)``.

    >>> import minitorch
    >>> minitorch.nn.LeakyReLU(0.1)(minitorch.tensor([-1.0, 2.0]))
    tensor([-0.1000,  2.0000])
    """

    _op, _arguments = "leaky_relu", ("negative_slope", "inplace")
    __constants__ = ["negative_slope", "inplace"]

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace


class ELU(_Activation):
    """``max(0, x) + min(0, alpha*(exp(x) - 1))``. Source: Clevert et al., arXiv:1511.07289.

    >>> import minitorch
    >>> minitorch.nn.ELU()(minitorch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    _op, _arguments = "elu", ("alpha", "inplace")
    __constants__ = ["alpha", "inplace"]

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace


class CELU(_Activation):
    """``max(0, x) + min(0, alpha*(exp(x/alpha) - 1))``. Source: Barron, arXiv:1704.07483.

    >>> import minitorch
    >>> minitorch.nn.CELU()(minitorch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    _op, _arguments = "celu", ("alpha", "inplace")
    __constants__ = ["alpha", "inplace"]

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace


class GELU(_Activation):
    """``x * Phi(x)``, Phi the normal distribution function; 'tanh' approximates. Source: arXiv:1606.08415.

    >>> import minitorch
    >>> minitorch.nn.GELU()(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8413])
    """

    _op, _arguments = "gelu", ("approximate",)
    __constants__ = ["approximate"]

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate


class GLU(_Activation):
    """``a * sigmoid(b)``, a and b the halves of the input along ``dim``. Source: arXiv:1612.08083.

    >>> import minitorch
    >>> minitorch.nn.GLU()(minitorch.tensor([1.0, 0.0]))
    tensor([0.5000])
    """

    _op, _arguments = "glu", ("dim",)
    __constants__ = ["dim"]

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim


class Softplus(_Activation):
    """``log(1 + exp(beta*x)) / beta``; the identity where ``beta*x > threshold``.

    >>> import minitorch
    >>> minitorch.nn.Softplus()(minitorch.tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.0000])
    """

    _op, _arguments = "softplus", ("beta", "threshold")
    __constants__ = ["beta", "threshold"]

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold


class Hardshrink(_Activation):
    """``x`` where ``abs(x) > lambd``, else 0.

    >>> import minitorch
    >>> minitorch.nn.Hardshrink()(minitorch.tensor([-1.0, 0.2]))
    tensor([-1.,  0.])
    """

    _op, _arguments = "hardshrink", ("lambd",)
    __constants__ = ["lambd"]

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        """Return the threshold alone, as torch does."""
        return str(self.lambd)


class Softshrink(_Activation):
    """``x`` moved towards 0 by ``lambd``, and 0 in between.

    >>> import minitorch
    >>> minitorch.nn.Softshrink()(minitorch.tensor([-1.0, 0.2]))
    tensor([-0.5000,  0.0000])
    """

    _op, _arguments = "softshrink", ("lambd",)
    __constants__ = ["lambd"]

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        """Return the threshold alone, as torch does."""
        return str(self.lambd)


class Threshold(_Activation):
    """``x`` where ``x > threshold``, else ``value``.

    >>> import minitorch
    >>> minitorch.nn.Threshold(0.1, 20.0)(minitorch.tensor([0.0, 1.0]))
    tensor([20.,  1.])
    """

    _op, _arguments = "threshold", ("threshold", "value", "inplace")
    __constants__ = ["threshold", "value", "inplace"]

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace


class Hardtanh(_Activation):
    """``x`` limited to [min_val, max_val]; AssertionError (as in torch) unless ``max_val > min_val``.

    >>> import minitorch
    >>> minitorch.nn.Hardtanh()(minitorch.tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """

    _op, _arguments = "hardtanh", ("min_val", "max_val", "inplace")
    __constants__ = ["min_val", "max_val", "inplace"]

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        self.min_val = _renamed("min_value", "min_val", min_value, min_val)
        self.max_val = _renamed("max_value", "max_val", max_value, max_val)
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")


def _renamed(old: str, new: str, old_value: float | None, new_value: float) -> float:
    if old_value is None:
        return new_value
    warnings.warn(f"keyword argument `{old}` is deprecated and renamed to `{new}`", FutureWarning, stacklevel=3)
    return old_value


class ReLU6(Hardtanh):
    """``min(max(0, x), 6)``: a Hardtanh from 0 to 6.

    >>> import minitorch
    >>> minitorch.nn.ReLU6()(minitorch.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """Return ``inplace=True`` where it is set."""
        return "inplace=True" if self.inplace else ""


class RReLU(_Activation):
    """``x`` for ``x >= 0``, else ``a*x`` with ``a`` from U(lower, upper); in eval mode ``a`` is their mean.

    Source: Xu et al., arXiv:1505.00853.

    >>> import minitorch
    >>> minitorch.nn.RReLU(0.1, 0.3).eval()(minitorch.tensor([-1.0, 2.0]))
    tensor([-0.2000,  2.0000])
    """

    _arguments = ("lower", "upper", "inplace")
    __constants__ = ["lower", "upper", "inplace"]

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation; random in training mode."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class PReLU(Module):
    """``max(0, x) + weight * min(0, x)`` with a learned weight, one for all or one for each channel.

    Source: He et al., arXiv:1502.01852.

    >>> import minitorch
    >>> minitorch.nn.PReLU()(minitorch.tensor([-1.0, 2.0])).detach()
    tensor([-0.2500,  2.0000])
    """

    __constants__ = ["num_parameters"]

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to its initial value."""
        _init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of ``input``, whose second dimension is the channels."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Return the number of weights."""
        return f"num_parameters={self.num_parameters}"
