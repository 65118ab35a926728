"""Views and rearrangements of whole tensors: view, reshape, permute, squeeze.

View ops share memory. Each one's gradient is again a view or a scatter, so every order of derivative exists.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import infer_size, wrap_dim, wrap_dims
from ..errors import shape_text
from ..memory import Array
from ..op import Op
from ..tensor import method, wrap
from ._common import Tensor, apply_view, ints, register_views
from ._titles import titled
from .clone import contiguous

__all__ = [
    "flatten", "movedim", "permute", "reshape", "squeeze", "t", "transpose", "unflatten", "unsqueeze", "view",
]  # fmt: skip


# ---- view and reshape ----------------------------------------------------------------------------------------------


def _view_fwd(x: Array, shape: tuple[int, ...]) -> Array:
    return x.reshape(shape) if x.flags.c_contiguous else x.reshape(shape, copy=False)


def _view_vjp(node: Any, g: Tensor) -> Tensor:
    return reshaped(g, node.in_shape(0))


def reshaped(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the elements under a shape that is known to hold them."""
    dense = x._data.flags.c_contiguous and x._storage.array is None
    return apply_view(VIEW, x, (shape,)) if dense else reshape(x, shape)


VIEW: Op = Op("view", _view_fwd, _view_vjp, view=True)


def _try_view(x: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    try:
        return apply_view(VIEW, x, (shape,))
    except ValueError:
        if not x._storage.private:
            return None
        x._storage.reveal()
        return _try_view(x, shape)


def view(self: Tensor, *shape: Any, size: Any = (), dtype: Any = None) -> Tensor:
    """Return the same elements under another shape, sharing memory; one size may be -1. Or a dtype, to reread the bits.

    Raises
    ------
    RuntimeError : sizes that do not fit, or a memory order that no strides can describe.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    if dtype is not None or (shape and type(shape[0]) is not int and isinstance(shape[0], dtypes.dtype)):
        return wrap(self._visible().view((dtype or shape[0]).numpy))
    if not shape and not (shape := tuple(size)):
        raise TypeError("view() received an invalid combination of arguments - got (), expected a shape or a dtype")
    found = _try_view(self, infer_size(ints(shape), self._data.size))
    if found is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return found


def reshape(input: Tensor, *sizes: Any, shape: Any = ()) -> Tensor:
    """Return the elements under another shape: a view where strides allow it, else a copy.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(4).reshape(2, 2).t().reshape(-1)
    tensor([0, 2, 1, 3])
    """
    fitting = infer_size(ints(sizes or tuple(shape)), input._data.size)
    found = _try_view(input, fitting)
    return found if found is not None else apply_view(VIEW, contiguous(input), (fitting,))


@method
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """View the tensor under the shape of ``other``."""
    return view(self, other._data.shape)


@method
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """Reshape the tensor to the shape of ``other``."""
    return reshape(self, other._data.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the dimensions from ``start_dim`` to ``end_dim`` into one.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    shape = input._data.shape
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if start == end and shape:
        return input
    merged = math.prod(shape[start : end + 1])
    return reshaped(input, (*shape[:start], merged, *shape[end + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split one dimension into several; one of ``sizes`` may be -1.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 12).unflatten(1, (3, -1)).shape
    torch.Size([2, 3, 4])
    """
    shape = input._data.shape
    dim = wrap_dim(dim, len(shape))
    try:
        inner = infer_size(tuple(sizes), shape[dim])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {shape_text(tuple(sizes))} don't multiply up to the size of dim {dim} "
            f"({shape[dim]}) in the input tensor"
        ) from None
    return reshaped(input, (*shape[:dim], *inner, *shape[dim + 1 :]))


# ---- permutations --------------------------------------------------------------------------------------------------


def _permute_vjp(node: Any, g: Tensor) -> Tensor:
    (order,) = node.params
    back = [0] * len(order)
    for i, d in enumerate(order):
        back[d] = i
    return apply_view(PERMUTE, g, (tuple(back),))


PERMUTE: Op = Op("permute", np.ndarray.transpose, _permute_vjp, view=True)
TRANSPOSE: Op = Op("transpose", np.ndarray.swapaxes, lambda node, g: apply_view(TRANSPOSE, g, node.params), view=True)
T_OP: Op = Op("t", np.ndarray.transpose, lambda node, g: apply_view(T_OP, g), view=True, grad_name="TBackward0")


def permute(input: Tensor, *order: Any, dims: Any = ()) -> Tensor:
    """Return a view with the dimensions in another order.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
    if not order and not (order := tuple(dims)):
        raise TypeError('permute() missing 1 required positional arguments: "dims"')
    order = ints(order)
    ndim = input._data.ndim
    if len(order) != ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(order)}"
        )
    if ndim and min(order) < 0:
        order = tuple([wrap_dim(d, ndim) for d in order])
    try:
        return apply_view(PERMUTE, input, (order,))
    except ValueError:
        for d in order:
            wrap_dim(d, ndim)
        raise RuntimeError("permute(): duplicate dims are not allowed.") from None


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Return a view with two dimensions swapped.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])
    """
    ndim = input._data.ndim
    if not (0 <= dim0 < ndim and 0 <= dim1 < ndim):
        dim0, dim1 = wrap_dim(dim0, ndim), wrap_dim(dim1, ndim)
    return apply_view(TRANSPOSE, input, (dim0, dim1)) if ndim else input


def t(input: Tensor) -> Tensor:
    """Return the transpose of a matrix; vectors and 0-d tensors as they are. RuntimeError above 2-d.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3).t().shape
    torch.Size([3, 2])
    """
    if input._data.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._data.ndim}D")
    return apply_view(T_OP, input)


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Move dimensions to new places, keeping the order of the others.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3, 4).movedim(1, -1).shape
    torch.Size([2, 4, 3])
    """
    if isinstance(source, int) != isinstance(destination, int):
        raise TypeError("movedim() takes two ints or two tuples")
    ndim = input._data.ndim
    src, dst = wrap_dims(source, ndim), wrap_dims(destination, ndim)
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({shape_text(src)} dims) should contain the same "
            f"number of dims as destination ({shape_text(dst)} dims)"
        )
    rest = iter([d for d in range(ndim) if d not in src])
    placed = dict(zip(dst, src))
    return permute(input, tuple(placed[i] if i in placed else next(rest) for i in range(ndim)))


def _adjacent(self: Tensor) -> Tensor:
    if self._data.ndim < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self._data.ndim}-D tensor."
        )
    return transpose(self, -2, -1)


def _reversed(x: Tensor) -> Tensor:
    return permute(x, tuple(reversed(range(x._data.ndim))))


Tensor.T = property(_reversed, doc="The tensor with its dimensions reversed.")  # type: ignore[attr-defined]
Tensor.mT = property(_adjacent, doc="The tensor with its last two dimensions swapped.")  # type: ignore[attr-defined]


# ---- sizes of 1 ----------------------------------------------------------------------------------------------------

SQUEEZE: Op = Op("squeeze", np.ndarray.squeeze, _view_vjp, view=True)
UNSQUEEZE: Op = Op(
    "unsqueeze",
    lambda x, dim: x[(slice(None),) * dim + (None, ...)] if dim else x[None],
    lambda node, g: apply_view(SQUEEZE, g, (node.params,)),
    view=True,
)


def squeeze(input: Tensor, dim: Any = None, *, axis: Any = None) -> Tensor:
    """Return a view without the dimensions of size 1, or without those of ``dim`` that have size 1.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 1, 3, 1).squeeze(1).shape
    torch.Size([2, 3, 1])
    """
    shape = input._data.shape
    dim = axis if dim is None else dim
    if dim is None:
        return apply_view(SQUEEZE, input, (tuple([d for d, n in enumerate(shape) if n == 1]),))
    dims = tuple([d for d in wrap_dims(dim, len(shape)) if shape and shape[d] == 1])
    title = "SqueezeBackward1" if isinstance(dim, int) else "SqueezeBackward2"
    return titled(title, apply_view(SQUEEZE, input, (dims,)))


def unsqueeze(input: Tensor, dim: Any = None, *, axis: Any = None) -> Tensor:
    """Return a view with a dimension of size 1 inserted at ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3).unsqueeze(-1).shape
    torch.Size([2, 3, 1])
    """
    dim = axis if dim is None else dim
    return apply_view(UNSQUEEZE, input, (wrap_dim(dim, input._data.ndim + 1),))


# ---- the adjoint of picking elements ---------------------------------------------------------------------------------


# ---- samples -------------------------------------------------------------------------------------------------------

_INVALID = (RuntimeError, "is invalid for input of size 12")
register_views(
    view,
    ("merge", (2, 3, 4), (6, 4)),
    ("infer", (2, 6), (-1, 3)),
    ("0-d", (1,), ((),)),
    ("zero size", (0, 3), (3, 0)),
    fails=[((3, 4), (5, 2), *_INVALID), ((3, 4), (-1, -1), RuntimeError, "only one dimension")],
)
register_views(
    reshape,
    ("split", (2, 6), (2, 2, 3)),
    ("tuple", (2, 6), ((4, 3),)),
    ("zero size", (0, 3), (0,)),
    fails=[((3, 4), (5, 2), *_INVALID)],
)
register_views(
    flatten,
    ("all", (2, 3, 4), ()),
    ("from 1", (2, 3, 4), (1,)),
    ("middle", (2, 3, 4, 2), (1, 2)),
    ("0-d", (), ()),
    fails=[((3, 4), (1, 0), RuntimeError, "start_dim cannot come after end_dim")],
)
register_views(
    unflatten,
    ("split", (2, 6), (1, (2, 3))),
    ("infer", (2, 6), (-1, (-1, 2))),
    fails=[((3, 4), (1, (3, 3)), RuntimeError, "don't multiply up to the size of dim 1")],
)
_RANGE = (IndexError, "Dimension out of range")
register_views(
    permute,
    ("three", (2, 3, 4), (2, 0, 1)),
    ("tuple", (2, 3), ((1, 0),)),
    ("zero size", (0, 3), (1, 0)),
    fails=[((3, 4), (0,), RuntimeError, "number of dimensions"), ((3, 4), (0, 0), RuntimeError, "duplicate dims")],
)
register_views(
    transpose,
    ("three", (2, 3, 4), (0, 2)),
    ("negative", (2, 3, 4), (-1, -2)),
    fails=[((3, 4), (0, 2), *_RANGE)],
    methods=("transpose", "swapdims"),
)
register_views(
    t,
    ("matrix", (2, 3), ()),
    ("vector", (3,), ()),
    fails=[((2, 2, 2), (), RuntimeError, "expects a tensor with <= 2")],
)
register_views(
    movedim,
    ("one", (2, 3, 4), (0, 2)),
    ("two", (2, 3, 4), ((0, 1), (-1, 0))),
    methods=("movedim", "moveaxis"),
)
register_views(
    squeeze,
    ("all", (1, 3, 1), ()),
    ("one", (1, 3, 1), (0,)),
    ("not 1", (2, 3), (0,)),
    ("two", (1, 3, 1), ((0, 2),)),
)
register_views(
    unsqueeze,
    ("front", (2, 3), (0,)),
    ("back", (2, 3), (-1,)),
    ("0-d", (), (0,)),
    fails=[((3, 4), (4,), *_RANGE)],
)
