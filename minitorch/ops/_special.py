"""The making of `minitorch.special`'s functions: computed in float64, rounded once, under torch's names and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..op import Failure, Make, Pointwise, Sample, register
from ._common import Tensor, apply, deliver, inplace, operand, tensor_arg

__all__ = ["of_one", "of_two", "unknown"]

Fwd = Callable[..., Any]


def _in_float64(fwd: Fwd) -> Fwd:
    def rounded(*values: Any) -> Any:
        kind = next(v.dtype for v in values if type(v) is np.ndarray)
        return np.asarray(fwd(*(np.asarray(v, np.float64) for v in values))).astype(kind)

    return rounded


def _named(fn: Any, name: str, text: str) -> Any:
    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = text
    return fn


def _text(what: str, raises: str, call: str, shown: str) -> str:
    return f"""Return {what}, element by element.

    Raises
    ------
    {raises}

    Examples
    --------
    >>> import minitorch
    >>> minitorch.special.{call}
    {shown}
    """


def _samples(low: float, high: float) -> Callable[[Make], Iterator[Sample]]:
    def samples(make: Make) -> Iterator[Sample]:
        yield Sample("matrix", (make(3, 4, low=low, high=high),))
        yield Sample("0-d", (make(low=low, high=high),))
        yield Sample("zero size", (make(2, 0),))

    return samples


def of_one(
    name: str, fwd: Fwd, vjp: Any, what: str, shown: tuple[str, str], *, low: float = -2.0, high: float = 2.0,
    half: bool = True, keeps: bool = False, argument: str = "input", kernel: str = "", grad_name: str = "",
    everywhere: bool = False,
) -> Callable[..., Tensor]:  # fmt: skip
    """Make, document and register a function of one tensor.

    ``half``: it takes half precision, too; ``keeps``: its gradient uses the result; ``everywhere``: torch has it as a
    method and at the top, too.
    """
    kernel = kernel or name + "_cpu"
    op = _Real(name, _in_float64(fwd), vjp, half=half, kernel=kernel, keeps=(0,) if keeps else (),
               saves=((0,),) if vjp else (), grad_name=grad_name)  # fmt: skip

    def fn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        return deliver(apply(op, (tensor_arg("special_" + name, input, argument),)), out)

    def failures(make: Make) -> Iterator[Failure]:
        yield Failure((1.0,), TypeError, rf"argument '{argument}' \(position 1\) must be Tensor, not float")

    raises = "NotImplementedError : complex numbers" + ("." if half else ", half precision.")
    _named(fn, name, _text(what, raises, f"{name}({shown[0]})", shown[1]))
    register(fn, name="" if everywhere else "special_" + name, samples=_samples(low, high), failures=failures,
             methods=(name,) if everywhere else (), top=everywhere, differentiable=vjp is not None)  # fmt: skip
    if everywhere:
        inplace(op, name + "_")
    fn.op = op  # type: ignore[attr-defined]
    return fn


def of_two(
    name: str, fwd: Fwd, vjp: Any, what: str, shown: tuple[str, str], samples: Any, *, half: bool = True,
    numbers: bool = True, promotes: str = "float", kernel: str = "", grad_name: str = "",
    names: tuple[str, str] = ("input", "other"),
) -> Callable[..., Tensor]:  # fmt: skip
    """Make, document and register a function of two tensors, of which ``numbers`` lets one be a number."""
    op = _Real(name, _in_float64(fwd), vjp, half=half, kernel=kernel or name + "_cpu", promotes=promotes,
               saves=((0, 1), (0, 1)) if vjp else (), grad_name=grad_name)  # fmt: skip

    def fn(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        check = operand if numbers else tensor_arg
        for place, (argument, x) in enumerate(zip(names, (input, other)), 1):
            check("special_" + name, x, argument, place)
        if not isinstance(input, Tensor) and not isinstance(other, Tensor):
            tensor_arg("special_" + name, input, names[0])
        return deliver(apply(op, (input, other)), out)

    def failures(make: Make) -> Iterator[Failure]:
        yield Failure((make(2), "x"), TypeError, rf"argument '{names[1]}' \(position 2\) must be Tensor, not str")

    raises = "NotImplementedError : complex numbers" + ("." if half else ", half precision.")
    _named(fn, name, _text(what, raises, f"{name}({shown[0]})", shown[1]))
    register(fn, name="special_" + name, samples=samples, failures=failures, methods=(), top=False,
             differentiable=vjp is not None)  # fmt: skip
    fn.op = op  # type: ignore[attr-defined]
    return fn


class _Real(Pointwise):
    """A point-wise operation of real numbers, of half precision only where torch has that."""

    def __init__(self, name: str, fwd: Fwd, vjp: Any, *, half: bool, promotes: str = "float", grad_name: str = "",
                 **kw: Any) -> None:  # fmt: skip
        grad_name = grad_name or "Special" + name.title().replace("_", "") + "Backward0"
        super().__init__(name, fwd, vjp, promotes=promotes, lacks="c" if promotes == "float" else "biuc",
                         grad_name=grad_name, **kw)  # fmt: skip
        self.half = half

    def promoted(self, arrays: list[Any]) -> tuple[list[Any], bool]:
        """Promote; NotImplementedError for half precision where torch has no kernel for it."""
        cast, narrow = super().promoted(arrays)
        kind = next(v.dtype for v in cast if type(v) is np.ndarray)
        if not self.half and (narrow or kind == np.float16):
            found = "BFloat16" if narrow else "Half"
            raise NotImplementedError(f"\"{self.kernel}\" not implemented for '{found}'")
        return cast, narrow


def unknown(what: str) -> Any:
    """Raise torch's error for a gradient that has no formula."""
    raise NotImplementedError(f"the derivative for '{what}' is not implemented.")


