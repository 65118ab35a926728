"""How saved values may be held for the backward pass: by pairs of hooks, instead of as they are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from .. import tape
from ..op import Op
from ..tape import Edge, Node, Saved, recording
from ..tensor import Tensor, method

__all__ = ["Packed", "SavedTensor", "hooks", "special_keeping"]

Hook = Callable[[Any], Any]


class _Hooks(threading.local):
    """Each thread's pairs of hooks, the innermost last, and why there must be none."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Hook, Hook]] = []
        self.barred: str | None = None


hooks = _Hooks()
_uses = 0
_counting = threading.Lock()


class special_keeping:
    """A block, in any thread, while which values are not simply saved: `tape.keep` asks first."""

    def __enter__(self) -> None:
        _use(1)

    def __exit__(self, *exc: object) -> None:
        _use(-1)


def _use(change: int) -> None:
    global _uses
    with _counting:
        _uses += change
        tape.keep = _keep if _uses else Saved


def _keep(tensor: Tensor, edge: Edge | None) -> Saved:
    kept: Saved = tensor._kept(edge)
    if hooks.pairs and type(kept) is Saved:
        return Packed(kept, tensor, *hooks.pairs[-1])
    return kept


@method
def _held(self: Tensor, edge: Edge | None) -> Saved:
    """Return what holds the elements for the backward pass; tensors that are more than an array override it."""
    return Saved(self, edge)


@method
def _kept(self: Tensor, edge: Edge | None) -> Saved:
    """Return what holds this tensor for the backward pass."""
    return self._held(edge)


# ---- values held by hooks ------------------------------------------------------------------------------------


class Packed(Saved):
    """A saved value that a pair of hooks holds."""

    __slots__ = ("held", "own", "unpack_hook")

    def __init__(self, saved: Saved, tensor: Tensor, pack: Hook, unpack: Hook) -> None:
        self.edge, self.chain, self.version = saved.edge, saved.chain, saved.version
        self.array, self.storage, self.unpack_hook = saved.array, saved.storage, unpack
        before = tensor._storage.version
        with recording(False):
            self.held = pack(tensor)
        if tensor._storage.version != before:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook "
                "cannot be modified by in-place operations as this can lead to unexpected side-effects: clone() the "
                "tensor in the hook first."
            )
        self.own = self.held is tensor  # then the array is kept as without hooks, and no tensor refers to its own node
        if self.own:
            self.held = None
        else:
            del self.array, self.storage

    def unpack(self, node: Node, what: str | int) -> Tensor:
        """Return what the second hook makes of the held value, in its place on the tape."""
        value = self.unpack_hook(super().unpack(node, what) if self.own else self.held)
        if not isinstance(value, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(value).__name__}"
            )
        return _placed(value, self.edge)


def _placed(value: Tensor, edge: Edge | None) -> Tensor:
    """Return the elements of a tensor with the place on the tape that an edge tells."""
    if edge is None or value is edge[0]:
        return value
    out: Tensor = value.detach()
    owner, index = edge
    if isinstance(owner, Tensor):
        node = Node(_PASS, (), (edge,))
        node.metas = ((owner._data.shape, owner._data.dtype),)
        owner, index = node, 0
    out._node, out._index, out._requires = owner, index, True
    return out


_PASS = Op("unpacked", lambda x: x, lambda node, g: g)


# ---- as a user sees them ---------------------------------------------------------------------------------------


class SavedTensor:
    """A value that a node saved, as ``grad_fn._raw_saved_...`` shows it: hooks can be put on it."""

    def __init__(self, node: Node, values: list[Any], place: int) -> None:
        self._node, self._values, self._place = node, values, place

    def register_hooks(self, pack_hook: Hook, unpack_hook: Hook) -> None:
        """Hold the value as ``pack_hook`` makes it, until ``unpack_hook`` gives it back."""
        if self._node.freed:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the "
                "graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need "
                "to backward through the graph a second time or if you need to access saved variables after calling "
                "backward."
            )
        saved = self._values[self._place]
        entry = saved[0] if isinstance(saved, tuple) else saved
        if isinstance(entry, Packed):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of "
                "hooks is allowed at a time."
            )
        tensor = entry.unpack(self._node, "value")
        packed = Packed(entry, tensor.detach(), pack_hook, unpack_hook)
        self._values[self._place] = (packed, saved[1]) if isinstance(saved, tuple) else packed

    @property
    def data(self) -> Any:
        """The value as it is held."""
        saved = self._values[self._place]
        entry = saved[0] if isinstance(saved, tuple) else saved
        held = entry.held if isinstance(entry, Packed) else None
        return entry.unpack(self._node, "value") if held is None else held


_INPUTS = {
    "self": 0, "input": 0, "mat1": 0, "condition": 0, "other": 1, "exponent": 1, "mat2": 1, "weight": 1, "target": 1,
    "index": 1, "indices": 1, "tensor1": 1, "end": 1, "tensor2": 2, "bias": 2,
}  # fmt: skip
_OUTPUTS = {"result": 0, "output": 0, "out": 0, "result0": 0, "result1": 1, "result2": 2, "indices": 1, "values": 0}


def _saved_attribute(node: Node, name: str) -> Any:
    """Find ``_saved_self``, ``_saved_result`` and the like, and the same with ``_raw``."""
    _, _, what = name.partition("saved_")
    if name in (f"_saved_{what}", f"_raw_saved_{what}"):
        for values, places, get in ((node._outputs, _OUTPUTS, node.output), (node._inputs, _INPUTS, node.input)):
            place = places.get(what, -1)
            if 0 <= place < len(values or ()) and values[place] is not None:  # type: ignore[index]
                return SavedTensor(node, values, place) if name.startswith("_raw") else get(place)  # type: ignore[arg-type]
        if node.freed and what in (_INPUTS | _OUTPUTS):
            node._saved(None)
    raise AttributeError(f"'{node.name()}' object has no attribute '{name}'")


Node.__getattr__ = _saved_attribute  # type: ignore[attr-defined]
