"""Parameter and Buffer: tensors that a Module adopts when they are assigned to it; those of lazy layers, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..memory import Storage
from ..ops.create import empty
from ..tensor import Tensor

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter"]
__all__ += ["UninitializedTensorMixin", "is_lazy"]


class _MarkedType(type):
    """Makes ``isinstance`` also accept tensors of a user's own type that carry the class's mark.

    torch does the same: a Parameter made from a Tensor subclass keeps the subclass.
    """

    _mark = ""

    def __instancecheck__(cls, instance: object) -> bool:
        mark = cls.__dict__.get("_mark", "")
        return super().__instancecheck__(instance) or bool(
            mark and isinstance(instance, Tensor) and instance.__dict__.get(mark, False)
        )


class Parameter(Tensor, metaclass=_MarkedType):
    """A tensor that is trained: assigned to a Module's attribute, it appears in ``parameters()``.

    Parameters
    ----------
    data : Tensor, optional
        The values, which the parameter shares; an empty tensor by default.
    requires_grad : bool
        Whether gradients are collected.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.Parameter(minitorch.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    _mark = "_is_param"

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        """Return a Parameter that shares ``data``'s memory."""
        data = _empty() if data is None else _checked(data, "Parameter")
        if requires_grad and not (data.is_floating_point() or data.is_complex()):
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        param = data.detach()
        if type(data) in (Tensor, Parameter) or isinstance(data, cls):
            param.__class__ = cls
        else:
            param._is_param = True
        return param.requires_grad_(requires_grad)

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        """Do nothing: ``__new__`` has made the parameter from its data."""

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor, metaclass=_MarkedType):
    """A tensor that is state but not trained: assigned to a Module's attribute, it becomes a buffer.

    Parameters
    ----------
    data : Tensor, optional
        The values, which the buffer shares; an empty tensor by default.
    persistent : bool
        Whether the buffer is part of the Module's ``state_dict``.

    Examples
    --------
    >>> import minitorch
    >>> layer = minitorch.nn.Module()
    >>> layer.mean = minitorch.nn.Buffer(minitorch.zeros(2))
    >>> [name for name, _ in layer.named_buffers()]
    ['mean']
    """

    _mark = "_is_buffer"
    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        """Return a tensor, marked as a buffer, that shares ``data``'s memory."""
        data = _empty() if data is None else _checked(data, "Buffer")
        buffer = data.detach().requires_grad_(data.requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        """Do nothing: ``__new__`` has marked a tensor as a buffer."""


def _empty() -> Tensor:
    return Tensor(0)


def _checked(data: Any, what: str) -> Tensor:
    if not isinstance(data, Tensor):
        raise AttributeError(  # what torch's attempt to detach it ends in
            f"'{type(data).__name__}' object has no attribute 'detach': {what} is made of a Tensor, tensor(data)"
        )
    return data


# ---- without a shape yet -------------------------------------------------------------------------------------------

_NO_SHAPE = (
    "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` "
    "when trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the "
    "parameters before accessing their attributes."
)
_NO_VALUES = (
    "Attempted to use an uninitialized parameter. This error happens when you are using a `LazyModule` or explicitly "
    "manipulating `torch.nn.parameter.UninitializedParameter` objects. When using LazyModules Call `forward` with a "
    "dummy batch to initialize the parameters before calling torch functions"
)
_CONVERSIONS = ("to", "half", "float", "double", "bfloat16", "char", "short", "int", "long", "type", "cpu", "cuda")


class UninitializedTensorMixin:
    """A tensor without shape and values: it knows its dtype, and becomes a tensor when it is materialised.

    Every operation reads a tensor's array, so one property says for all of them that there is none yet.
    """

    cls_to_become: type
    _requires: bool
    _blank: Tensor  # empty, of the dtype that the tensor will have

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        """Return a tensor whose values do not exist."""
        self: Any = Tensor.__new__(cls)  # type: ignore[arg-type]
        self._blank, self._storage, self._requires = empty(0, device=device, dtype=dtype), Storage(), requires_grad
        return self

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: ``__new__`` has made the tensor."""

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: Any = None) -> None:
        """Give the tensor memory for a shape, with values that are still to be written."""
        made = empty(tuple(shape), device=device, dtype=dtype or self._blank.dtype)
        del self.__dict__["_blank"]
        self.__class__ = self.cls_to_become
        self._data, self._storage = made._data, made._storage  # type: ignore[misc]

    @property
    def _data(self) -> Any:
        raise ValueError(_NO_VALUES)

    @property
    def shape(self) -> Any:
        """The sizes of all dimensions, which nobody knows: RuntimeError."""
        raise RuntimeError(_NO_SHAPE)

    @property
    def dtype(self) -> Any:
        """The element type that the tensor will have."""
        return self._blank.dtype

    @property
    def data(self) -> Tensor:
        """An empty tensor of the dtype."""
        return self._blank

    @data.setter
    def data(self, other: Any) -> None:
        self._blank = other.data

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Take nothing over from another uninitialised tensor."""
        return self if is_lazy(src) else self._data.copy_(src)

    def share_memory_(self) -> Any:
        """Raise RuntimeError: there is no memory yet."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self._requires, dtype=self.dtype)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self._requires, None, self.dtype)


def _conversion(name: str) -> Callable[..., Any]:
    def convert(self: Any, *args: Any, **kwargs: Any) -> Any:
        return type(self)(self._requires, dtype=getattr(self._blank, name)(*args, **kwargs).dtype)

    convert.__doc__ = f"Return an uninitialised tensor of the dtype that ``{name}`` gives."
    return convert


for _name in _CONVERSIONS:
    setattr(UninitializedTensorMixin, _name, _conversion(_name))


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc, override]
    """A parameter without a shape yet; the lazy layer that holds it gives it one at its first input.

    Examples
    --------
    >>> import minitorch
    >>> p = minitorch.nn.UninitializedParameter()
    >>> p.materialize((2, 3))
    >>> type(p).__name__, p.shape
    ('Parameter', torch.Size([2, 3]))
    """

    cls_to_become = Parameter


class UninitializedBuffer(UninitializedTensorMixin, Tensor):  # type: ignore[misc, override]
    """A buffer without a shape yet; see ``UninitializedParameter``.

    Examples
    --------
    >>> import minitorch
    >>> b = minitorch.nn.UninitializedBuffer(dtype=minitorch.int64)
    >>> b.materialize((2,))
    >>> b.dtype, b.shape
    (torch.int64, torch.Size([2]))
    """

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Any:
        """Return a buffer whose values do not exist."""
        self = super().__new__(cls, requires_grad, device, dtype)
        self.persistent = persistent
        self._is_buffer = True
        return self


def is_lazy(param: Any) -> bool:
    """Return whether a parameter or buffer has no shape yet."""
    return isinstance(param, UninitializedTensorMixin)
