"""Comparisons and logic: results are bool tensors (or, for the bitwise family, integers) without gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..convert import from_bfloat16
from ..dtypes import bfloat16
from ..op import Failure, Make, Op, Pointwise, Sample, broadcast_error, register
from ..tensor import method, wrap
from ._common import Tensor, apply, apply_, deliver, inplace, operand, tensor_arg
from ._operators import operator

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "gt",
    "isclose",
    "le",
    "logical_and",
    "logical_not",
    "logical_or",
    "lt",
    "ne",
]


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4), make(3, 4)))
    yield Sample("broadcast", (make(3, 1), make(4)))
    yield Sample("number", (make(3, 4), 0))
    yield Sample("integers", (make.ints(3, 4, high=3), make.ints(3, 4, high=3)))
    yield Sample("zero size", (make(0, 3), make(3)))


def _int_samples(make: Make) -> Iterator[Sample]:
    yield Sample("integers", (make.ints(3, 4), make.ints(3, 4)))
    yield Sample("bools", (make.bools(3, 4), make.bools(4)))
    yield Sample("number", (make.ints(3, 4), 6))


def _logic_samples(make: Make) -> Iterator[Sample]:
    yield from (sample for sample in _samples(make) if sample.name != "number")


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure(
        (make.bools(3), make.bools(4)),
        RuntimeError,
        r"The size of tensor a \(3\) must match the size of tensor b \(4\)",
    )


def _doc(what: str, name: str, result: str, args: str = "minitorch.tensor([1, 2, 3]), 2") -> str:
    return f"""Return {what}, element by element.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}({args})
    {result}
    """


def _make(
    name: str,
    ufunc: Callable[..., Any],
    doc: str,
    samples: Any = _samples,
    aliases: tuple[str, ...] = (),
    lacks: str = "",
    numbers: bool = True,
    promotes: str = "bool",
) -> tuple[Op, Any]:
    op = Pointwise(name, ufunc, lacks=lacks, promotes=promotes)
    check = operand if numbers else tensor_arg

    def fn(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        return deliver(apply(op, (operand(name, input, "input", 1), check(name, other, "other", 2))), out)

    def write(self: Tensor, other: Any) -> Tensor:
        return apply_(op, (self, check(name + "_", other, "other", 2)))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc
    write.__doc__ = f"Write the result of `{name}` over the tensor, and return it."
    for each in (name, *aliases):
        method(write, each + "_")
    register(fn, samples=samples, failures=_failures, methods=(name, *aliases), differentiable=False)
    return op, fn


EQ, eq = _make("eq", np.equal, _doc("whether elements are equal", "eq", "tensor([False,  True, False])"))
NE, ne = _make(
    "ne",
    np.not_equal,
    _doc("whether elements differ", "ne", "tensor([ True, False,  True])"),
    aliases=("not_equal",),
)
LT, lt = _make(
    "lt", np.less, _doc("whether input < other", "lt", "tensor([ True, False, False])"), aliases=("less",), lacks="c"
)
LE, le = _make(
    "le",
    np.less_equal,
    _doc("whether input <= other", "le", "tensor([ True,  True, False])"),
    aliases=("less_equal",),
    lacks="c",
)
GT, gt = _make(
    "gt",
    np.greater,
    _doc("whether input > other", "gt", "tensor([False, False,  True])"),
    aliases=("greater",),
    lacks="c",
)
GE, ge = _make(
    "ge",
    np.greater_equal,
    _doc("whether input >= other", "ge", "tensor([False,  True,  True])"),
    aliases=("greater_equal",),
    lacks="c",
)
_, logical_and = _make(
    "logical_and",
    np.logical_and,
    _doc(
        "whether both are true",
        "logical_and",
        "tensor([False,  True])",
        "minitorch.tensor([0, 1]), minitorch.tensor([1, 1])",
    ),
    samples=_logic_samples,
    numbers=False,
)
_, logical_or = _make(
    "logical_or",
    np.logical_or,
    _doc(
        "whether one is true",
        "logical_or",
        "tensor([False,  True])",
        "minitorch.tensor([0, 1]), minitorch.tensor([0, 1])",
    ),
    samples=_logic_samples,
    numbers=False,
)
_, logical_xor = _make(
    "logical_xor",
    np.logical_xor,
    _doc(
        "whether exactly one is true",
        "logical_xor",
        "tensor([ True, False])",
        "minitorch.tensor([0, 1]), minitorch.tensor([1, 1])",
    ),
    numbers=False,
    samples=_logic_samples,
)
AND, bitwise_and = _make(
    "bitwise_and",
    np.bitwise_and,
    _doc("the bits set in both", "bitwise_and", "tensor([0, 2, 2])"),
    _int_samples,
    lacks="fc",
    promotes="same",
)
OR, bitwise_or = _make(
    "bitwise_or",
    np.bitwise_or,
    _doc("the bits set in one", "bitwise_or", "tensor([3, 2, 3])"),
    _int_samples,
    lacks="fc",
    promotes="same",
)
XOR, bitwise_xor = _make(
    "bitwise_xor",
    np.bitwise_xor,
    _doc("the bits set in exactly one", "bitwise_xor", "tensor([3, 0, 1])"),
    _int_samples,
    lacks="fc",
    promotes="same",
)

LOGICAL_NOT: Op = Pointwise("logical_not", np.logical_not)
BITWISE_NOT: Op = Pointwise("bitwise_not", np.invert, lacks="fc")


def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return whether elements are zero (or False).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.logical_not(minitorch.tensor([True, False]))
    tensor([False,  True])
    """
    return deliver(apply(LOGICAL_NOT, (tensor_arg("logical_not", input),)), out)


def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the elements with all bits flipped; NotImplementedError for floating-point ones.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.bitwise_not(minitorch.tensor([True, False]))
    tensor([False,  True])
    """
    return deliver(apply(BITWISE_NOT, (tensor_arg("bitwise_not", input),)), out)


@method
def __invert__(self: Tensor) -> Tensor:
    """Flip all bits; TypeError for floating-point elements."""
    if self._data.dtype.kind not in "iub":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return apply(BITWISE_NOT, (self,))


def _unary_samples(make: Make) -> Iterator[Sample]:
    yield Sample("bools", (make.bools(3, 4),))
    yield Sample("integers", (make.ints(3, 4),))


register(logical_not, samples=_unary_samples, differentiable=False)
register(bitwise_not, samples=_unary_samples, differentiable=False)
inplace(LOGICAL_NOT, "logical_not_")
inplace(BITWISE_NOT, "bitwise_not_")


for _name, _op in (("eq", EQ), ("ne", NE), ("lt", LT), ("le", LE), ("gt", GT), ("ge", GE)):
    operator(f"__{_name}__", _op)
for _name, _op in (("and", AND), ("or", OR), ("xor", XOR)):
    operator(f"__{_name}__", _op)
    operator(f"__r{_name}__", _op, swapped=True)
    operator(f"__i{_name}__", _op, write=True)


# ---- closeness -----------------------------------------------------------------------------------------------------


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return whether ``|input - other| <= atol + rtol * |other|``, element by element.

    Raises
    ------
    RuntimeError : different dtypes.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.isclose(minitorch.tensor([1.0, 2.0]), minitorch.tensor([1.0, 2.1]))
    tensor([ True, False])
    """
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{input.dtype.scalar_type} did not match {other.dtype.scalar_type}")
    a, b = (from_bfloat16(x._data) if x.dtype is bfloat16 else x._data for x in (input, other))
    mismatch = broadcast_error([a, b])
    if mismatch is not None:
        raise mismatch
    with np.errstate(all="ignore"):
        return wrap(np.isclose(a, b, rtol, atol, equal_nan))


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether all elements are close; see `isclose`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.allclose(minitorch.tensor([1.0]), minitorch.tensor([1.0 + 1e-7]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._data.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Return whether two tensors have the same shape and elements.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.equal(minitorch.tensor([1, 2]), minitorch.tensor([1, 2]))
    True
    """
    return bool(np.array_equal(input._data, other._data))


def _close_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4), make(3, 4)))


for _fn in (isclose, allclose, equal):
    register(_fn, samples=_close_samples, differentiable=False)
