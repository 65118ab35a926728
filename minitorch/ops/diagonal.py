"""Diagonals and triangles: diagonal, diag, diag_embed, diagflat, trace, tril, triu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import convert, dtypes
from ..convert import wrap_dim
from ..dtypes import dtype
from ..memory import Array
from ..op import Op, register
from ..tensor import method
from ._common import Tensor, apply, apply_, deliver
from ._embed import embed
from ._records import of_one_tensor
from .create import _finish
from .shape import reshape

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "trace", "tril", "tril_indices", "triu", "triu_indices"]


# ---- diagonals -----------------------------------------------------------------------------------------------------


def _diagonal_fwd(x: Array, offset: int, dim1: int, dim2: int) -> Array:
    out = x.diagonal(offset, dim1, dim2)
    out.flags.writeable = x.flags.writeable  # NumPy returns a read-only view
    return out


def _diag_embed_fwd(x: Array, offset: int, dim1: int, dim2: int) -> Array:
    n = x.shape[-1] + abs(offset)
    shape = list(x.shape[:-1])
    for d in sorted((dim1, dim2)):
        shape.insert(d, n)
    out = np.zeros(shape, x.dtype)
    _diagonal_fwd(out, offset, dim1, dim2)[...] = x
    return out


DIAGONAL: Op = Op("diagonal", _diagonal_fwd, embed, view=True)
DIAG_EMBED: Op = Op("diag_embed", _diag_embed_fwd, lambda node, g: apply(DIAGONAL, (g,), node.params))


def _two_dims(dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    a, b = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return a, b


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Return a view of the diagonal between two dimensions, as the last dimension; ``offset`` > 0 lies above it.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
    return apply(DIAGONAL, (input,), (offset, *_two_dims(dim1, dim2, input._data.ndim)))


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Return zeros with the last dimension of ``input`` on the diagonal between two new dimensions.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.diag_embed(minitorch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    if not input._data.ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [-1, 0], but got {dim1})")
    return apply(DIAG_EMBED, (input,), (offset, *_two_dims(dim1, dim2, input._data.ndim + 1)))


def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Return a matrix with a vector on its diagonal, or a copy of the diagonal of a matrix.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.diag(minitorch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    ndim = input._data.ndim
    if ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    if ndim == 1:
        return deliver(diag_embed(input, diagonal), out)
    return deliver(apply(DIAGONAL, (input,), (diagonal, 0, 1)).clone(), out)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """Return a matrix with all elements of ``input`` on its diagonal.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.diagflat(minitorch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(reshape(input, (-1,)), offset)


def trace(input: Tensor) -> Tensor:
    """Return the sum of a matrix's diagonal.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.trace(minitorch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    if input._data.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input._data.ndim}")
    if input._data.dtype == bool:
        raise NotImplementedError("\"trace\" not implemented for 'Bool'")
    return diagonal(input).sum()


def _fill_diagonal_fwd(x: Array, value: Any, wrap_around: bool) -> Array:
    out = x.copy(order="K")
    if out.size:
        np.fill_diagonal(out, convert.scalar(value, dtypes.of(x)), wrap=wrap_around)
    return out


FILL_DIAGONAL: Op = Op(
    "fill_diagonal", _fill_diagonal_fwd, lambda node, g: (apply(FILL_DIAGONAL, (g, 0), node.params), None)
)


@method
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Write a number on the main diagonal; ``wrap`` begins again below the end of a tall matrix."""
    shape = self._data.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    return apply_(FILL_DIAGONAL, (self, fill_value), (wrap,))


# ---- triangles -----------------------------------------------------------------------------------------------------


def _triangle(name: str, keep: Callable[..., Any], what: str, shown: str) -> tuple[Callable[..., Tensor], Op]:
    def fwd(x: Array, k: int) -> Array:
        if x.ndim < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
        out = np.zeros(x.shape, x.dtype)
        np.copyto(out, x, where=keep(*x.shape[-2:], k))
        return out

    op = Op(name, fwd, lambda node, g: apply(op, (g,), node.params))

    def fn(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
        return deliver(apply(op, (input,), (diagonal,)), out)

    def fn_(self: Tensor, diagonal: int = 0) -> Tensor:
        return apply_(op, (self,), (diagonal,))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""Return the {what} of matrices, with zeros elsewhere; ``diagonal`` moves the border up.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}(minitorch.ones(2, 2))
    {shown}
    """
    fn_.__doc__ = f"Set all but the {what} of matrices to 0."
    method(fn_, name + "_")
    return fn, op


def _lower(rows: int, columns: int, k: int) -> Array:
    return np.tri(rows, columns, k, dtype=bool)


def _upper(rows: int, columns: int, k: int) -> Array:
    return ~np.tri(rows, columns, k - 1, dtype=bool)


tril, TRIL = _triangle(
    "tril", _lower, "lower triangle", "tensor([[1., 0.],\n            [1., 1.]])"
)  # fmt: skip
triu, TRIU = _triangle(
    "triu", _upper, "upper triangle", "tensor([[1., 1.],\n            [0., 1.]])"
)  # fmt: skip


def _indices(name: str, keep: Callable[..., Any], what: str, shown: str) -> Callable[..., Tensor]:
    def fn(row: int, col: int, offset: int = 0, *, dtype: dtype = dtypes.int64, device: Any = None, layout: Any = None,
           requires_grad: bool = False) -> Tensor:  # fmt: skip
        for side, n in (("row", row), ("col", col)):
            if n < 0:
                raise RuntimeError(f"{side} must be non-negative, got{n}")
        if dtype.category != dtypes.INT or dtype is dtypes.uint8:
            raise NotImplementedError(f"\"{name}\" not implemented for '{dtype.scalar_type}'")
        return _finish(np.argwhere(keep(row, col, offset)).T.astype(dtype.numpy, order="C"), requires_grad, device)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""Return the row and the column indices of the {what} of a (row, col) matrix, as two rows.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}(2, 2)
    {shown}
    """
    return fn


tril_indices = _indices(
    "tril_indices", _lower, "lower triangle", "tensor([[0, 1, 1],\n            [0, 0, 1]])"
)  # fmt: skip
triu_indices = _indices(
    "triu_indices", _upper, "upper triangle", "tensor([[0, 0, 1],\n            [0, 1, 1]])"
)  # fmt: skip


# ---- records -------------------------------------------------------------------------------------------------------

_SAME = (RuntimeError, "diagonal dimensions cannot be identical 0, 0")
of_one_tensor(
    diagonal,
    ("matrix", (3, 4), ()),
    ("above", (3, 4), (1,)),
    ("below", (3, 4), (-2,)),
    ("outside", (2, 3), (5,)),
    ("batch", (2, 3, 4), (0, 1, -1)),
    fails=[((2, 3), (0, 0, 0), *_SAME), ((3,), (), IndexError, "Dimension out of range")],
)
of_one_tensor(
    diag_embed,
    ("vector", (3,), ()),
    ("batch", (2, 3), (1,)),
    ("dims", (2, 3), (-1, 0, 2)),
    ("zero size", (0,), ()),
    fails=[((2, 3), (0, 0, 0), *_SAME), ((), (), IndexError, "Dimension out of range")],
)
of_one_tensor(
    diag,
    ("to matrix", (3,), ()),
    ("of matrix", (3, 4), (1,)),
    fails=[((2, 2, 2), (), RuntimeError, "Supports 1D or 2D tensors. Got 3D")],
)
of_one_tensor(diagflat, ("matrix", (2, 2), ()), ("0-d", (), (1,)))
of_one_tensor(
    trace, ("wide", (2, 3), ()), ("zero size", (0, 2), ()), fails=[((3,), (), RuntimeError, "expected a matrix")]
)
for _fn in (tril, triu):
    of_one_tensor(
        _fn,
        ("matrix", (3, 4), ()),
        ("above", (3, 4), (1,)),
        ("batch", (2, 3, 3), (-1,)),
        ("zero size", (0, 2), ()),
        fails=[((3,), (), RuntimeError, "must have at least 2 dimensions")],
    )
for _fn in (tril_indices, triu_indices):
    register(_fn, methods=(), differentiable=False)
