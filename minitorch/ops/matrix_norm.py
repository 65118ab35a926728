"""Norms of vectors and of matrices, as `minitorch.linalg` has them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from .. import dtypes
from ..convert import wrap_dims
from ..op import Failure, Make, Sample, register
from ._common import Tensor, deliver, tensor_arg
from ._titles import titled
from .decompositions import svdvals
from .linalg import regular
from .reduce import sum as total

__all__ = ["matrix_norm", "norm", "vector_norm"]


def vector_norm(x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None,
                out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return the norms of order ``ord`` of vectors: over all elements, or over dimensions ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.vector_norm(minitorch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    kind = tensor_arg("linalg.vector_norm", x, "x").dtype
    if kind.category < dtypes.FLOAT:
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {kind.scalar_type}"
        )
    x = x if dtype is None else x.to(dtype)
    flat = dim is None and not keepdim
    result = deliver(
        x.reshape(-1).norm(ord) if flat else x.norm(ord, range(x._data.ndim) if dim is None else dim, keepdim), out
    )
    return titled("LinalgVectorNormBackward0", result)


def matrix_norm(A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None,
                out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return the norms of matrices over two dimensions: "fro", "nuc", 2, -2 (singular values), 1, -1, inf, -inf (sums).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.matrix_norm(minitorch.tensor([[3.0, 0.0], [0.0, 4.0]]), 2)
    tensor(4.)
    """
    kind = tensor_arg("linalg.matrix_norm", A, "A").dtype
    if kind.category < dtypes.FLOAT:
        raise RuntimeError(
            f"linalg.matrix_norm: Expected a floating point or complex tensor as input. Got {kind.scalar_type}"
        )
    if A._data.ndim < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if ord not in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    row, column = wrap_dims(dim, A._data.ndim)
    x = (A if dtype is None else A.to(dtype)).movedim((row, column), (-2, -1))
    value = _matrix_norm(x, ord)
    return deliver(value.unsqueeze(min(row, column)).unsqueeze(max(row, column)) if keepdim else value, out)


def _matrix_norm(x: Tensor, ord: Any) -> Tensor:
    if ord == "fro":
        return x.norm(2, (-2, -1))
    if ord == "nuc":
        return total(svdvals(x), -1)
    sizes = svdvals(x) if abs(ord) == 2 else total(x.abs(), -2 if abs(ord) == 1 else -1)
    return sizes.amax(-1) if ord > 0 else sizes.amin(-1)


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None,
         out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return `vector_norm`, or `matrix_norm` where an order is given for a matrix or for two dimensions.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.norm(minitorch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    pair = isinstance(dim, (tuple, list)) and len(dim) == 2
    if ord is not None and (isinstance(ord, str) or pair or (dim is None and A._data.ndim == 2)):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype, out=out)


# ---- samples -------------------------------------------------------------------------------------------------------


def _norm_samples(make: Make) -> Iterator[Sample]:
    yield Sample("default", (regular(make),))
    for order in (1, math.inf, 2, -2, "nuc"):
        yield Sample(f"order {order}", (regular(make), order))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make.ints(2, 3),), RuntimeError, "Expected a floating point or complex tensor as input. Got Long")


register(
    matrix_norm,
    samples=_norm_samples,
    failures=_failures,
    name="linalg_matrix_norm",
    methods=(),
    top=False,
    budget=100.0,
)
