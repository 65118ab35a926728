"""Dropout of elements or channels, and its variant for self-normalising nets, on torch's random stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..op import Failure, Make, Op, Sample, register
from ..random import default_generator
from ..tensor import wrap
from ._common import Tensor, apply, apply_, tensor_arg

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]


def _check(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _scaled(x: Any, mask: Any) -> Any:
    return np.multiply(x, mask)


# the mask holds 0 and 1 / (1 - p)
MASK: Op = Op("mul", _scaled, lambda node, g: apply(MASK, (g,), node.params))


def _draw(x: Tensor, shape: tuple[int, ...], p: float) -> Any:
    """Return a mask in the memory order that torch's would have: that of the input it shows, not of ours."""
    if shape == x._data.shape:
        mask = np.empty_like(x._data, order="C" if x._storage.private else "K")
        return default_generator.dropout_mask_(mask, p)
    return default_generator.dropout_mask(shape, p, x.dtype)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set elements to 0 with probability p and scale the others by 1 / (1 - p) (Srivastava et al., JMLR 15, 2014).

    Raises
    ------
    ValueError : p outside of [0, 1].

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.dropout(minitorch.ones(2), 0.5, training=False)
    tensor([1., 1.])
    """
    x = tensor_arg("dropout", input)
    _check(p)
    return _dropped(x, x._data.shape, p, training, inplace)


def _dropped(x: Tensor, shape: tuple[int, ...], p: float, training: bool, inplace: bool) -> Tensor:
    if not training or p == 0 or not x._data.size:
        return x
    if x._data.dtype.kind in "biu":
        raise RuntimeError(f"result type Float can't be cast to the desired output type {x.dtype.scalar_type}")
    mask = np.zeros(shape, x._data.dtype) if p == 1 else _draw(x, shape, p)
    return apply_(MASK, (x,), (mask,)) if inplace else apply(MASK, (x,), (mask,))


def _channel_dropout(n: int) -> Callable[..., Tensor]:
    name = f"dropout{n}d"

    def fn(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        x = tensor_arg(name, input)
        _check(p)
        ndim = x._data.ndim
        if ndim == n + 1:  # (C, *spatial)
            return _dropped(x.unsqueeze(0), (1, x._data.shape[0], *(1,) * n), p, training, inplace).squeeze(0)
        return _dropped(x, x._data.shape[:2] + (1,) * (ndim - 2), p, training, inplace)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""Set whole channels of (N, C, ...) with {n} spatial axes to 0 with probability p.

    Source: Tompson et al., arXiv 1411.4280.

    Raises
    ------
    ValueError : p outside of [0, 1].

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.{name}(minitorch.ones(1, 2, {", ".join("1" * n)}), 1.0).sum()
    tensor(0.)
    """
    return fn


dropout1d, dropout2d, dropout3d = (_channel_dropout(n) for n in (1, 2, 3))

_ALPHA = 1.7580993408473766  # minus the value that SELU tends to for large negative inputs


def _alpha(x: Tensor, shape: tuple[int, ...], p: float, training: bool, inplace: bool) -> Tensor:
    """Dropped elements take SELU's lower limit; scale and shift keep mean 0 and variance 1 (arXiv 1706.02515)."""
    _check(p)
    if not training or p == 0:
        return x
    if p == 1:
        return x.mul_(0.0) if inplace else x * 0.0
    kept = default_generator.bernoulli_(np.empty(shape, x._data.dtype), 1 - p)
    a = 1 / np.sqrt((_ALPHA**2 * p + 1) * (1 - p))
    shift = (kept - 1) * (_ALPHA * a) + _ALPHA * a * p
    result = x * wrap((kept * a).astype(x._data.dtype)) + wrap(shift.astype(x._data.dtype))
    return x.copy_(result) if inplace else result


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop elements as `dropout` does, keeping mean and variance for self-normalising networks.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.alpha_dropout(minitorch.ones(2), 0.5)
    tensor([1., 1.])
    """
    return _alpha(input, input._data.shape, p, training, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop whole channels as `alpha_dropout` drops elements.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.feature_alpha_dropout(minitorch.ones(1, 2, 1), 0.5)
    tensor([[[1.],
             [1.]]])
    """
    return _alpha(input, input._data.shape[:2] + (1,) * (input._data.ndim - 2), p, training, inplace)


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("evaluation", (make(3, 4), 0.5, False))
    yield Sample("nothing dropped", (make(3, 4), 0.0, True))
    yield Sample("all dropped", (make(3, 4), 1.0, True))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), 1.5), ValueError, "dropout probability has to be between 0 and 1, but got 1.5")


for _fn in (dropout, dropout1d, dropout2d, dropout3d, alpha_dropout, feature_alpha_dropout):
    register(_fn, samples=_samples, failures=_failures, methods=(), functional=True, top=_fn is dropout)
