"""Arithmetic between tensors and numbers, element by element, with broadcasting and torch's promotion.

Broadcasting is undone by the walk: a gradient is summed to the shape of the input it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..lanes import pair, pair_
from ..op import Failure, Make, Op, Pointwise, Sample, register, result_dtype
from ..tensor import method
from ._common import Tensor, apply, apply_, conj, deliver, inplace, legacy_scale, operand, tensor_arg
from ._common import zeros_like as zeros_like
from ._large import compiled
from ._operators import operator

__all__ = [
    "add",
    "binary",
    "binary_failures",
    "div",
    "floor_divide",
    "fmod",
    "mul",
    "positive_samples",
    "remainder",
    "sub",
]

Pair = tuple[Tensor | None, Tensor | None]


def binary_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4), make(3, 4)))
    yield Sample("broadcast rows", (make(3, 4), make(4)))
    yield Sample("broadcast both", (make(3, 1), make(1, 4)))
    yield Sample("number", (make(2, 3), 1.5))
    yield Sample("0-d", (make(), make(2)))
    yield Sample("zero size", (make(0, 3), make(3)))


def positive_samples(make: Make) -> Iterator[Sample]:
    """Yield operands that powers and divisions take."""
    yield Sample("matrix", (make(3, 4, low=0.3), make(3, 4, low=0.5)))
    yield Sample("broadcast", (make(3, 1, low=0.3), make(4, low=0.5)))
    yield Sample("number", (make(2, 3, low=0.3), 2.5))
    yield Sample("zero size", (make(0, 3), make(3)))


def binary_failures(make: Make) -> Iterator[Failure]:
    """Yield the calls that every two-operand function refuses."""
    yield Failure((make(3), make(4)), RuntimeError, r"The size of tensor a \(3\) must match the size of tensor b \(4\)")
    yield Failure((make(3), "x"), TypeError, "must be Tensor, not str")


# ---- add, sub, mul, div --------------------------------------------------------------------------------------------


def _add_vjp(node: Any, g: Tensor) -> Pair:
    return g, g


def _sub_vjp(node: Any, g: Tensor) -> Pair:
    return g, -g if node.needs[1] else None


def _mul_vjp(node: Any, g: Tensor) -> Pair:
    gx = g * conj(node.input(1)) if node.needs[0] else None
    return gx, g * conj(node.input(0)) if node.needs[1] else None


def _div_vjp(node: Any, g: Tensor) -> Pair:
    # z = x / y: dz/dx = 1 / y, dz/dy = -z / y
    y = conj(node.input(1))
    return g / y if node.needs[0] else None, -g * (conj(node.input(0)) / y) / y if node.needs[1] else None


class _Sub(Pointwise):
    def promoted(self, arrays: list[Any]) -> tuple[list[Any], bool]:
        """Promote; truth values have no difference."""
        bools = [type(v) is bool or (isinstance(v, (np.ndarray, np.bool_)) and v.dtype == bool) for v in arrays]
        if all(bools):
            raise RuntimeError(
                "Subtraction, the `-` operator, with two bool tensors is not supported. "
                "Use the `^` or `logical_xor()` operator instead."
            )
        if any(bools):
            raise RuntimeError(
                "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a "
                "mask, use the `~` or `logical_not()` operator instead."
            )
        return super().promoted(arrays)


ADD: Op = Pointwise("add", np.add, _add_vjp, variants=compiled("add", 2))
SUB: Op = _Sub("sub", np.subtract, _sub_vjp, variants=compiled("sub", 2))
RSUB: Op = _Sub("sub", np.subtract, _sub_vjp, variants=compiled("sub", 2), grad_name="RsubBackward1")
MUL: Op = Pointwise("mul", np.multiply, _mul_vjp, saves=((1,), (0,)), variants=compiled("mul", 2))
DIV: Op = Pointwise(
    "div", np.true_divide, _div_vjp, promotes="float", saves=((1,), (0, 1)), variants=compiled("div", 2)
)


def checked(op: Op, name: str) -> Any:
    """Return the application of an operation to two operands that may be anything."""
    return lambda x, y: apply(op, (operand(name, x, "input", 1), operand(name, y)))


_plain_add, _plain_sub, _plain_mul, _plain_div = [pair(op, checked(op, op.name)) for op in (ADD, SUB, MUL, DIV)]


def _scaled(input: Any, other: Any, alpha: Any) -> Any:
    """Return ``alpha * other`` in the dtype of the sum."""
    if type(alpha) is int and alpha == 1:
        return other
    kind = result_dtype([x._data if isinstance(x, Tensor) else x for x in (input, other)])
    if kind.category < dtypes.FLOAT and isinstance(alpha, float):
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if kind.category == dtypes.BOOL:
        return other * bool(alpha)
    if isinstance(alpha, bool):
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    return (other.to(kind) if isinstance(other, Tensor) and other._data.ndim else other) * alpha


def add(input: Any, other: Any, _last: Any = None, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """Return ``input + alpha * other``, broadcast together.

    Parameters
    ----------
    input, other : tensors or numbers whose shapes broadcast. alpha : number.

    Raises
    ------
    RuntimeError : shapes that do not broadcast.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.add(minitorch.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    if _last is not None:
        other, alpha = _last, legacy_scale("add", other)
    if type(alpha) is not int or alpha != 1:
        operand("add", input, "input", 1)
        other = _scaled(input, operand("add", other), alpha)
    result: Tensor = _plain_add(input, other)
    return result if out is None else deliver(result, out)


def sub(input: Any, other: Any, _last: Any = None, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """Return ``input - alpha * other``, broadcast together.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.sub(minitorch.tensor([1.0, 2.0]), 1)
    tensor([0., 1.])
    """
    if _last is not None:
        other, alpha = _last, legacy_scale("sub", other)
    if type(alpha) is not int or alpha != 1:
        operand("sub", input, "input", 1)
        other = _scaled(input, operand("sub", other), alpha)
    result: Tensor = _plain_sub(input, other)
    return result if out is None else deliver(result, out)


def mul(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Return ``input * other``, broadcast together.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.mul(minitorch.tensor([1.0, 2.0]), 3)
    tensor([3., 6.])
    """
    result: Tensor = _plain_mul(input, other)
    return result if out is None else deliver(result, out)


def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """Return ``input / other``; integers give floats unless ``rounding_mode`` is "trunc" or "floor".

    Raises
    ------
    RuntimeError : an unknown rounding mode; integer division by zero.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.div(minitorch.tensor([7, -7]), 2, rounding_mode="floor")
    tensor([ 3, -4])
    """
    divide = _plain_div if rounding_mode is None else checked(_rounded_division(rounding_mode), "div")
    result: Tensor = divide(input, other)
    return result if out is None else deliver(result, out)


def _rounded_division(mode: str) -> Op:
    if mode not in ("trunc", "floor"):
        raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'")
    return DIV_FLOOR if mode == "floor" else TRUNC_DIVIDE


def _no_zero(x: Any, y: Any) -> None:
    if np.asarray(y).dtype.kind in "iub" and np.asarray(x).dtype.kind in "iub" and not np.all(y):
        raise RuntimeError("ZeroDivisionError")


def _np_floor_divide(x: Any, y: Any) -> Any:
    _no_zero(x, y)
    return np.floor_divide(x, y)


def _np_trunc_divide(x: Any, y: Any) -> Any:
    _no_zero(x, y)
    if x.dtype.kind == "f":
        return np.trunc(np.true_divide(x, y))
    quotient = np.floor_divide(x, y)
    return quotient + ((quotient < 0) & (quotient * y != x))


def _no_slope(node: Any, g: Tensor) -> Pair:
    return (zeros_like(g) if node.needs[0] else None), (
        zeros_like(g) if len(node.needs) > 1 and node.needs[1] else None
    )


def _no_derivative(node: Any, g: Tensor) -> Pair:
    raise RuntimeError("derivative for aten::floor_divide is not implemented")


FLOOR_DIVIDE: Op = Pointwise(
    "floor_divide", _np_floor_divide, _no_derivative, grad_name="NotImplemented", lacks="bc", kernel="div_floor_cpu"
)
DIV_FLOOR: Op = Pointwise(
    "div_floor", _np_floor_divide, _no_slope, grad_name="DivBackward1", lacks="bc", kernel="div_floor_cpu"
)
TRUNC_DIVIDE: Op = Pointwise(
    "trunc_divide", _np_trunc_divide, _no_slope, grad_name="DivBackward1", lacks="bc", kernel="div_trunc_cpu"
)


def floor_divide(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Return the quotient rounded towards minus infinity.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.floor_divide(minitorch.tensor([7.0, -7.0]), 2)
    tensor([ 3., -4.])
    """
    operands = operand("floor_divide", input, "input", 1), operand("floor_divide", other)
    return deliver(apply(FLOOR_DIVIDE, operands), out)


# ---- remainders ----------------------------------------------------------------------------------------------------


def _remainder_vjp(node: Any, g: Tensor) -> Pair:
    # r = x - y * floor(x / y)
    return g, -g * div(node.input(0), node.input(1), rounding_mode="floor") if node.needs[1] else None


def _np_remainder(x: Any, y: Any) -> Any:
    _no_zero(x, y)
    return np.remainder(x, y)


def _fmod_vjp(node: Any, g: Tensor) -> Pair:
    return g, -g * div(node.input(0), node.input(1), rounding_mode="trunc") if node.needs[1] else None


def _np_fmod(x: Any, y: Any) -> Any:
    _no_zero(x, y)
    return np.fmod(x, y)


_BOTH = ((0, 1), (0, 1))
REMAINDER: Op = Pointwise("remainder", _np_remainder, _remainder_vjp, saves=_BOTH, lacks="bc")
FMOD: Op = Pointwise("fmod", _np_fmod, _fmod_vjp, saves=_BOTH, lacks="bc")


def binary(name: str, op: Op, doc: str, samples: Any, *, methods: tuple[str, ...] = (), numbers: bool = True) -> Any:
    """Make, document and register a two-operand function; without ``numbers`` both must be tensors."""

    def general(input: Any, other: Any) -> Tensor:
        for place, (what, x) in enumerate((("input", input), ("other", other)), 1):
            tensor_arg(name, x, what, place) if not numbers else operand(name, x, what, place)
        if not isinstance(input, Tensor) and not isinstance(other, Tensor):
            tensor_arg(name, input)
        return apply(op, (input, other))

    short = pair(op, general) if numbers else general

    def fn(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        result: Tensor = short(input, other)
        return result if out is None else deliver(result, out)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc
    inplace(op, name + "_", 2)
    register(fn, samples=samples, failures=binary_failures, methods=(name, *methods), short=short)
    return fn


remainder = binary("remainder", REMAINDER,
    """Return the remainder of the division, with the sign of the divisor (Python's ``%``).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.remainder(minitorch.tensor([-3.0, 3.0]), 2)
    tensor([1., 1.])
    """, positive_samples)  # fmt: skip
fmod = binary("fmod", FMOD,
    """Return the remainder of the division, with the sign of the dividend (C's ``fmod``).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fmod(minitorch.tensor([-3.0, 3.0]), 2)
    tensor([-1.,  1.])
    """, positive_samples)  # fmt: skip
for _fn, _short, _samples, _names in (
    (add, _plain_add, binary_samples, ("add",)),
    (sub, _plain_sub, binary_samples, ("sub", "subtract")),
    (mul, _plain_mul, binary_samples, ("mul", "multiply")),
    (div, _plain_div, positive_samples, ("div", "divide", "true_divide")),
    (floor_divide, None, positive_samples, ("floor_divide",)),
):
    register(
        _fn,
        samples=_samples,
        failures=binary_failures,
        methods=_names,
        differentiable=_fn is not floor_divide,
        short=_short,
    )


# ---- in place and operators ----------------------------------------------------------------------------------------

_write_sum = pair_(ADD, lambda x, y: apply_(ADD, (x, operand("add_", y))))
_write_difference = pair_(SUB, lambda x, y: apply_(SUB, (x, operand("sub_", y))))


@method
def add_(self: Tensor, other: Any, _last: Any = None, *, alpha: Any = 1) -> Tensor:
    """Add ``alpha * other`` in place."""
    if _last is not None:
        other, alpha = _last, legacy_scale("add_", other)
    if type(alpha) is int and alpha == 1:
        return _write_sum(self, other)
    return apply_(ADD, (self, _scaled(self, operand("add_", other), alpha)))


@method
def sub_(self: Tensor, other: Any, _last: Any = None, *, alpha: Any = 1) -> Tensor:
    """Subtract ``alpha * other`` in place."""
    if _last is not None:
        other, alpha = _last, legacy_scale("sub_", other)
    if type(alpha) is int and alpha == 1:
        return _write_difference(self, other)
    return apply_(SUB, (self, _scaled(self, operand("sub_", other), alpha)))


@method
def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Divide by ``other`` in place."""
    op = DIV if rounding_mode is None else _rounded_division(rounding_mode)
    return apply_(op, (self, operand("div_", other)))


inplace(MUL, "mul_", 2)
inplace(FLOOR_DIVIDE, "floor_divide_", 2)
for _alias, _name in (("subtract_", "sub_"), ("multiply_", "mul_"), ("divide_", "div_"), ("true_divide_", "div_")):
    method(getattr(Tensor, _name), _alias)


for _name, _op in (
    ("add", ADD),
    ("sub", SUB),
    ("mul", MUL),
    ("truediv", DIV),
    ("floordiv", FLOOR_DIVIDE),
    ("mod", REMAINDER),
):
    operator(f"__{_name}__", _op)
    operator(f"__r{_name}__", RSUB if _op is SUB else _op, swapped=True)
    operator(f"__i{_name}__", _op, write=True)
