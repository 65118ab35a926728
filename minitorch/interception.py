"""What may stand between a call of an operation and the operation: vmap, forward mode, profilers.

Every thread has a stack of handlers. An operation goes to the innermost one, which may answer itself or apply
operations in its turn; those go to the next one outward, and what leaves the outermost is computed. While no
thread has a handler, all of this costs an operation one look at `active`.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

__all__ = ["Handler", "local", "through"]

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

    def __enter__(self) -> Any:
        local.stack.append(self)
        _count(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        local.stack.remove(self)
        _count(-1)


def _count(change: int) -> None:
    global active
    with _counting:
        active += change


class through:
    """The block in which the innermost handler is asked: it stands aside, so that its own operations go outward."""

    __slots__ = ("handler",)

    def __enter__(self) -> Handler:
        self.handler = local.stack.pop()
        return self.handler

    def __exit__(self, *exc: object) -> None:
        local.stack.append(self.handler)
