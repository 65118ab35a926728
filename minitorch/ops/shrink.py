"""Activations that cut values: GLU, threshold, the shrinks, the randomised leaky ReLU, softmin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..dtypes import dtype as Dtype
from ..dtypes import finfo
from ..op import Failure, Make, Sample, register
from ..random import default_generator
from ..random.names import scalar_name
from ..tensor import wrap
from ._common import Tensor, apply, float_arg, one_dim, tensor_arg
from ._large import curve
from ._titles import titled
from .pointwise import where
from .softmax import softmax
from .unary import sigmoid, tanh

__all__ = ["glu", "hardshrink", "rrelu", "softmin", "softshrink", "tanhshrink", "threshold"]


def _source(input: Tensor, inplace: bool) -> Tensor:
    """Return what an activation computes on: a copy where the input itself will be overwritten."""
    return input.clone() if inplace else input


def _written(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    return input.copy_(result) if inplace else result


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Return ``a * sigmoid(b)``, where a and b are the halves of the input along ``dim`` (arXiv 1612.08083).

    Raises
    ------
    RuntimeError : a dimension of odd size, or no dimension at all.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.glu(minitorch.tensor([2.0, 0.0]))
    tensor([1.])
    """
    x = float_arg("glu", input, "glu_cpu")
    if not x._data.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    place = one_dim(dim, x._data.ndim)
    size = x._data.shape[place]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {place} is size {size}")
    a, b = x.narrow(place, 0, size // 2), x.narrow(place, size // 2, size // 2)
    return titled("GluBackward0", a * sigmoid(b))


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Return the elements above the threshold, and ``value`` elsewhere.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.threshold(minitorch.tensor([0.0, 2.0]), 1.0, 9.0)
    tensor([9., 2.])
    """
    x = _source(tensor_arg("threshold", input), inplace)
    return titled("ThresholdBackward0", _written(input, where(x <= threshold, value, x), inplace))


def _far(x: Any, lambd: float) -> Any:
    return ~((x >= -lambd) & (x <= lambd))


def _far_part(g: Tensor, x: Tensor, lambd: float) -> Tensor:
    return where((x >= -lambd) & (x <= lambd), 0.0, g)


HARDSHRINK = curve(
    "hardshrink", lambda x, lambd: np.where(_far(x, lambd), x, 0), _far, _far_part, gradient="shrink_backward"
)
SOFTSHRINK = curve(
    "softshrink",
    # x * 0 and not 0, so that NaN stays NaN
    lambda x, lambd: np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, x * 0)),
    _far,
    _far_part,
    gradient="shrink_backward",
)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Return the elements whose absolute value is above ``lambd``, and 0 elsewhere.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.hardshrink(minitorch.tensor([-1.0, 0.2]))
    tensor([-1.,  0.])
    """
    x = float_arg("hardshrink", input, "hardshrink_cpu")
    return apply(HARDSHRINK, (x,), (lambd,))


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Return the elements moved towards 0 by ``lambd``, and 0 where they would change sign.

    Raises
    ------
    RuntimeError : a negative ``lambd``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.softshrink(minitorch.tensor([-1.0, 0.2]))
    tensor([-0.5000,  0.0000])
    """
    x = float_arg("softshrink", input, "softshrink_check")
    if lambd < 0:
        name, most = scalar_name(x.dtype), finfo(x.dtype).max
        raise RuntimeError(f"lambda must be in range [0, {most:g}] for input dtype {name}, but found {lambd:g}")
    return apply(SOFTSHRINK, (x,), (lambd,))


def tanhshrink(input: Tensor) -> Tensor:
    """Return ``x - tanh(x)``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.tanhshrink(minitorch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.2384])
    """
    return tensor_arg("tanhshrink", input) - tanh(input)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """Return ``softmax(-x)`` along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.softmin(minitorch.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    return softmax(-tensor_arg("softmin", input), dim, dtype=dtype)


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Return x where positive and ``a * x`` elsewhere, a from U(lower, upper) in training, else their mean.

    Source: Xu et al., arXiv 1505.00853.

    Raises
    ------
    RuntimeError : ``lower > upper``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.rrelu(minitorch.tensor([-1.0, 2.0]), 0.1, 0.3)
    tensor([-0.2000,  2.0000])
    """
    x = _source(float_arg("rrelu", input, "leaky_relu_cpu"), inplace)
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    slope: Any = (lower + upper) / 2
    if training:
        slope = wrap(_drawn_slopes(x._data, lower, upper))
    name = "RreluWithNoiseBackward0" if training else "LeakyReluBackward0"
    return titled(name, _written(input, where(x > 0, x, x * slope), inplace))


def _drawn_slopes(x: Any, lower: float, upper: float) -> Any:
    """Return a slope for every element that is not positive; as in torch, only those draw a number."""
    slopes = np.ones(x.shape, x.dtype)
    low = np.asarray(x <= 0)
    draws = default_generator.uniform((int(low.sum()),), np.float64, lower, upper)
    slopes[low] = draws
    return slopes


# ---- records -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, apart=4 / 12),))
    yield Sample("images", (make(2, 4, 2, 2, apart=4 / 32),))
    yield Sample("zero size", (make(0, 4),))


def _shrink_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, low=-1.9, apart=4 / 12),))
    yield Sample("half", (make(2, 3, low=-1.1, apart=0.4), 0.25))
    yield Sample("zero size", (make(0, 4),))


def _tanhshrink_samples(make: Make) -> Iterator[Sample]:
    yield Sample("positive", (make(3, 4, low=0.6),))
    yield Sample("negative", (make(2, 3, high=-0.6),))
    yield Sample("zero size", (make(0, 4),))


def _threshold_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, apart=4 / 12), 0.0, 20.0))
    yield Sample("0-d", (make(), 0.1, 0.0))


def _softmin_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4), 1))
    yield Sample("columns", (make(3, 4), 0))


def _glu_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3, 3),), RuntimeError, "Halving dimension must be even, but dimension 1 is size 3")
    yield Failure((make(),), RuntimeError, "glu does not support scalars")


def _rrelu_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), 0.5, 0.1), RuntimeError, "Lower bound should be less than or equal to the upper bound")


def _softshrink_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), -1.0), RuntimeError, r"lambda must be in range \[0, .*, but found -1")


register(glu, samples=_samples, failures=_glu_failures, methods=(), functional=True, top=False)
register(hardshrink, samples=_shrink_samples, functional=True)
register(softshrink, samples=_shrink_samples, failures=_softshrink_failures, methods=(), functional=True, top=False)
register(tanhshrink, samples=_tanhshrink_samples, methods=(), functional=True, top=False, budget=16.0)
register(rrelu, samples=_samples, failures=_rrelu_failures, methods=(), functional=True)
register(threshold, samples=_threshold_samples, methods=(), functional=True)
register(softmin, samples=_softmin_samples, methods=(), functional=True, top=False)
