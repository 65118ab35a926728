"""Parameter and Buffer: tensors that a Module adopts when they are assigned to it."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor

__all__ = ["Buffer", "Parameter"]


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
        raise TypeError(f"{what}: data must be a Tensor, got {type(data).__name__}: make one with tensor(data)")
    return data
