"""Functions of three elements: sums with a product or a quotient, and linear interpolation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..op import Failure, Make, Op, Pointwise, Sample, register, result_dtype
from ..tensor import method
from ._common import Tensor, apply, apply_, conj, deliver, legacy_scale, operand, tensor_arg

__all__ = ["addcdiv", "addcmul", "lerp"]

Three = tuple[Tensor | None, Tensor | None, Tensor | None]


# ---- input + value * a * b, input + value * a / b ------------------------------------------------------------------


def _addcmul_fwd(x: Any, a: Any, b: Any, value: Any) -> Any:
    return x + x.dtype.type(value) * a * b


def _addcmul_vjp(node: Any, g: Tensor) -> Three:
    (value,), a, b = node.params, node.input(1), node.input(2)
    scaled = g * conj(value)
    return g, scaled * conj(b) if node.needs[1] else None, scaled * conj(a) if node.needs[2] else None


def _addcdiv_fwd(x: Any, a: Any, b: Any, value: Any) -> Any:
    return x + x.dtype.type(value) * a / b


def _addcdiv_vjp(node: Any, g: Tensor) -> Three:
    # x + v a / b: 1, v / b, -v a / b**2
    (value,), a, b = node.params, node.input(1), node.input(2)
    share = g * conj(value) / conj(b) if node.needs[1] or node.needs[2] else None
    if share is None:
        return g, None, None
    return g, share if node.needs[1] else None, -share * conj(a / b) if node.needs[2] else None


class _AddQuotient(Pointwise):
    def promoted(self, arrays: list[Any]) -> tuple[list[Any], bool]:
        """Promote; a quotient of integers is refused, as torch does."""
        if result_dtype(arrays[1:]).category < dtypes.FLOAT:
            raise RuntimeError(
                "Integer division with addcdiv is no longer supported: divide with div(tensor1, tensor2) or "
                "floor_divide, and add the quotient"
            )
        return super().promoted(arrays)


ADDCMUL: Op = Pointwise(
    "addcmul", _addcmul_fwd, _addcmul_vjp, saves=((), (2,), (1,)), lacks="b", kernel="addcmul_cpu_out"
)
ADDCDIV: Op = _AddQuotient("addcdiv", _addcdiv_fwd, _addcdiv_vjp, saves=((), (2,), (1, 2)))


def _tensors(fn: str, *values: Any) -> tuple[Any, ...]:
    for place, (name, x) in enumerate(zip(("input", "tensor1", "tensor2"), values), 1):
        tensor_arg(fn, x, name, place)
    return values


def addcmul(
    input: Tensor, tensor1: Any, tensor2: Tensor, _last: Any = None, *, value: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Return ``input + value * tensor1 * tensor2``, broadcast together.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.addcmul(minitorch.ones(2), minitorch.tensor([1.0, 2.0]), minitorch.tensor([3.0, 4.0]), value=0.5)
    tensor([2.5000, 5.0000])
    """
    if _last is not None:
        value, tensor1, tensor2 = legacy_scale("addcmul", tensor1), tensor2, _last
    return deliver(apply(ADDCMUL, _tensors("addcmul", input, tensor1, tensor2), (value,)), out)


def addcdiv(
    input: Tensor, tensor1: Any, tensor2: Tensor, _last: Any = None, *, value: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Return ``input + value * tensor1 / tensor2``, broadcast together.

    Raises
    ------
    RuntimeError : two integer tensors to be divided.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.addcdiv(minitorch.ones(2), minitorch.tensor([1.0, 2.0]), minitorch.tensor([2.0, 4.0]))
    tensor([1.5000, 1.5000])
    """
    if _last is not None:
        value, tensor1, tensor2 = legacy_scale("addcdiv", tensor1), tensor2, _last
    return deliver(apply(ADDCDIV, _tensors("addcdiv", input, tensor1, tensor2), (value,)), out)


@method
def addcmul_(self: Tensor, tensor1: Any, tensor2: Tensor, _last: Any = None, *, value: Any = 1) -> Tensor:
    """Add ``value * tensor1 * tensor2`` in place."""
    if _last is not None:
        value, tensor1, tensor2 = legacy_scale("addcmul_", tensor1), tensor2, _last
    return apply_(ADDCMUL, _tensors("addcmul_", self, tensor1, tensor2), (value,))


@method
def addcdiv_(self: Tensor, tensor1: Any, tensor2: Tensor, _last: Any = None, *, value: Any = 1) -> Tensor:
    """Add ``value * tensor1 / tensor2`` in place."""
    if _last is not None:
        value, tensor1, tensor2 = legacy_scale("addcdiv_", tensor1), tensor2, _last
    return apply_(ADDCDIV, _tensors("addcdiv_", self, tensor1, tensor2), (value,))


# ---- linear interpolation ------------------------------------------------------------------------------------------


def _lerp_fwd(start: Any, end: Any, weight: Any) -> Any:
    # from the nearer end, so that weight 0 and 1 give the ends themselves
    way = end - start
    near = np.abs(weight) < 0.5
    return np.where(near, start + weight * way, end - way * (1 - weight)).astype(way.dtype)


def _lerp_vjp(node: Any, g: Tensor) -> Three:
    w = node.input(2)
    return (
        g * (1 - conj(w)) if node.needs[0] else None,
        g * conj(w) if node.needs[1] else None,
        g * conj(node.input(1) - node.input(0)) if node.needs[2] else None,
    )


class _Lerp(Pointwise):
    def promoted(self, arrays: list[Any]) -> tuple[list[Any], bool]:
        """Promote; integers have nothing in between, whatever the weight."""
        if arrays[0].dtype.kind in "biu":
            kind = dtypes.of(arrays[0]).scalar_type
            raise NotImplementedError(f"\"lerp_kernel_scalar\" not implemented for '{kind}'")
        return super().promoted(arrays)


LERP: Op = _Lerp("lerp", _lerp_fwd, _lerp_vjp, saves=((2,), (2,), (0, 1)))


def _lerp_operands(fn: str, input: Tensor, end: Tensor, weight: Any) -> tuple[Any, ...]:
    start = tensor_arg(fn, input)
    operand(fn, weight, "weight", 3)
    for name, x in (("end", tensor_arg(fn, end, "end", 2)), ("weight", weight)):
        if isinstance(x, Tensor) and x.dtype is not start.dtype:
            names = {"float32": "float", "float64": "double", "int64": "long int"}
            have, want = (names.get(d.name, d.name) for d in (x.dtype, start.dtype))
            raise RuntimeError(f"expected dtype {want} for `{name}` but got dtype {have}")
    return start, end, weight


def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """Return ``input + weight * (end - input)``; ``weight`` is a number or a tensor.

    Raises
    ------
    RuntimeError : tensors of different dtypes.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.lerp(minitorch.zeros(2), minitorch.tensor([1.0, 2.0]), 0.25)
    tensor([0.2500, 0.5000])
    """
    return deliver(apply(LERP, _lerp_operands("lerp", input, end, weight)), out)


@method
def lerp_(self: Tensor, end: Tensor, weight: Any) -> Tensor:
    """Move by ``weight`` towards ``end`` in place."""
    return apply_(LERP, _lerp_operands("lerp_", self, end, weight))


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, low=0.1), make(3, 4, low=0.1), make(3, 4, low=0.5)))
    yield Sample("value", (make(3, 4, low=0.1), make(3, 4, low=0.1), make(3, 4, low=0.5)), {"value": 0.5})
    yield Sample("broadcast", (make(3, 1, low=0.1), make(4, low=0.1), make(3, 4, low=0.5)))
    yield Sample("zero size", (make(0, 3), make(3), make(3)))


def _lerp_samples(make: Make) -> Iterator[Sample]:
    yield Sample("number", (make(3, 4), make(3, 4), 0.3))
    yield Sample("beyond", (make(3), make(3), 1.5))
    yield Sample("tensor", (make(3, 4), make(3, 4), make(3, 4, low=0.02, apart=0.08)))
    yield Sample("broadcast", (make(3, 4), make(4), make(3, 1, low=0.1, apart=0.3)))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), make(4), make(3)), RuntimeError, "must match the size of tensor b")
    yield Failure((make(3), 1.0, make(3)), TypeError, "argument '.*' .position 2. must be Tensor, not float")


register(addcmul, samples=_samples, failures=_failures)
register(addcdiv, samples=_samples, failures=_failures)
register(lerp, samples=_lerp_samples, failures=_failures)
