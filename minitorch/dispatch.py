"""Running an operation: its kernel, the wrapping of its result, and its record on the tape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from . import interception, memory, tape
from .kernels.layout import is_channels_last
from .memory import Array
from .tape import Edge, Node, mode, recording, sequence
from .tensor import Tensor, _new, bare

__all__ = ["apply", "apply_view", "edge_of", "record", "requires"]

_new_node = object.__new__


def apply(op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...] = ()) -> Any:
    """Run an operation on tensors (or numbers, or None) and record it where a gradient may be asked for."""
    if interception.active and interception.local.stack:
        return _intercepted(op, inputs, params)
    if op.view:
        return apply_view(op, inputs[0], params)
    arrays = []
    tracked = False
    for x in inputs:
        if isinstance(x, Tensor):
            arrays.append(x._data)
            if x._requires or (x._base is not None and requires(x)):
                tracked = True
        else:
            arrays.append(x)
    result = op.run(arrays, params)
    if type(result) is tuple:
        out: Any = tuple([_fresh(r, op, inputs) for r in result])
    else:
        out = _fresh(result, op, inputs)
    if tracked and op.vjp is not None and mode.enabled:
        record(op, inputs, params, out if type(out) is tuple else (out,))
    return out


def _intercepted(op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
    with interception.through() as handler:
        return handler.apply(op, inputs, params)


def _fresh(array: Any, op: Any, inputs: tuple[Any, ...]) -> Tensor:
    """Wrap a new array; a memory order that torch would not have makes its storage private."""
    if type(array) is not ndarray:
        return bare(np.asarray(array))
    tensor = bare(array)
    if not array.flags.c_contiguous and _is_private(op, inputs):
        tensor._storage.array = array
        tensor._storage.join(tensor)
    return tensor


def _is_private(op: Any, inputs: tuple[Any, ...]) -> bool:
    """Whether the engine, not the user, chose an output's memory order."""
    private = False
    for x in inputs:
        if isinstance(x, Tensor):
            if x._storage.array is not None:
                private = True
            elif op.physical and _user_channels_last(x._data):
                return False
    return private or op.physical


def _user_channels_last(array: Array) -> bool:
    return array.ndim > 3 and not array.flags.c_contiguous and is_channels_last(array)


_FROZEN_VIEW = (
    "A view was created in {0} mode and is being modified inplace {1}. Given that this use case is ambiguous and "
    "error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both "
    "inside the {0} block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be "
    "tracked)."
)
_NO_GRAD_VIEW = _FROZEN_VIEW.format("no_grad", "with grad mode enabled")
_INFERENCE_VIEW = _FROZEN_VIEW.format("inference", "in normal mode").replace("inference block", "inference_mode block")


def apply_view(op: Any, x: Tensor, params: tuple[Any, ...] = ()) -> Tensor:
    """Apply an operation whose result is a view of ``x``: the storage is shared, the way there remembered."""
    if interception.active and interception.local.stack:
        return _intercepted(op, (x,), params)
    storage, base = x._storage, x._base
    view = _new(Tensor)
    view._requires, view._node, view._index = False, None, 0
    given = len(params)  # told apart, as to unpack them costs as much as the view itself
    if given == 1:
        view._data = op.fwd(x._data, params[0])
    elif given == 2:
        view._data = op.fwd(x._data, params[0], params[1])
    else:
        view._data = op.fwd(x._data, *params) if given else op.fwd(x._data)
    view._storage = storage
    view._base, view._chain, view._seen = x if base is None else base, x._chain + ((op, params),), storage.rebases
    view._frozen = x._frozen
    if storage.array is not None:
        storage.join(view)
    if not mode.enabled:
        inferring = memory.inferring and memory.inference.on
        view._frozen = view._frozen or (_INFERENCE_VIEW if inferring else _NO_GRAD_VIEW)
        return view
    if base is not None and x._seen != storage.rebases:
        _refresh(x)
    if x._requires:
        _record_view(op, x, params, view)
    return view


def _record_view(op: Any, x: Tensor, params: tuple[Any, ...], view: Tensor) -> None:
    """Append a node for a view; what `record` does for an operation of one tensor that keeps nothing."""
    node, owner, array = _new_node(Node), x._node, view._data
    node.op, node.params, node.seq = op, params, next(sequence)
    node.edges = node.needs = ((x, 0) if owner is None else (owner, x._index),)
    node._inputs = node._outputs = None
    node.freed = node.watched = False
    node.metas = ((array.shape, array.dtype),)
    view._node, view._requires = node, True
    if tape.anomaly is not None:
        node.site = tape.anomaly()


def record(op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...], outs: tuple[Tensor, ...]) -> Node:
    """Append a node for an operation that ran, and make its outputs point to it."""
    edges: list[Edge | None] = []
    for x in inputs:
        edge = None
        if isinstance(x, Tensor):
            if x._base is not None and x._seen != x._storage.rebases:
                _refresh(x)
            if x._requires:
                owner = x._node
                edge = (x, 0) if owner is None else (owner, x._index)
        edges.append(edge)
    node = _new_node(Node)  # what `Node.__init__` does, without the call
    node.op, node.params, node.seq = op, params, next(sequence)
    node.edges = node.needs = tuple(edges)
    node._inputs = _kept_inputs(op, inputs, edges) if op.saves else None
    node._outputs = None
    node.freed = node.watched = False
    if len(outs) == 1:
        (out,) = outs
        array = out._data
        kind = array.dtype
        node.metas = ((array.shape, kind),)
        if kind.kind in "fcV":
            out._node, out._requires = node, True
        if op.keeps:
            node._outputs = [tape.keep(out, None)]
    else:
        _lead_back(outs, node)
        if op.keeps:
            node._outputs = [tape.keep(o, None) if i in op.keeps else None for i, o in enumerate(outs)]
    if tape.anomaly is not None:
        node.site = tape.anomaly()
    return node


def _kept_inputs(op: Any, inputs: tuple[Any, ...], edges: list[Edge | None]) -> list[Any]:
    """Keep the inputs that the gradients in need use; numbers and None are always kept."""
    kept: list[Any] = [None if isinstance(x, Tensor) else x for x in inputs]
    for edge, uses in zip(edges, op.saves):
        if edge is not None:
            for i in uses:
                if kept[i] is None and inputs[i] is not None:
                    kept[i] = tape.keep(inputs[i], edges[i])
    return kept


def _lead_back(outs: tuple[Tensor, ...], node: Node) -> None:
    """Make several outputs point to the node that they come from."""
    node.metas = tuple([(o._data.shape, o._data.dtype) for o in outs])
    for i, out in enumerate(outs):
        if out._data.dtype.kind in "fcV" and i not in node.op.nondifferentiable:
            out._node, out._index, out._requires = node, i, True


# ---- places on the tape ------------------------------------------------------------------------------------


def edge_of(x: Tensor) -> Edge | None:
    """Return where the gradient of ``x`` goes: a node, a leaf, or nowhere."""
    if x._base is not None and x._seen != x._storage.rebases:
        _refresh(x)
    if not x._requires:
        return None
    node = x._node
    return (x, 0) if node is None else (node, x._index)


def requires(x: Any) -> bool:
    """Return whether gradients of ``x`` are asked for; a view asks its base's history as it is now."""
    if not isinstance(x, Tensor):
        return False
    if x._base is not None and x._seen != x._storage.rebases:
        _refresh(x)
    return x._requires


def _refresh(view: Tensor) -> None:
    """Derive a view's place on the tape again, after an in-place write changed its family's history."""
    base: Any = view._base
    view._seen = view._storage.rebases
    if not base._requires:
        return
    with recording(True):
        twin = base
        for op, params in view._chain[len(base._chain) :]:
            twin = apply(op, (twin,), params)
    view._node, view._index, view._requires = twin._node, twin._index, True
