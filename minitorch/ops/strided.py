"""Views by memory: as_strided, sliding windows (`Tensor.unfold`), complex numbers as pairs of real ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..convert import torch_strides, wrap_dim
from ..errors import shape_text
from ..memory import Array
from ..op import Op, register
from ._common import Tensor, apply, ints, zeros_like
from ._records import of_one_tensor
from .index import INDEX, INDEX_ADD
from .parts import select
from .shape import flatten, movedim, reshape

__all__ = ["as_strided", "imag", "ravel", "real", "view_as_complex", "view_as_real"]


# ---- as_strided ----------------------------------------------------------------------------------------------------


def _whole(x: Array) -> tuple[Array, int]:
    """Return the storage of an array as a vector, and where in it the array begins."""
    owner = x.base if isinstance(x.base, np.ndarray) else x
    flat = owner.ravel(order="K")
    if not np.shares_memory(flat, owner):
        flat = x.ravel(order="K")
    return flat, (x.__array_interface__["data"][0] - flat.__array_interface__["data"][0]) // x.itemsize


def _as_strided_fwd(x: Array, size: tuple[int, ...], stride: tuple[int, ...], shift: int, own: Any) -> Array:
    return _strided(x, size, tuple(s * x.itemsize for s in stride), shift)


def _strided(x: Array, size: tuple[int, ...], strides: tuple[int, ...], shift: int = 0) -> Array:
    """Return a view of other sizes and strides (in bytes) from ``shift`` elements after the array's first."""
    flat, start = _whole(x)
    if not np.may_share_memory(flat, x):  # memory that is not one block: NumPy's own way, which forgets the storage
        return np.lib.stride_tricks.as_strided(x, size, strides)
    return np.ndarray(size, x.dtype, flat, (start + shift) * x.itemsize, strides)


def _positions(size: tuple[int, ...], stride: tuple[int, ...]) -> Array:
    """Return where in memory each element stands, in the order of a flattened tensor."""
    grid = np.zeros((1,) * len(size), np.int64)
    for d, (n, step) in enumerate(zip(size, stride)):
        grid = grid + (np.arange(n) * step).reshape([-1 if i == d else 1 for i in range(len(size))])
    return np.broadcast_to(grid, size).reshape(-1)


def _as_strided_vjp(node: Any, g: Tensor) -> Tensor:
    # memory is where input and output meet: an element of the output passes its gradient on to the element of the
    # input that stands in its place; those outside of the input have none to pass it to
    size, stride, shift, own = node.params
    shape = node.in_shape(0)
    mine, first = np.unique(_positions(shape, own), return_index=True)
    taken = _positions(size, stride) + shift
    place = np.searchsorted(mine, taken).clip(max=max(len(mine) - 1, 0))
    inside = np.flatnonzero(mine[place] == taken) if len(mine) else np.zeros(0, np.int64)
    picked = INDEX(reshape(g, (-1,)), params=((inside,),))
    base = zeros_like(g, (int(np.prod(shape)),))
    return reshape(INDEX_ADD(base, picked, params=((first[place[inside]],),)), shape)


AS_STRIDED: Op = Op("as_strided", _as_strided_fwd, _as_strided_vjp, view=True)


def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Return a view of the tensor's storage with any sizes and strides (in elements), which may overlap.

    Raises
    ------
    RuntimeError : strides that are negative or not as many as sizes, or places outside of the storage.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.as_strided(minitorch.arange(4), (2, 3), (1, 1))
    tensor([[0, 1, 2],
            [1, 2, 3]])
    """
    shape, steps = ints((size,)), ints((stride,))
    array = input._visible()
    begin = input.storage_offset()
    offset = begin if storage_offset is None else int(storage_offset)
    _check_strided(array, shape, steps, offset)
    own = tuple(s // array.itemsize for s in torch_strides(array))
    return apply(AS_STRIDED, (input,), (shape, steps, offset - begin, own))


def _check_strided(array: Array, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> None:
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if min(stride, default=0) < 0:
        raise RuntimeError(
            f"as_strided: Negative strides are not supported at the moment, got strides: {shape_text(stride)}"
        )
    if min(size, default=0) < 0:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}")
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    last = offset + 1 + sum((n - 1) * s for n, s in zip(size, stride))
    need, have = last * array.itemsize, _whole(array)[0].nbytes
    if 0 not in size and need > have:
        raise RuntimeError(
            f"setStorage: sizes {shape_text(size)}, strides {shape_text(stride)}, storage offset {offset}, and "
            f"itemsize {array.itemsize} requiring a storage size of {need} are out of bounds for storage "
            f"of size {have}"
        )


# ---- windows -------------------------------------------------------------------------------------------------------


def _unfold_fwd(x: Array, dim: int, size: int, step: int) -> Array:
    if not x.ndim:
        x = x.reshape(1)[:size]
        return x if size else np.empty(0, x.dtype)
    count = (x.shape[dim] - size) // step + 1
    shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
    strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
    return _strided(x, shape, strides)


def _unfold_vjp(node: Any, g: Tensor) -> Tensor:
    # each element gets the gradients of all windows that it stands in
    dim, size, step = node.params
    shape = node.in_shape(0)
    if not shape:
        return g.sum()
    rows = (np.arange(g._data.shape[dim])[:, None] * step + np.arange(size)).reshape(-1)
    parts = flatten(movedim(g, -1, dim + 1), dim, dim + 1)
    return INDEX_ADD(zeros_like(g, shape), parts, params=((None,) * dim + (rows,),))


UNFOLD: Op = Op("unfold", _unfold_fwd, _unfold_vjp, view=True)


def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Return a view of all windows of ``size`` elements, ``step`` apart, along a dimension; windows come last.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    dim = wrap_dim(dimension, self._data.ndim)
    most = self._data.shape[dim] if self._data.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > most:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {most} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return apply(UNFOLD, (self,), (dim, size, step))


# ---- complex numbers as pairs --------------------------------------------------------------------------------------


def _real_fwd(x: Array) -> Array:
    return x[..., None].view(dtypes.of(x).to_real().numpy)


def _complex_fwd(x: Array) -> Array:
    return x.view(dtypes.of(x).to_complex().numpy)[..., 0]


VIEW_AS_REAL: Op = Op("view_as_real", _real_fwd, lambda node, g: view_as_complex(g.contiguous()), view=True)
VIEW_AS_COMPLEX: Op = Op("view_as_complex", _complex_fwd, lambda node, g: view_as_real(g), view=True)


def view_as_real(input: Tensor) -> Tensor:
    """Return a view of complex numbers as pairs of their real and imaginary parts, in a last dimension of size 2.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.view_as_real(minitorch.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    if not input.is_complex():
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return apply(VIEW_AS_REAL, (input,))


def view_as_complex(input: Tensor) -> Tensor:
    """Return a view of pairs of floats (a last dimension of size 2) as complex numbers.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.view_as_complex(minitorch.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    array = input._data
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{input.dtype.scalar_type}"
        )
    if not array.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if array.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if array.strides[-1] != array.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    return apply(VIEW_AS_COMPLEX, (input,))


def real(input: Tensor) -> Tensor:
    """Return a view of the real parts; a real tensor is returned as it is.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.real(minitorch.tensor([1 + 2j]))
    tensor([1.])
    """
    return select(view_as_real(input), -1, 0) if input.is_complex() else input


def imag(input: Tensor) -> Tensor:
    """Return a view of the imaginary parts of a complex tensor.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.imag(minitorch.tensor([1 + 2j]))
    tensor([2.])
    """
    if not input.is_complex():
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return select(view_as_real(input), -1, 1)


def ravel(input: Tensor) -> Tensor:
    """Return the elements as a contiguous vector: a view where strides allow it, else a copy.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.ravel(minitorch.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    return reshape(input.contiguous(), (-1,))


register(as_strided, differentiable=False)
register(view_as_real, methods=(), differentiable=False)
register(view_as_complex, methods=(), differentiable=False)
for _fn in (real, imag):
    register(_fn, methods=(), differentiable=False)
of_one_tensor(
    unfold,
    ("vector", (5,), (0, 2, 1)),
    ("rows", (5, 2), (0, 3, 2)),
    ("columns", (2, 4), (-1, 2, 2)),
    ("0-d", (), (0, 1, 1)),
    ("empty windows", (3,), (0, 0, 1)),
    name="Tensor.unfold",
    methods=("unfold",),
    top=False,
    fails=[
        ((2,), (0, 3, 1), RuntimeError, "maximum size for tensor at dimension 0 is 2 but size is 3"),
        ((2,), (0, 1, 0), RuntimeError, "step is 0 but must be > 0"),
        ((2,), (0, -1, 1), RuntimeError, "size is -1 but must be >= 0"),
    ],
)
of_one_tensor(ravel, ("matrix", (2, 3), ()), ("0-d", (), ()))
