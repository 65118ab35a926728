"""Signs, rounding, and tests on the values of elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..op import Op, Pointwise, register
from ..tensor import method
from ._common import Tensor, apply, apply_, deliver, tensor_arg, zeros_like
from ._large import compiled
from .pointwise import where
from .unary import UNARY, doc, failures, samples_in, unary

__all__ = ["abs", "ceil", "floor", "frac", "isfinite", "isinf", "isnan", "neg", "round", "sign", "trunc"]


def _flat(node: Any, g: Tensor) -> Tensor:
    return zeros_like(g)


def _np_neg(x: Any) -> Any:
    if x.dtype == bool:
        raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert "
                           "a mask, use the `~` or `logical_not()` operator instead.")  # fmt: skip
    return np.negative(x)


def _integers_as_they_are(ufunc: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: ufunc(x) if x.dtype.kind in "fc" else x.copy()


def _np_sign(x: Any) -> Any:
    return (
        np.where(np.isnan(x), x.dtype.type(0), np.sign(x))
        if x.dtype.kind == "f"
        else x
        if x.dtype == bool
        else np.sign(x)
    )


neg = unary(
    "neg",
    _np_neg,
    lambda n, g: -g,
    doc("the negatives", "neg(minitorch.tensor([1.0, -2.0]))", "tensor([-1.,  2.])"),
    promotes="same",
    uses="",
    aliases=("negative",),
)


def _direction(x: Tensor) -> Tensor:
    """Return x / |x|, and 0 at 0."""
    if x._data.dtype.kind != "c":
        return sign(x)
    size = x.abs()
    return x / where(size == 0, 1.0, size)


def _abs_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, Tensor | None]:
    again = apply(ABS_BACK, (gg, node.input(1))) if node.needs[0] else None
    return again, zeros_like(gg) if node.needs[1] else None


ABS_BACK: Op = Pointwise(
    "abs_backward", lambda g, x: g * _np_sign(x), _abs_back_vjp, saves=((1,), ()),
    variants=compiled("absolute_backward", 2),
)  # fmt: skip


def _abs_vjp(node: Any, g: Tensor) -> Tensor:
    x = node.input(0)
    if x._data.dtype.kind != "f" or g._data.dtype != x._data.dtype:
        return g * _direction(x)
    return apply(ABS_BACK, (g, x))


abs = unary(
    "abs",
    np.abs,
    _abs_vjp,
    doc("absolute values", "abs(minitorch.tensor([1.0, -2.0]))", "tensor([1., 2.])"),
    promotes="same",
    apart=True,
    aliases=("absolute",),
    kernel="absolute",
    lacks="b",
)
sign: Callable[..., Tensor] = unary(
    "sign",
    _np_sign,
    _flat,
    doc("-1, 0 or 1 by the sign", "sign(minitorch.tensor([3.0, -2.0, 0.0]))", "tensor([ 1., -1.,  0.])"),
    promotes="same",
    apart=True,
    uses="",
    lacks="c",
)
floor = unary(
    "floor",
    _integers_as_they_are(np.floor),
    _flat,
    doc("the largest integers not above", "floor(minitorch.tensor([1.5, -1.5]))", "tensor([ 1., -2.])"),
    promotes="same",
    apart=True,
    uses="",
    lacks="bc",
)
ceil = unary(
    "ceil",
    _integers_as_they_are(np.ceil),
    _flat,
    doc("the smallest integers not below", "ceil(minitorch.tensor([1.5, -1.5]))", "tensor([ 2., -1.])"),
    promotes="same",
    apart=True,
    uses="",
    lacks="bc",
)
trunc = unary(
    "trunc",
    _integers_as_they_are(np.trunc),
    _flat,
    doc("the integers towards 0", "trunc(minitorch.tensor([1.5, -1.5]))", "tensor([ 1., -1.])"),
    promotes="same",
    apart=True,
    uses="",
    aliases=("fix",),
    lacks="bc",
)
frac = unary(
    "frac",
    lambda x: x - np.trunc(x),
    lambda n, g: g,
    doc("the fractional parts", "frac(minitorch.tensor([1.5, -1.5]))", "tensor([ 0.5000, -0.5000])"),
    promotes="same",
    apart=True,
    uses="",
    lacks="biuc",
)

ROUND: Op = Pointwise("round", _integers_as_they_are(np.round), lambda n, g: zeros_like(g), lacks="bc")
ROUND_DECIMALS: Op = Pointwise("round", np.round, lambda n, g: zeros_like(g), lacks="biuc", kernel="round_decimals_cpu",
                               grad_name="RoundBackward1")  # fmt: skip


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Round to the nearest integer (halves to even), or to ``decimals`` decimal places.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.round(minitorch.tensor([0.5, 1.5, 2.6]))
    tensor([0., 2., 3.])
    """
    tensor_arg("round", input)
    result = apply(ROUND_DECIMALS, (input,), (decimals,)) if decimals else apply(ROUND, (input,))
    return deliver(result, out)


@method
def round_(self: Tensor, *, decimals: int = 0) -> Tensor:
    """Round in place; see `round`."""
    return apply_(ROUND_DECIMALS, (self,), (decimals,)) if decimals else apply_(ROUND, (self,))


register(round, samples=samples_in(-2.0, 2.0, True), failures=failures)


CONJ: Op = Pointwise("conj", np.conj, lambda n, g: g.conj())


@method
def conj(self: Tensor) -> Tensor:
    """Return the complex conjugates; a tensor of real numbers is returned as it is."""
    return self if self._data.dtype.kind != "c" else apply(CONJ, (self,))


@method
def __pos__(self: Tensor) -> Tensor:
    """Return the tensor."""
    return self


def _abs_(self: Tensor) -> Tensor:
    """Write the absolute values over the tensor; RuntimeError for complex ones."""
    if self._data.dtype.kind == "c":
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return apply_(UNARY["abs"], (self,))


method(_abs_, "abs_")
method(_abs_, "absolute_")
method(neg, "__neg__")
method(abs, "__abs__")


# ---- tests on values -----------------------------------------------------------------------------------------------


def _test(name: str, fwd: Callable[..., Any], text: str) -> Callable[[Tensor], Tensor]:
    op = Pointwise(name, lambda x: fwd(x) if x.dtype.kind in "fc" else np.full(x.shape, name == "isfinite"))

    def fn(input: Tensor) -> Tensor:
        return apply(op, (tensor_arg(name, input),))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = text
    register(fn, samples=samples_in(-2.0, 2.0), failures=failures, differentiable=False)
    return fn


isnan = _test(
    "isnan",
    np.isnan,
    doc("whether elements are NaN", 'isnan(minitorch.tensor([1.0, float("nan")]))', "tensor([False,  True])"),
)
isinf = _test(
    "isinf",
    np.isinf,
    doc("whether elements are infinite", 'isinf(minitorch.tensor([1.0, float("inf")]))', "tensor([False,  True])"),
)
isfinite = _test(
    "isfinite",
    np.isfinite,
    doc("whether elements are finite", 'isfinite(minitorch.tensor([1.0, float("inf")]))', "tensor([ True, False])"),
)
