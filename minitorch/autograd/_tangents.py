"""Forward mode: tensors carry tangents, and every operation carries them on.

The tangent of a result is J t for the tangents t of the inputs. Linear operations apply themselves; sums and products
have their rules; for all others J t is found from the operation's own gradient, which is linear in the vector u:
u -> J'u is differentiated once more, with respect to u in the direction t ("double backward").

Source: J. Townsend, "A new trick for calculating Jacobian vector products" (2017).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import interception, tape
from ..dispatch import apply
from ..errors import shape_text
from ..inplace import apply_
from ..ops._common import IDENTITY
from ..tape import Edge, Node, Saved, mode, recording
from ..tensor import Tensor, method, wrap
from ._saving import special_keeping
from .engine import grad

__all__ = ["Tangents", "check_tangent"]

# Operations that are linear in all of their tensors together.
_LINEAR = frozenset(
    ["alias", "adaptive_avg_pool", "avg_pool", "cat", "clone", "conj", "constant_pad_nd", "cumsum", "cumsum_from_end",
     "diag_embed", "expand", "flip", "fold", "gather", "index", "index_select", "mean", "neg", "permute", "repeat",
     "roll", "stack", "sum", "sum_to_size", "take", "to_copy", "tril", "triu", "unfold"]
)  # fmt: skip


Inputs = tuple[Any, ...]
Answer = tuple[Any, list[Any]]


class Tangents(interception.Handler):
    """A level of forward mode: tensors that have a tangent here give one to what is computed from them."""

    def __init__(self) -> None:
        self.keeping = special_keeping()

    def __enter__(self) -> Tangents:
        self.keeping.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)
        self.keeping.__exit__()

    def of(self, x: Any) -> Tensor | None:
        """Return the tangent of a tensor; None stands for zeros."""
        return x._tangents.get(self) if isinstance(x, Tensor) and x._tangents else None

    def give(self, x: Tensor, tangent: Tensor) -> None:
        """Set the tangent of a tensor."""
        x._tangents = {**(x._tangents or {}), self: tangent}

    def apply(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        """Apply an operation to values and tangents."""
        tangents = [self.of(x) for x in inputs]
        if op.vjp is None or not any(t is not None for t in tangents):
            return apply(op, inputs, params)
        rule = _linear if op.view or op.name in _LINEAR else _RULES.get(op.name, _by_double_backward)
        result, found = rule(self, op, inputs, params, tangents)
        for out, tangent in zip(result if isinstance(result, tuple) else (result,), found):
            if tangent is not None:
                self.give(out, tangent)
                _keep_again(out)
        return result

    def apply_(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        """Write a result over its first input, and the tangent over the tangent."""
        if not any(self.of(x) is not None for x in inputs):
            return apply_(op, inputs, params)
        copies = tuple([self._copy(x) if isinstance(x, Tensor) else x for x in inputs])
        tangent = self.of(self.apply(op, copies, params))
        x: Tensor = apply_(op, inputs, params)
        self._overwrite(x, tangent)
        return x

    def function(self, cls: Any, args: tuple[Any, ...]) -> Any:
        """Apply a user's function, and its `jvp` to the tangents."""
        if not any(self.of(x) is not None for x in args):
            return cls.apply(*args)
        result, ctx = cls._applied(args, cls.forward)
        outs = result if isinstance(result, tuple) else (result,)
        tangents = [self.of(x) for x in args]
        if ctx._materialize:
            tangents = [_zeros(x) if t is None and isinstance(x, Tensor) else t for x, t in zip(args, tangents)]
        found = cls.jvp(ctx, *tangents)
        for out, tangent in zip(outs, _checked(found if isinstance(found, tuple) else (found,), outs)):
            if tangent is not None:
                self.give(out, tangent)
        return result

    def _copy(self, x: Tensor) -> Tensor:
        copy, tangent = x.clone(), self.of(x)
        if tangent is not None:
            self.give(copy, tangent.clone())
        return copy

    def _overwrite(self, x: Tensor, tangent: Tensor | None) -> None:
        """Write into the tangent's memory, which views share, as the value was written."""
        base, old = x._base, self.of(x)
        if old is None and base is not None:
            if self.of(base) is None:
                self.give(base, _zeros(base))
            old = self.of(base)
            for op, params in x._chain[len(base._chain) :]:
                old = apply(op, (old,), params)
            self.give(x, old)  # type: ignore[arg-type]
        if old is not None:
            old.copy_(_zeros(x) if tangent is None else tangent)
        elif tangent is not None:
            self.give(x, tangent)


def _checked(tangents: tuple[Any, ...], outs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Raise torch's errors for tangents that do not fit the outputs of a user's function."""
    if len(tangents) != len(outs):
        raise RuntimeError(
            "Function's jvp returned an invalid number of forward gradients (expected "
            f"{len(outs)} but got {len(tangents)})"
        )
    for i, (tangent, out) in enumerate(zip(tangents, outs)):
        if tangent is None:
            continue
        if not isinstance(tangent, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(tangent).__name__}) for grad output {i}.")
        check_tangent(out, tangent)
    return tangents


def check_tangent(tensor: Tensor, tangent: Tensor) -> None:
    """Raise torch's error for a tangent that does not fit a tensor."""
    if tensor._data.shape != tangent._data.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {shape_text(tensor._data.shape)} while the given forward gradient is of "
            f"size {shape_text(tangent._data.shape)}."
        )


def _keep_again(out: Tensor) -> None:
    """Let a node that saved its output have it with the tangent that the output has got by now."""
    node, i = out._node, out._index
    if isinstance(node, Node) and type(node) is Node and node._outputs and node._outputs[i] is not None:
        node._outputs[i] = tape.keep(out, None)


def _zeros(x: Tensor) -> Tensor:
    return wrap(np.zeros(x._data.shape, x._data.dtype))


# ---- rules ---------------------------------------------------------------------------------------------------------


def _linear(level: Tangents, op: Any, inputs: Inputs, params: tuple[Any, ...], tangents: list[Any]) -> Answer:
    given = [_zeros(x) if t is None and isinstance(x, Tensor) else t for x, t in zip(inputs, tangents)]
    found = apply(op, tuple([x if t is None else t for x, t in zip(inputs, given)]), params)
    result = apply(op, inputs, params)
    return result, list(found) if isinstance(found, tuple) else [found]


def _add(level: Tangents, op: Any, inputs: Inputs, params: tuple[Any, ...], tangents: list[Any]) -> Answer:
    result = apply(op, inputs, params)
    a, b = tangents[:2]
    total = a if b is None else b if a is None else a + b
    if b is not None and op.name == "sub":
        total = -b if a is None else a - b
    return result, [total.to(result.dtype).expand(result._data.shape)]


def _mul(level: Tangents, op: Any, inputs: Inputs, params: tuple[Any, ...], tangents: list[Any]) -> Answer:
    if len(inputs) != 2:
        return _by_double_backward(level, op, inputs, params, tangents)
    result = apply(op, inputs, params)
    (x, y), (a, b) = inputs, tangents
    total = x * b if a is None else a * y if b is None else a * y + x * b
    return result, [total.to(result.dtype)]


_RULES = {"add": _add, "sub": _add, "mul": _mul}


def _by_double_backward(
    level: Tangents, op: Any, inputs: Inputs, params: tuple[Any, ...], tangents: list[Any]
) -> Answer:
    tensors = [x for x in (*inputs, *tangents) if isinstance(x, Tensor)]
    linked = mode.enabled and any(x.requires_grad for x in inputs if isinstance(x, Tensor))
    outer = mode.enabled and any(x.requires_grad for x in tensors)
    with recording(True):
        fresh = [x if t is None else _entry(x, linked) for x, t in zip(inputs, tangents)]
        for x, t in zip(fresh, tangents):
            if t is not None:
                level.give(x, t)  # the node saves it, and the gradient of the operation has a tangent, too
        result = apply(op, tuple(fresh), params)
        outs = result if isinstance(result, tuple) else (result,)
        places = [i for i, out in enumerate(outs) if out.requires_grad]
        found: list[Any] = [None] * len(outs)
        for i in places:
            found[i] = _pushed(outs[i], [(f, t) for f, t in zip(fresh, tangents) if t is not None], outer)
    if not linked:
        outs = tuple([out._afresh() for out in outs])
    return (outs if isinstance(result, tuple) else outs[0]), found


def _entry(x: Tensor, linked: bool) -> Tensor:
    """Return the tensor again, as one to be differentiated by; what comes of it leads back to ``x`` if recording."""
    if linked and x.requires_grad:
        again: Tensor = apply(IDENTITY, (x,))
        again._tangents = {**(x._tangents or {}), **(again._tangents or {})} or None
        return again
    leaf: Tensor = x._afresh()
    leaf._requires = True
    return leaf


def _pushed(out: Tensor, pairs: list[tuple[Tensor, Tensor]], create_graph: bool) -> Tensor | None:
    """Return J t for one output: the gradient of u -> J'u in the direction of the tangents t."""
    u = interception.lifted(_zeros(out))
    u._requires = True
    back = grad(out, [x for x, _ in pairs], u, create_graph=True, allow_unused=True)
    used = [(g, t) for g, (_, t) in zip(back, pairs) if g is not None and g.requires_grad]
    if not used:
        return None
    pushes = [t.to(g.dtype) for g, t in used]
    (found,) = grad([g for g, _ in used], u, pushes, create_graph=create_graph, allow_unused=True)
    return found


@method
def _afresh(self: Tensor) -> Tensor:
    """Return the same elements without their place on the tape; what transforms further out know of them stays."""
    out = self._off_tape()
    out._tangents = self._tangents
    return out


@method
def _off_tape(self: Tensor) -> Tensor:
    """Return the same elements; tensors that stand for others override it."""
    return self.detach()


# ---- saved values that have tangents -------------------------------------------------------------------------------


class _SavedDual(Saved):
    """A saved value together with its tangents."""

    __slots__ = ("saved", "tangents")

    def __init__(self, saved: Saved, tensor: Tensor) -> None:
        self.saved, self.tangents, self.edge = saved, tensor._tangents, saved.edge

    def unpack(self, node: Node, what: str | int) -> Tensor:
        """Return the value in its place on the tape, with its tangents."""
        before, self.saved.edge = self.saved.edge, self.edge
        try:
            value = self.saved.unpack(node, what)
        finally:
            self.saved.edge = before
        if value._tangents is None:
            value._tangents = self.tangents
        return value


@method
def _kept(self: Tensor, edge: Edge | None) -> Saved:
    """Return what holds this tensor, and its tangents, for the backward pass."""
    saved: Saved = self._held(edge)
    return saved if self._tangents is None else _SavedDual(saved, self)
