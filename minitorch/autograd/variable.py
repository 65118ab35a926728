"""What autograd adds to tensors: flags, gradients, hooks, and ways off the tape."""

from __future__ import annotations

import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..dispatch import edge_of, requires
from ..errors import shape_text
from ..handles import RemovableHandle, add_hook
from ..memory import inference
from ..tape import Node, shown
from ..tensor import Tensor, method

__all__ = ["Variable"]


@method
def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """Set in place whether gradients are collected for this leaf."""
    if self._node is not None:
        if requires_grad:
            return self
        raise RuntimeError(
            "you can only change requires_grad flags of leaf variables. If you want to use a computed "
            "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
        )
    if requires_grad and self._data.dtype.kind not in "fcV":
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    if requires_grad and self._storage.of_inference and not inference.on:
        raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
    self._requires = bool(requires_grad)
    return self


def _set_requires_grad(self: Tensor, on: bool) -> None:
    requires_grad_(self, on)


def _grad_fn(self: Tensor) -> Node | None:
    edge = edge_of(self)
    return shown(edge[0]) if edge is not None and isinstance(edge[0], Node) else None


def _set_grad(self: Tensor, grad: Tensor | None) -> None:
    if grad is not None:
        if not isinstance(grad, Tensor):
            raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(grad).__name__}")
        if grad is self:
            raise RuntimeError("can't assign Variable as its own grad")
        if grad._data.dtype != self._data.dtype:
            raise RuntimeError(
                f"attempting to assign a gradient with dtype '{grad.dtype}' to a tensor with grad_dtype "
                f"'{self.dtype}'. The gradient must match the tensor's dtype; convert it with "
                "grad.to(tensor.dtype)."
            )
        if grad._data.shape != self._data.shape:
            raise RuntimeError(
                f"attempting to assign a gradient of size '{shape_text(grad._data.shape)}' to a tensor of size "
                f"'{shape_text(self._data.shape)}'. Please ensure that the gradient and the tensor are the same size"
            )
    self._grad = grad


Tensor.requires_grad = property(requires, _set_requires_grad, doc="Whether gradients are collected.")  # type: ignore[attr-defined]
Tensor.grad_fn = property(_grad_fn, doc="The node that computed this tensor, or None.")  # type: ignore[attr-defined]
Tensor.grad = property(lambda self: self._grad, _set_grad, doc="The gradient accumulated so far, or None.")  # type: ignore[attr-defined]
Tensor.output_nr = property(lambda self: self._index, doc="Which output of `grad_fn` this is.")  # type: ignore[attr-defined]
Tensor.retains_grad = property(lambda self: self._retains, doc="Whether `retain_grad` was called.")  # type: ignore[attr-defined]


@method
def register_hook(self: Tensor, hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(grad)`` when the gradient of this tensor is known; what it returns replaces the
    gradient.
    """
    edge = edge_of(self)
    if edge is None:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    owner, index = edge
    if not isinstance(owner, Tensor):
        return owner.hook_output(index, hook)
    if self._hooks is None:
        self._hooks = OrderedDict()
    return add_hook(self._hooks, hook)


@method
def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(tensor)`` after a backward pass has added to this leaf's ``.grad``."""
    if not self._requires:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self._node is not None:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    if self._post_hooks is None:
        self._post_hooks = OrderedDict()
    return add_hook(self._post_hooks, hook)


@method
def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this computed tensor in its ``.grad``."""
    edge = edge_of(self)
    if edge is None:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if isinstance(edge[0], Node):
        edge[0].retain, edge[0].watched = edge[0].retain or {}, True
        edge[0].retain[edge[1]] = weakref.ref(self)
        self._retains = True


@method
def _is_view(self: Tensor) -> bool:
    """Return whether an in-place write goes through this tensor into a base's history."""
    return self._base is not None


@method
def detach(self: Tensor) -> Tensor:
    """Return the same elements off the tape, sharing memory and the write counter."""
    out = Tensor.__new__(Tensor)
    out._data, out._storage, out._chain = self._data, self._storage, self._chain
    if self._storage.private:
        out._storage.join(out)
    return out


@method
def detach_(self: Tensor) -> Tensor:
    """Take this tensor off the tape."""
    if self._base is not None:
        raise RuntimeError("Can't detach views in-place. Use detach() instead.")
    self._node, self._index, self._requires = None, 0, False
    return self


class _IsTensor(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_IsTensor):
    """What tensors with gradients were called before torch 0.4: the call gives a tensor, every tensor is one.

    TypeError for data that is not a tensor, RuntimeError for gradients of integers.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.autograd.Variable(minitorch.ones(1), requires_grad=True)
    tensor([1.], requires_grad=True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Any:
        """Return a tensor off the tape that shares the data's memory."""
        if volatile is not None:
            text = "volatile was removed and now has no effect. Use `with torch.no_grad():` instead."
            warnings.warn(text, stacklevel=2)
        if data is not None and not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        tensor = Tensor() if data is None else data.detach()
        if requires_grad and tensor._data.dtype.kind not in "fcV":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        return tensor.requires_grad_(requires_grad)
