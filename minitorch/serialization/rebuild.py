"""The parts that checkpoints are built from: storages by dtype, tensors as views of them, NumPy values.

Every function here may be called with whatever a file says, so each checks its arguments.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

import numpy as np

from .. import dtypes
from ..device import strided
from ..dtypes import dtype
from ..memory import Array
from ..nn.parameter import Parameter
from ..tensor import Tensor, wrap

__all__ = ["STATES", "STORAGES", "StorageKind", "byte_array", "encoded", "layout", "numpy_array", "numpy_dtype",
           "numpy_from_buffer", "numpy_scalar", "user_attributes"]  # fmt: skip


class StorageKind:
    """What checkpoints call a storage class: a name and an element type."""

    def __init__(self, name: str, kind: dtype) -> None:
        self.name, self.dtype = name, kind


_KINDS = {"Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64",
          "Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool",
          "ComplexFloat": "complex64", "ComplexDouble": "complex128", "Untyped": "uint8"}  # fmt: skip
STORAGES = {f"{name}Storage": StorageKind(f"{name}Storage", dtypes.by_name(kind)) for name, kind in _KINDS.items()}


# ---- tensors -----------------------------------------------------------------------------------------------
# A storage is a 1-d tensor over all of it. Functions are called as torch calls its own, which files name.


def _view(storage: Tensor, kind: dtype, offset: int, size: Any, stride: Any) -> Tensor:
    """Return a tensor on a storage; ValueError or TypeError if it would reach outside."""
    item = kind.itemsize
    if len(size) != len(stride) or offset < 0 or min(size, default=0) < 0 or min(stride, default=0) < 0:
        raise UnpicklingError(f"a tensor has size={size}, stride={stride}, storage_offset={offset}")
    strides = tuple(step * item for step in stride)
    if 0 in size:
        array = np.ndarray(size, kind.numpy, strides=strides)
    else:
        array = np.ndarray(size, kind.numpy, storage._data, offset * item, strides)
    tensor = wrap(array)
    tensor._storage = storage._storage
    return tensor


def _rebuild_tensor(storage: Tensor, storage_offset: int, size: Any, stride: Any) -> Tensor:
    return _view(storage, storage.dtype, storage_offset, tuple(size), tuple(stride))


def _rebuild_tensor_v2(
    storage: Tensor,
    storage_offset: int,
    size: Any,
    stride: Any,
    requires_grad: bool,
    backward_hooks: Any,
    metadata: Any = None,
) -> Tensor:
    tensor = _rebuild_tensor(storage, storage_offset, size, stride)
    if metadata:  # torch's lazy conjugate and negative: computed here
        tensor = wrap(_resolved(tensor._data, metadata))
    return tensor.requires_grad_(requires_grad)


def _resolved(array: Array, metadata: dict[str, bool]) -> Array:
    array = np.conj(array) if metadata.get("conj") else array
    return np.negative(array) if metadata.get("neg") else array


def _rebuild_tensor_v3(
    storage: Tensor,
    storage_offset: int,
    size: Any,
    stride: Any,
    requires_grad: bool,
    backward_hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Tensor:
    if not isinstance(dtype, dtypes.dtype):
        raise UnpicklingError(f"a tensor has dtype {dtype!r}")
    tensor = _view(storage, dtype, storage_offset, tuple(size), tuple(stride))
    return tensor.requires_grad_(requires_grad)


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Tensor:
    return Parameter(data, requires_grad)


def _rebuild_parameter_with_state(data: Tensor, requires_grad: bool, backward_hooks: Any, state: Any) -> Tensor:
    return _with_attributes(_rebuild_parameter(data, requires_grad, backward_hooks), state)


def _rebuild_from_type_v2(function: Any, kind: Any, arguments: Any, state: Any) -> Tensor:
    """Build a tensor that carries attributes; ``kind`` is its class."""
    if function not in (_rebuild_tensor_v2, _rebuild_tensor_v3, _rebuild_parameter) or not issubclass(kind, Tensor):
        raise UnpicklingError("a tensor is built by something else than torch's functions")
    tensor = function(*arguments)
    if type(tensor) is Tensor and kind is not Tensor:
        tensor.__class__ = kind
    return _with_attributes(tensor, state)


def _with_attributes(tensor: Tensor, state: Any) -> Tensor:
    if isinstance(state, tuple):
        state = state[0]
    for name, value in (state or {}).items():
        if hasattr(Tensor, name) or not isinstance(name, str):
            raise UnpicklingError(f"a tensor has an attribute {name!r}, which is not the user's to set")
        tensor.__dict__[name] = value
    return tensor


def user_attributes(tensor: Tensor) -> dict[str, Any]:
    """Return what the user has attached to a tensor."""
    own = ("_data", "_storage")
    return {name: value for name, value in vars(tensor).items() if name not in own and not hasattr(Tensor, name)}


def layout(name: str) -> Any:
    """Return the only layout there is."""
    if name != "torch.strided":
        raise UnpicklingError(f"layout {name} is not supported: minitorch has dense tensors")
    return strided


# ---- bytes and NumPy values --------------------------------------------------------------------------------


def encoded(text: str, encoding: str) -> bytes:
    """Return bytes that a pickle of protocol 2 holds as text."""
    if encoding != "latin1":
        raise UnpicklingError(f"bytes are encoded as {encoding!r} instead of 'latin1'")
    return text.encode("latin-1")


def byte_array(content: bytes = b"", encoding: str = "latin1") -> bytearray:
    """Return a bytearray of given bytes (a number would ask for memory)."""
    return bytearray(encoded(content, encoding) if isinstance(content, str) else memoryview(content))


_PLAIN = re.compile(r"[<>|=]?([biufc?]\d*|[SU]\d+)")


def numpy_dtype(code: str, align: Any = False, copy: Any = True) -> Any:
    """Return a NumPy dtype of numbers or strings."""
    if not isinstance(code, str) or not _PLAIN.fullmatch(code):
        raise UnpicklingError(f"NumPy dtype {code!r} is not allowed in data")
    return np.dtype(code, copy=True)


def _dtype_state(target: Any, state: Any) -> None:
    """Accept the byte order; fields, metadata and other sizes are not data."""
    _, order, *fields, size, alignment, flags = state[:8]
    plain = fields == [None] * 3 and size in (-1, target.itemsize) and flags in (0, 8)
    if not plain or order not in ("<", ">", "|", "="):
        raise UnpicklingError("a NumPy dtype with fields is not allowed in data")
    target.__setstate__((3, order, None, None, None, size, alignment, flags))


def numpy_array(kind: Any, shape: Any, code: Any) -> Array:
    """Return an empty array, whose state follows."""
    if kind is not np.ndarray:
        raise UnpicklingError("a NumPy array is of another class")
    return np.empty(0, np.uint8)


def _array_state(target: Any, state: Any) -> None:
    _, shape, kind, is_fortran, content = state
    if not isinstance(kind, np.dtype) or kind.hasobject:
        raise UnpicklingError("a NumPy array of objects is not allowed in data")
    if isinstance(content, str):  # written by Python 2
        content = content.encode("latin-1")
    target.__setstate__((1, tuple(shape), kind, bool(is_fortran), bytes(content)))


def numpy_from_buffer(content: Any, kind: Any, shape: Any, order: str, axes: Any = None) -> Array:
    """Return the array that protocol 5 writes as its bytes."""
    if not isinstance(kind, np.dtype) or kind.hasobject or axes is not None or order not in ("C", "F"):
        raise UnpicklingError("a NumPy array of this kind is not allowed in data")
    array: Array = np.frombuffer(bytearray(content), kind).reshape(tuple(shape), order="F" if order == "F" else "C")
    return array


def numpy_scalar(kind: Any, content: Any) -> Any:
    """Return a NumPy number from its bytes."""
    if not isinstance(kind, np.dtype) or kind.hasobject:
        raise UnpicklingError("a NumPy value of objects is not allowed in data")
    raw = content.encode("latin-1") if isinstance(content, str) else content
    (value,) = np.frombuffer(raw, kind)
    return value


def _ordered_dict_state(target: Any, state: Any) -> None:
    for name, value in state.items():
        if hasattr(OrderedDict, name):
            raise UnpicklingError(f"an OrderedDict has an attribute {name!r}, which is not the user's to set")
        setattr(target, name, value)


STATES: dict[type, Callable[[Any, Any], None]] = {OrderedDict: _ordered_dict_state, np.ndarray: _array_state}
STATES |= dict.fromkeys({type(np.dtype(code)) for code in "?bBhHiIlLqQefdgFDGSU"}, _dtype_state)
