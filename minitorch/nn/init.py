"""Initialisation of parameters, in place, from torch's random stream.

Every function works with recording off and returns the tensor that it filled.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..random import default_generator
from ..tape import recording
from ..tensor import Tensor, wrap
from ._left_out import renamed

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_",
    "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_",
    "zeros_",
]  # fmt: skip

_GAINS = dict.fromkeys(["linear", "sigmoid", *[f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3)]], 1)
_GAINS |= {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}  # type: ignore[dict-item]


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which a nonlinearity wants its weights scaled; ``param`` is leaky_relu's slope.

    ValueError for an unknown name or a slope that is not a number.

    >>> from minitorch import nn
    >>> nn.init.calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        if param is not None and (isinstance(param, bool) or not isinstance(param, (int, float))):
            raise ValueError(f"negative_slope {param} not a valid number")
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


# ---- distributions ----------------------------------------------------------------------------------------


def _draw(kind: str, tensor: Tensor, generator: Any, *arguments: float) -> Tensor:
    """Fill with the draws of a generator's method ``kind``, in torch's order."""
    with recording(False):
        tensor._storage.written()
        getattr(generator or default_generator, kind)(tensor._visible(), *arguments)
    return tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with draws from U(a, b).

    >>> import minitorch
    >>> bool((minitorch.nn.init.uniform_(minitorch.empty(3)) < 1).all())
    True
    """
    return _draw("uniform_", tensor, generator, a, b)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with draws from the normal distribution N(mean, std**2).

    >>> import minitorch
    >>> minitorch.nn.init.normal_(minitorch.empty(3)).shape
    torch.Size([3])
    """
    return _draw("normal_", tensor, generator, mean, std)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Tensor:
    """Fill with draws from N(mean, std**2) that lie in [a, b]; other draws are made again.

    >>> import minitorch
    >>> bool((minitorch.nn.init.trunc_normal_(minitorch.empty(100)).abs() <= 2).all())
    True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    return _draw("trunc_normal_", tensor, generator, mean, std, a, b)


# ---- constants --------------------------------------------------------------------------------------------


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with ``val``.

    >>> import minitorch
    >>> minitorch.nn.init.constant_(minitorch.empty(2), 0.3)
    tensor([0.3000, 0.3000])
    """
    with recording(False):
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1.

    >>> import minitorch
    >>> minitorch.nn.init.ones_(minitorch.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0.

    >>> import minitorch
    >>> minitorch.nn.init.zeros_(minitorch.empty(2))
    tensor([0., 0.])
    """
    with recording(False):
        return tensor.zero_()


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity; ValueError unless it has 2 dimensions.

    >>> import minitorch
    >>> minitorch.nn.init.eye_(minitorch.empty(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _fill(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution weight so that each group of channels is passed on unchanged.

    ValueError unless it has 3 to 5 dimensions and ``groups`` divides the first.

    >>> import minitorch
    >>> minitorch.nn.init.dirac_(minitorch.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    per_group = tensor.shape[0] // groups
    values = np.zeros(tensor.shape)
    centre = tuple(size // 2 for size in tensor.shape[2:])
    for group in range(groups):
        for channel in range(min(per_group, tensor.shape[1])):
            values[(group * per_group + channel, channel, *centre)] = 1
    return _fill(tensor, values)


def _fill(tensor: Tensor, values: Any) -> Tensor:
    with recording(False):
        return tensor.copy_(wrap(np.asarray(values)))


# ---- scaled by fan ----------------------------------------------------------------------------------------


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs an output depends on, and how many outputs an input reaches."""
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    receptive_field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive_field, tensor.shape[0] * receptive_field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode.lower()} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with U(-b, b), b = gain * sqrt(6 / (fan_in + fan_out)). Source: Glorot & Bengio, AISTATS 2010.

    >>> import minitorch
    >>> bool((minitorch.nn.init.xavier_uniform_(minitorch.empty(3, 3)).abs() <= 1).all())
    True
    """
    std = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill with N(0, std**2), std = gain * sqrt(2 / (fan_in + fan_out)). Source: Glorot & Bengio, AISTATS
    2010.

    >>> import minitorch
    >>> minitorch.nn.init.xavier_normal_(minitorch.empty(3, 5)).shape
    torch.Size([3, 5])
    """
    std = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    return normal_(tensor, 0.0, std, generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Fill with U(-b, b), b = gain * sqrt(3 / fan). Source: He et al., arXiv:1502.01852.

    ``a`` is the slope of the leaky_relu that follows; ``mode`` is 'fan_in' or 'fan_out'.

    >>> import minitorch
    >>> bool((minitorch.nn.init.kaiming_uniform_(minitorch.empty(3, 6)).abs() <= 1).all())
    True
    """
    if _is_empty(tensor):
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Fill with N(0, std**2), std = gain / sqrt(fan). Source: He et al., arXiv:1502.01852.

    >>> import minitorch
    >>> minitorch.nn.init.kaiming_normal_(minitorch.empty(3, 5), mode="fan_out", nonlinearity="relu").shape
    torch.Size([3, 5])
    """
    if _is_empty(tensor):
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return normal_(tensor, 0, std, generator)


def _is_empty(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return True
    return False


# ---- structured -------------------------------------------------------------------------------------------


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Fill with a (semi-)orthogonal matrix; further dimensions are flattened into the columns.

    ValueError for fewer than 2 dimensions. Source: Saxe et al., arXiv:1312.6120.

    >>> import minitorch
    >>> w = minitorch.nn.init.orthogonal_(minitorch.empty(3, 5))
    >>> bool(((w @ w.T - minitorch.eye(3)).abs() < 1e-5).all())
    True
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    draws = normal_(tensor.new_empty((rows, tensor.numel() // rows)), 0, 1, generator).numpy()
    wide = draws.shape[0] < draws.shape[1]
    q, r = np.linalg.qr(draws.T if wide else draws)
    q = q * np.sign(np.diag(r))  # makes the result unique, so that it is uniform over orthogonal matrices
    return _fill(tensor, (q.T if wide else q).reshape(tensor.shape) * gain)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Fill a matrix with N(0, std**2) and set a fraction ``sparsity`` of each column to 0.

    ValueError unless it has 2 dimensions. Source: Martens, ICML 2010.

    >>> import minitorch
    >>> int((minitorch.nn.init.sparse_(minitorch.empty(10, 1), sparsity=0.3) == 0).sum())
    3
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    normal_(tensor, 0, std, generator)
    keep = np.ones((rows, columns))
    for column in range(columns):
        keep[default_generator.randperm(rows)[:zeros], column] = 0
    with recording(False):
        return tensor.mul_(wrap(keep).to(tensor.dtype))


_RENAMED = (uniform_, normal_, constant_, eye_, dirac_, xavier_uniform_, xavier_normal_, kaiming_uniform_,
            kaiming_normal_, orthogonal_, sparse_)  # fmt: skip
for _fn in _RENAMED:
    globals()[_fn.__name__.rstrip("_")] = renamed(_fn, "nn.init")
