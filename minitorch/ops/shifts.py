"""Shifts of bits, and the greatest common divisor and least common multiple of integers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..op import Failure, Make, Op, Pointwise, Sample, register
from ._common import Tensor, apply, deliver, inplace, operand, tensor_arg
from ._operators import operator

__all__ = ["bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm"]


def _within(x: Any, n: Any) -> Any:
    """Return whether a shift by ``n`` leaves a bit of ``x``: other shifts are defined here as in torch."""
    return (n >= 0) & (n < 8 * x.dtype.itemsize)


def _np_left(x: Any, n: Any) -> Any:
    x, n = np.asarray(x, getattr(n, "dtype", None)), np.asarray(n, getattr(x, "dtype", None))
    fits = _within(x, n)
    return np.where(fits, np.left_shift(x, np.where(fits, n, 0)), 0).astype(x.dtype)


def _np_right(x: Any, n: Any) -> Any:
    x, n = np.asarray(x, getattr(n, "dtype", None)), np.asarray(n, getattr(x, "dtype", None))
    fits = _within(x, n)
    return np.where(fits, np.right_shift(x, np.where(fits, n, 0)), np.where(x < 0, -1, 0)).astype(x.dtype)


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make.ints(3, 4), make.ints(3, 4, low=1, high=5)))
    yield Sample("broadcast", (make.ints(3, 1), make.ints(4, low=1, high=5)))
    yield Sample("zero size", (make.ints(0, 3), make.ints(3, low=1)))


def _made(name: str, op: Op, what: str, shown: str, numbers: bool) -> Callable[..., Tensor]:
    check = operand if numbers else tensor_arg

    def fn(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        check(name, input, "input", 1)
        return deliver(apply(op, (input, check(name, other, "other", 2))), out)

    def failures(make: Make) -> Iterator[Failure]:
        yield Failure((make(2), make(2)), NotImplementedError, "not implemented for 'Double'")

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""Return {what}, element by element.

    Raises
    ------
    NotImplementedError : floating-point or complex numbers, or bools.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}(minitorch.tensor([12, 5]), minitorch.tensor([2, 10]))
    {shown}
    """
    inplace(op, name + "_", 2)
    register(fn, samples=_samples, failures=failures, differentiable=False)
    return fn


LEFT: Op = Pointwise("lshift", _np_left, lacks="bfc")
RIGHT: Op = Pointwise("rshift", _np_right, lacks="bfc")
bitwise_left_shift = _made("bitwise_left_shift", LEFT, "``input`` with its bits moved up by ``other`` places",
                           "tensor([  48, 5120])", True)  # fmt: skip
bitwise_right_shift = _made("bitwise_right_shift", RIGHT, "``input`` with its bits moved down by ``other`` places",
                            "tensor([3, 0])", True)  # fmt: skip
gcd = _made("gcd", Pointwise("gcd", np.gcd, lacks="bfc"), "greatest common divisors", "tensor([2, 5])", False)
lcm = _made("lcm", Pointwise("lcm", np.lcm, lacks="bfc"), "least common multiples", "tensor([12, 10])", False)
for _name, _op in (("lshift", LEFT), ("rshift", RIGHT)):
    operator(f"__{_name}__", _op)
    operator(f"__r{_name}__", _op, swapped=True)
    operator(f"__i{_name}__", _op, write=True)
