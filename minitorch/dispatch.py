"""Running an operation: its kernel, the wrapping of its result, and its record on the tape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from . import interception, memory, tape
from .kernels.layout import is_channels_last
from .memory import Array, Storage
from .tape import Edge, Node, mode, recording, sequence
from .tensor import Tensor, _new

__all__ = ["apply", "edge_of", "record"]

_new_node = object.__new__


def apply(op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...] = ()) -> Any:
    """Run an operation on tensors (or numbers, or None) and record it where a gradient may be asked for."""
    if interception.active and interception.local.stack:
        with interception.through() as handler:
            return handler.apply(op, inputs, params)
    arrays = []
    tracked = False
    for x in inputs:
        if isinstance(x, Tensor):
            arrays.append(x._data)
            if x._requires or (x._base is not None and _requires(x)):
                tracked = True
        else:
            arrays.append(x)
    result = op.run(arrays, params)
    if op.view:
        out: Any = _alias(inputs[0], result, op, params)
    elif type(result) is tuple:
        out = tuple([_fresh(r, op, inputs) for r in result])
    else:
        out = _fresh(result, op, inputs)
    if tracked and op.vjp is not None and mode.enabled:
        record(op, inputs, params, out if type(out) is tuple else (out,))
    return out


def _fresh(array: Any, op: Any, inputs: tuple[Any, ...]) -> Tensor:
    """Wrap a new array; a memory order that torch would not have makes its storage private."""
    tensor = _new(Tensor)
    if type(array) is not ndarray:
        array = np.asarray(array)
    tensor._data = array
    tensor._storage = storage = Storage()
    if memory.inferring:
        memory.infer(storage)
    if not array.flags.c_contiguous and _is_private(op, inputs):
        storage.array = array
        storage.join(tensor)
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


def _alias(x: Tensor, array: Array, op: Any, params: tuple[Any, ...]) -> Tensor:
    """Wrap a view of ``x``: the storage is shared, the way there remembered."""
    tensor = _new(Tensor)
    tensor._data = array
    storage = tensor._storage = x._storage
    tensor._chain = (*x._chain, (op, params))
    tensor._base = x if x._base is None else x._base
    tensor._seen = storage.rebases
    if x._frozen or not mode.enabled:
        tensor._frozen = x._frozen or (_INFERENCE_VIEW if memory.inference.on else _NO_GRAD_VIEW)
    if storage.array is not None:
        storage.join(tensor)
    return tensor


def record(op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...], outs: tuple[Tensor, ...]) -> Node:
    """Append a node for an operation that ran, and make its outputs point to it."""
    edges: list[Edge | None] = []
    for x in inputs:
        if isinstance(x, Tensor) and (x._requires or x._base is not None):
            edges.append(edge_of(x))
        else:
            edges.append(None)
    node = _new_node(Node)  # without a call of `__init__`, which would cost a tenth of the whole record
    node.op, node.params, node.seq = op, params, next(sequence)
    node.edges = node.needs = tuple(edges)
    if op.saves:
        node._inputs = _save_inputs(op, inputs, edges)
    metas = []
    for i, out in enumerate(outs):
        array = out._data
        metas.append((array.shape, array.dtype))
        if array.dtype.kind in "fcV" and i not in op.nondifferentiable:
            out._node, out._requires = node, True
            if i:
                out._index = i
    node.metas = tuple(metas)
    if op.keeps:
        node._outputs = [tape.keep(o, None) if i in op.keeps else None for i, o in enumerate(outs)]
    if mode.anomaly is not None:
        node.site = mode.anomaly()
    return node


def _save_inputs(op: Any, inputs: tuple[Any, ...], edges: list[Edge | None]) -> list[Any]:
    """Keep the inputs that the gradients in need use; numbers and None are always kept."""
    kept: list[Any] = []
    for x in inputs:
        kept.append(None if isinstance(x, Tensor) else x)
    for edge, uses in zip(edges, op.saves):
        if edge is not None:
            for i in uses:
                if kept[i] is None and inputs[i] is not None:
                    kept[i] = tape.keep(inputs[i], edges[i])
    return kept


# ---- places on the tape ------------------------------------------------------------------------------------


def edge_of(x: Tensor) -> Edge | None:
    """Return where the gradient of ``x`` goes: a node, a leaf, or nowhere."""
    if x._base is not None and x._seen != x._storage.rebases:
        _refresh(x)
    if not x._requires:
        return None
    node = x._node
    return (x, 0) if node is None else (node, x._index)


def _requires(x: Any) -> bool:
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
