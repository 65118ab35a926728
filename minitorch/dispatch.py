"""Running an operation: its kernel, the wrapping of its result, and its record on the tape."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from .memory import Array, caller_line
from .tape import Edge, Node, Saved, mode, recording
from .tensor import Tensor, _new, wrap

__all__ = ["apply", "edge_of", "record"]


def apply(op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...] = ()) -> Any:
    """Run an operation on tensors (or numbers, or None) and record it where a gradient may be asked for."""
    arrays = [x._data if isinstance(x, Tensor) else x for x in inputs]
    result = op.run(arrays, params)
    many = type(result) is tuple
    out: Any
    if op.view:
        out = _alias(inputs[0], result, op, params)
    elif many:
        out = tuple([_fresh(r, op, inputs) for r in result])
    else:
        out = _fresh(result, op, inputs)
    if mode.enabled and op.vjp is not None:
        for x in inputs:
            if isinstance(x, Tensor) and (x._requires or (x._base is not None and _requires(x))):
                record(op, inputs, params, out if many else (out,))
                break
    return out


def _fresh(array: Any, op: Any, inputs: tuple[Any, ...]) -> Tensor:
    """Wrap a new array; a memory order that torch would not have makes its storage private."""
    tensor = wrap(array)
    data = tensor._data
    if not data.flags.c_contiguous and _is_private(op, inputs):
        tensor._storage.array = data
        _join(tensor)
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
    return array.ndim > 3 and not array.flags.c_contiguous and np.moveaxis(array, 1, -1).flags.c_contiguous


def _alias(x: Tensor, array: Array, op: Any, params: tuple[Any, ...]) -> Tensor:
    """Wrap a view of ``x``: the storage is shared, the way there remembered."""
    tensor = _new(Tensor)
    tensor._data = array
    storage = tensor._storage = x._storage
    tensor._chain = (*x._chain, (op, params))
    tensor._base = x if x._base is None else x._base
    tensor._seen = storage.rebases
    if storage.array is not None:
        _join(tensor)
    return tensor


def _join(tensor: Tensor) -> None:
    tensor._storage.aliases.append(weakref.ref(tensor))


def record(op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...], outs: tuple[Tensor, ...]) -> Node:
    """Append a node for an operation that ran, and make its outputs point to it."""
    node = Node(op, params, tuple([edge_of(x) for x in inputs]))
    node._inputs = _save_inputs(op, inputs, node) if op.saves else None
    for i, out in enumerate(outs):
        if out._data.dtype.kind in "fcV" and i not in op.nondifferentiable:
            out._node, out._index, out._requires = node, i, True
    node._outputs = [Saved(o, None) if i in op.keeps else None for i, o in enumerate(outs)] if op.keeps else None
    node.metas = tuple([(o._data.shape, o._data.dtype) for o in outs])
    if mode.anomaly:
        node.site = caller_line()
    return node


def _save_inputs(op: Any, inputs: tuple[Any, ...], node: Node) -> list[Any]:
    """Keep the inputs that the gradients in need use; numbers and None are always kept."""
    wanted = {used for i, needed in enumerate(node.needs) if needed for used in op.saved_for(i)}
    kept: list[Any] = []
    for i, x in enumerate(inputs):
        if not isinstance(x, Tensor):
            kept.append(x)
        else:
            kept.append(Saved(x, node.edges[i]) if i in wanted else None)
    return kept


# ---- places on the tape ------------------------------------------------------------------------------------


def edge_of(x: Any) -> Edge | None:
    """Return where the gradient of ``x`` goes: a node, a leaf, or nowhere."""
    if not isinstance(x, Tensor):
        return None
    if x._base is not None and x._seen != x._storage.rebases:
        _refresh(x)
    if not x._requires:
        return None
    return (x, 0) if x._node is None else (x._node, x._index)


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
