"""`torch.library`: operations of the user's, under a name in ``minitorch.ops``, with their gradients.

Source of names and messages: torch 2.13.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..autograd.function import Function
from ..autograd.grad_mode import no_grad
from ..ops._namespaces import namespace
from ..tensor import Tensor
from ..utils._pytree import tree_flatten, tree_leaves

__all__ = ["CustomOpDef", "Library", "custom_op", "define", "impl", "register_autograd", "register_fake",
           "register_kernel"]  # fmt: skip

_OPS: dict[str, CustomOpDef] = {}  # by qualified name
Fn = Callable[..., Any]


class _Call(Function):
    """One call of an operation: what autograd sees of it. The tensors come flat, ``call`` knows the tree."""

    @staticmethod
    def forward(ctx: Any, op: Any, args: tuple[Any, ...], *leaves: Any) -> Any:
        ctx.op, ctx.arguments = op, args
        with no_grad():
            output = op.kernel(*args)
        if op.setup_context is not None:
            op.setup_context(ctx, args, output)
        ctx.many = isinstance(output, list)
        return tuple(output) if ctx.many else output

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        op = ctx.op
        if op.backward is None:
            raise RuntimeError(
                f"Trying to backward through {op!r} but no autograd formula was registered. "
                "Please use register_autograd to add one."
            )
        found = op.backward(ctx, list(grads)) if ctx.many else op.backward(ctx, *grads)
        found = found if isinstance(found, tuple) else (found,)
        flat: list[Any] = []
        for argument, grad in zip(ctx.arguments, found):
            leaves, spec = tree_flatten(argument)
            flat += [None] * len(leaves) if grad is None else spec.flatten_up_to(grad)
        return (None, None, *flat)


class CustomOpDef:
    """An operation of the user's: a function of tensors and numbers, called by its name or as this object."""

    def __init__(self, name: str, fn: Fn | None) -> None:
        self._qualname, self.kernel = name, fn or self._missing
        self.setup_context: Fn | None = None
        self.backward: Fn | None = None
        self.fake: Fn | None = None
        self.default = self
        library, _, short = name.partition("::")
        if not short:
            raise ValueError(f"Expected the name to be of the form 'namespace::name', got {name!r}")
        setattr(namespace(library), short, self)
        _OPS[name] = self

    def _missing(self, *args: Any) -> Any:
        raise NotImplementedError(
            f"Could not run '{self._qualname}' with arguments from the 'CPU' backend: no kernel was registered."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the operation, and record it where a gradient may be asked for."""
        if kwargs or self.backward is not None:
            args = self._bound(args, kwargs)
        leaves = tree_leaves(args)
        if any(isinstance(leaf, Tensor) and leaf.requires_grad for leaf in leaves):
            output = _Call.apply(self, args, *leaves)
            return list(output) if isinstance(output, tuple) and self._gives_list() else output
        return self.kernel(*args)

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Return the arguments by position, with the defaults."""
        call = inspect.signature(self.kernel).bind(*args, **kwargs)
        call.apply_defaults()
        return (*call.args, *call.kwargs.values())

    def _gives_list(self) -> bool:
        return "list" in str(inspect.signature(self.kernel).return_annotation).lower()

    def __repr__(self) -> str:
        return self._qualname.replace("::", ".") + ".default"

    def register_fake(self, fn: Fn, /) -> Fn:
        """Keep the function that gives outputs without values; nothing is traced, so it is not called."""
        self.fake = fn
        return fn

    register_vmap = register_torch_dispatch = register_fake

    def register_kernel(self, device_types: Any, fn: Fn | None = None, /) -> Fn:
        """Compute by this function, if the device types have the CPU among them."""

        def register(fn: Fn) -> Fn:
            if device_types in (None, "cpu") or (not isinstance(device_types, str) and "cpu" in device_types):
                self.kernel = fn
            return fn

        return register if fn is None else register(fn)

    def register_autograd(self, backward: Fn, /, *, setup_context: Fn | None = None) -> None:
        """Use a formula of the gradient: ``backward(ctx, *grads)``, after ``setup_context(ctx, inputs, output)``."""
        self.backward, self.setup_context = backward, setup_context


def custom_op(name: str, fn: Fn | None = None, /, *, mutates_args: Any = (), device_types: Any = None,
              schema: str | None = None, tags: Any = None) -> Any:  # fmt: skip
    """Make a function an operation ``"library::name"``, which is ``minitorch.ops.library.name``; or a decorator.

    Raises
    ------
    ValueError : a name without ``::``.

    Examples
    --------
    >>> import minitorch
    >>> @minitorch.library.custom_op("examples::twice", mutates_args=())
    ... def twice(x: minitorch.Tensor) -> minitorch.Tensor:
    ...     return x * 2
    >>> twice.register_autograd(lambda ctx, grad: grad * 2)
    >>> minitorch.ops.examples.twice(minitorch.ones(1))
    tensor([2.])
    """
    if fn is None:
        return lambda fn: CustomOpDef(name, fn)
    return CustomOpDef(name, fn)


def _named(op: Any) -> CustomOpDef:
    found = op if isinstance(op, CustomOpDef) else _OPS.get(str(op))
    if found is None:
        raise RuntimeError(f"operator {op} does not exist")
    return found


def define(qualname: str, schema: str, *, lib: Any = None, tags: Any = ()) -> None:
    """Make an operation without a kernel, which `impl` gives it. RuntimeError if there is one of this name."""
    if qualname in _OPS:
        raise RuntimeError(f"Tried to register an operator ({qualname}{schema}) with the same name multiple times.")
    CustomOpDef(qualname, None)


def register_kernel(op: Any, device_types: Any, func: Fn | None = None, /, *, lib: Any = None) -> Any:
    """Let an operation be computed by a function on some device types; without a function, a decorator that does."""
    return _named(op).register_kernel(device_types, func)


def impl(qualname: str, types: Any, func: Fn | None = None, *, lib: Any = None) -> Any:
    """Let an operation be computed by a function; ``types`` are device types or torch's dispatch keys."""
    return _named(qualname).register_kernel(_on_cpu(types), func)


def _on_cpu(types: Any) -> Any:
    names = [types] if isinstance(types, str) else list(types)
    return "cpu" if {"cpu", "default", "compositeexplicitautograd", "compositeimplicitautograd"} & {
        name.lower() for name in names
    } else "none"  # fmt: skip


def register_fake(op: Any, func: Fn | None = None, /, *, lib: Any = None, **names: Any) -> Any:
    """Keep an operation's function of shapes, which nothing calls; an operation that is not there is no error."""

    def register(func: Fn) -> Fn:
        found = op if isinstance(op, CustomOpDef) else _OPS.get(str(op))
        return func if found is None else found.register_fake(func)

    return register if func is None else register(func)


impl_abstract = register_fake


def register_autograd(op: Any, backward: Fn, /, *, setup_context: Fn | None = None, lib: Any = None) -> None:
    """Give an operation the formula of its gradient. RuntimeError if there is no such operation."""
    _named(op).register_autograd(backward, setup_context=setup_context)


class Library:
    """A set of operations: ``define`` their names, then ``impl`` their kernels.

    Examples
    --------
    >>> import minitorch
    >>> library = minitorch.library.Library("shapes", "DEF")
    >>> name = library.define("area(Tensor a, Tensor b) -> Tensor")
    >>> library.impl(name, lambda a, b: a * b, "CPU")
    >>> minitorch.ops.shapes.area(minitorch.tensor(2.0), minitorch.tensor(3.0))
    tensor(6.)
    """

    def __init__(self, ns: str, kind: str, dispatch_key: str = "") -> None:
        if kind not in ("IMPL", "DEF", "FRAGMENT"):
            raise ValueError("Unsupported library type: ", kind)
        self.ns, self.kind, self.dispatch_key = ns, kind, dispatch_key

    def define(self, schema: str, alias_analysis: str = "", *, tags: Any = ()) -> str:
        """Make an operation of torch's schema, ``"name(Tensor x) -> Tensor"``; return its name."""
        name = schema.partition("(")[0].strip()
        define(f"{self.ns}::{name}", schema)
        return name

    def impl(self, op_name: Any, fn: Fn, dispatch_key: str = "", **names: Any) -> None:
        """Let an operation be computed by a function where the dispatch key stands for the CPU."""
        op = op_name if isinstance(op_name, CustomOpDef) else f"{self.ns}::{op_name.partition('::')[2] or op_name}"
        _named(op).register_kernel(_on_cpu(dispatch_key or self.dispatch_key or "cpu"), fn)
