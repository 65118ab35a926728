"""Operations whose forward and backward a user writes: `Function`, and the context that joins the two.

The context is an object of its own, apart from the tape's node, so that whatever attributes a user gives it
cannot touch the tape. It holds its node weakly: an output saved for backward would otherwise be a reference
cycle.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import interception, tape
from ..dispatch import edge_of
from ..inplace import rebase
from ..op import Op
from ..tape import Node, Saved, mode, recording
from ..tensor import Tensor, wrap
from ._once import once_differentiable

__all__ = ["Function", "FunctionCtx", "once_differentiable"]

_VIEW_IN_FUNCTION = (
    "This view was created inside a custom Function (or because an input was returned as-is) and the "
    "autograd logic to handle view+inplace would override the custom backward associated with the custom "
    "Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the "
    "output of the custom Function."
)


# ---- the context -------------------------------------------------------------------------------------------


class FunctionCtx:
    """What `Function.forward` leaves for `Function.backward`: saved tensors, marks, and any attributes.

    Examples
    --------
    >>> import minitorch
    >>> class Cube(minitorch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return grad * 3 * x**2
    >>> x = minitorch.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    def __init__(self, node: Node) -> None:
        self._home = weakref.ref(node)
        self._to_save: tuple[Any, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True
        self._tensors: frozenset[int] = frozenset()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, outputs or other tensors for backward, safe against reference cycles and later
        writes.
        """
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `Function.jvp`."""
        for t in tensors:
            if not isinstance(t, Tensor) and t is not None:
                raise TypeError(f"save_for_forward expects all arguments to be tensors, but got {type(t).__name__}")
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Name the inputs that forward writes in place; each must be returned as well."""
        for i, t in enumerate(args):
            if not isinstance(t, Tensor):
                raise TypeError(f"mark_dirty can only accept variables, but argument {i} is of type {type(t).__name__}")
            t._storage.written()
        self._dirty = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Name the outputs that have no gradient, such as indices."""
        for i, t in enumerate(args):
            if not isinstance(t, Tensor):
                raise TypeError(
                    f"mark_non_differentiable can only accept variables, but argument {i} is of type {type(t).__name__}"
                )
        self._constant = args

    def set_materialize_grads(self, value: bool) -> None:
        """Set whether backward gets zeros (the default) or None for outputs that were not used."""
        self._materialize = bool(value)

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        """For every argument of forward, whether its gradient is wanted."""
        node = self._home()
        return () if node is None else tuple([bool(needed) for needed in node.needs])

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """The tensors given to `save_for_backward`; RuntimeError once they are freed or where one was
        overwritten.
        """
        node = self._home()
        if node is None:
            return self._to_save
        saved = node._saved(node._inputs) or ()
        return tuple(None if entry is None else _unpack(node, i, *entry) for i, entry in enumerate(saved))


def _unpack(node: Node, i: int, saved: Saved, output: int | None) -> Tensor:
    if output is None:
        return saved.unpack(node, f"saved tensor {i}")
    saved.edge = (node, output)
    try:
        return saved.unpack(node, f"output {output}")
    finally:
        saved.edge = None  # a lasting edge to its own node would be a reference cycle


class _FunctionNode(Node):
    """The tape's node of one application; attributes that it lacks are the context's."""

    def __getattr__(self, name: str) -> Any:
        if name in Node.__annotations__:
            raise AttributeError(name)
        return getattr(self.params[0], name)


# ---- the function ------------------------------------------------------------------------------------------


class Function:
    """Base of operations with a gradient of their own: subclass it, write `forward` and `backward`, call
    `apply`.

    ``forward(ctx, *args)`` computes with recording off; it may be split into ``forward(*args)`` and
    ``setup_context(ctx, inputs, output)``. ``backward(ctx, *grads)`` gets one gradient per output and returns
    one per argument of forward (None for those without); written with differentiable operations, it can
    itself be differentiated.

    Raises
    ------
    RuntimeError : backward returns the wrong number of gradients, or one of the wrong shape.
    NotImplementedError : `forward` or `backward` is missing.

    Examples
    --------
    >>> import minitorch
    >>> class Scale(minitorch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x, factor):
    ...         ctx.factor = factor
    ...         return x * factor
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         return grad * ctx.factor, None
    >>> Scale.apply(minitorch.ones(2, requires_grad=True), 3.0)
    tensor([3., 3.], grad_fn=<ScaleBackward>)
    """

    _op: Op

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        run = functools.partial(_run_backward, cls)
        cls._op = Op(cls.__name__, cls.forward, run, grad_name=cls.__name__ + "Backward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: functions are applied through their class."""
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style "
            f"autograd function with static forward method: call {type(self).__name__}.apply(...)."
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; to be written by the subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Fill the context where `forward` does not take one."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradients of the arguments; to be written by the subclass."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use "
            "it with backward mode AD."
        )

    vjp = backward
    generate_vmap_rule = False

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Compute the tangents of the outputs; to be written by the subclass for forward mode."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """Compute the outputs for many examples, and where these stand in them; to be written for `vmap`."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap static method or set "
            "generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward on the arguments and record it."""
        if cls is Function:
            cls.forward()
        if kwargs:
            args = cls._positional(args, kwargs)
        if interception.active and interception.local.stack:
            with interception.through() as handler:
                return handler.function(cls, args)
        return cls._applied(args, cls.forward)[0]

    @classmethod
    def _applied(cls, args: tuple[Any, ...], forward: Callable[..., Any]) -> tuple[Any, FunctionCtx]:
        """Run a forward on the arguments and record it; return the outputs and the context."""
        edges = tuple([edge_of(a) if isinstance(a, Tensor) else None for a in args])
        node = _FunctionNode(cls._op, (), edges)
        ctx = FunctionCtx(node)
        node.params = (ctx,)
        ctx._tensors = frozenset(i for i, a in enumerate(args) if isinstance(a, Tensor))
        with recording(False):
            if cls.setup_context is Function.setup_context:
                result = forward(ctx, *args)
            else:
                result = forward(*args)
                cls.setup_context(ctx, args, result)
        recorded = mode.enabled and any(node.needs)
        return (_finish(node, ctx, args, result) if recorded else result), ctx

    @classmethod
    def _positional(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Return the arguments in the order of forward's parameters, as backward will number them."""
        lead = (None,) if cls.setup_context is Function.setup_context else ()
        bound = inspect.signature(cls.forward).bind(*lead, *args, **kwargs)
        return bound.args[len(lead) :]


# ---- forward: outputs take their place on the tape ---------------------------------------------------------


def _finish(node: Node, ctx: FunctionCtx, args: tuple[Any, ...], result: Any) -> Any:
    many = isinstance(result, tuple)
    given = result if many else (result,)
    if any(not any(d is r for r in given) for d in ctx._dirty):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs "
            "that are modified inplace must all be outputs of the Function."
        )
    node.metas = tuple([_meta(r) for r in given])
    if tape.anomaly is not None:
        node.site = tape.anomaly()
    outs = tuple([_output(node, ctx, args, i, r) for i, r in enumerate(given)])
    _save(node, ctx, given, outs)
    return outs if many else outs[0]


def _meta(out: Any) -> Any:
    return (out._data.shape, out._data.dtype) if isinstance(out, Tensor) else ((), None)


def _output(node: Node, ctx: FunctionCtx, args: tuple[Any, ...], i: int, out: Any) -> Any:
    if not isinstance(out, Tensor) or out._data.dtype.kind not in "fcV" or _among(out, ctx._constant):
        return out
    if _among(out, ctx._dirty):
        if out._requires and out._node is None:
            raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
        rebase(out, node, i)
        return out
    if _among(out, args) or out._base is not None or out._requires:
        out = _same_elements(out, f"Output {i} of {node.op.name}")
    out._node, out._index, out._requires = node, i, True
    return out


def _among(tensor: Tensor, others: Sequence[Any]) -> bool:
    return any(tensor is other for other in others)


def _same_elements(x: Tensor, who: str) -> Tensor:
    """Return an alias with a history of its own, which in-place operations may not extend."""
    out = Tensor.__new__(Tensor)
    out._data, out._storage, out._chain = x._data, x._storage, x._chain
    out._frozen = f"{who} is a view and is being modified inplace. {_VIEW_IN_FUNCTION}"
    if x._storage.private:
        out._storage.join(out)
    return out


def _save(node: Node, ctx: FunctionCtx, given: tuple[Any, ...], outs: tuple[Any, ...]) -> None:
    if ctx._to_save:
        entries: list[Any] = []
        for place, t in enumerate(ctx._to_save):
            if not isinstance(t, Tensor) and t is not None:
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {place} is of type {type(t).__name__}"
                )
            at = next((i for i, r in enumerate(given) if t is r and outs[i]._node is node), None)
            if t is None:
                entries.append(None)
            else:
                entries.append((tape.keep(t, None if at is not None else edge_of(t)), at))
        node._inputs = entries
    ctx._to_save = ctx._dirty = ctx._constant = ()


# ---- backward ----------------------------------------------------------------------------------------------


def _run_backward(cls: type[Function], node: Node, *grads: Any) -> tuple[Any, ...]:
    (ctx,) = node.params
    if ctx._materialize:
        grads = tuple([_zeros(m) if g is None else g for g, m in zip(grads, node.metas)])
    rule = cls.backward if cls.vjp is Function.vjp else cls.vjp
    found = rule(ctx, *grads)
    return _checked(node, ctx, found if isinstance(found, tuple) else (found,))


def _zeros(meta: tuple[tuple[int, ...], Any]) -> Tensor | None:
    shape, dtype = meta
    return None if dtype is None else wrap(np.zeros(shape, dtype))


def _checked(node: Node, ctx: FunctionCtx, found: tuple[Any, ...]) -> tuple[Any, ...]:
    """Raise torch's errors for gradients that do not match the arguments of forward."""
    expected = len(node.edges)
    while len(found) > expected and found[-1] is None:
        found = found[:-1]
    if len(found) != expected:
        raise RuntimeError(
            f"function {node.name()} returned an incorrect number of gradients (expected {expected}, got {len(found)})"
        )
    for i, g in enumerate(found):
        if g is None:
            continue
        if not isinstance(g, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
        if i not in ctx._tensors:
            raise RuntimeError(
                f"function {node.name()} returned a gradient different than None at position {i + 1}, but "
                "the corresponding forward input was not a Variable"
            )
    return found
