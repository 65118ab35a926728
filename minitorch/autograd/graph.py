"""The graph as users may look at it and steer it: nodes, edges, hooks on saved values, hooks on several gradients.

Source: the functions are those of torch.autograd.graph.
"""

from __future__ import annotations

import abc
import contextlib
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .. import tape
from ..backward import current_walk
from ..dispatch import edge_of
from ..tape import accumulator
from ..tensor import Tensor
from ._mutation import allow_mutation_on_saved_tensors
from ._saving import hooks, special_keeping
from .engine import GradientEdge

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class Node(abc.ABC):
    """What ``grad_fn`` is: one recorded operation, for ``isinstance``.

    It has ``name()``, ``next_functions``, ``metadata``, ``register_hook`` and ``register_prehook``.

    Examples
    --------
    >>> import minitorch
    >>> y = minitorch.ones(2, requires_grad=True).exp()
    >>> isinstance(y.grad_fn, minitorch.autograd.graph.Node), y.grad_fn.name()
    (True, 'ExpBackward0')
    """

    @abc.abstractmethod
    def name(self) -> str:
        """Return torch's name of the backward function."""


Node.register(tape.Node)
Node.register(tape.AccumulateGrad)


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Return the edge of a tensor; RuntimeError if the tensor does not require a gradient.

    Examples
    --------
    >>> import minitorch
    >>> y = minitorch.ones(2, requires_grad=True).exp()
    >>> minitorch.autograd.graph.get_gradient_edge(y).output_nr
    0
    """
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(accumulator(edge[0]), edge[1])


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count a write to tensors that happened where the tape could not see it.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.ones(2)
    >>> minitorch.autograd.graph.increment_version(x)
    >>> x._version
    1
    """
    if not isinstance(tensor, Iterable):
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input")
    for each in (tensor,) if isinstance(tensor, Tensor) else tensor:
        each._storage.written()


# ---- saved values --------------------------------------------------------------------------------------------


class saved_tensors_hooks(contextlib.AbstractContextManager[None]):
    """Hold what operations in this block save as ``pack_hook(tensor)``; ``unpack_hook`` makes the tensor again.

    Raises
    ------
    TypeError : ``unpack_hook`` returned something else than a tensor. RuntimeError : ``pack_hook`` wrote to its
        argument; hooks are disabled.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor(3.0, requires_grad=True)
    >>> with minitorch.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(force=True), minitorch.from_numpy):
    ...     y = x * x
    >>> y.backward()
    >>> x.grad
    tensor(6.)
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if hooks.barred is not None:
            raise RuntimeError(hooks.barred)
        special_keeping().__enter__()
        hooks.pairs.append((self.pack_hook, self.unpack_hook))

    def __exit__(self, *exc: object) -> None:
        hooks.pairs.pop()
        special_keeping().__exit__()


class save_on_cpu(saved_tensors_hooks):
    """Keep what operations in this block save in main memory, where this package's tensors are anyway.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor(3.0, requires_grad=True)
    >>> with minitorch.autograd.graph.save_on_cpu():
    ...     y = x * x
    >>> y.backward()
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(_as_it_is, _as_it_is)


def _as_it_is(tensor: Tensor) -> Tensor:
    return tensor


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Raise RuntimeError with this message where hooks on saved tensors are set in this block.

    Examples
    --------
    >>> import minitorch
    >>> with minitorch.autograd.graph.disable_saved_tensors_hooks("not here"):
    ...     pass
    """
    if hooks.pairs:
        raise RuntimeError(error_message)
    before, hooks.barred = hooks.barred, error_message
    try:
        yield
    finally:
        hooks.barred = before


# ---- several gradients -----------------------------------------------------------------------------------------


class _MultiHandle:
    """Takes the hooks on several tensors away: ``remove()``, or at the end of a ``with`` block."""

    def __init__(self, handles: Sequence[Any]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        """Remove the hooks."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> _MultiHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class _Gathering:
    """The gradients of several tensors in each backward pass, until all that the pass reaches are there."""

    def __init__(self, edges: list[Any], fn: Callable[[Any], Any]) -> None:
        self.edges, self.fn = edges, fn
        self.lock = threading.Lock()
        self.found: weakref.WeakKeyDictionary[Any, list[Any]] = weakref.WeakKeyDictionary()

    def arrive(self, place: int, grad: Tensor) -> None:
        walk = current_walk()
        with self.lock:
            grads = self.found.setdefault(walk, [None] * len(self.edges))
            grads[place] = grad
            missing = sum(walk.reaches(e) for e in self.edges) - sum(g is not None for g in grads)
            if missing <= 0:
                del self.found[walk]
        if missing <= 0:
            self.fn(grads)


class _First:
    """The first of several gradients in each backward pass."""

    def __init__(self, fn: Callable[[Any], Any]) -> None:
        self.fn, self.lock = fn, threading.Lock()
        self.seen: weakref.WeakSet[Any] = weakref.WeakSet()

    def arrive(self, place: int, grad: Tensor) -> None:
        walk = current_walk()
        with self.lock:
            seen = walk in self.seen
            self.seen.add(walk)
        if not seen:
            self.fn(grad)


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[[Any], Any], *, mode: str = "all") -> _MultiHandle:
    """Call ``fn`` once in a backward pass for several tensors.

    With ``mode="all"`` it gets the list of their gradients, None for those that the pass does not reach, when the last
    is there; with ``"any"`` it gets the first gradient that is known.

    Raises
    ------
    ValueError : another ``mode``. AssertionError : a tensor that does not require a gradient.

    Examples
    --------
    >>> import minitorch
    >>> x, y = (minitorch.ones(2, requires_grad=True) for _ in range(2))
    >>> _ = minitorch.autograd.graph.register_multi_grad_hook((x, y), print)
    >>> (x * 2 + y).sum().backward()
    [tensor([2., 2.]), tensor([1., 1.])]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    edges = [edge_of(t) for t in tensors]
    if None in edges:
        raise AssertionError("Expected gradient function to be set")
    target: Any = _Gathering(edges, fn) if mode == "all" else _First(fn)
    return _MultiHandle([t.register_hook(_arrival(target, place)) for place, t in enumerate(tensors)])


def _arrival(target: Any, place: int) -> Callable[[Tensor], None]:
    def hook(grad: Tensor) -> None:
        target.arrive(place, grad)

    return hook
