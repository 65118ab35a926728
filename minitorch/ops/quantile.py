"""Quantiles of all elements or along a dimension, with torch's five kinds of interpolation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import wrap_dim
from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, deliver, tensor_arg
from .shape import reshape
from .sort import sort
from .ternary import lerp

__all__ = ["nanquantile", "quantile"]

_KINDS = ("linear", "lower", "higher", "midpoint", "nearest")


def _check(input: Tensor, q: Any, interpolation: str) -> Tensor:
    """Return ``q`` as a tensor; torch's errors for arguments that do not fit."""
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if not input._data.size:
        raise RuntimeError("quantile() input tensor must be non-empty")
    if interpolation not in _KINDS:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q}")
        return wrap(np.asarray(q, input._data.dtype))
    if q._data.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if q.dtype is not input.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    if not np.all((q._data >= 0) & (q._data <= 1)):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    return q


def _rank(rows: Tensor, q: Tensor, skip_nan: bool) -> Tensor:
    """Return the places of the quantiles in sorted rows, as fractions of elements; at the NaNs where there are any."""
    array = rows._data
    nans = np.isnan(array).sum(-1, keepdims=True)
    last = np.maximum(array.shape[-1] - (nans if skip_nan else 0) - 1, 0).astype(array.dtype)
    rank = q * wrap(np.broadcast_to(last, nans.shape).copy())
    if not skip_nan and nans.any():
        rank = rank.masked_fill(wrap(nans > 0), array.shape[-1] - 1)
    return rank


def _quantiles(rows: Tensor, q: Tensor, interpolation: str, skip_nan: bool) -> Tensor:
    """Return the quantiles of rows (..., n), as (..., Q)."""
    values = sort(rows, -1).values
    rank = _rank(rows, q, skip_nan)
    if interpolation in ("lower", "higher", "nearest"):
        place: Any = {"lower": np.floor, "higher": np.ceil, "nearest": np.round}[interpolation]
        return values.gather(-1, wrap(place(rank._data).astype(np.int64)))
    low = np.floor(rank._data)
    below = values.gather(-1, wrap(low.astype(np.int64)))
    above = values.gather(-1, wrap(np.ceil(rank._data).astype(np.int64)))
    return lerp(below, above, 0.5 if interpolation == "midpoint" else rank - wrap(low))


def _quantile(input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool) -> Tensor:
    levels = _check(tensor_arg("quantile", input), q, interpolation)
    shape = input._data.shape
    if dim is not None:
        wrap_dim(dim, len(shape))
    if dim is None or not shape:
        where, lead = len(shape), shape[:0]
        rows = reshape(input, (1, -1))
    else:
        where = wrap_dim(dim, len(shape))
        rows = input.movedim(where, -1)
        lead = rows._data.shape[:-1]
        rows = reshape(rows, (math.prod(lead), -1))
    found = _quantiles(rows, reshape(levels, (1, -1)), interpolation, skip_nan).t()
    if keepdim:
        lead = (1,) * len(shape) if dim is None else (*lead[:where], 1, *lead[where:]) if shape else ()
    return reshape(found, (*levels._data.shape, *lead))


def quantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
             out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return the ``q``-th quantiles of all elements or along ``dim``; several ``q`` (Q,) make the first dimension.

    Parameters
    ----------
    q : number or tensor of the input's dtype in [0, 1].
    interpolation : between neighbours, "linear", "lower", "higher", "midpoint" or "nearest".

    Raises
    ------
    RuntimeError : no elements, a dtype that is not float32 or float64, ``q`` out of range, an unknown interpolation.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([0.0, 1.0, 2.0, 4.0]).quantile(0.5)
    tensor(1.5000)
    """
    return deliver(_quantile(input, q, dim, keepdim, interpolation, False), out)


def nanquantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
                out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return the quantiles of the elements that are not NaN; see `quantile`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([0.0, float("nan"), 2.0]).nanquantile(0.5)
    tensor(1.)
    """
    return deliver(_quantile(input, q, dim, keepdim, interpolation, True), out)


def _samples(make: Make) -> Iterator[Sample]:
    x = make(3, 4, apart=0.3)
    yield Sample("all", (x, 0.3))
    yield Sample("along a dim", (x, 0.4, 1))
    for kind in _KINDS[1:]:
        yield Sample(kind, (x, 0.4, 0), {"interpolation": kind})


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), 1.5), RuntimeError, r"q must be in the range \[0, 1\] but got 1.5")
    yield Failure((make(0), 0.5), RuntimeError, "must be non-empty")
    yield Failure((make(3), 0.5), RuntimeError, "interpolation must be one of", {"interpolation": "cubic"})


register(quantile, samples=_samples, failures=_failures)
register(nanquantile, samples=_samples, failures=_failures)
