"""Distances between all rows of one matrix."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, tensor_arg
from ._titles import titled
from .gather import index_select
from .products import cdist

__all__ = ["pdist"]


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """Return the p-norm distances between all pairs of rows of (N, M): N (N - 1) / 2 of them, row by row.

    Raises
    ------
    RuntimeError : an input that is not a floating-point matrix, or a negative p.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.pdist(minitorch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    x = tensor_arg("pdist", input)
    if x._data.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {x._data.ndim}D")
    if not x.is_floating_point():
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = (wrap(i.astype(np.int64)) for i in np.triu_indices(x._data.shape[0], 1))
    left, right = index_select(x, 0, first).unsqueeze(1), index_select(x, 0, second).unsqueeze(1)
    return titled("PdistBackward0", cdist(left, right, p).reshape(-1) if first.numel() else left.reshape(-1)[:0])


def _samples(make: Make) -> Iterator[Sample]:
    x = make(4, 3)
    for p in (2.0, 1.0, 3.0, float("inf")):
        yield Sample(f"p {p}", (x, p))
    yield Sample("one row", (make(1, 2),))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3),), RuntimeError, "pdist only supports 2D tensors, got: 1D")
    yield Failure((make(3, 2), -1.0), RuntimeError, "non-negative p values")
    yield Failure((make.ints(3, 2),), RuntimeError, "floating-point dtypes")


register(pdist, samples=_samples, failures=_failures, methods=(), functional=True)
