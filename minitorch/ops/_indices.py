"""What an index means: its parts that make views, and its parts that pick elements by index tensors.

Basic parts of an index (ints, slices, None, Ellipsis) make a view first, as in torch; index tensors and masks are then
applied to that view. (NumPy treats an int beside an index array as an index array, torch does not.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import convert
from ..errors import shape_text
from ..memory import Array
from ._common import Tensor

__all__ = ["Index", "is_plain", "is_whole", "parse", "plain"]

Index = tuple[Any, ...]


def parse(x: Tensor, index: Any) -> tuple[Index, Index]:
    """Split an index into its basic part and its tensor part; None in the latter means a whole dimension."""
    found = plain(index, x._data.shape)
    if found is not None:
        return found, ()
    items = list(index) if isinstance(index, tuple) or _is_tuple_like(index) else [index]
    items = [_normal(item) for item in items]
    items = _spread_ellipsis(x, items)
    basic: list[Any] = []
    tensors: list[Any] = []
    dim = 0
    for item in items:
        if not isinstance(item, np.ndarray):
            basic.append(_checked(item, x._data.shape, dim))
            if not isinstance(item, int):
                tensors.append(None)
            dim += item is not None
        elif item.ndim == 0:  # a truth value: a new dimension of size 1, or 0
            basic.append(None)
            tensors.append(np.zeros(int(item), np.int64))
        else:
            basic.extend([slice(None)] * _taken(item))
            tensors.extend(_coordinates(item, x._data.shape, dim))
            dim += _taken(item)
    return tuple(basic), tuple(tensors) if any(t is not None for t in tensors) else ()


def plain(index: Any, shape: tuple[int, ...]) -> Index | None:
    """Return an index of ints in range, slices, None and an Ellipsis, which is spread; None for others."""
    items = index
    if type(index) is not tuple:
        items = (index,)
    for place, item in enumerate(items):
        if item is Ellipsis:
            rest = len(shape) + 1 - sum([i is not None for i in items])
            items = (*items[:place], *[slice(None)] * rest, *items[place + 1 :])
            break
    dim, ndim = 0, len(shape)
    for item in items:
        if item is None:
            continue
        if dim == ndim:
            return None
        if type(item) is slice:
            if not is_plain(item):
                return None
        elif type(item) is not int or not -shape[dim] <= item < shape[dim]:
            return None
        dim += 1
    return items or None


def is_plain(item: slice) -> bool:
    """Whether a slice is one of ints that NumPy takes as torch does: forward, if at all by steps."""
    start, stop, step = item.start, item.stop, item.step
    return (
        (start is None or type(start) is int)
        and (stop is None or type(stop) is int)
        and (step is None or (type(step) is int and step > 0))
    )


def _is_tuple_like(index: Any) -> bool:
    """Whether a list stands for a tuple: a short one that holds sequences, slices, None or Ellipsis."""
    if not isinstance(index, list) or len(index) >= 32:
        return False
    return any(i is None or i is Ellipsis or isinstance(i, (slice, list, tuple, Tensor)) for i in index)


def _normal(item: Any) -> Any:
    """Return one part of an index as int, slice, None, Ellipsis or an integer or bool array."""
    if item is None or item is Ellipsis or type(item) is int:
        return item
    if isinstance(item, slice):
        return _normal_slice(item)
    if isinstance(item, Tensor):
        return _index_array(item._data)
    if isinstance(item, (bool, np.bool_)):
        return np.asarray(item)
    if isinstance(item, (int, np.integer)):
        return int(item)
    if isinstance(item, (list, tuple, range, np.ndarray)):
        array = convert.as_array(list(item) if isinstance(item, range) else item)
        return _index_array(array if array.dtype.kind in "iub" else array.astype(np.int64))
    if hasattr(item, "__index__"):
        return int(item.__index__())
    if isinstance(item, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(item).__name__}'")
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        f"(got {type(item).__name__})"
    )


def _normal_slice(item: slice) -> slice:
    start, stop, step = (None if v is None else v.__index__() for v in (item.start, item.stop, item.step))
    if step is not None and step <= 0:
        raise ValueError("step must be greater than zero")
    return slice(start, stop, step)


def _index_array(array: Array) -> Any:
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
        if not ndim and isinstance(items[0], int):
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                "convert a 0-dim tensor to a number"
            )
        if not ndim and isinstance(items[0], slice):
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
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
    return list(array.nonzero())


def is_whole(basic: Index) -> bool:
    """Return whether the basic part takes the tensor as it is."""
    return all(isinstance(b, slice) and b == slice(None) for b in basic)
