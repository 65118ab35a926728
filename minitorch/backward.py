"""The backward walk: nodes in descending sequence order, which is a topological order, so depth is free.

Gradients are computed by the operations themselves: with recording off, unless `create_graph` asks for
gradients of gradients. Leaves receive theirs after the whole walk, so that a walk that fails leaves no
half-done sums.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Sequence
from sys import getrefcount
from typing import Any

from numpy import ndarray

from . import dtypes, interception, tape
from .errors import shape_text
from .handles import Hook, HookTable
from .masked import settled
from .memory import copied
from .tape import Edge, Node, recording
from .tensor import Tensor, wrap

__all__ = ["backward_pass", "current_walk", "deposit", "run_hooks"]


class _Running(threading.local):
    """Each thread's backward passes that are under way, the innermost last."""

    def __init__(self) -> None:
        self.walks: list[_Walk] = []


_running = _Running()


def current_walk() -> Any:
    """Return the innermost backward pass that runs in this thread, for hooks that ask how far it reaches; or None."""
    return _running.walks[-1] if _running.walks else None


class _Walk:
    """One backward pass: gradients waiting at nodes, gradients collected at leaves and captures."""

    def __init__(self, create_graph: bool, captures: Sequence[Edge] | None) -> None:
        self.create_graph = create_graph
        self.heap: list[tuple[int, Node]] = []
        self.waiting: dict[Node, list[Any]] = {}
        self.leaves: dict[int, tuple[Tensor, Any]] = {}
        self.mine: set[tuple[int, int]] = set()  # where the waiting sum is this walk's own, to be added to
        self.captures = {(id(t), i): None for t, i in captures} if captures is not None else {}
        self.restricted = captures is not None
        self.useful: set[Node] | None = None
        self.roots: Sequence[Edge] = ()
        self.reached: set[int] | None = None

    def reaches(self, edge: Edge) -> bool:
        """Whether a gradient arrives at this edge before the pass ends."""
        if self.reached is None:
            self.reached, stack = set(), list(self.roots)
            while stack:
                place = stack.pop()
                target = place[0]
                if id(target) not in self.reached and (self.wants(place) or any(place is r for r in self.roots)):
                    self.reached.add(id(target))
                    stack.extend(e for e in getattr(target, "edges", ()) if e is not None)
        return id(edge[0]) in self.reached

    def restrict(self, roots: Sequence[Edge]) -> None:
        """Find the nodes from which a capture can be reached; the walk leaves the others alone."""
        seen: set[Node] = set()
        stack = [t for t, _ in roots if isinstance(t, Node)]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(e[0] for e in node.edges if e is not None and isinstance(e[0], Node))
        wanted = {key for key, _ in self.captures}
        self.useful = set()
        for node in sorted(seen, key=lambda n: n.seq):
            if any(e is not None and (id(e[0]) in wanted or e[0] in self.useful) for e in node.edges if e):
                self.useful.add(node)

    def wants(self, edge: Edge | None) -> bool:
        """Whether a gradient along this edge is of use."""
        if edge is None:
            return False
        return not self.restricted or edge[0] in self.useful or (id(edge[0]), edge[1]) in self.captures  # type: ignore[operator]

    def send(self, edge: Edge, grad: Any, node: Node | None = None) -> None:
        """Add a gradient, which ``node`` gave, to what waits at the other end of an edge."""
        target, index = edge
        leaf = isinstance(target, Tensor)
        if node is not None:
            shape, kind = (target._data.shape, target._data.dtype) if leaf else target.metas[index]
            array = grad._data
            if array.dtype is not kind or array.shape != shape:
                grad = _validated(grad, edge, node)
        if leaf:
            before = self.leaves.get(id(target))
            self.leaves[id(target)] = (target, grad if before is None else self.add(edge, before[1], grad))
            return
        slots = self.waiting.get(target)
        if slots is None:
            slots = self.waiting[target] = [None] * len(target.metas)
            heapq.heappush(self.heap, (-target.seq, target))
        slots[index] = grad if slots[index] is None else self.add(edge, settled(slots[index]), settled(grad))

    def add(self, edge: Edge, a: Tensor, b: Tensor) -> Tensor:
        """Sum two gradients on one edge, in place where this walk allocated the first one."""
        place = (id(edge[0]), edge[1])
        if not self.create_graph and not interception.active:
            if place in self.mine and a._data.dtype.kind != "V":  # NumPy has no sums of bfloat16
                a._data += b._data
                return a
            self.mine.add(place)
        total: Tensor = a + b
        return total

    def run(self, keep_graph: bool) -> None:
        """Process every node that gradients reach, youngest first."""
        watch = None if tape.anomaly is None else tape.anomaly.run
        while self.heap:
            _, node = heapq.heappop(self.heap)
            grads = self.waiting.pop(node)
            if node.watched:
                grads = _tensor_hooks(node, [settled(g) for g in grads])
            if self.captures:
                self._capture(node, grads)
            if self.useful is None or node in self.useful:
                self._step(node, grads, keep_graph, watch)

    def _capture(self, node: Node, grads: list[Any]) -> None:
        for i, g in enumerate(grads):
            if (id(node), i) in self.captures and g is not None:
                self.captures[id(node), i] = grads[i] = settled(g)

    def _step(self, node: Node, grads: list[Any], keep_graph: bool, watch: Any) -> None:
        if self.restricted:
            node.needs = tuple([self.wants(e) for e in node.edges])
        if node.watched and node.prehooks:
            grads = _prehooks(node, grads)
        if watch is not None:
            found = watch(node, grads)
        else:
            found = node.op.vjp(node, grads[0]) if len(grads) == 1 else node.op.vjp(node, *grads)
        if type(found) is not tuple:
            found = (found,)
        if node.watched and node.hooks:
            found = _run_tuple_hooks(node.hooks, found, tuple(grads))
        for edge, needed, grad in zip(node.edges, node.needs, found):
            if grad is not None and needed and edge is not None:
                self.send(edge, grad, node)
        if self.restricted:
            node.needs = node.edges
        if not keep_graph and (node._inputs is not None or node._outputs is not None):
            node.free()


def _validated(grad: Tensor, edge: Edge, node: Node) -> Tensor:
    """Bring a gradient to the shape and dtype of the value it belongs to (broadcasting is undone here)."""
    target, index = edge
    shape, kind = (target._data.shape, target._data.dtype) if isinstance(target, Tensor) else target.metas[index]
    array = grad._data
    if array.shape != shape:
        grad = _summed(grad, shape, edge, node)
    if array.dtype != kind:
        if array.dtype.kind == "c" and kind.kind == "f":
            grad = grad.real
        grad = grad.to(dtypes.FROM_NUMPY[kind])
    return grad


def _summed(grad: Tensor, shape: tuple[int, ...], edge: Edge, node: Node) -> Tensor:
    """Undo broadcasting; RuntimeError for a gradient whose shape the value cannot have been broadcast to."""
    have = grad._data.shape
    lead = len(have) - len(shape)
    if lead < 0 or any(n != 1 and n != m for n, m in zip(shape, have[lead:])):
        raise RuntimeError(
            f"Function {node.name()} returned an invalid gradient at index {node.edges.index(edge)} - got "
            f"{shape_text(have)} but expected shape compatible with {shape_text(shape)}"
        )
    total: Tensor = grad.sum_to_size(shape)
    return total


def _tensor_hooks(node: Node, grads: list[Any]) -> list[Any]:
    """Run the hooks on single outputs of a node, and keep the gradients that were asked for."""
    for index, hooks in node.prehooks or ():
        if index >= 0 and grads[index] is not None:
            grads[index] = run_hooks(hooks, grads[index])
    for index, keep in (node.retain or {}).items():
        tensor = keep()
        if tensor is not None and grads[index] is not None:
            _accumulate(tensor, _copy_of(grads[index]), False)
    return grads


def _prehooks(node: Node, grads: list[Any]) -> list[Any]:
    for index, hooks in node.prehooks or ():
        if index < 0:
            grads = list(_run_tuple_hooks(hooks, tuple(grads)))
    return grads


def _run_tuple_hooks(hooks: HookTable, grads: tuple[Any, ...], *seen: tuple[Any, ...]) -> tuple[Any, ...]:
    """Run a node's hooks on all of its gradients (and on what else they see); a tuple replaces them."""
    for hook in list(hooks.values()):
        changed = hook(grads, *seen)
        if changed is None:
            continue
        if not isinstance(changed, tuple):
            raise TypeError(f"expected tuple, but hook returned '{type(changed).__name__}'")
        if len(changed) != len(grads):
            raise RuntimeError(
                f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(changed)}, but expected "
                f"{len(grads)})"
            )
        for new, old in zip(changed, grads):
            if new is not None and old is not None:
                _check_replacement(hook, new, old)
        grads = changed
    return grads


def run_hooks(hooks: HookTable, grad: Tensor) -> Tensor:
    """Run gradient hooks in order of registration; one that returns a tensor replaces the gradient."""
    for hook in list(hooks.values()):
        changed = hook(grad)
        if changed is not None:
            _check_replacement(hook, changed, grad)
            grad = changed
    return grad


def _name(hook: Hook) -> str:
    return getattr(hook, "__name__", type(hook).__name__)


def _check_replacement(hook: Hook, changed: Any, grad: Tensor) -> None:
    """Raise torch's errors for a gradient that a hook may not put in place of another."""
    if not isinstance(changed, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(changed).__name__}'")
    name = _name(hook)
    if changed._data.dtype != grad._data.dtype:
        have, want = (f"torch.{t.dtype.scalar_type}Tensor" for t in (grad, changed))
        raise RuntimeError(f"hook '{name}' has changed the type of value (was {have} got {want})")
    if changed._data.shape != grad._data.shape:
        raise RuntimeError(f"hook '{name}' has changed the size of value")


def _accumulate(leaf: Tensor, grad: Tensor, create_graph: bool) -> None:
    """Add a gradient, which nobody else holds unless ``create_graph``, to ``leaf.grad``."""
    old = leaf._grad
    if old is None:
        leaf._grad = grad
    elif create_graph or old._requires:
        leaf._grad = old + grad
    else:
        old._data += grad._data
        old._storage.version += 1


def _copy_of(grad: Tensor) -> Tensor:
    """Return a copy of a gradient, off the tape."""
    out = wrap(copied(grad._data))
    if grad._storage.private:
        out._storage.array = out._data
        out._storage.join(out)
    return out


def deposit(totals: list[tuple[Tensor, Tensor]], create_graph: bool) -> None:
    """Add collected gradients to the leaves, and call the leaves' hooks; empties the list.

    A gradient is taken over where nothing else refers to it or to its memory, as the reference counts tell; one that
    a hook, a user or another leaf may hold is copied, so that no two ``.grad`` share memory.
    """
    totals.reverse()
    while totals:
        leaf, grad = totals.pop()
        if leaf._node_hooks:
            (grad,) = _run_tuple_hooks(leaf._node_hooks[0], (grad,))
        given = grad if leaf._node_hooks else None
        if not create_graph and leaf._grad is None:
            data = grad._data
            # a local variable and the argument; for the array the gradient's attribute as well, and a private storage's
            alone = getrefcount(grad) <= 2 and getrefcount(data) <= 3 + (grad._storage.array is data)
            if not alone or grad._node is not None or not _owns_memory(data) or 0 in data.strides:
                grad = _copy_of(grad)
        _accumulate(leaf, grad, create_graph)
        if leaf._post_hooks or leaf._node_hooks:
            _after_deposit(leaf, given)


def _owns_memory(data: Any) -> bool:
    """Whether an array owns its memory, or is the only view of (but for an aligned start) the whole of what does."""
    base = data.base
    if base is None:
        return True
    # the view's own reference, a local variable and the argument
    whole = type(base) is ndarray and base.base is None and base.nbytes <= data.nbytes + 64
    return whole and getrefcount(base) <= 3


def _after_deposit(leaf: Tensor, grad: Tensor | None) -> None:
    for hook in list((leaf._post_hooks or {}).values()):
        changed = hook(leaf)
        if changed is not None:
            raise TypeError(f"expected Variable, but hook returned '{type(changed).__name__}'")
    if leaf._node_hooks:
        _run_tuple_hooks(leaf._node_hooks[1], (), (grad,))


def backward_pass(
    roots: Sequence[Edge],
    grads: Sequence[Tensor],
    keep_graph: bool,
    create_graph: bool,
    captures: Sequence[Edge] | None = None,
) -> list[Tensor | None]:
    """Carry gradients from the roots to the leaves' ``.grad``, or to ``captures``, which are then
    returned.
    """
    walk = _Walk(create_graph, captures)
    if captures is not None:
        walk.restrict(roots)
    walk.roots = roots
    _running.walks.append(walk)
    try:
        with recording(create_graph):
            for edge, grad in zip(roots, grads):
                walk.send(edge, grad)
            walk.run(keep_graph)
            grads = ()
            totals = [(leaf, run_hooks(leaf._hooks, g) if leaf._hooks else g) for leaf, g in walk.leaves.values()]
            walk.leaves.clear()
            if captures is None:
                deposit(totals, create_graph)
                return []
    finally:
        _running.walks.pop()
    by_leaf = {id(leaf): g for leaf, g in totals}
    return [by_leaf.get(id(t)) if isinstance(t, Tensor) else walk.captures[id(t), i] for t, i in captures]
