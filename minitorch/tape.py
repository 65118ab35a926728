"""The tape: nodes, and what they keep.

A `Node` is one recorded operation: its parameters, edges to the nodes of its inputs, the arrays that its
gradient needs with the versions they had, and a sequence number. Nodes are always younger than the nodes they
point to.

After: Griewank & Walther, "Evaluating Derivatives", 2nd ed. (SIAM 2008), chapters 3 and 4.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable
from typing import Any

from . import dtypes
from .errors import shape_text
from .tensor import Tensor, _new

__all__ = ["AccumulateGrad", "Edge", "Node", "Saved", "is_grad_enabled", "mode", "recording", "sequence"]

Edge = tuple[Any, int]  # (node, output index), or (leaf tensor, 0)


class _Mode(threading.local):
    """Each thread's switches."""

    enabled = True
    inference = False
    anomaly = False


mode = _Mode()
sequence = itertools.count()  # numbers nodes: each is younger than the nodes it points to


def is_grad_enabled() -> bool:
    """Return whether operations are recorded in this thread.

    >>> import minitorch
    >>> minitorch.is_grad_enabled()
    True
    """
    return mode.enabled


class recording:
    """Set recording on or off for a block; the engine's own, without the checks of `set_grad_enabled`."""

    __slots__ = ("on", "before")

    def __init__(self, on: bool) -> None:
        self.on = on

    def __enter__(self) -> None:
        self.before = mode.enabled
        mode.enabled = self.on

    def __exit__(self, *exc: object) -> None:
        mode.enabled = self.before


# ---- saved values ------------------------------------------------------------------------------------------


class Saved:
    """An array that a gradient needs, with the version it had and its place on the tape."""

    __slots__ = ("array", "storage", "version", "edge", "chain")

    def __init__(self, tensor: Tensor, edge: Edge | None) -> None:
        self.array = tensor._data
        self.storage = storage = tensor._storage
        self.version = storage.version
        self.chain = tensor._chain
        self.edge = edge

    def unpack(self, node: Node, what: str) -> Tensor:
        """Return the value as a tensor in its place on the tape; RuntimeError if it was overwritten."""
        storage = self.storage
        if storage.version != self.version:
            raise RuntimeError(self._overwritten(node, what))
        tensor = _new(Tensor)
        tensor._data, tensor._storage = self.array, storage
        if self.chain:
            tensor._chain = self.chain
        if storage.array is not None:
            storage.join(tensor)
        if self.edge is not None:
            owner, index = self.edge
            if isinstance(owner, Tensor):
                return owner if owner._storage is storage else tensor
            tensor._node, tensor._index, tensor._requires = owner, index, True
        return tensor

    def _overwritten(self, node: Node, what: str) -> str:
        kind = dtypes.FROM_NUMPY[self.array.dtype].scalar_type
        maker, index = self.edge if self.edge is not None else (None, 0)
        made = f", which is output {index} of {_STEM.sub('', maker.name())}," if isinstance(maker, Node) else ""
        where = " It was written at {}:{}.".format(*self.storage.writer) if self.storage.writer else ""
        return (
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[torch.{kind}Tensor {shape_text(self.array.shape)}]{made} is at version "
            f"{self.storage.version}; expected version {self.version} instead. {node.name()} needs it ({what}).{where} "
            "Hint: clone() the value before it is written, or write out of place."
        )


_STEM = re.compile(r"Backward\d*$")


# ---- nodes -------------------------------------------------------------------------------------------------


class Node:
    """One recorded operation."""

    # Set when an operation is recorded.
    op: Any
    params: tuple[Any, ...]
    edges: tuple[Edge | None, ...]  # where the gradients of the inputs go
    needs: tuple[Any, ...]  # for each input, whether its gradient is wanted: the edges, narrowed by `grad(inputs=...)`
    metas: tuple[Any, ...]  # (shape, dtype) of every output
    seq: int
    # Class-level defaults keep the creation of a node short.
    _inputs: list[Any] | None = None
    _outputs: list[Any] | None = None
    freed = False
    hooks: dict[int, Callable[..., Any]] | None = None
    prehooks: list[tuple[int, dict[int, Callable[..., Any]]]] | None = None
    retain: dict[int, Any] | None = None
    site: Any = None
    metadata: Any = None

    def __init__(self, op: Any, params: tuple[Any, ...], edges: tuple[Edge | None, ...]) -> None:
        self.op, self.params = op, params
        self.edges = self.needs = edges
        self.seq = next(sequence)

    def name(self) -> str:
        """Return torch's name of the backward function, such as ``AddBackward0``."""
        return self.op.grad_name

    def __repr__(self) -> str:
        return f"<{self.name()} object at {hex(id(self))}>"

    def input(self, i: int) -> Any:
        """Return the saved input ``i``: a tensor, or the plain value that was given."""
        value = self._saved(self._inputs)[i]
        return value.unpack(self, f"input {i}") if type(value) is Saved else value

    def output(self, i: int = 0) -> Tensor:
        """Return the saved output ``i``."""
        saved: Saved = self._saved(self._outputs)[i]
        saved.edge = (self, i)
        try:
            return saved.unpack(self, f"output {i}")
        finally:
            saved.edge = None  # a lasting edge to its own node would be a reference cycle

    def in_shape(self, i: int) -> tuple[int, ...]:
        """Return the shape of input ``i``, which must have an edge."""
        target, index = self.edges[i]  # type: ignore[misc]
        return target._data.shape if isinstance(target, Tensor) else target.metas[index][0]

    def _saved(self, values: Any) -> Any:
        if self.freed:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after "
                "they have already been freed). Saved intermediate values of the graph are freed when you "
                "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
                "through the graph a second time or if you need to access saved tensors after calling "
                "backward."
            )
        return values

    def free(self) -> None:
        """Drop the saved values."""
        if self._inputs is not None or self._outputs is not None:
            self._inputs = self._outputs = None
            self.freed = True

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes of the inputs, as torch gives them; leaves appear as `AccumulateGrad`."""
        found = []
        for edge in self.edges:
            target = AccumulateGrad(edge[0]) if edge and isinstance(edge[0], Tensor) else edge[0] if edge else None
            found.append((target, edge[1] if edge else 0))
        return tuple(found)


class AccumulateGrad:
    """A leaf as the graph shows it to readers of `next_functions`."""

    next_functions = ()

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    def name(self) -> str:
        """Return torch's name of the node."""
        return "torch::autograd::AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {hex(id(self))}>"
