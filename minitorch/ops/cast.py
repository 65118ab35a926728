"""Conversions: ``to`` and its short forms; the gradient of a cast is a cast back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import convert, dtypes
from ..device import check_device, device, memory_format, preserve_format
from ..dtypes import dtype
from ..keywords import as_dtype
from ..op import Make, Op, Sample, register
from ..tensor import method
from ._common import Tensor, apply

__all__ = ["to"]

type_ = type  # `type` is an operation below

# the walk casts gradients to the dtype of the value they belong to
CAST: Op = Op("to_copy", lambda x, kind: convert.cast(x, kind, copy=True), lambda node, g: g)


def _parse(args: tuple[Any, ...]) -> tuple[dtype | None, Any, bool]:
    """Return (dtype, device, copy) of the positional forms ``to(dtype)``, ``to(device, dtype)``, ``to(other)``."""
    kind, where = None, None
    flags = []
    for a in args:
        if isinstance(a, (dtype, type_)):
            kind = as_dtype("to", a)
        elif isinstance(a, Tensor):
            kind = a.dtype
        elif isinstance(a, (str, device)):
            where = a
        elif isinstance(a, bool):
            flags.append(a)
        elif isinstance(a, int):
            raise RuntimeError("Cannot access accelerator device when none is available.")
        elif a is not None:
            raise TypeError(f"to() received an invalid combination of arguments - got ({type(a).__name__})")
    return kind, where, len(flags) > 1 and flags[1]


def to(self: Tensor, *args: Any, dtype: dtype | None = None, device: Any = None, non_blocking: bool = False,
       copy: bool = False, memory_format: memory_format = preserve_format) -> Tensor:  # fmt: skip
    """Return the tensor in another dtype, memory format or (here only the CPU) device; itself if nothing changes.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1.7, -1.7]).to(minitorch.int64)
    tensor([ 1, -1])
    """
    kind, where, flagged = _parse(args)
    check_device(where if device is None else device)
    kind = dtype or kind or self.dtype
    result = apply(CAST, (self,), (kind,)) if kind is not self.dtype or copy or flagged else self
    if memory_format is preserve_format:
        return result
    return result.contiguous(memory_format=memory_format)


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("double", (make(2, 3), dtypes.float64))
    yield Sample("copied", (make(2, 3),), {"copy": True})


register(to, samples=_samples, top=False)


def _short(name: str, kind: dtype) -> None:
    def cast(self: Tensor, memory_format: memory_format = preserve_format) -> Tensor:
        return to(self, kind, memory_format=memory_format)

    cast.__name__ = cast.__qualname__ = name
    cast.__doc__ = f"Return the tensor as {kind}."
    method(cast, name)


for _name, _kind in {**dtypes.ALIASES, "bool": dtypes.bool_, "byte": dtypes.uint8, "char": dtypes.int8,
                     "bfloat16": dtypes.bfloat16}.items():  # fmt: skip
    _short(_name, _kind)


@method
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """Return the tensor in the dtype of ``other``."""
    return to(self, other.dtype)


_TYPE_NAMES = {"FloatTensor": dtypes.float32, "DoubleTensor": dtypes.float64, "HalfTensor": dtypes.float16,
               "BFloat16Tensor": dtypes.bfloat16, "LongTensor": dtypes.int64, "IntTensor": dtypes.int32,
               "ShortTensor": dtypes.int16, "CharTensor": dtypes.int8, "ByteTensor": dtypes.uint8,
               "BoolTensor": dtypes.bool_, "ComplexFloatTensor": dtypes.complex64,
               "ComplexDoubleTensor": dtypes.complex128, "UInt16Tensor": dtypes.uint16,
               "UInt32Tensor": dtypes.uint32, "UInt64Tensor": dtypes.uint64}  # fmt: skip


@method
def type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """Return torch's type name ("torch.FloatTensor"), or the tensor in another dtype."""
    if dtype is None:
        return "torch." + next(name for name, kind in _TYPE_NAMES.items() if kind is self.dtype)
    kind = _TYPE_NAMES.get(dtype.removeprefix("torch.")) if isinstance(dtype, str) else getattr(dtype, "dtype", dtype)
    if not isinstance(kind, dtypes.dtype):
        raise ValueError(f"invalid type: '{getattr(dtype, '__name__', dtype)}'")
    return to(self, kind)


@method
def cpu(self: Tensor, memory_format: memory_format = preserve_format) -> Tensor:
    """Return the tensor, which is on the CPU already."""
    return self


@method
def cuda(self: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """Raise as torch's CPU build does: there is no CUDA device."""
    check_device("cuda")
    return self


@method
def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """Raise as torch's CPU build does: pinned memory needs an accelerator."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


method(lambda self, device=None: False, "is_pinned")
