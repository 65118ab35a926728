"""Indexing: ``x[...]`` read and written, gather and scatter, masks.

Basic parts of an index (ints, slices, None, Ellipsis) make a view first, as in torch; index tensors and masks are then
applied to that view. (NumPy treats an int beside an index array as an index array, torch does not.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import convert, dtypes
from ..convert import wrap_dim
from ..dispatch import _requires
from ..errors import shape_text
from ..inplace import check_writable
from ..memory import Array
from ..op import Failure, Make, Op, Sample, register
from ..tape import mode
from ..tensor import method, wrap
from ._common import NUMBER, Tensor, apply, apply_, zeros_like
from .expand import expand
from .shape import _embed

__all__ = ["gather", "index_select", "masked_fill", "masked_select", "nonzero", "scatter", "scatter_add"]

Index = tuple[Any, ...]

# ---- parsing -------------------------------------------------------------------------------------------------------


def _parts(x: Tensor, index: Any) -> tuple[Index, Index]:
    """Split an index into its basic part and its tensor part; None in the latter means a whole dimension."""
    items = list(index) if isinstance(index, tuple) else [index]
    items = [_normal(item) for item in items]
    items = _spread_ellipsis(x, items)
    basic: list[Any] = []
    tensors: list[Any] = []
    dim = 0
    for item in items:
        if isinstance(item, np.ndarray):
            basic.extend([slice(None)] * _taken(item))
            tensors.extend(_coordinates(item, x._data.shape, dim))
            dim += _taken(item)
        else:
            basic.append(_checked(item, x._data.shape, dim))
            if not isinstance(item, int):
                tensors.append(None)
            dim += item is not None
    return tuple(basic), tuple(tensors) if any(t is not None for t in tensors) else ()


def _normal(item: Any) -> Any:
    """Return one part of an index as int, slice, None, Ellipsis or an integer or bool array."""
    if item is None or item is Ellipsis or type(item) is int:
        return item
    if isinstance(item, slice):
        return _normal_slice(item)
    if isinstance(item, Tensor):
        return _index_array(item)
    if isinstance(item, (bool, np.bool_)):
        return np.asarray(item)
    if isinstance(item, (int, np.integer)):
        return int(item)
    if isinstance(item, (list, tuple, range, np.ndarray)):
        array = convert.as_array(list(item) if isinstance(item, range) else item)
        return _index_array(wrap(array if array.size or array.dtype == bool else array.astype(np.int64)))
    if hasattr(item, "__index__"):
        return int(item.__index__())
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        f"{type(item).__name__})"
    )


def _normal_slice(item: slice) -> slice:
    start, stop, step = (None if v is None else v.__index__() for v in (item.start, item.stop, item.step))
    if step is not None and step <= 0:
        raise ValueError("step must be greater than zero")
    return slice(start, stop, step)


def _index_array(t: Tensor) -> Any:
    array = t._data
    if array.dtype == np.uint8:
        return array.astype(bool)
    if array.dtype.kind not in "iub":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if array.ndim == 0 and array.dtype != bool:
        return int(array)
    return array


def _taken(array: Array) -> int:
    return array.ndim if array.dtype == bool else 1


def _spread_ellipsis(x: Tensor, items: list[Any]) -> list[Any]:
    used = sum(_taken(i) if isinstance(i, np.ndarray) else i is not None and i is not Ellipsis for i in items)
    ndim = x._data.ndim
    if used > ndim:
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    spots = [k for k, i in enumerate(items) if i is Ellipsis]
    spot = spots[0] if spots else len(items)
    rest = [i for i in items[spot:] if i is not Ellipsis]
    return items[:spot] + [slice(None)] * (ndim - used) + rest


def _checked(item: Any, shape: tuple[int, ...], dim: int) -> Any:
    if isinstance(item, int) and not -shape[dim] <= item < shape[dim]:
        raise IndexError(f"index {item} is out of bounds for dimension {dim} with size {shape[dim]}")
    return item


def _coordinates(array: Array, shape: tuple[int, ...], dim: int) -> list[Array]:
    """Return integer index arrays for the dimensions that one index array covers."""
    if array.dtype != bool:
        n = shape[dim]
        if array.size and (array.min() < -n or array.max() >= n):
            wrong = int(array[(array < -n) | (array >= n)].flat[0])
            raise IndexError(f"index {wrong} is out of bounds for dimension {dim} with size {n}")
        return [array]
    for i, n in enumerate(array.shape):
        if n != shape[dim + i]:
            raise IndexError(
                f"The shape of the mask {shape_text(array.shape)} at index {i} does not match the shape of the indexed "
                f"tensor {shape_text(shape)} at index {dim + i}"
            )
    return list(array.nonzero()) if array.ndim else [np.zeros(int(array), np.int64)]


def _whole(basic: Index) -> bool:
    return all(isinstance(b, slice) and b == slice(None) for b in basic)


# ---- reading -------------------------------------------------------------------------------------------------------

ITEM: Op = Op("slice", lambda x, index: x[(*index, ...)], _embed, view=True)


def _full(tensors: Index) -> Index:
    return tuple(slice(None) if t is None else t for t in tensors)


def _index_fwd(x: Array, tensors: Index) -> Array:
    try:
        return x[_full(tensors)]
    except IndexError as error:
        shapes = ", ".join(shape_text(t.shape) for t in tensors if t is not None)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        ) from error


def _index_vjp(node: Any, g: Tensor) -> Tensor:
    (tensors,) = node.params
    return INDEX_ADD(zeros_like(g, node.in_shape(0)), g, params=(tensors,))


def _index_add_fwd(x: Array, value: Array, tensors: Index) -> Array:
    out = x.copy(order="K")
    np.add.at(out, _full(tensors), value)
    return out


def _index_add_vjp(node: Any, g: Tensor) -> tuple[Tensor, Tensor | None]:
    return g, INDEX(g, params=node.params) if node.needs[1] else None


INDEX: Op = Op("index", _index_fwd, _index_vjp)
INDEX_ADD: Op = Op("index_put", _index_add_fwd, _index_add_vjp)


@method
def __getitem__(self: Tensor, index: Any) -> Tensor:
    """Return the part of the tensor that an index names: a view for ints and slices, a copy for index tensors."""
    basic, tensors = _parts(self, index)
    part = apply(ITEM, (self,), (basic,)) if basic and not (tensors and _whole(basic)) else self
    if tensors:
        return apply(INDEX, (part,), (tensors,))
    return part if part is not self else apply(ITEM, (self,), ((Ellipsis,),))


# ---- writing -------------------------------------------------------------------------------------------------------


def _put_fwd(x: Array, value: Any, tensors: Index) -> Array:
    out = x.copy(order="K")
    out[_full(tensors)] = value
    return out


def _put_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    (tensors,) = node.params
    cleared = apply(INDEX_PUT, (g, 0.0), (tensors,)) if node.needs[0] else None
    return cleared, INDEX(g, params=(tensors,)) if node.needs[1] else None


INDEX_PUT: Op = Op("index_put", _put_fwd, _put_vjp)
ASSIGN: Op = Op("copy", lambda x, value: _assigned(x, value), lambda node, g: (zeros_like(g), g if node.needs[1] else None),
            grad_name="CopyBackwards")  # fmt: skip


def _assigned(x: Array, value: Any) -> Array:
    """Return ``value`` broadcast to the shape and dtype of ``x``."""
    array = convert.cast(value, dtypes.of(x)) if isinstance(value, np.ndarray) else convert.scalar(value, dtypes.of(x))
    lead = array.ndim - x.ndim
    if lead > 0 and array.shape[:lead] == (1,) * lead:
        array = array.reshape(array.shape[lead:])
    try:
        return np.broadcast_to(array, x.shape)
    except ValueError:
        raise RuntimeError(
            f"The expanded size of the tensor ({x.shape[-1] if x.ndim else 1}) must match the existing size "
            f"({array.shape[-1] if array.ndim else 1}) at non-singleton dimension {max(x.ndim - 1, 0)}.  "
            f"Target sizes: {shape_text(x.shape)}.  Tensor sizes: {shape_text(array.shape)}"
        ) from None


@method
def __setitem__(self: Tensor, index: Any, value: Any) -> None:
    """Write a number or a tensor into the part that an index names."""
    value = _as_value(value)
    basic, tensors = _parts(self, index)
    tracked = mode.enabled and (_requires(self) or _requires(value))
    if not tracked:
        _write_plain(self, basic, tensors, value)
        return
    check_writable(self)
    part = apply(ITEM, (self,), (basic or (Ellipsis,),))
    if tensors:
        cast = value.to(self.dtype) if isinstance(value, Tensor) else value
        apply_(INDEX_PUT, (part, cast), (tensors,))
    else:
        apply_(ASSIGN, (part, value))


def _as_value(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value if value._data.ndim or value.requires_grad else value
    if isinstance(value, NUMBER):
        return value
    if isinstance(value, np.ndarray):
        return wrap(value)
    raise TypeError(f"can't assign a {type(value).__name__} to a torch.{'FloatTensor'}")


def _write_plain(x: Tensor, basic: Index, tensors: Index, value: Any) -> None:
    part = x._data[(*basic, ...)]
    source = value._data if isinstance(value, Tensor) else value
    if tensors:
        picked = _index_fwd(part, tensors)
        part[_full(tensors)] = _assigned(picked, source)
    else:
        part[...] = _assigned(part, source)
    x._storage.written()


@method
def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Copy the elements of ``src``, broadcast and cast, into the tensor."""
    return apply_(ASSIGN, (self, src if isinstance(src, (Tensor, *NUMBER)) else wrap(convert.as_array(src))))


@method
def fill_(self: Tensor, value: Any) -> Tensor:
    """Set all elements to a number or a 0-d tensor."""
    if isinstance(value, Tensor) and value._data.ndim:
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value._data.ndim} dimensions."
        )
    if mode.enabled and (_requires(self) or _requires(value)):
        return apply_(ASSIGN, (self, value))
    self._data[...] = convert.scalar(value._data.item() if isinstance(value, Tensor) else value, self.dtype)
    self._storage.written()
    return self


@method
def zero_(self: Tensor) -> Tensor:
    """Set all elements to 0."""
    return fill_(self, 0)


# ---- masks ---------------------------------------------------------------------------------------------------------


def _mask(fn: str, mask: Tensor) -> Array:
    if not isinstance(mask, Tensor) or mask._data.dtype != bool:
        raise RuntimeError(f"{fn} only supports boolean masks, but got mask with dtype {mask.dtype}")
    return mask._data


def _masked_fill_fwd(x: Array, value: Any, mask: Array) -> Array:
    value = value.astype(x.dtype) if isinstance(value, np.ndarray) else convert.scalar(value, dtypes.of(x))
    return np.where(mask, value, x)


def _masked_fill_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    (mask,) = node.params
    gx = apply(MASKED_FILL, (g, 0.0), (mask,)) if node.needs[0] else None
    return gx, apply(MASKED_FILL, (g, 0.0), (~mask,)) if node.needs[1] else None


MASKED_FILL: Op = Op("masked_fill", _masked_fill_fwd, _masked_fill_vjp)


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Return the tensor with ``value`` where the mask is true; the mask broadcasts.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).masked_fill(minitorch.tensor([True, False, True]), 1.0)
    tensor([1., 0., 1.])
    """
    return apply(MASKED_FILL, (input, value), (_mask("masked_fill", mask),))


@method
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Write ``value`` where the mask is true."""
    return apply_(MASKED_FILL, (self, value), (_mask("masked_fill_", mask),))


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """Return the elements where the mask is true, as a vector.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(3).masked_select(minitorch.tensor([True, False, True]))
    tensor([0, 2])
    """
    shape = np.broadcast_shapes(input._data.shape, mask._data.shape)
    wide = np.broadcast_to(_mask("masked_select", mask), shape)
    return expand(input, shape)[wrap(wide)]


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Return the indices of nonzero elements: a matrix of one row each, or a tuple of one vector per dimension.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nonzero(minitorch.tensor([0, 3, 5]))
    tensor([[1],
            [2]])
    """
    array = input._data
    if as_tuple:
        return tuple(wrap(i) for i in np.atleast_1d(array).nonzero())
    return wrap(np.argwhere(array).astype(np.int64))


# ---- along one dimension -------------------------------------------------------------------------------------------


def _grid(index: Array, dim: int) -> Index:
    """Return an index that walks ``index`` along ``dim`` and counts along the other dimensions."""
    grid: list[Any] = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grid[dim] = index
    return tuple(grid)


def _along(fn: str, input: Tensor, dim: int, index: Tensor) -> tuple[int, Index]:
    dim = wrap_dim(dim, input._data.ndim)
    array = index._data
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 4:
        raise RuntimeError(f"{fn}(): Expected dtype int32/int64 for index")
    if array.ndim != input._data.ndim and array.size:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    n = input._data.shape[dim] if input._data.ndim else 1
    if array.size and (array.min() < 0 or array.max() >= n):
        wrong = int(array[(array < 0) | (array >= n)].flat[0])
        raise RuntimeError(f"index {wrong} is out of bounds for dimension {dim} with size {n}")
    return dim, _grid(array, dim) if array.ndim else ()


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Return ``input[..., index[i, j, ...], ...]`` along ``dim``, in the shape of ``index``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 2], [3, 4]]).gather(1, minitorch.tensor([[0], [1]]))
    tensor([[1],
            [4]])
    """
    _, where = _along("gather", input, dim, index)
    return apply(INDEX, (input,), (where,)) if where else input.clone()


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Return ``input`` with the elements of ``src`` added at the places that ``index`` names along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).scatter_add(0, minitorch.tensor([0, 0, 2]), minitorch.ones(3))
    tensor([2., 0., 1.])
    """
    _, where = _along("scatter_add", input, dim, index)
    return apply(INDEX_ADD, (input, _corner(src, index)), (where,))


def _corner(src: Tensor, index: Tensor) -> Tensor:
    return src[tuple(slice(n) for n in index._data.shape)]


def scatter(input: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    """Return ``input`` with the elements of ``src`` (or a number) written at the places that ``index`` names.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).scatter(0, minitorch.tensor([2, 0]), 5.0)
    tensor([5., 0., 5.])
    """
    _, where = _along("scatter", input, dim, index)
    return apply(INDEX_PUT, (input, _corner(src, index) if isinstance(src, Tensor) else src), (where,))


@method
def scatter_(self: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    """Write the elements of ``src`` (or a number) at the places that ``index`` names along ``dim``."""
    _, where = _along("scatter_", self, dim, index)
    return apply_(INDEX_PUT, (self, _corner(src, index) if isinstance(src, Tensor) else src), (where,))


@method
def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Add the elements of ``src`` at the places that ``index`` names along ``dim``."""
    _, where = _along("scatter_add_", self, dim, index)
    return apply_(INDEX_ADD, (self, _corner(src, index)), (where,))


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Return the slices along ``dim`` that a vector of indices names.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 2], [3, 4]]).index_select(1, minitorch.tensor([1]))
    tensor([[2],
            [4]])
    """
    dim = wrap_dim(dim, input._data.ndim)
    if index._data.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    return input[(slice(None),) * dim + (index.reshape(-1),)]


def _gather_samples(make: Make) -> Iterator[Sample]:
    yield Sample("columns", (make(3, 4), 1, make.ints(3, 2, high=4)))
    yield Sample("rows repeated", (make(3, 4), 0, make.ints(5, 4, high=3)))
    yield Sample("smaller", (make(3, 4), 1, make.ints(2, 2, high=4)))


def _scatter_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4), 1, make.ints(3, 2, high=4), make(3, 2)))
    yield Sample("repeated", (make(3), 0, make.ints(5, high=3), make(5)))


def _put_samples(make: Make) -> Iterator[Sample]:
    yield Sample("distinct", (make(3, 4), 0, wrap(np.array([[2, 0, 1, 2]])), make(1, 4)))
    yield Sample("number", (make(3), 0, wrap(np.array([2, 0])), 1.5))


def _select_samples(make: Make) -> Iterator[Sample]:
    yield Sample("columns", (make(3, 4), 1, make.ints(5, high=4)))
    yield Sample("rows", (make(3, 4), 0, make.ints(2, high=3)))


def _mask_samples(make: Make) -> Iterator[Sample]:
    yield Sample("same shape", (make(3, 4), make.bools(3, 4), 2.0))
    yield Sample("broadcast", (make(3, 4), make.bools(4), -1))
    yield Sample("tensor value", (make(3, 4), make.bools(4), make()))


def _masked_select_samples(make: Make) -> Iterator[Sample]:
    yield Sample("same shape", (make(3, 4), make.bools(3, 4)))
    yield Sample("broadcast", (make(3, 4), make.bools(4)))


def _out_of_range(make: Make) -> Iterator[Failure]:
    yield Failure((make(3, 4), 1, wrap(np.full((3, 1), 4))), RuntimeError, "index 4 is out of bounds for dimension 1")


register(gather, samples=_gather_samples, failures=_out_of_range)
register(scatter_add, samples=_scatter_samples)
register(scatter, samples=_put_samples)
register(index_select, samples=_select_samples)
register(masked_fill, samples=_mask_samples)
register(masked_select, samples=_masked_select_samples)
register(nonzero, samples=lambda make: iter([Sample("matrix", (make.ints(3, 4, high=2),))]), differentiable=False)
