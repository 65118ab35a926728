"""Questions about tensors, names of the same thing, and conversions that need no computation."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import convert
from ..dtypes import dtype
from ..op import register
from ..tensor import method, wrap
from ._common import Tensor, ints
from ._titles import titled
from .create import as_tensor, empty, full, ones, tensor, zeros
from .parts import chunk, narrow, split
from .shape import transpose

__all__ = ["adjoint", "is_conj", "is_inference", "is_neg", "is_nonzero", "is_same_size", "narrow_copy", "positive",
           "resolve_conj", "resolve_neg"]  # fmt: skip


def _query(name: str, answer: Callable[..., Any], what: str, call: str, shown: str) -> Callable[..., Any]:
    """Make, document and register a function of a tensor that no gradient passes through."""

    def fn(input: Tensor) -> Any:
        return answer(input)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""Return {what}.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{call}
    {shown}
    """
    register(fn, differentiable=False)
    return fn


is_nonzero = _query("is_nonzero", bool, "whether the only element is not 0; RuntimeError unless there is exactly one",
                    "is_nonzero(minitorch.tensor(3))", "True")  # fmt: skip
is_conj = _query("is_conj", lambda x: False, "whether a conjugation is still to be done: it never is",
                 "is_conj(minitorch.tensor(1j).conj())", "False")  # fmt: skip
is_neg = _query("is_neg", lambda x: False, "whether a negation is still to be done: it never is",
                "is_neg(minitorch.ones(1))", "False")  # fmt: skip
resolve_conj = _query("resolve_conj", lambda x: x, "the tensor, whose conjugation is done already",
                      "resolve_conj(minitorch.tensor(1))", "tensor(1)")  # fmt: skip
resolve_neg = _query("resolve_neg", lambda x: x, "the tensor, whose negation is done already",
                     "resolve_neg(minitorch.tensor(1))", "tensor(1)")  # fmt: skip
is_inference = _query("is_inference", lambda x: x._storage.of_inference, "whether inference mode made the tensor",
                      "is_inference(minitorch.ones(1))", "False")  # fmt: skip


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Return whether two tensors have the same shape.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.is_same_size(minitorch.ones(2), minitorch.zeros(2))
    True
    """
    return input._data.shape == other._data.shape


@method
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Return whether both tensors are the same view of the same memory."""
    return (
        self.data_ptr() == tensor.data_ptr()
        and self._data.shape == tensor._data.shape
        and self.stride() == tensor.stride()
    )


def positive(input: Tensor) -> Tensor:
    """Return the tensor; RuntimeError for bool.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.positive(minitorch.tensor([-1]))
    tensor([-1])
    """
    if input._data.dtype == bool:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def adjoint(input: Tensor) -> Tensor:
    """Return the conjugate with the last two dimensions swapped.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.adjoint(minitorch.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    if not input._data.ndim:
        return input.conj()
    return transpose(input, -2, -1).conj()


def _hermitian(self: Tensor) -> Tensor:
    if self._data.ndim not in (0, 2):
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {self._data.ndim}-D tensor.")
    return adjoint(self)


Tensor.H = property(_hermitian, doc="The conjugate transpose of a matrix.")  # type: ignore[attr-defined]
Tensor.mH = property(adjoint, doc="The conjugate with the last two dimensions swapped.")  # type: ignore[attr-defined]


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a copy of ``length`` elements from ``start`` along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.narrow_copy(minitorch.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    return titled("NarrowCopyBackward0", narrow(input, dim, start, length).contiguous().clone())


@method
def new(self: Tensor, *args: Any, device: Any = None) -> Tensor:
    """Return a new tensor with the dtype of this one: of given sizes, or of data."""
    return wrap(convert.legacy(args, self.dtype))


@method
def new_empty_strided(
    self: Tensor, size: Any, stride: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return an uninitialised tensor with given strides."""
    shape, steps = ints((size,)), ints((stride,))
    kind = (dtype or self.dtype).numpy
    need = 1 + sum((n - 1) * s for n, s in zip(shape, steps)) if 0 not in shape else 0
    array = np.lib.stride_tricks.as_strided(np.empty(need, kind), shape, [s * kind.itemsize for s in steps])
    return wrap(array).requires_grad_(requires_grad)


@method
def share_memory_(self: Tensor) -> Tensor:
    """Move the elements to memory that processes forked from this one share; return the tensor.

    Do it before views of the tensor are made: they keep the old memory. RuntimeError for a view.

    >>> import minitorch
    >>> minitorch.zeros(2).share_memory_().is_shared()
    True
    """
    if self._chain:
        raise RuntimeError("share_memory_: the tensor is a view; share the tensor that it is a view of")
    array = self._visible()
    if array.size and not is_shared(self):
        flat = np.frombuffer(mmap.mmap(-1, array.nbytes), array.dtype)
        moved = np.ndarray(array.shape, array.dtype, flat, 0, np.empty_like(array).strides)
        moved[...] = array
        self._data = moved
    return self


@method
def is_shared(self: Tensor) -> bool:
    """Return whether `share_memory_` moved the elements to memory that processes share."""
    owner: Any = self._data
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return isinstance(owner.obj if isinstance(owner, memoryview) else owner, mmap.mmap)


@method
def set_(self: Tensor, source: Any = None, *args: Any) -> Tensor:
    """Make the tensor share the memory of another one."""
    if source is None:
        self.data = as_tensor([], dtype=self.dtype)
    elif isinstance(source, Tensor) and not args:
        self.data = source
    else:
        raise NotImplementedError("set_: storages are not exposed; give a tensor, or use as_strided")
    return self


method(chunk, "unsafe_chunk")
method(split, "unsafe_split")
method(split, "unsafe_split_with_sizes")
for _flag in ("is_ipu", "is_maia", "is_mtia", "is_sparse_csr", "is_vulkan", "is_xla"):
    setattr(Tensor, _flag, False)

register(is_same_size, differentiable=False)
register(positive, differentiable=False)
register(adjoint, differentiable=False)
register(narrow_copy, differentiable=False)
method(Tensor.atan2_, "arctan2_")  # type: ignore[attr-defined]


# ---- new_* methods -------------------------------------------------------------------------------------------------


def _new_constant(name: str, fn: Callable[..., Tensor]) -> None:
    def new(
        self: Tensor,
        *sizes: Any,
        dtype: dtype | None = None,
        layout: Any = None,
        device: Any = None,
        pin_memory: bool = False,
        requires_grad: bool = False,
    ) -> Tensor:
        return fn(*sizes, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)

    new.__name__ = new.__qualname__ = name
    new.__doc__ = f"Return `{name[4:]}` of a given size with the tensor's dtype."
    method(new, name)


for _name, _fn in (("new_zeros", zeros), ("new_ones", ones), ("new_empty", empty)):
    _new_constant(_name, _fn)


@method
def new_full(
    self: Tensor,
    size: Any,
    fill_value: Any,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Return a tensor of a given size filled with one number, with the tensor's dtype."""
    return full(size, fill_value, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)


@method
def new_tensor(
    self: Tensor, data: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a new leaf of ``data`` with the tensor's dtype."""
    return tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)
