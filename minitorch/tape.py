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
import weakref
from collections import OrderedDict
from typing import Any

from . import dtypes
from .errors import shape_text
from .handles import Hook, HookTable, RemovableHandle, add_hook
from .tensor import Tensor, _new

__all__ = ["AccumulateGrad", "Edge", "Node", "Saved", "accumulator", "is_grad_enabled", "mode", "recording", "sequence"]

Edge = tuple[Any, int]  # (node, output index), or (leaf tensor, 0)


class _Mode(threading.local):
    """Each thread's switches."""

    enabled = True


mode = _Mode()
anomaly: Any = None  # while anomalies are looked for: gives what is to be remembered of a node's origin
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
        try:
            self.version = storage.version
        except RuntimeError:
            raise RuntimeError(_OF_INFERENCE) from None
        self.chain = tensor._chain
        self.edge = edge

    def unpack(self, node: Node, what: str | int) -> Tensor:
        """Return the value, ``what`` of a node (a number stands for that input), in its place on the tape.

        RuntimeError if it was overwritten.
        """
        storage, edge = self.storage, self.edge
        if storage.version != self.version:
            raise RuntimeError(self._overwritten(node, what))
        owner: Any
        owner, index = edge or (None, 0)
        of_leaf = isinstance(owner, Tensor)
        if of_leaf and owner._storage is storage:
            return owner
        tensor = _new(Tensor)  # what `Tensor.__new__` does, without the call
        tensor._requires, tensor._node, tensor._index = False, None, 0
        tensor._base, tensor._seen, tensor._frozen = None, 0, ""
        tensor._data, tensor._storage, tensor._chain = self.array, storage, self.chain
        if owner is not None and not of_leaf:
            tensor._node, tensor._index, tensor._requires = owner, index, True
        if storage.array is not None:
            storage.join(tensor)
        return tensor

    def _overwritten(self, node: Node, what: str | int) -> str:
        what = f"input {what}" if isinstance(what, int) else what
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


_OF_INFERENCE = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
    "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in "
    "autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
)
_STEM = re.compile(r"Backward\d*$")
keep: Any = Saved  # what keeps a value for the backward pass; saved-tensor hooks and transforms put theirs here


# ---- nodes -------------------------------------------------------------------------------------------------


class Node:
    """One recorded operation."""

    # Set when an operation is recorded; slots, as the defaults of a class take many times longer to write and read.
    __slots__ = (
        "op", "params", "edges", "needs", "metas", "seq", "_inputs", "_outputs", "freed", "watched", "__dict__",
        "__weakref__",
    )  # fmt: skip
    op: Any
    params: tuple[Any, ...]
    edges: tuple[Edge | None, ...]  # where the gradients of the inputs go
    needs: tuple[Any, ...]  # for each input, whether its gradient is wanted: the edges, narrowed by `grad(inputs=...)`
    metas: tuple[Any, ...]  # (shape, dtype) of every output
    seq: int
    _inputs: list[Any] | None
    _outputs: list[Any] | None
    freed: bool
    watched: bool  # whether there are, or were, hooks of any kind, or gradients to be retained
    # Few nodes have more than that.
    hooks: HookTable | None = None  # run on the gradients of the inputs, once they are known
    prehooks: list[tuple[int, HookTable]] | None = None  # run on the gradient of one output, or (-1) of all of them
    retain: dict[int, Any] | None = None
    title = ""  # what stands for the name of the op
    site: Any = None  # where the operation was recorded, if anomalies are looked for
    _metadata: dict[Any, Any] | None = None

    def __init__(self, op: Any, params: tuple[Any, ...], edges: tuple[Edge | None, ...]) -> None:
        self.op, self.params = op, params
        self.edges = self.needs = edges
        self.seq = next(sequence)
        self._inputs = self._outputs = None
        self.freed = self.watched = False

    def name(self) -> str:
        """Return torch's name of the backward function, such as ``AddBackward0``."""
        name: str = self.title or self.op.grad_name
        namer = NAMERS.get(name)
        return name if namer is None else namer(self)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {hex(id(self))}>"

    def input(self, i: int) -> Any:
        """Return the saved input ``i``: a tensor, or the plain value that was given."""
        value = self._saved(self._inputs)[i]
        return value.unpack(self, i) if isinstance(value, Saved) else value

    def output(self, i: int = 0) -> Tensor:
        """Return the saved output ``i``."""
        saved: Saved = self._saved(self._outputs)[i]
        if i in self.op.nondifferentiable:
            return saved.unpack(self, f"output {i}")
        saved.edge = (self, i)
        try:
            return saved.unpack(self, f"output {i}" if i else "output 0")
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
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for whatever a user wants to remember with the node."""
        if self._metadata is None:
            self._metadata = {}
        return self._metadata

    def register_hook(self, fn: Hook) -> RemovableHandle:
        """Call ``fn(grad_inputs, grad_outputs)`` after the node ran; a tuple that it returns replaces grad_inputs."""
        if self.hooks is None:
            self.hooks, self.watched = OrderedDict(), True
        return add_hook(self.hooks, fn)

    def register_prehook(self, fn: Hook) -> RemovableHandle:
        """Call ``fn(grad_outputs)`` before the node runs; a tuple that it returns replaces grad_outputs."""
        return self.hook_output(-1, fn)

    def hook_output(self, index: int, fn: Hook) -> RemovableHandle:
        """Call ``fn`` on the gradient of output ``index`` as soon as it is known; -1: on the tuple of all."""
        table: HookTable = OrderedDict()
        self.prehooks, self.watched = [*(self.prehooks or ()), (index, table)], True
        return add_hook(table, fn)

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes of the inputs, as torch gives them; leaves appear as `AccumulateGrad`."""
        return tuple([(None, 0) if edge is None else (accumulator(edge[0]), edge[1]) for edge in self.edges])

    def _sequence_nr(self) -> int:
        return self.seq

    def _register_hook_dict(self, tensor: Tensor) -> None:
        """Part of torch's interface of nodes; tensors hang their hooks on by `hook_output`."""


class AccumulateGrad:
    """A leaf as the graph shows it: the end of an edge, where a gradient is added to the leaf's ``.grad``."""

    next_functions = ()

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable
        self.metadata: dict[Any, Any] = {}

    def name(self) -> str:
        """Return torch's name of the node."""
        return "torch::autograd::AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {hex(id(self))}>"

    def register_hook(self, fn: Hook) -> RemovableHandle:
        """Call ``fn((), (grad,))`` after the gradient was added."""
        return add_hook(self._tables()[1], fn)

    def register_prehook(self, fn: Hook) -> RemovableHandle:
        """Call ``fn((grad,))`` before the gradient is added; a tuple that it returns replaces it."""
        return add_hook(self._tables()[0], fn)

    def _tables(self) -> tuple[HookTable, HookTable]:
        leaf = self.variable
        if leaf._node_hooks is None:
            leaf._node_hooks = OrderedDict(), OrderedDict()
        return leaf._node_hooks

    def _sequence_nr(self) -> int:
        return 2**64 - 1

    _register_hook_dict = Node._register_hook_dict


def shown(node: Node) -> Node:
    """Return a node as users see it: of a class that has the name of its operation; recording makes plain ones."""
    if type(node) is Node:
        name = node.name()
        kind = _classes.get(name)
        if kind is None:
            kind = _classes[name] = type(name, (Node,), {"__doc__": f"A recorded operation: {name}."})
        node.__class__ = kind
    return node


NAMERS: dict[str, Any] = {}  # by the name of an op: what tells its nodes apart, where torch has several names
_classes: dict[str, type[Node]] = {}
_accumulators: weakref.WeakValueDictionary[int, AccumulateGrad] = weakref.WeakValueDictionary()


def accumulator(target: Any) -> Any:
    """Return what the graph shows at the end of an edge: the node, or the leaf's one `AccumulateGrad`."""
    if not isinstance(target, Tensor):
        return shown(target)
    found = _accumulators.get(id(target))  # which keeps its leaf alive, and so the number
    if found is None:
        found = _accumulators[id(target)] = AccumulateGrad(target)
    return found
