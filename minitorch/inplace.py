"""In-place writes: what may be written, and how the tape learns of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes, interception, tape
from .convert import cast
from .dispatch import edge_of, record, requires
from .errors import shape_text
from .kernels.copies import copy_into
from .memory import copied, is_dense
from .op import SCATTER_VIEW, result_dtype
from .tape import Node, mode
from .tensor import Tensor, wrap

__all__ = ["apply_", "check_elements_apart", "check_result", "check_writable", "rebase", "write"]


def apply_(op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...] = ()) -> Tensor:
    """Run an operation and write its result over its first input, rewriting the tape as torch does."""
    if interception.active and interception.local.stack:
        with interception.through() as handler:
            return handler.apply_(op, inputs, params)
    x: Tensor = inputs[0]
    recorded = mode.enabled and op.vjp is not None and _any_requires(inputs)
    if x._storage.of_inference:
        x._storage.written()  # refuses outside of inference mode, before anything is done
    if mode.enabled:
        check_writable(x, recorded or (x._base is not None and requires(x._base)))
    for other in inputs[1:]:
        if isinstance(other, Tensor) and other._storage is x._storage:
            _check_overlap(x._data, other._data)
    result = _computed(op, x, [i._data if isinstance(i, Tensor) else i for i in inputs], params)
    check_result(op, x, result)
    if recorded:
        value = wrap(result)  # holds the new history until x takes it over
        node = record(op, _shielded(op, inputs), params, (value,))
    write(x, result)
    if recorded:
        if node._outputs is not None:
            node._outputs = [tape.keep(x, None)]
        rebase(x, node)
    return x


def _any_requires(inputs: tuple[Any, ...]) -> bool:
    for x in inputs:  # noqa: SIM110  (a generator costs more than the loop)
        if isinstance(x, Tensor) and requires(x):
            return True
    return False


def _shielded(op: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give the record a copy of the overwritten input where its gradient needs the old value."""
    x = inputs[0]
    if not any(0 in op.saved_for(i) and requires(t) for i, t in enumerate(inputs)):
        return inputs
    old = wrap(copied(x._data))
    edge = edge_of(x)
    if edge is not None:
        old._requires, old._index = True, edge[1]
        old._node = edge[0] if isinstance(edge[0], Node) else None
    return (old, *inputs[1:])


def check_writable(x: Tensor, recorded: bool = True) -> None:
    """Raise torch's errors for in-place writes that the tape could not follow."""
    if recorded and x._frozen:
        raise RuntimeError(x._frozen)
    if requires(x) and x._node is None:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    base = x._base
    if base is not None and base._requires and base._node is None:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def _check_overlap(x: Any, other: Any) -> None:
    """Raise torch's error if two views of one storage share a part of their elements."""
    if not (is_dense(x) and is_dense(other)):
        return
    starts = [a.__array_interface__["data"][0] for a in (x, other)]
    same = starts[0] == starts[1] and x.strides == other.strides and x.shape == other.shape
    if not same and starts[0] < starts[1] + other.nbytes and starts[1] < starts[0] + x.nbytes:
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
            "memory location. Please clone() the tensor before performing the operation."
        )


def check_cast(have: dtypes.dtype, want: dtypes.dtype) -> None:
    """Raise torch's error for a result whose dtype the written tensor cannot hold."""
    if not dtypes.can_cast(have, want):
        raise RuntimeError(
            f"result type {have.scalar_type} can't be cast to the desired output type {want.scalar_type}"
        )


def _computed(op: Any, x: Tensor, arrays: list[Any], params: tuple[Any, ...]) -> Any:
    """Run the operation; that the result could not be stored is a graver error than a missing kernel."""
    try:
        return op.run(arrays, params)
    except NotImplementedError:
        kind = dtypes.bool_ if op.promotes == "bool" else result_dtype(arrays)
        check_cast(kind, dtypes.of(x._data))
        raise


def check_result(op: Any, x: Tensor, result: Any) -> None:
    """Raise torch's errors for a result that the written tensor cannot hold."""
    array = x._data
    if type(result) is np.ndarray and result.shape == array.shape and result.dtype is array.dtype:
        return check_elements_apart(array)
    if result.shape != array.shape:
        raise RuntimeError(
            f"output with shape {shape_text(array.shape)} doesn't match the broadcast shape {shape_text(result.shape)}"
        )
    check_cast(dtypes.of(np.asarray(result)), dtypes.of(array))
    check_elements_apart(array)


def check_elements_apart(array: Any) -> None:
    """Raise torch's error for writing where several elements share one place, as expanded ones do."""
    if array.size and 0 in array.strides and any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )


def write(x: Tensor, result: Any) -> None:
    """Store new values in a tensor and count the write."""
    if x._data.dtype == result.dtype:
        if not copy_into(x._data, result):
            x._data[...] = result
    else:
        x._data[...] = cast(np.asarray(result), dtypes.of(x._data))
    x._storage.written()


def rebase(x: Tensor, node: Node, index: int = 0) -> None:
    """Give ``x``, just overwritten, the history (node, index); a view's family gets it through its base."""
    base = x._base
    if x._retains:
        _retain_at(x, node, index)
    if base is None:
        x._node, x._index, x._requires = node, index, True
        x._storage.rebases += 1
        return
    scatter = Node(SCATTER_VIEW, (x._chain[len(base._chain) :],), (edge_of(base), (node, index)))
    scatter.metas = ((base._data.shape, base._data.dtype),)
    base._node, base._index, base._requires = scatter, 0, True
    base._storage.rebases += 1  # which makes the places of all views stale, that of ``x`` too


def _retain_at(x: Tensor, node: Node, index: int) -> None:
    """Let the gradient that ``x`` keeps be the one of its new value."""
    if x._node is not None and x._node.retain:
        kept = x._node.retain.pop(x._index, None)
        if kept is not None:
            node.retain, node.watched = {index: kept}, True
