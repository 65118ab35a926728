"""Powers, extrema, angles and choices between tensors, element by element."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..kernels import elementwise
from ..op import Failure, Make, Op, Pointwise, Sample, Variant, register, result_dtype
from ..tensor import method
from ._common import Tensor, apply, apply_, conj, deliver, operand, tensor_arg, zeros_like
from ._large import LARGE, compiled
from ._operators import operator
from .arithmetic import binary, binary_failures, positive_samples

__all__ = ["atan2", "clamp", "maximum", "minimum", "pow", "where"]

Pair = tuple[Tensor | None, Tensor | None]
_BOTH = ((0, 1), (0, 1))


def _apart_samples(make: Make) -> Iterator[Sample]:
    # operands that differ by at least the step of the grids, so that no kink is near
    yield Sample("matrix", (make(3, 4, apart=0.3), make(3, 4, low=-1.87, apart=0.3)))
    yield Sample("broadcast", (make(3, 1, apart=0.5), make(1, 4, low=-1.9, apart=0.5)))
    yield Sample("zero size", (make(0, 3), make(3)))


def _angle_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, low=0.3), make(3, 4, low=0.5)))
    yield Sample("broadcast", (make(3, 1, low=0.3), make(4, low=0.5)))
    yield Sample("zero size", (make(0, 3), make(3)))


# ---- powers --------------------------------------------------------------------------------------------------------


def _pow_vjp(node: Any, g: Tensor) -> Pair:
    # z = x ** y: dz/dx = y x ** (y - 1), dz/dy = z log(x), which counts 0 where x = 0 and y >= 0
    x, y = node.input(0), node.input(1)
    gx = gy = None
    if node.needs[0]:
        gx = conj(_base_slope(conj(g), x, y))
    if node.needs[1]:
        base = x if isinstance(x, Tensor) else zeros_like(y) + x
        flat = (base == 0) & ((y.real if y.is_complex() else y) >= 0)
        gy = g * conj(where(flat, 0.0, base**y * where(flat, 1.0, base).log()))
    return gx, gy


def _base_slope(g: Tensor, x: Tensor, y: Any) -> Tensor:
    if isinstance(y, Tensor):
        return g * where(y == 0, 0.0, y * x ** (y - 1))
    return zeros_like(g) if y == 0 else g * (y * x ** (y - 1))


# exponents that have a cheaper and more exact way, as in torch
_EXPONENTS: dict[float, Any] = {
    0.5: np.sqrt,
    2: np.square,
    3: lambda x: x * x * x,
    -0.5: lambda x: 1 / np.sqrt(x),
    -1: np.reciprocal,
    -2: lambda x: 1 / np.square(x),
}


class _Pow(Pointwise):
    def run(self, arrays: list[Any], params: tuple[Any, ...]) -> Any:
        """Compute; a truth value to the power of a number that is one stays one."""
        x, y = arrays
        if type(y) is bool and x.dtype == bool:
            return x | (not y)
        if isinstance(y, int) and y < 0 and isinstance(x, np.ndarray) and x.dtype.kind in "iu":
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        return super().run(arrays, params)


def _np_pow(x: Any, y: Any) -> Any:
    if type(y) in (int, float):
        return _EXPONENTS[y](x) if y in _EXPONENTS else np.power(x, y)
    if isinstance(x, np.ndarray) and x.dtype.kind in "iu" and (y < 0).any():
        return _truncated_power(x, y)
    return np.power(x, y)


def _truncated_power(x: Any, y: Any) -> Any:
    """Return integers to negative powers as torch does: 1 / x ** n without its fraction."""
    negative = np.where(x == 1, 1, np.where(x == -1, 1 - 2 * (y % 2), 0))
    return np.where(y < 0, negative, np.power(x, np.abs(y))).astype(x.dtype)


POW: Op = _Pow("pow", _np_pow, _pow_vjp, saves=_BOTH, lacks="b", kernel="pow")


def pow(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """Return ``input`` to the power ``exponent``, broadcast together; one of them may be a number.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.pow(minitorch.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    if not isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        tensor_arg("pow", input)
    operands = operand("pow", input, "input", 1), operand("pow", exponent, "exponent")
    return deliver(apply(POW, operands), out)


@method
def pow_(self: Tensor, exponent: Any) -> Tensor:
    """Write the power ``exponent`` of the elements over the tensor, and return it."""
    return apply_(POW, (self, operand("pow_", exponent, "exponent")))


register(pow, samples=positive_samples, failures=binary_failures)
operator("__pow__", POW)
operator("__rpow__", POW, swapped=True)
operator("__ipow__", POW, write=True)


# ---- extrema and angles --------------------------------------------------------------------------------------------


class _Extremum(Pointwise):
    def promoted(self, arrays: list[Any]) -> tuple[list[Any], bool]:
        """Promote; complex numbers have no order."""
        if result_dtype(arrays).category == dtypes.COMPLEX:
            raise RuntimeError(f"{self.name} not implemented for complex tensors.")
        return super().promoted(arrays)


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
    square = x * x + y * y
    g = where(square == 0, 0.0, g / square)  # no direction, no slope: as in torch
    return g * x, -g * y


MAXIMUM: Op = _Extremum("maximum", np.maximum, _max_vjp, saves=_BOTH, variants=compiled("maximum", 2))
MINIMUM: Op = _Extremum("minimum", np.minimum, _min_vjp, saves=_BOTH, variants=compiled("minimum", 2))
ATAN2: Op = Pointwise("atan2", np.arctan2, _atan2_vjp, promotes="float", saves=_BOTH, lacks="c")


maximum = binary("maximum", MAXIMUM,
    """Return the larger of two elements; NaN wins.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.maximum(minitorch.tensor([1.0, 5.0]), minitorch.tensor([3.0, 4.0]))
    tensor([3., 5.])
    """, _apart_samples, numbers=False)  # fmt: skip
minimum = binary("minimum", MINIMUM,
    """Return the smaller of two elements; NaN wins.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.minimum(minitorch.tensor([1.0, 5.0]), minitorch.tensor([3.0, 4.0]))
    tensor([1., 4.])
    """, _apart_samples, numbers=False)  # fmt: skip
atan2 = binary("atan2", ATAN2,
    """Return the angle of the point (other, input), in radians.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.atan2(minitorch.tensor([1.0]), minitorch.tensor([0.0]))
    tensor([1.5708])
    """, _angle_samples, methods=("arctan2",), numbers=False)  # fmt: skip


# ---- where, clamp --------------------------------------------------------------------------------------------------


def _np_where(x: Any, y: Any, condition: Any) -> Any:
    return np.where(condition, x, y)


def _where_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
    (condition,) = node.params
    keep = apply(WHERE, (g, 0.0), (condition,)) if node.needs[0] else None
    return keep, apply(WHERE, (0.0, g), (condition,)) if node.needs[1] else None, None


def _where_applies(x: Any, y: Any, condition: Any) -> bool:
    arrays = [v for v in (x, y) if type(v) is np.ndarray]
    return elementwise.applies(*arrays) and elementwise.same_order(condition, arrays[0])


def _where_compiled(x: Any, y: Any, condition: Any) -> Any:
    if type(x) is not np.ndarray:
        return elementwise.run("fill", y, condition, x, 1.0)
    if type(y) is not np.ndarray:
        return elementwise.run("fill", x, condition, y, 0.0)
    return elementwise.run("where", x, y, condition)


_WHERE_COMPILED = Variant("compiled", _where_applies, _where_compiled, LARGE)
WHERE: Op = Pointwise("where", _np_where, _where_vjp, variants=(_WHERE_COMPILED,))


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
        found = condition.dtype.scalar_type if isinstance(condition, Tensor) else type(condition).__name__
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype {found}")
    return deliver(apply(WHERE, (operand("where", input, "input"), operand("where", other, "other", 3)),
                         (condition._data.astype(bool, copy=False),)), out)  # fmt: skip


def _method_where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """Return the tensor where the condition holds and ``other`` elsewhere."""
    return where(condition, self, other)


def _np_clamp(x: Any, low: Any, high: Any) -> Any:
    if low is not None:
        x = np.maximum(x, low)
    return np.minimum(x, high) if high is not None else x


def _limits(low: Any, high: Any) -> tuple[float, float]:
    return -math.inf if low is None else low, math.inf if high is None else high


def _clamp_vjp(node: Any, g: Tensor) -> Tensor:
    return apply(CLAMP_BACK, (g, node.input(0).detach()), _limits(*node.params))


def _clamp_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor, None]:
    return apply(CLAMP_BACK, (gg, node.input(1)), node.params), None


CLAMP_BACK: Op = Pointwise(
    "clamp_backward",
    lambda g, x, low, high: np.where((x >= low) & (x <= high), g, g.dtype.type(0)),
    _clamp_back_vjp,
    saves=((1,), ()),
    variants=compiled("clamp_backward", 2),
)


class _Clamp(Pointwise):
    def promoted(self, arrays: list[Any]) -> tuple[list[Any], bool]:
        """Promote with the limits; complex numbers have no order."""
        if arrays[0].dtype.kind == "c":
            raise NotImplementedError("clamp is not supported for complex types")
        return super().promoted(arrays)

    def run(self, arrays: list[Any], params: tuple[Any, ...]) -> Any:
        """Compute in the dtype that the tensor and its limits have together."""
        x = arrays[0]
        kind = result_dtype([x, *[v for v in params if v is not None]]).numpy
        return super().run([x.astype(kind) if x.dtype != kind and x.dtype != dtypes.BFLOAT16 else x], params)


def _clamp_applies(x: Any, low: Any, high: Any) -> bool:
    return type(x) is np.ndarray and elementwise.applies(x) and low == low and high == high


def _clamp_compiled(x: Any, low: Any, high: Any) -> Any:
    return elementwise.run("hardtanh", x, *_limits(low, high))


CLAMP: Op = _Clamp(
    "clamp", _np_clamp, _clamp_vjp, saves=((0,),), grad_name="ClampBackward1",
    variants=(Variant("compiled", _clamp_applies, _clamp_compiled, LARGE),),
)  # fmt: skip


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
        if input._data.dtype.kind == "c":
            raise NotImplementedError("clamp is not supported for complex types")
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


register(where, samples=_where_samples, failures=_where_failures, methods=())
register(clamp, samples=_clamp_samples, failures=_clamp_failures, methods=("clamp", "clip"))
method(_method_where, "where")


@method
def clamp_(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Limit elements to ``[min, max]`` in place."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if not isinstance(min, Tensor) and not isinstance(max, Tensor):
        return apply_(CLAMP, (self,), (min, max))
    result = self if min is None else apply_(MAXIMUM, (self, min))
    return result if max is None else apply_(MINIMUM, (self, max))


method(clamp_, "clip_")
