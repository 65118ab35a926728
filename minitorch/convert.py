"""Between Python data and arrays: what `tensor([...])` infers, what `item` and `tolist` give back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import dtypes
from .dtypes import dtype
from .errors import shape_text
from .memory import Array

__all__ = [
    "as_array",
    "cast",
    "fits",
    "infer_size",
    "legacy",
    "number",
    "ones",
    "real_part",
    "scalar",
    "to_python",
    "torch_strides",
    "wrap_dim",
    "wrap_dims",
]


def wrap_dim(dim: int, ndim: int) -> int:
    """Return a dimension as an index from 0; IndexError with torch's text if it is out of range."""
    bound = max(ndim, 1)
    if not -bound <= dim < bound:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})")
    return dim + bound if dim < 0 else dim


def wrap_dims(dims: Any, ndim: int) -> tuple[int, ...]:
    """Return dimensions as indices from 0; RuntimeError if one stands twice."""
    given = (dims,) if isinstance(dims, (int, np.integer)) else tuple(dims)
    found = tuple(wrap_dim(int(d), ndim) for d in given)
    if len(set(found)) != len(found):
        twice = next(d for d in found if found.count(d) > 1)
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    return found


def infer_size(shape: tuple[int, ...], numel: int) -> tuple[int, ...]:
    """Return the shape with its -1 replaced; RuntimeError if it cannot hold ``numel`` elements."""
    known, unknown = 1, 0
    for n in shape:
        if n >= 0:
            known *= n
        elif n == -1:
            unknown += 1
        else:
            wrong = shape.index(n)
            raise RuntimeError(f"invalid shape dimension {n} at index {wrong} of shape {shape_text(shape)}")
    if unknown == 0 and known == numel:
        return shape
    if unknown > 1:
        raise RuntimeError("only one dimension can be inferred")
    if unknown and known == numel == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {shape_text(shape)} because the unspecified dimension "
            "size -1 can be any value and is ambiguous"
        )
    if unknown and known and numel % known == 0:
        return tuple([numel // known if n == -1 else n for n in shape])
    raise RuntimeError(f"shape '{shape_text(shape)}' is invalid for input of size {numel}")


def torch_strides(array: Array, is_view: bool = False) -> tuple[int, ...]:
    """Return the byte strides that torch shows: NumPy is free in dimensions of size 0 and 1, torch is not.

    A view keeps the strides it has got, save that an inserted dimension, 0 in NumPy, continues the one behind it.
    """
    if not is_view and not array.flags.c_contiguous:
        return array.strides
    strides: list[int] = []
    step = array.itemsize
    for n, own in zip(reversed(array.shape), reversed(array.strides)):
        if is_view and (own or (n != 1 and array.size)):
            step = own
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))


def as_array(data: Any, dtype: dtype | None = None) -> Array:
    """Return Python or NumPy data as an array; plain floats become the default dtype, NumPy data keeps its
    own.
    """
    if hasattr(data, "_data"):
        array = data._data
    elif isinstance(data, (np.ndarray, np.generic)):
        array = np.asarray(data)
        array = array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    else:
        array = _from_python(data)
        if dtype is None:
            return _in_default_dtype(array, data)
        _check_range(array, dtype)
    return array if dtype is None else cast(array, dtype)


def _from_python(data: Any) -> Array:
    """Return Python data as an array in the widest type of its kind."""
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if not isinstance(data, (list, tuple, bool, int, float, complex, range)) and not hasattr(data, "__array__"):
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    try:
        array = np.asarray(_plain(data))
    except _NotOneElement as error:
        raise ValueError(*error.args) from None
    except ValueError as error:
        raise _ragged(data) from error
    if array.dtype.kind == "O" or array.dtype.kind in "US" or (array.dtype == np.uint64 and not _is_typed(data)):
        raise _bad_elements(data)
    return array


def _check_range(array: Array, to: dtype) -> None:
    """Raise torch's errors for Python numbers that a dtype cannot hold."""
    if array.dtype.kind == "c" and to.category < dtypes.COMPLEX:
        raise TypeError("must be real number, not complex")
    if to.category == dtypes.INT and array.size and not (fits(array.min().item(), to) and fits(array.max().item(), to)):
        raise RuntimeError(f"value cannot be converted to type {to.name} without overflow")


def _is_typed(data: Any) -> bool:
    """Whether the first element carries a dtype of its own."""
    leaf = _first_leaf(data)
    return hasattr(leaf, "_data") or isinstance(leaf, (np.ndarray, np.generic))


def _in_default_dtype(array: Array, data: Any) -> Array:
    """Return an array of Python floats in the default dtype; elements that were typed before keep their type."""
    if array.size == 0 or (array.dtype == np.float64 and not _holds_float64(data)):
        return array.astype(dtypes.get_default_dtype().numpy) if array.dtype.kind == "f" else array
    if array.dtype == np.complex128 and not _holds_float64(data):
        return array.astype(dtypes.get_default_dtype().to_complex().numpy)
    return array


def _plain(data: Any) -> Any:
    """Replace tensors inside nested lists by their values, which NumPy would otherwise walk one by one."""
    if isinstance(data, (list, tuple)):
        return [_element(item) for item in data] if any(not isinstance(i, (int, float)) for i in data) else data
    return data


def _element(item: Any) -> Any:
    if not hasattr(item, "_data"):
        return _plain(item)
    if item._data.size != 1:
        raise _NotOneElement("only one element tensors can be converted to Python scalars")
    return item._data.reshape(())


class _NotOneElement(ValueError):
    """A tensor of several elements where a number belongs."""


def _first_leaf(data: Any) -> Any:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def _holds_float64(data: Any) -> bool:
    """Whether the data's elements are typed float64 already, so that the default dtype does not apply."""
    leaf = _first_leaf(data)
    return (hasattr(leaf, "_data") and leaf._data.dtype == np.float64) or isinstance(leaf, (np.ndarray, np.float64))


def _ragged(data: Any) -> Exception:
    """Return torch's error for nested sequences that NumPy cannot make an array of."""
    for depth, (wanted, level) in enumerate(_levels(data)):
        for item in level:
            if not isinstance(item, (list, tuple)):
                return TypeError("not a sequence")
            if len(item) != wanted:
                return ValueError(f"expected sequence of length {wanted} at dim {depth} (got {len(item)})")
    return TypeError("'list' object cannot be interpreted as an integer")


def _levels(data: Any) -> list[tuple[int, list[Any]]]:
    """Return, for every depth, the length of the first sequence and all items of that depth."""
    out, level = [], [data]
    while level and isinstance(level[0], (list, tuple)):
        out.append((len(level[0]), level))
        level = [item for seq in level if isinstance(seq, (list, tuple)) for item in seq]
    return out


def _bad_elements(data: Any) -> Exception:
    stack = [data]
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(reversed(item))
        elif isinstance(item, str):
            if isinstance(_first_leaf(data), str):
                return ValueError(f"too many dimensions '{type(item).__name__}'")
            return TypeError(f"new(): invalid data type '{type(item).__name__}'")
        elif item is None or not isinstance(item, (int, float, complex)):
            return RuntimeError(f"Could not infer dtype of {type(item).__name__}")
    return ValueError("Overflow when unpacking long long")


def cast(array: Array, to: dtype, copy: bool = False) -> Array:
    """Return the array in another dtype, keeping its memory order; floats are cut towards zero to
    integers.
    """
    if array.dtype == to.numpy:
        return array.copy(order="K") if copy else array
    if array.dtype == dtypes.BFLOAT16:
        return cast(from_bfloat16(array), to)
    if to is dtypes.bfloat16:
        return to_bfloat16(array.astype(np.float32, copy=False))
    with np.errstate(all="ignore"):
        if array.dtype.kind == "c" and to.category < dtypes.COMPLEX:
            array = array.real
        if array.dtype.kind == "f" and to.category == dtypes.INT and to.itemsize < 4:
            return array.astype(np.int32).astype(to.numpy)  # the wrap-around that torch shows for small integers
        return array.astype(to.numpy)


def to_bfloat16(array: Array) -> Array:
    """Round float32 to bfloat16, to nearest even; NaN stays NaN."""
    bits = array.view(np.uint32)
    rounded = ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)
    return np.where(np.isnan(array), np.uint16(0x7FC0), rounded).astype(np.uint16, order="K").view(dtypes.BFLOAT16)


def from_bfloat16(array: Array) -> Array:
    """Widen bfloat16 to float32, exactly."""
    widened: Array = (array["bfloat16"].astype(np.uint32) << 16).view(np.float32)
    return widened


def scalar(value: Any, to: dtype) -> Array:
    """Return a Python number as a 0-d array of a dtype; integers wrap around as in torch."""
    kind = np.int64 if isinstance(value, int) and abs(value) < 2**63 else None
    return cast(np.asarray(value, dtype=kind), to)


_C_TYPES = {
    "uint8": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int", "int64": "int64_t", "float32": "float",
    "float16": "c10::Half", "float64": "double", "bfloat16": "c10::BFloat16", "bool": "bool",
}  # fmt: skip


def number(value: Any, to: dtype) -> Array:
    """Return a Python number as a 0-d array of a dtype; RuntimeError if the dtype cannot hold it."""
    if not fits(value, to):
        raise RuntimeError(f"value cannot be converted to type {_C_TYPES.get(to.name, to.name)} without overflow")
    return scalar(value, to)


def fits(value: Any, to: dtype) -> bool:
    """Return whether a dtype can hold a Python number, cut to an integer if need be."""
    if isinstance(value, complex) and not isinstance(value, (float, np.floating)):
        return to.category in (dtypes.COMPLEX, dtypes.BOOL) or value.imag == 0
    if to.category == dtypes.INT:
        if value != value or value in (math.inf, -math.inf):
            return False
        info = np.iinfo(to.numpy)
        low = -int(info.max) if info.min == 0 else int(info.min)  # torch lets small negative numbers wrap around
        return low <= int(value) <= int(info.max)
    if to.category == dtypes.FLOAT and math.isfinite(value):
        return abs(value) <= dtypes.finfo(to).max
    return True


def ones(shape: tuple[int, ...], to: dtype) -> Array:
    """Return an array of ones."""
    if shape == ():
        return _ONE[to].copy()
    if to is dtypes.bfloat16:
        return to_bfloat16(np.ones(shape, np.float32))
    return np.ones(shape, to.numpy)


_ONE = {d: ones((1,), d).reshape(()) for d in dtypes.ALL}  # copies of these are many times faster than `np.ones`


def to_python(array: Array) -> Any:
    """Return nested lists of Python numbers, or one number for a 0-d array."""
    if array.dtype == dtypes.BFLOAT16:
        array = from_bfloat16(array)
    return array.tolist()


def legacy(args: tuple[Any, ...], dtype: dtype) -> Array:
    """Return the array that torch's legacy constructors make: sizes, a sequence, a tensor, or nothing."""
    if not args:
        return np.empty(0, dtype.numpy)
    first = args[0]
    if len(args) == 1 and not isinstance(first, (int, np.integer)):
        if type(first).__name__ == "Size":
            return np.empty(first, dtype.numpy)
        if hasattr(first, "_data") and first._data.dtype != dtype.numpy:
            raise TypeError(f"expected {dtype!r} (got {dtypes.of(first._data)!r})")
        return as_array(first, dtype)
    return np.empty(tuple(int(n) for n in args), dtype.numpy)


def real_part(value: Any, kind: str) -> Any:
    """Return a number that must be real; RuntimeError if it has an imaginary part, for which there is no place."""
    if not isinstance(value, complex):
        return value
    if value.imag:
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
    return value.real
