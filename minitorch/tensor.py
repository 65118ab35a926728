"""The tensor: an array, its storage, and its place on the tape.

This file holds what a tensor *is*. What it can *do* is attached by the op families (`op.register`) and by
the tape, so that each operation stands in one place only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from . import convert, dtypes, memory
from ._printing import format_tensor
from .device import CPU, channels_last, channels_last_3d, contiguous_format, device, memory_format, strided
from .dtypes import dtype
from .handles import HookTable
from .keywords import answering
from .memory import Array, Storage, copied
from .size import Size

__all__ = ["Size", "Tensor", "bare", "method", "wrap"]

F = TypeVar("F", bound=Callable[..., Any])


def method(fn: F, name: str | None = None) -> F:
    """Attach a function to Tensor under its own name (or ``name``)."""
    setattr(Tensor, name or fn.__name__, answering(fn))
    return fn


class Tensor:
    """A multi-dimensional array that remembers how it was computed.

    Make one with `minitorch.tensor`, `minitorch.zeros` and the other creation functions; the constructor
    follows torch's legacy one: ``Tensor(2, 3)`` is uninitialised, ``Tensor([1, 2])`` holds floats.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    # What every operation looks at stands in slots, many times faster than a class's defaults, and set on every tensor.
    __slots__ = (
        "_data", "_storage", "_requires", "_node", "_index", "_base", "_chain", "_seen", "_frozen", "__dict__",
        "__weakref__",
    )  # fmt: skip
    _data: Array
    _storage: Storage
    _requires: bool
    _node: Any  # the node that computed this tensor; None for leaves
    _index: int  # which of the node's outputs this is
    _base: Tensor | None  # views: the tensor whose history an in-place write rewrites
    _chain: tuple[tuple[Any, tuple[Any, ...]], ...]  # view operations from the storage's owner to here
    _seen: int  # views: `storage.rebases` when `_node` was last derived
    _frozen: str  # views that must not be written in place while recording: why
    # The rest is seldom asked for.
    _grad: Tensor | None = None
    _hooks: HookTable | None = None  # leaves: gradient hooks
    _post_hooks: HookTable | None = None  # leaves: hooks after accumulation
    _node_hooks: tuple[HookTable, HookTable] | None = None  # leaves: hooks before and after their `AccumulateGrad`
    _retains = False
    _tangents: dict[Any, Tensor] | None = None  # forward mode: the derivatives that this tensor carries, by level
    __array_priority__ = 1000

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Return a tensor that is no view and on no tape; the array and its storage are still to be set."""
        self = _new(cls)
        self._requires, self._node, self._index = False, None, 0
        self._base, self._chain, self._seen, self._frozen = None, (), 0, ""
        return self

    def __init__(self, *args: Any, dtype: dtype | None = None, device: Any = None) -> None:
        self._data = convert.legacy(args, dtype or dtypes.get_default_dtype())
        self._storage = wrap(self._data)._storage

    if TYPE_CHECKING:  # attached by the op families

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]

    # ---- what it is ----------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes of all dimensions."""
        return Size(self._data.shape)

    def size(self, dim: int | None = None, *, axis: int | None = None) -> Any:
        """Return the shape, or the size of dimension ``dim``."""
        dim = axis if dim is None else dim
        return Size(self._data.shape) if dim is None else self._data.shape[self._existing(dim)]

    def _existing(self, dim: int) -> int:
        """Return ``dim`` counted from 0; IndexError if there is no such dimension."""
        if not self._data.ndim:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        return convert.wrap_dim(dim, self._data.ndim)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._data.ndim

    def dim(self) -> int:
        """Return the number of dimensions."""
        return self._data.ndim

    def numel(self) -> int:
        """Return the number of elements."""
        return self._data.size

    @property
    def dtype(self) -> dtype:
        """The element type."""
        return dtypes.FROM_NUMPY[self._data.dtype]

    @property
    def device(self) -> device:
        """The device that holds the tensor: always the CPU."""
        return CPU

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._data.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._data.nbytes

    def is_floating_point(self) -> bool:
        """Return whether the dtype is a floating-point one."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Return whether the dtype is complex."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Return whether the dtype has negative values."""
        return self.dtype.is_signed

    def stride(self, dim: int | None = None, *, axis: int | None = None) -> Any:
        """Return the strides in elements, as torch would lay the tensor out."""
        dim = axis if dim is None else dim
        array = self._visible()
        strides = tuple(s // array.itemsize for s in convert.torch_strides(array, is_view=bool(self._chain)))
        return strides if dim is None else strides[self._existing(dim)]

    def storage_offset(self) -> int:
        """Return the offset of the first element in its storage, in elements."""
        array = self._visible()
        whole = array if array.base is None or not isinstance(array.base, np.ndarray) else array.base
        return int(array.ctypes.data - whole.ctypes.data) // array.itemsize

    def data_ptr(self) -> int:
        """Return the address of the first element."""
        return int(self._visible().ctypes.data)

    def is_contiguous(self, memory_format: memory_format = contiguous_format) -> bool:
        """Return whether the elements stand in memory in the order of ``memory_format``, as torch would lay
        them.
        """
        if memory_format is contiguous_format:
            if self._storage.private and not self._chain:
                return True
            return self._visible().flags.c_contiguous
        ndim = {channels_last: 4, channels_last_3d: 5}.get(memory_format)
        if ndim != self._data.ndim:
            return False
        return bool(np.moveaxis(self._visible(), 1, -1).flags.c_contiguous)

    def _visible(self) -> Array:
        """Return the array in the layout torch would have (private layouts are given up)."""
        if self._storage.private:
            self._storage.reveal()
        return self._data

    # ---- autograd state ------------------------------------------------------------------------------------

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation computed this tensor."""
        return not self.requires_grad or self._node is None

    @property
    def _version(self) -> int:
        """The number of in-place writes to the storage so far."""
        return self._storage.version

    @property
    def data(self) -> Tensor:
        """The same elements, off the tape and with a write counter of its own."""
        return memory.alike(wrap(self._visible()), self)

    @data.setter
    def data(self, other: Tensor) -> None:
        if self._requires and other.dtype.category < dtypes.FLOAT:
            raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
        self._data, self._storage, self._chain, self._base = other._data, other._storage, other._chain, None
        if self._storage.private:
            self._storage.reveal()

    # ---- values --------------------------------------------------------------------------------------------

    def item(self) -> Any:
        """Return the only element as a Python number; RuntimeError unless there is exactly one."""
        if self._data.size != 1:
            raise RuntimeError(f"a Tensor with {self._data.size} elements cannot be converted to Scalar")
        return convert.to_python(self._data.reshape(()))

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return convert.to_python(self._data)

    def numpy(self, *, force: bool = False) -> Array:
        """Return the elements as a NumPy array that shares memory; RuntimeError if the tensor requires
        grad.
        """
        if self.requires_grad and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        array = self._visible()
        if array.dtype == dtypes.BFLOAT16:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = self.numpy()
        if dtype is not None and array.dtype != np.dtype(dtype):
            return array.astype(dtype)
        return array.copy() if copy else array

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._data.shape[0]

    def __bool__(self) -> bool:
        if self._data.size != 1:
            count = "more than one value" if self._data.size else "no values"
            raise RuntimeError(f"Boolean value of Tensor with {count} is ambiguous")
        return bool(self.item())

    def __int__(self) -> int:
        return int(convert.real_part(self._only(), "int64_t"))

    def __float__(self) -> float:
        return float(convert.real_part(self._only(), "double"))

    def __complex__(self) -> complex:
        return complex(self._only())

    def _only(self) -> Any:
        if self._data.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __index__(self) -> int:
        if self._data.size != 1 or self._data.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __iter__(self) -> Iterator[Tensor]:
        if not self._data.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element: object) -> bool:
        if isinstance(element, (Tensor, int, float, complex, bool)):
            return bool((self == element).any())
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")

    def __hash__(self) -> int:
        return id(self)

    def __format__(self, spec: str) -> str:
        if not self._data.ndim and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        edge = self.grad_fn
        return format_tensor(self._data, self.dtype, self.requires_grad, None if edge is None else edge.name())

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at "
                "the moment. If you were attempting to deepcopy a module, this may be because of a "
                "torch.nn.utils spectral_norm usage; detach() the tensor, or clone() it on the tape"
            )
        if id(self) in memo:
            return memo[id(self)]
        twin = wrap(copied(self._visible()), type(self))
        memo[id(self)] = twin
        twin._requires = self._requires
        if self._grad is not None:
            twin._grad = self._grad.__deepcopy__(memo)
        twin.__dict__.update(_user_attributes(self, memo))
        return twin

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise RuntimeError("cannot pickle a tensor that a recorded operation computed; detach() it first")
        return _rebuild, (
            type(self),
            self._visible(),
            self._requires,
        )


def _user_attributes(tensor: Tensor, memo: dict[int, Any]) -> dict[str, Any]:
    import copy

    own = {name: value for name, value in tensor.__dict__.items() if not hasattr(Tensor, name)}
    return {name: copy.deepcopy(v, memo) for name, v in own.items()}


def _rebuild(cls: type[Tensor], array: Array, requires_grad: bool) -> Tensor:
    tensor = wrap(array, cls)
    tensor._requires = requires_grad
    return tensor


_new = object.__new__


def bare(array: Array) -> Tensor:
    """Return a tensor on a storage of its own over an array."""
    tensor = _new(Tensor)  # what `Tensor.__new__` does, without the call
    tensor._requires, tensor._node, tensor._index = False, None, 0
    tensor._base, tensor._chain, tensor._seen, tensor._frozen = None, (), 0, ""
    tensor._data = array
    tensor._storage = memory.infer(Storage()) if memory.inferring else Storage()
    return tensor


def wrap(array: Any, cls: type[Tensor] = Tensor) -> Tensor:
    """Return a tensor on a storage of its own over a NumPy array (or scalar), without a copy."""
    tensor = bare(array if type(array) is np.ndarray else np.asarray(array))
    if cls is not Tensor:
        tensor.__class__ = cls
    return tensor


Tensor.nelement = Tensor.numel  # type: ignore[attr-defined]
Tensor.ndimension = Tensor.dim  # type: ignore[attr-defined]
Tensor.element_size = lambda self: self._data.itemsize  # type: ignore[attr-defined]
Tensor.get_device = lambda self: -1  # type: ignore[attr-defined]
for _flag in (
    "is_cuda",
    "is_mps",
    "is_xpu",
    "is_sparse",
    "is_quantized",
    "is_meta",
    "is_mkldnn",
    "is_nested",
):
    setattr(Tensor, _flag, False)
Tensor.is_cpu = True  # type: ignore[attr-defined]
Tensor.layout = strided  # type: ignore[attr-defined]
