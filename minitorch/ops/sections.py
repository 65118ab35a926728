"""Sections of a tensor, as views: tensor_split, split_with_sizes and their forms for rows, columns and depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..convert import wrap_dim
from ..tensor import method, wrap
from ._common import Tensor
from ._records import of_one_tensor
from .parts import narrow, split

__all__ = ["dsplit", "hsplit", "split_with_sizes", "tensor_split", "vsplit"]


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of parts of the listed sizes along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.split_with_sizes(minitorch.arange(3), [1, 2])
    (tensor([0]), tensor([1, 2]))
    """
    sizes = [int(s) for s in split_sizes]
    n = input._data.shape[wrap_dim(dim, input._data.ndim)] if input._data.ndim else 1
    if sum(sizes) == n and min(sizes, default=0) < 0:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={sizes}"
        )
    return split(input, sizes, dim)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of ``indices_or_sections`` parts of nearly equal size along ``dim``, or of those between indices.

    Raises
    ------
    RuntimeError : a 0-d tensor, fewer than one section, or indices of another dtype than int64.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor_split(minitorch.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    if not input._data.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = wrap_dim(dim, input._data.ndim)
    n = input._data.shape[dim]
    where = _plain(indices_or_sections)
    if isinstance(where, int):
        if where <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {where}")
        sizes = [n // where + (i < n % where) for i in range(where)]
        where = np.cumsum(sizes[:-1], dtype=int).tolist()
    starts = [0, *(slice(i, None).indices(n)[0] for i in where)]
    stops = [*starts[1:], n]
    return tuple(narrow(input, dim, i, max(j - i, 0)) for i, j in zip(starts, stops))


def _plain(where: Any) -> Any:
    """Return a number of sections, or a list of indices, as Python integers."""
    if isinstance(where, Tensor):
        if where._data.dtype != np.int64:
            raise RuntimeError(
                f"tensor_split expected tensor_indices_or_sections to have dtype of long, but got "
                f"{where.dtype.scalar_type}"
            )
        if where._data.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, "
                f"but got a tensor with {where._data.ndim} dims"
            )
        return where.tolist()
    return [int(i) for i in where] if isinstance(where, (tuple, list)) else int(where)


def _along(name: str, least: int, dim: Callable[[int], int], what: str) -> Callable[..., Any]:
    def fn(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        ndim = input._data.ndim
        if ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {ndim} "
                "dimensions!"
            )
        along, where = dim(ndim), indices_or_sections
        n = input._data.shape[along]
        if isinstance(where, int) and (where <= 0 or n % where):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {along}, but the size of the dimension {n} is not "
                f"divisible by the split_size {where}!"
            )
        return tensor_split(input, where, along)

    def fn_method(self: Tensor, *indices: Any) -> tuple[Tensor, ...]:
        several = len(indices) != 1
        return fn(self, indices if several else indices[0])

    shape = (1, 1, 4)[3 - max(least, 2) :] if name != "vsplit" else (4, 1)
    fn.__name__ = fn.__qualname__ = fn_method.__name__ = name
    fn.__doc__ = f"""Return views of {what}: a number of equal parts, or those between a list of indices.

    Examples
    --------
    >>> import minitorch
    >>> len(minitorch.{name}(minitorch.zeros{shape}, 2))
    2
    """
    fn_method.__doc__ = f"Return views of {what}; see `minitorch.{name}`."
    method(fn_method, name)
    return fn


hsplit = _along("hsplit", 1, lambda ndim: 0 if ndim == 1 else 1, "parts side by side (dimension 1; of a vector, 0)")
vsplit = _along("vsplit", 2, lambda ndim: 0, "parts one above the other (dimension 0)")
dsplit = _along("dsplit", 3, lambda ndim: 2, "parts one behind the other (dimension 2)")


_FEW = (RuntimeError, "requires a tensor with at least")
_UNEQUAL = (RuntimeError, "is not divisible by the split_size 2!")
of_one_tensor(
    split_with_sizes,
    ("rows", (3, 2), ([1, 2],)),
    ("columns", (2, 3), ((0, 3), -1)),
    fails=[
        ((3,), ([1, 1],), RuntimeError, "expects split_sizes to sum exactly to 3"),
        ((3,), ([-1, 4],), RuntimeError, "have only non-negative entries"),
    ],
)
of_one_tensor(
    tensor_split,
    ("two", (5, 2), (2,)),
    ("indices", (5,), ([1, 4],)),
    ("backwards", (5,), ((3, 1),)),
    ("tensor", (2, 5), (wrap(np.array([2, 3])), 1)),
    ("more than there are", (2,), (3,)),
    fails=[
        ((3,), (0,), RuntimeError, "number of sections must be larger than 0"),
        ((), (2,), RuntimeError, "expected at least a 1-dimensional tensor"),
    ],
)
of_one_tensor(
    hsplit,
    ("matrix", (2, 4), (2,)),
    ("vector", (4,), ([1],)),
    methods=(),
    fails=[((2, 3), (2,), *_UNEQUAL), ((), (1,), *_FEW)],
)
of_one_tensor(vsplit, ("matrix", (4, 2), (2,)), methods=(), fails=[((3, 2), (2,), *_UNEQUAL), ((4,), (2,), *_FEW)])
of_one_tensor(dsplit, ("depth", (1, 2, 4), ((1, 3),)), methods=(), fails=[((2, 2), (1,), *_FEW)])
