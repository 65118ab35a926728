"""Memory shared with other libraries: DLPack (https://dmlc.github.io/dlpack), Python's buffers, NumPy's functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import dtype as Dtype
from ..memory import Array
from ..op import register
from ..tensor import method, wrap
from ._common import Tensor
from .create import as_tensor

__all__ = ["asarray", "from_dlpack", "frombuffer", "to_dlpack"]

_CPU = (1, 0)  # DLPack's number of the kind of device, and which of them


def _exported(x: Tensor) -> Array:
    """Return the array that others may see; BufferError if the tensor has a history, or no type of theirs."""
    if x.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if x._data.dtype.kind == "V":
        raise BufferError("NumPy, which exports the memory, has no bfloat16: convert the tensor with float() first")
    return x._visible()


@method
def __dlpack__(
    self: Tensor, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
) -> Any:
    """Return a DLPack capsule over the tensor's memory."""
    if stream is not None:
        raise BufferError("stream should be None for cpu.")
    array = _exported(self)
    return (array.copy() if copy else array).__dlpack__()


@method
def __dlpack_device__(self: Tensor) -> tuple[int, int]:
    """Return DLPack's numbers of the device: the CPU."""
    return _CPU


@method
def __buffer__(self: Tensor, flags: int) -> memoryview:
    """Return the memory as Python's buffer (from Python 3.12 on; before, `memoryview(tensor.numpy())`)."""
    return _exported(self).data


@method
def __array_wrap__(self: Tensor, array: Array, context: Any = None, return_scalar: bool = False) -> Tensor:
    """Return the result of a NumPy function of the tensor as a tensor; truth values as uint8, as torch has them."""
    array = np.asarray(array)
    return wrap(array.astype(np.uint8) if array.dtype == bool else array)


def to_dlpack(tensor: Tensor) -> Any:
    """Return a DLPack capsule over the tensor's memory, for `from_dlpack` of any library.

    Examples
    --------
    >>> import minitorch
    >>> type(minitorch.to_dlpack(minitorch.ones(2))).__name__
    'PyCapsule'
    """
    return tensor.__dlpack__()


class _Capsule:
    """A capsule, which NumPy takes from what offers one only."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """Return a tensor over the memory of another library's array, or of a DLPack capsule.

    Raises
    ------
    BufferError : memory that cannot be shared.

    Examples
    --------
    >>> import minitorch, numpy
    >>> minitorch.from_dlpack(numpy.array([1.0, 2.0]))
    tensor([1., 2.], dtype=torch.float64)
    """
    array = np.from_dlpack(ext_tensor if hasattr(ext_tensor, "__dlpack__") else _Capsule(ext_tensor))
    return wrap(array.copy() if copy else array)


def frombuffer(buffer: Any, *, dtype: Dtype, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """Return a vector over the memory of an object with Python's buffer protocol.

    Raises
    ------
    ValueError : a buffer that is empty, or ends before ``count`` elements.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.frombuffer(bytearray([1, 0, 2, 0]), dtype=minitorch.int16)
    tensor([1, 2], dtype=torch.int16)
    """
    size, left = dtype.numpy.itemsize, memoryview(buffer).nbytes - offset
    if left + offset <= 0:
        raise ValueError("both buffer length (0) and count (-1) must not be 0")
    if left < 0 or (count < 0 and left % size):
        raise ValueError(
            f"buffer length ({left} bytes) after offset ({offset} bytes) must be a multiple of element size ({size})"
        )
    if count >= 0 and count * size > left:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than "
            f"actual buffer length ({left + offset} bytes)"
        )
    found = wrap(np.frombuffer(buffer, dtype.numpy, count, offset))
    return found.requires_grad_() if requires_grad else found


def asarray(
    obj: Any, *, dtype: Dtype | None = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """Return an object as a tensor: of its memory where it has some (unless ``copy``), else of its values.

    Raises
    ------
    ValueError : ``copy=False`` for what must be copied.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.asarray([1.0, 2.0])
    tensor([1., 2.])
    """
    found = as_tensor(obj, dtype=dtype, device=device)
    given = obj._data if isinstance(obj, Tensor) else obj
    shared = isinstance(given, np.ndarray) and np.shares_memory(found._data, given)
    if copy is False and not shared:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    found = found.clone() if copy and shared else found
    return found.detach().requires_grad_() if requires_grad else found


for _fn in (to_dlpack, from_dlpack, frombuffer, asarray):
    register(_fn, methods=(), differentiable=False)
