"""torch's checks of conditions: `torch._check` and its like, and what model code asks of sizes that may be symbols."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..ops.create import tensor
from ..tensor import Tensor

__all__ = ["CHECKS"]

_IMPROVE = "(Could this error message be improved? If so, please report an enhancement request to PyTorch.)"


def _check(cond: Any, message: Callable[[], Any] | None = None, error: type[Exception] = RuntimeError) -> None:
    """Raise an error unless the condition holds; ``message()`` makes its text.

    TypeError : a condition that is no bool.

    >>> import minitorch
    >>> minitorch._check(1 < 2, lambda: "too small")
    """
    if not isinstance(cond, bool):
        hint = " For tensor conditions, use torch._check_tensor_all() to assert that all elements are true."
        kind = "a Tensor" if isinstance(cond, Tensor) else str(type(cond))
        raise TypeError(f"cond must be a bool, but got {kind}." + hint * isinstance(cond, Tensor))
    if not cond:
        raise error(f"Expected cond to be True, but got False. {_IMPROVE}" if message is None else str(message()))


def _check_with(error_type: type[Exception], cond: Any, message: Callable[[], Any]) -> None:
    """Raise an error of a type unless the condition holds."""
    _check(cond, message, error_type)


def _checker(name: str, error: type[Exception]) -> Callable[..., None]:
    def check(cond: Any, message: Callable[[], Any] | None = None) -> None:
        _check(cond, message, error)

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"Raise {error.__name__} unless the condition holds."
    return check


def _check_tensor_all(cond: Tensor, message: Callable[[], Any] | None = None) -> None:
    """Raise RuntimeError unless every element is true."""
    _check(bool(cond.all()), message)


def _check_is_size(i: int, message: Callable[[], Any] | None = None, *, max: int | None = None) -> None:
    """Raise RuntimeError unless the number can be a size."""
    _check(i >= 0 and (max is None or i <= max), message)


def _assert_async(input: Tensor, assert_msg: str = "Expected Tensor with single nonzero value, but got zero") -> None:
    """Raise RuntimeError if the one element is zero."""
    _check(bool(input), lambda: assert_msg)


def _shape_as_tensor(input: Tensor) -> Tensor:
    """Return the sizes as a vector of integers."""
    return tensor(list(input.shape))


def _size(name: str, fn: Callable[..., Any], what: str, example: str, result: str) -> Callable[..., Any]:
    """Return one of torch's functions of sizes that may be symbols: here sizes are numbers."""

    def answer(*args: Any) -> Any:
        return fn(*args)

    answer.__name__ = answer.__qualname__ = name
    shown = f">>> import minitorch\n    >>> minitorch.{name}({example})\n    {result}"
    answer.__doc__ = f"Return {what}.\n\n    {shown}\n    "
    return answer


def _symbol(name: str, of: type) -> type:
    """Return the class of a symbol, which no value is an instance of."""
    doc = f"A {of.__name__} that is not known yet, for `isinstance` checks: here all are.\n\n    "
    doc += f">>> import minitorch\n    >>> isinstance({of()}, minitorch.{name})\n    False\n    "
    return type(name, (), {"__doc__": doc, "__module__": __name__})


CHECKS: dict[str, Any] = {
    "_check_index": _checker("_check_index", IndexError), "_check_value": _checker("_check_value", ValueError),
    "_check_type": _checker("_check_type", TypeError),
    "_check_not_implemented": _checker("_check_not_implemented", NotImplementedError),
    "sym_int": _size("sym_int", math.trunc, "the integer part of a size", "2.5", "2"),
    "sym_float": _size("sym_float", float, "a size as a float", "2", "2.0"),
    "sym_max": _size("sym_max", max, "the larger one of two sizes", "2, 3", "3"),
    "sym_min": _size("sym_min", min, "the smaller one of two sizes", "2, 3", "2"),
    "sym_sqrt": _size("sym_sqrt", math.sqrt, "the root of a size", "4", "2.0"),
    "sym_sum": _size("sym_sum", sum, "the sum of sizes", "[2, 3]", "5"),
    "sym_not": _size("sym_not", lambda a: not a, "whether a condition does not hold", "True", "False"),
    "sym_ite": _size("sym_ite", lambda b, t, f: t if b else f, "the one or the other value", "True, 2, 3", "2"),
    "SymInt": _symbol("SymInt", int), "SymFloat": _symbol("SymFloat", float), "SymBool": _symbol("SymBool", bool),
}  # fmt: skip
CHECKS |= {fn.__name__: fn for fn in (_check, _check_with, _check_tensor_all, _check_is_size, _assert_async,
                                      _shape_as_tensor)}  # fmt: skip
