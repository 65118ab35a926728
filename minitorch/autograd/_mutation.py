"""Writing to saved values without harm: they are copied before the write."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

from .. import interception
from ..dispatch import apply
from ..inplace import apply_
from ..tensor import Tensor
from ._saving import hooks, special_keeping

__all__ = ["allow_mutation_on_saved_tensors"]


class _Held:
    """A saved value: an alias until its memory is about to be written, then a copy."""

    __slots__ = ("tensor", "__weakref__")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor.detach()


class _AllowMutationOnSavedContext(interception.Handler):
    """Sees in-place operations before they write."""

    transforms = False

    def __init__(self) -> None:
        self.open = True
        self.held: weakref.WeakSet[_Held] = weakref.WeakSet()

    def pack(self, tensor: Tensor) -> _Held:
        held = _Held(tensor)
        self.held.add(held)
        return held

    def unpack(self, held: _Held) -> Tensor:
        if not self.open:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph was "
                "originally recorded."
            )
        return held.tensor

    def apply(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        return apply(op, inputs, params)

    def apply_(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        storage = inputs[0]._storage
        for held in list(self.held):
            if held.tensor._storage is storage:
                held.tensor = held.tensor.clone()
                self.held.discard(held)
        return apply_(op, inputs, params)

    def clear(self) -> None:
        """Forget what was saved so far."""
        self.held.clear()


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_AllowMutationOnSavedContext]:
    """Let in-place operations write over values that the backward pass needs: those are copied first.

    Backward must run inside the block. RuntimeError if blocks are nested.

    Examples
    --------
    >>> import minitorch
    >>> with minitorch.autograd.graph.allow_mutation_on_saved_tensors():
    ...     x = minitorch.tensor(3.0, requires_grad=True)
    ...     y = x.clone()
    ...     z = y**2
    ...     _ = y.sin_()
    ...     z.backward()
    >>> x.grad
    tensor(6.)
    """
    if any(isinstance(handler, _AllowMutationOnSavedContext) for handler in interception.local.stack):
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    context = _AllowMutationOnSavedContext()
    with special_keeping(), context:
        hooks.pairs.append((context.pack, context.unpack))
        try:
            yield context
        finally:
            hooks.pairs.pop()
            context.open = False
            context.clear()
