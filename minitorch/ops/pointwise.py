"""Arithmetic between tensors and numbers, element by element, with broadcasting and torch's promotion.

Broadcasting is undone by the walk: a gradient is summed to the shape of the input it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..op import Failure, Make, Op, Pointwise, Sample, register
from ..tensor import method
from ._common import OPERAND, Tensor, apply, apply_, deliver, inplace, operand, zeros_like

__all__ = ["add", "clamp", "div", "maximum", "minimum", "mul", "pow", "remainder", "sub", "where"]

Pair = tuple[Tensor | None, Tensor | None]


def _binary_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4), make(3, 4)))
    yield Sample("broadcast rows", (make(3, 4), make(4)))
    yield Sample("broadcast both", (make(3, 1), make(1, 4)))
    yield Sample("number", (make(2, 3), 1.5))
    yield Sample("0-d", (make(), make(2)))
    yield Sample("zero size", (make(0, 3), make(3)))


def _apart_samples(make: Make) -> Iterator[Sample]:
    # operands that differ by at least the step of the grids, so that no kink is near
    yield Sample("matrix", (make(3, 4, apart=0.3), make(3, 4, low=-1.87, apart=0.3)))
    yield Sample("broadcast", (make(3, 1, apart=0.5), make(1, 4, low=-1.9, apart=0.5)))
    yield Sample("zero size", (make(0, 3), make(3)))


def _positive_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, low=0.3), make(3, 4, low=0.5)))
    yield Sample("broadcast", (make(3, 1, low=0.3), make(4, low=0.5)))
    yield Sample("number", (make(2, 3, low=0.3), 2.5))
    yield Sample("zero size", (make(0, 3), make(3)))


def _binary_failures(make: Make) -> Iterator[Failure]:
    yield Failure(
        (make(3), make(4)), RuntimeError, r"The size of tensor a \(3\) must match the size of tensor b \(4\)"
    )
    yield Failure((make(3), "x"), TypeError, "must be Tensor, not str")


# ---- add, sub, mul, div --------------------------------------------------------------------------------------------


def _add_vjp(node: Any, g: Tensor) -> Pair:
    return g, g


def _sub_vjp(node: Any, g: Tensor) -> Pair:
    return g, -g if node.needs[1] else None


def _mul_vjp(node: Any, g: Tensor) -> Pair:
    return g * _conj(node.input(1)) if node.needs[0] else None, g * _conj(node.input(0)) if node.needs[
        1
    ] else None


def _conj(x: Any) -> Any:
    return x.conj() if isinstance(x, Tensor) else x.conjugate()


def _div_vjp(node: Any, g: Tensor) -> Pair:
    # z = x / y: dz/dx = 1 / y, dz/dy = -z / y
    y = node.input(1)
    return g / y if node.needs[0] else None, -g * (node.input(0) / y) / y if node.needs[1] else None


def _np_add(x: Any, y: Any) -> Any:
    return np.logical_or(x, y) if x.dtype == bool else np.add(x, y)


def _np_sub(x: Any, y: Any) -> Any:
    if np.asarray(x).dtype == bool or np.asarray(y).dtype == bool:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    return np.subtract(x, y)


ADD: Op = Pointwise("add", np.add, _add_vjp)
SUB: Op = Pointwise("sub", _np_sub, _sub_vjp)
MUL: Op = Pointwise("mul", np.multiply, _mul_vjp, saves=((1,), (0,)))
DIV: Op = Pointwise("div", np.true_divide, _div_vjp, promotes="float", saves=((1,), (0, 1)))


def _scaled(other: Any, alpha: Any) -> Any:
    return other if alpha == 1 else other * alpha


def add(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
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
    return deliver(
        apply(ADD, (operand("add", input, "input", 1), _scaled(operand("add", other), alpha))), out
    )


def sub(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """Return ``input - alpha * other``, broadcast together.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.sub(minitorch.tensor([1.0, 2.0]), 1)
    tensor([0., 1.])
    """
    return deliver(
        apply(SUB, (operand("sub", input, "input", 1), _scaled(operand("sub", other), alpha))), out
    )


def mul(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Return ``input * other``, broadcast together.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.mul(minitorch.tensor([1.0, 2.0]), 3)
    tensor([3., 6.])
    """
    return deliver(apply(MUL, (operand("mul", input, "input", 1), operand("mul", other))), out)


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
    op = _rounded_division(rounding_mode)
    return deliver(apply(op, (operand("div", input, "input", 1), operand("div", other))), out)


def _rounded_division(mode: str | None) -> Op:
    if mode is None:
        return DIV
    if mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'"
        )
    return FLOOR_DIVIDE if mode == "floor" else TRUNC_DIVIDE


def _no_zero(x: Any, y: Any) -> None:
    if np.asarray(y).dtype.kind in "iub" and np.asarray(x).dtype.kind in "iub" and not np.all(y):
        raise RuntimeError("ZeroDivisionError")


def _np_floor_divide(x: Any, y: Any) -> Any:
    _no_zero(x, y)
    if x.dtype.kind != "f":
        return np.floor_divide(x, y)
    # NumPy's floor_divide gives NaN for x / 0 and inf / y where torch (and IEEE division) gives infinity
    quotient = np.floor_divide(x, y)
    return np.where(np.isnan(quotient), np.true_divide(x, y), quotient)


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


FLOOR_DIVIDE: Op = Pointwise("floor_divide", _np_floor_divide, _no_slope, grad_name="DivBackward1")
TRUNC_DIVIDE: Op = Pointwise("trunc_divide", _np_trunc_divide, _no_slope, grad_name="DivBackward1")


def floor_divide(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Return the quotient rounded towards minus infinity.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.floor_divide(minitorch.tensor([7.0, -7.0]), 2)
    tensor([ 3., -4.])
    """
    return div(input, other, rounding_mode="floor", out=out)


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


# ---- powers, extrema -----------------------------------------------------------------------------------------------


def _pow_vjp(node: Any, g: Tensor) -> Pair:
    # z = x ** y: dz/dx = y x ** (y - 1), dz/dy = z log(x), which counts 0 where x = 0 and y >= 0
    x, y = node.input(0), node.input(1)
    gx = gy = None
    if node.needs[0]:
        zero = y == 0
        gx = (
            g * where(zero, 0.0, y * x ** (y - 1))
            if isinstance(y, Tensor)
            else zeros_like(g)
            if zero
            else g * (y * x ** (y - 1))
        )
    if node.needs[1]:
        base = x if isinstance(x, Tensor) else y * 0 + x
        flat = (base == 0) & (y >= 0)
        gy = g * where(flat, 0.0, base**y * where(flat, 1.0, base).log())
    return gx, gy


def _np_pow(x: Any, y: Any) -> Any:
    kind = np.asarray(x).dtype.kind
    if kind in "iu" and np.asarray(y).dtype.kind in "iu":
        if isinstance(y, np.ndarray) and y.ndim == 0 and y < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        negative = np.asarray(y) < 0
        if negative.any():  # torch truncates 1 / x ** n
            return np.where(negative, np.where(x == 1, 1, np.where(x == -1, 1 - 2 * (y % 2), 0)), np.power(x, np.abs(y))).astype(x.dtype)  # fmt: skip
    if type(y) in (int, float) and y == 2:
        return np.multiply(x, x)
    return np.power(x, y)


def _max_vjp(node: Any, g: Tensor) -> Pair:
    x, y = node.input(0), node.input(1)
    return _shared(node, g, x > y, x == y)


def _min_vjp(node: Any, g: Tensor) -> Pair:
    x, y = node.input(0), node.input(1)
    return _shared(node, g, x < y, x == y)


def _shared(node: Any, g: Tensor, first: Tensor, tie: Tensor) -> Pair:
    # the chosen operand gets the gradient; a tie halves it
    half = where(tie, g / 2, 0.0)
    gx = where(first, g, half) if node.needs[0] else None
    return gx, where(first | tie, half, g) if node.needs[1] else None


def _atan2_vjp(node: Any, g: Tensor) -> Pair:
    y, x = node.input(0), node.input(1)
    g = g / (x * x + y * y)
    return g * x, -g * y


POW: Op = Pointwise("pow", _np_pow, _pow_vjp, saves=((0, 1), (0, 1)))
_BOTH = ((0, 1), (0, 1))

Doc = tuple[str, str]


def _binary(
    name: str, op: Op, doc: str, samples: Any, *, methods: tuple[str, ...] = (), differentiable: bool = True
) -> Any:
    """Make, document and register a two-operand function."""

    def fn(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        if not isinstance(input, Tensor) and not isinstance(other, Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
            )
        return deliver(apply(op, (operand(name, input, "input", 1), operand(name, other))), out)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc
    inplace(op, name + "_", 2)
    register(
        fn,
        samples=samples,
        failures=_binary_failures,
        methods=(name, *methods),
        differentiable=differentiable,
    )
    return fn


pow = _binary("pow", POW, """Return ``input`` to the power ``other``, broadcast together.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.pow(minitorch.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """, _positive_samples)  # fmt: skip
REMAINDER: Op = Pointwise("remainder", _np_remainder, _remainder_vjp, saves=_BOTH)
remainder = _binary("remainder", REMAINDER,
    """Return the remainder of the division, with the sign of the divisor (Python's ``%``).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.remainder(minitorch.tensor([-3.0, 3.0]), 2)
    tensor([1., 1.])
    """, _positive_samples)  # fmt: skip
fmod = _binary("fmod", Pointwise("fmod", _np_fmod, _fmod_vjp, saves=_BOTH),
    """Return the remainder of the division, with the sign of the dividend (C's ``fmod``).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fmod(minitorch.tensor([-3.0, 3.0]), 2)
    tensor([-1.,  1.])
    """, _positive_samples)  # fmt: skip
maximum = _binary("maximum", Pointwise("maximum", np.maximum, _max_vjp, saves=_BOTH),
    """Return the larger of two elements; NaN wins.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.maximum(minitorch.tensor([1.0, 5.0]), minitorch.tensor([3.0, 4.0]))
    tensor([3., 5.])
    """, _apart_samples)  # fmt: skip
minimum = _binary("minimum", Pointwise("minimum", np.minimum, _min_vjp, saves=_BOTH),
    """Return the smaller of two elements; NaN wins.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.minimum(minitorch.tensor([1.0, 5.0]), minitorch.tensor([3.0, 4.0]))
    tensor([1., 4.])
    """, _apart_samples)  # fmt: skip
atan2 = _binary("atan2", Pointwise("atan2", np.arctan2, _atan2_vjp, promotes="float", saves=_BOTH),
    """Return the angle of the point (other, input), in radians.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.atan2(minitorch.tensor([1.0]), minitorch.tensor([0.0]))
    tensor([1.5708])
    """, _positive_samples, methods=("arctan2",))  # fmt: skip


# ---- where, clamp --------------------------------------------------------------------------------------------------


def _np_where(x: Any, y: Any, condition: Any) -> Any:
    return np.where(condition, x, y)


def _where_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
    (condition,) = node.params
    keep = apply(WHERE, (g, 0.0), (condition,)) if node.needs[0] else None
    return keep, apply(WHERE, (0.0, g), (condition,)) if node.needs[1] else None, None


WHERE: Op = Pointwise("where", _np_where, _where_vjp)


def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """Return ``input`` where the condition holds and ``other`` elsewhere; with one argument, the indices of truth.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor([-1.0, 2.0])
    >>> minitorch.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if not isinstance(condition, Tensor) or condition._data.dtype not in (np.bool_, np.uint8):
        found = condition.dtype if isinstance(condition, Tensor) else type(condition).__name__
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {found}"
        )
    return deliver(apply(WHERE, (operand("where", input, "input"), operand("where", other, "other", 3)),
                         (condition._data.astype(bool, copy=False),)), out)  # fmt: skip


def _method_where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """Return the tensor where the condition holds and ``other`` elsewhere."""
    return where(condition, self, other)


def _np_clamp(x: Any, low: Any, high: Any) -> Any:
    if low is not None:
        x = np.maximum(x, low)
    return np.minimum(x, high) if high is not None else x


def _clamp_vjp(node: Any, g: Tensor) -> Tensor:
    x, (low, high) = node.input(0), node.params
    inside = (x >= low) if low is not None else None
    if high is not None:
        inside = (x <= high) if inside is None else inside & (x <= high)
    return where(inside, g, 0.0)


class _Clamp(Pointwise):
    def run(self, arrays: list[Any], params: tuple[Any, ...]) -> Any:
        x, *limits = arrays[0], *params
        kind = self._result(x, limits)
        return super().run([x.astype(kind) if x.dtype != kind and x.dtype != dtypes.BFLOAT16 else x], params)

    def _result(self, x: Any, limits: list[Any]) -> Any:
        from ..op import result_dtype

        return result_dtype([x, *[v for v in limits if v is not None]]).numpy


CLAMP: Op = _Clamp("clamp", _np_clamp, _clamp_vjp, saves=((0,),))


def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Limit elements to ``[min, max]``; either limit may be a number, a tensor, or absent.

    Raises
    ------
    RuntimeError : both limits absent.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.clamp(minitorch.tensor([-2.0, 0.5, 3.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        result = input if min is None else maximum(input, min)
        return deliver(result if max is None else minimum(result, max), out)
    return deliver(apply(CLAMP, (input,), (min, max)), out)


def _clamp_samples(make: Make) -> Iterator[Sample]:
    yield Sample("both", (make(3, 4, apart=0.3), -1, 1))
    yield Sample("low", (make(3, 4, apart=0.3),), {"min": 0.0})
    yield Sample("high", (make(2, 3, 2, apart=0.3),), {"max": 0.5})
    yield Sample("zero size", (make(0),), {"max": 0.5})


def _where_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make.bools(3, 4), make(3, 4), make(3, 4)))
    yield Sample("broadcast", (make.bools(3, 1), make(4), make(3, 4)))
    yield Sample("number", (make.bools(3), make(3), 0.5))


def _where_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), make(3), make(3)), RuntimeError, "expected condition to be a boolean tensor")


def _clamp_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3),), RuntimeError, "At least one of")


for _fn, _samples, _names in (
    (add, _binary_samples, ("add",)),
    (sub, _binary_samples, ("sub", "subtract")),
    (mul, _binary_samples, ("mul", "multiply")),
    (div, _positive_samples, ("div", "divide", "true_divide")),
    (floor_divide, _positive_samples, ("floor_divide",)),
):
    register(
        _fn,
        samples=_samples,
        failures=_binary_failures,
        methods=_names,
        differentiable=_fn is not floor_divide,
    )
register(where, samples=_where_samples, failures=_where_failures, methods=())
register(clamp, samples=_clamp_samples, failures=_clamp_failures, methods=("clamp", "clip"))
method(_method_where, "where")


# ---- in place and operators ----------------------------------------------------------------------------------------


@method
def add_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Add ``alpha * other`` in place."""
    return apply_(ADD, (self, _scaled(operand("add_", other), alpha)))


@method
def sub_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Subtract ``alpha * other`` in place."""
    return apply_(SUB, (self, _scaled(operand("sub_", other), alpha)))


@method
def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Divide by ``other`` in place."""
    return apply_(_rounded_division(rounding_mode), (self, operand("div_", other)))


@method
def clamp_(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Limit elements to ``[min, max]`` in place."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    return apply_(CLAMP, (self,), (min, max))


inplace(MUL, "mul_", 2)
inplace(FLOOR_DIVIDE, "floor_divide_", 2)
for _alias, _name in (("subtract_", "sub_"), ("multiply_", "mul_"), ("divide_", "div_"), ("clip_", "clamp_")):
    method(getattr(Tensor, _name), _alias)


def _operator(name: str, op: Op, swapped: bool = False, write: bool = False) -> None:
    def dunder(self: Tensor, other: Any) -> Any:
        if type(other) is not Tensor and not isinstance(other, OPERAND):
            return NotImplemented
        return run(op, (other, self) if swapped else (self, other))

    run = apply_ if write else apply
    dunder.__name__ = dunder.__qualname__ = name
    method(dunder, name)


for _name, _op in (
    ("add", ADD),
    ("sub", SUB),
    ("mul", MUL),
    ("truediv", DIV),
    ("floordiv", FLOOR_DIVIDE),
    ("pow", POW),
):
    _operator(f"__{_name}__", _op)
    _operator(f"__r{_name}__", _op, swapped=True)
    _operator(f"__i{_name}__", _op, write=True)
_operator("__mod__", REMAINDER)
_operator("__rmod__", REMAINDER, swapped=True)
_operator("__imod__", REMAINDER, write=True)
