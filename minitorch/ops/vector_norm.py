"""Vector norms over dimensions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..memory import Array
from ..op import Make, Op, Sample, Widening, register
from ._common import Tensor, apply, normal_dims
from .expand import expand
from .extrema import amax, amin
from .pointwise import where
from .reduce import kept, spread, sum
from .shape import reshape

__all__ = ["norm"]

Dims = tuple[int, ...]


def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """Return the p-norm over ``dim``: ``sum(|x| ** p) ** (1 / p)``; "fro" is 2, inf the largest magnitude.

    A ``dtype`` is the one to compute in.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([3.0, 4.0]).norm()
    tensor(5.)
    """
    if input.dtype.category < dtypes.FLOAT:
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {input.dtype.scalar_type}"
        )
    input = input if dtype is None else input.to(dtype)
    size = input.abs()
    if p in ("fro", 2, 2.0, None):
        return _euclidean(input, dim, keepdim)
    if p == math.inf:
        return amax(size, () if dim is None else dim, keepdim)
    if p == -math.inf:
        return amin(size, () if dim is None else dim, keepdim)
    if p == 0:
        return sum((input != 0).to(input.dtype), dim, keepdim)
    return sum(size, dim, keepdim) if p == 1 else sum(size**p, dim, keepdim) ** (1 / p)


def _norm_vjp(node: Any, g: Tensor) -> Tensor:
    # d|x|/dx = x / |x|, counted 0 at the origin
    dims = node.params[0]
    size = expand(reshape(node.output(), kept(node.in_shape(0), dims)), node.in_shape(0))
    return spread(node, g, dims) * where(size == 0, 0.0, node.input(0) / where(size == 0, 1.0, size))


def _norm_fwd(x: Array, dims: Dims, keepdim: bool) -> Any:
    total = np.sqrt(np.sum(np.square(np.abs(x), dtype=np.float64), axis=dims, keepdims=keepdim))
    return np.asarray(total).astype(x.dtype if x.dtype.kind == "f" else x.real.dtype)


NORM: Op = Widening("linalg_vector_norm", _norm_fwd, _norm_vjp, saves=((0,),), keeps=(0,))


def _euclidean(input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    return apply(NORM, (input,), (normal_dims(dim, input._data.ndim), keepdim))


# ---- samples -------------------------------------------------------------------------------------------------------


def _norm_samples(make: Make) -> Iterator[Sample]:
    yield Sample("all", (make(3, 4),))
    yield Sample("rows", (make(3, 4), 2, 1))
    yield Sample("p 3", (make(3, 4, apart=0.3), 3, 1))
    yield Sample("inf", (make(3, 4, low=0.1, apart=0.3), math.inf, 0))


register(norm, samples=_norm_samples)
