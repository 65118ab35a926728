"""What the op families share: argument checks, delivery into ``out=``, and the making of table-driven functions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..backward import backward_pass
from ..convert import from_bfloat16, wrap_dim, wrap_dims
from ..dispatch import apply, apply_view, edge_of
from ..inplace import apply_, check_result, write
from ..lanes import pair_
from ..op import Failure, Make, Op, Sample, register
from ..tape import mode, recording
from ..tensor import Tensor, method, wrap

__all__ = [
    "NUMBER",
    "OPERAND",
    "Tensor",
    "apply",
    "apply_",
    "apply_view",
    "conj",
    "deliver",
    "deliver_all",
    "inplace",
    "ints",
    "legacy_scale",
    "normal_dims",
    "numbers",
    "operand",
    "register_views",
    "float_arg",
    "tensor_arg",
    "vjp_of",
    "zeros_like",
]

NUMBER = (int, float, complex, bool, np.number, np.bool_)
OPERAND = (Tensor, *NUMBER)


def tensor_arg(fn: str, x: Any, name: str = "input", position: int = 1) -> Tensor:
    """Return ``x`` if it is a tensor; TypeError with torch's text otherwise."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{fn}(): argument '{name}' (position {position}) must be Tensor, not {type(x).__name__}")
    return x


def float_arg(fn: str, x: Any, kernel: str = "") -> Tensor:
    """Return ``x`` if it is a tensor of floating-point or complex numbers; torch's errors, with its kernel, if not."""
    if tensor_arg(fn, x)._data.dtype.kind in "biu":
        raise NotImplementedError(f"{fn}: \"{kernel or fn}\" not implemented for '{x.dtype.scalar_type}'")
    return x


def operand(fn: str, x: Any, name: str = "other", position: int = 2) -> Any:
    """Return ``x`` if it is a tensor or a number; TypeError with torch's text otherwise."""
    if not isinstance(x, OPERAND):
        raise TypeError(f"{fn}(): argument '{name}' (position {position}) must be Tensor, not {type(x).__name__}")
    return x


def deliver(result: Tensor, out: Tensor | None) -> Tensor:
    """Return the result, or store it in ``out`` (resized if its shape differs) and return that."""
    if out is None:
        return result
    if out.requires_grad or result.requires_grad:
        raise RuntimeError(
            "functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if out._data.shape != result._data.shape:
        out._data = np.empty(result._data.shape, out._data.dtype)
    check_result(None, out, result._data)
    write(out, result._data)
    return out


def deliver_all(result: Any, out: Any) -> Any:
    """Return a result, or several, stored in ``out``: for functions that know nothing of ``out=``."""
    if not isinstance(result, tuple):
        return deliver(result, out)
    stored = [deliver(r, o) for r, o in zip(result, out)]
    return type(result)(*stored) if hasattr(result, "_fields") else type(result)(stored)


def numbers(x: Tensor) -> Any:
    """Return the elements as NumPy computes with them: bfloat16, which it does not know, as float32."""
    return from_bfloat16(x._data) if x._data.dtype.kind == "V" else x._data


def conj(x: Any) -> Any:
    """Return the conjugate of a factor, a tensor or a number; real ones are their own."""
    if isinstance(x, Tensor):
        return x.conj() if x._data.dtype.kind == "c" else x
    return x.conjugate()


def inplace(op: Op, name: str, arity: int = 1) -> None:
    """Attach the in-place method ``name`` (``relu_``) of a primitive with ``arity`` inputs and no parameters."""

    def unary_(self: Tensor) -> Tensor:
        return apply_(op, (self,))

    def binary_(self: Tensor, other: Any) -> Tensor:
        return apply_(op, (self, operand(name, other)))

    fn: Callable[..., Tensor] = unary_ if arity == 1 else pair_(op, binary_)
    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"Write the result of `{name[:-1]}` over the tensor, and return it."
    method(fn, name)


def ints(values: tuple[Any, ...]) -> tuple[int, ...]:
    """Return sizes given as ``f(2, 3)`` or as ``f((2, 3))``, as plain ints."""
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        values = tuple(values[0])
    for v in values:
        if type(v) is not int:
            return tuple([int(v) for v in values])
    return values


def normal_dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """Return reduced dimensions from 0: all of them for None and for an empty tuple, none of a 0-d tensor's."""
    if type(dim) is int and -ndim <= dim < ndim:
        return (dim + ndim if dim < 0 else dim,)
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return _ALL_DIMS[ndim]
    found = wrap_dims(dim, ndim)
    return found if ndim else ()


_ALL_DIMS = [tuple(range(ndim)) for ndim in range(65)]  # NumPy has no more dimensions than 64


def one_dim(dim: int, ndim: int) -> int:
    """Return one dimension from 0."""
    return wrap_dim(dim, ndim)


def zeros_like(x: Tensor, shape: tuple[int, ...] | None = None) -> Tensor:
    """Return zeros of the dtype of ``x``, off the tape (a gradient that is 0 even where ``x`` is infinite)."""
    array = x._data
    if shape is None and not array.flags.c_contiguous:
        return wrap(np.zeros_like(array))
    return wrap(np.zeros(array.shape if shape is None else shape, array.dtype))


IDENTITY: Op = Op("alias", lambda x: x.view(), lambda node, g: g)


def vjp_of(
    fn: Callable[..., Any], node: Any, inputs: tuple[Any, ...], grads: tuple[Any, ...]
) -> tuple[Tensor | None, ...]:
    """Return the gradients of ``fn(*inputs)``, an expression in ops, for the vjp of a fused kernel that computes the
    same.

    A fused backward kernel is fast once; its own gradient is rarely asked for and may be slower, so it comes from the
    expression. Each input is taken through an alias, at which the inner walk stops.
    """
    create = mode.enabled
    with recording(True):
        places = [_alias_for(x, needed, create) for x, needed in zip(inputs, node.needs)]
        outs = fn(*places)
    outs = outs if isinstance(outs, tuple) else (outs,)
    roots = [(edge_of(o), g) for o, g in zip(outs, grads) if g is not None and edge_of(o) is not None]
    wanted = [i for i, needed in enumerate(node.needs) if needed]
    captures = [edge_of(places[i]) for i in wanted]
    found = backward_pass([e for e, _ in roots], [g for _, g in roots], create, create, captures)  # type: ignore[misc, arg-type]
    result: list[Tensor | None] = [None] * len(inputs)
    for i, g in zip(wanted, found):
        result[i] = g
    return tuple(result)


def _alias_for(x: Any, needed: bool, create: bool) -> Any:
    if not isinstance(x, Tensor) or not needed:
        return x.detach() if isinstance(x, Tensor) and not create else x
    if create and x.requires_grad:
        return apply(IDENTITY, (x,))
    leaf = wrap(x._data)
    leaf._requires = True
    return leaf


def register_views(
    fn: Any, *calls: tuple[str, tuple[int, ...], tuple[Any, ...]], fails: Any = (), methods: Any = None
) -> None:
    """Register a function of one tensor by (name, shape, further arguments) of its samples."""

    def samples(make: Make) -> Iterator[Sample]:
        for name, shape, args in calls:
            yield Sample(name, (make(*shape), *args))

    def failures(make: Make) -> Iterator[Failure]:
        for shape, args, error, match in fails:
            yield Failure((make(*shape), *args), error, match)

    register(fn, samples=samples, failures=failures if fails else None, methods=methods)


_warned: set[str] = set()


def legacy_scale(name: str, scale: Any) -> Any:
    """Return the number that torch's old forms, ``x.add_(scale, y)``, have before the tensors; warn once, as torch."""
    if not _warned:
        _warned.add(name)
        old, new = ("Number alpha, Tensor other", "Tensor other, *, Number alpha = 1")
        if name.startswith("addc"):
            old, new = ("Number value, Tensor tensor1, Tensor tensor2",
                        "Tensor tensor1, Tensor tensor2, *, Number value = 1")  # fmt: skip
        text = f"This overload of {name} is deprecated:\n\t{name}({old})\n"
        text += f"Consider using one of the following signatures instead:\n\t{name}({new})"
        warnings.warn(text, UserWarning, stacklevel=3)
    return scale.item() if isinstance(scale, Tensor) else scale
