"""Parts of a tensor along one dimension, as views: narrow, select, unbind, split, chunk."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..convert import wrap_dim
from ..errors import shape_text
from ..op import Op
from ._common import Tensor, apply_view, register_views
from ._embed import embed

__all__ = ["chunk", "narrow", "select", "split", "unbind"]


def _along(dim: int, part: Any) -> tuple[Any, ...]:
    return (slice(None),) * dim + (part,)


def _slice(x: Any, dim: int, start: int, stop: int) -> Any:
    return x[_along(dim, slice(start, stop))]


def _element(x: Any, dim: int, index: int) -> Any:
    return x[(*_along(dim, index), ...)] if dim else x[index, ...]  # which is found without three tuples


NARROW: Op = Op("slice", _slice, embed, view=True)
SELECT: Op = Op("select", _element, embed, view=True)
SPLIT: Op = Op("split", _slice, embed, view=True)
UNBIND: Op = Op("unbind", _element, embed, view=True)


def _several(op: Op, input: Tensor, params: list[tuple[Any, ...]]) -> tuple[Tensor, ...]:
    """Return several views of a tensor at once, which may not be written in place while recording."""
    found = []
    for i, each in enumerate(params):
        part = apply_view(op, input, each)
        part._frozen = (
            f"Output {i} of {op.name.capitalize()} is a view and is being modified inplace. This view is the output of "
            "a function that returns multiple views. Such functions do not allow the output views to be modified "
            "inplace. You should replace the inplace operation by an out-of-place one."
        )
        found.append(part)
    return tuple(found)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a view of ``length`` elements from ``start`` along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    dim, start, length = wrap_dim(dim, input._data.ndim), int(start), int(length)
    n = input._data.shape[dim]
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -n <= start <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    start += n if start < 0 else 0
    if start + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return apply_view(NARROW, input, (dim, start, start + length))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """Return a view of element ``index`` along ``dim``, without that dimension.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(6).view(2, 3).select(1, 0)
    tensor([0, 3])
    """
    if not input._data.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim, index = wrap_dim(dim, input._data.ndim), int(index)
    n = input._data.shape[dim]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {shape_text(input._data.shape)} at dimension "
            f"{dim}"
        )
    return apply_view(SELECT, input, (dim, index))


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of all elements along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 2], [3, 4]]).unbind(1)
    (tensor([1, 3]), tensor([2, 4]))
    """
    if not input._data.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    dim = wrap_dim(dim, input._data.ndim)
    return _several(UNBIND, input, [(dim, i) for i in range(input._data.shape[dim])])


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of parts along ``dim``: of equal size (the last may be smaller) or of the listed sizes.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if not tensor._data.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = wrap_dim(dim, tensor._data.ndim)
    n = tensor._data.shape[dim]
    if isinstance(split_size_or_sections, (list, tuple)):
        sizes = [int(s) for s in split_size_or_sections]
        if sum(sizes) != n or min(sizes, default=0) < 0:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {dim}), "
                f"but got split_sizes={sizes}"
            )
    else:
        size = int(split_size_or_sections)
        if size < 0:
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
        if size == 0 and n:
            raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
        sizes = [min(size, n - start) for start in range(0, n, size)] if n else [0]
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    return _several(SPLIT, tensor, [(dim, s, s + k) for s, k in zip(starts, sizes)])


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Return at most ``chunks`` views of equal size along ``dim`` (the last may be smaller).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(5).chunk(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    if not input._data.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    dim = wrap_dim(dim, input._data.ndim)
    n = input._data.shape[dim]
    return split(input, -(-n // chunks) if n else [0] * chunks, dim)


# ---- samples -------------------------------------------------------------------------------------------------------

_RANGE = (IndexError, "Dimension out of range")
register_views(
    narrow,
    ("rows", (4, 3), (0, 1, 2)),
    ("columns", (4, 3), (1, 0, 2)),
    ("zero size", (4, 3), (0, 2, 0)),
    fails=[((4, 3), (0, 3, 2), RuntimeError, "exceeds dimension size")],
)
register_views(
    select,
    ("row", (4, 3), (0, 1)),
    ("last", (4, 3), (1, -1)),
    fails=[((4, 3), (0, 4), IndexError, "out of range")],
)
register_views(unbind, ("rows", (2, 3), ()), ("columns", (2, 3), (1,)))
register_views(
    split,
    ("equal", (5, 2), (2,)),
    ("listed", (5, 2), ([1, 4],)),
    ("columns", (2, 4), (3, 1)),
    fails=[((5, 2), ([1, 2],), RuntimeError, "expects split_sizes to sum exactly to 5")],
)
register_views(
    chunk,
    ("two", (5, 2), (2,)),
    ("columns", (2, 4), (3, 1)),
    fails=[((5,), (0,), RuntimeError, "greater than 0")],
)
