"""What may stand between a call of an operation and the operation: vmap, forward mode, profilers.

Every thread has a stack of handlers. An operation goes to the innermost one, which may answer itself or apply
operations in its turn; those go to the next one outward, and what leaves the outermost is computed. While no
thread has a handler, all of this costs an operation one look at `active`.
"""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["Handler", "drawn", "lifted", "local", "through", "transforming"]

active = 0  # how many handlers there are, in all threads
_counting = threading.Lock()


class _Local(threading.local):
    """Each thread's handlers, the innermost last."""

    def __init__(self) -> None:
        self.stack: list[Handler] = []


local = _Local()


class Handler:
    """A context in which operations come to `apply`, and in-place operations to `apply_`."""

    transforms = True  # whether tensors mean something else inside; observers only look on

    def apply(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        """Answer an operation."""
        raise NotImplementedError

    def apply_(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        """Answer an operation that writes over its first input."""
        raise NotImplementedError

    def function(self, cls: Any, args: tuple[Any, ...]) -> Any:
        """Answer the application of a user's `autograd.Function`."""
        return cls.apply(*args)

    def lift(self, x: Any, inner: list[Handler]) -> Any:
        """Return a tensor as one of this handler, which ``inner`` ones know as they knew the tensor; None: no need."""

    def draw(self) -> None:
        """Be told that random numbers are drawn; what forbids that raises."""

    def __enter__(self) -> Any:
        local.stack.append(self)
        _count(1)
        return self

    def __exit__(self, *exc: object) -> None:
        local.stack.remove(self)
        _count(-1)


def _count(change: int) -> None:
    global active
    with _counting:
        active += change


def drawn() -> None:
    """Tell the handlers of this thread, the innermost first, that random numbers are drawn."""
    for handler in reversed(local.stack):
        handler.draw()


def lifted(x: Any) -> Any:
    """Return a tensor that gradients inside of the innermost transform can be taken by."""
    for i in reversed(range(len(local.stack))):
        found = local.stack[i].lift(x, local.stack[i + 1 :])
        if found is not None:
            return found
    return x


def transforming() -> bool:
    """Return whether tensors mean something else in this thread than their elements: under vmap and the like."""
    return any(handler.transforms for handler in local.stack)


class through:
    """The block in which the innermost handler is asked: it stands aside, so that its own operations go outward."""

    __slots__ = ("handler",)

    def __enter__(self) -> Handler:
        self.handler = local.stack.pop()
        return self.handler

    def __exit__(self, *exc: object) -> None:
        local.stack.append(self.handler)
