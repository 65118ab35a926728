"""Functions of one element: exponentials, trigonometry, rounding, signs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..kernels.elementwise import KERNELS
from ..op import Failure, Make, Op, Pointwise, Sample, register
from ..tensor import method
from ._common import Tensor, apply, deliver, inplace, tensor_arg, zeros_like
from ._large import compiled

__all__ = ["abs", "ceil", "erf", "exp", "floor", "log", "neg", "reciprocal", "round", "rsqrt", "sigmoid", "sign",
           "sqrt", "square", "tanh"]  # fmt: skip

Vjp = Callable[[Any, Tensor], Any]


def _samples_in(low: float, high: float, apart: bool = False) -> Callable[[Make], Iterator[Sample]]:
    def samples(make: Make) -> Iterator[Sample]:
        def values(*shape: int) -> Tensor:
            if not apart:
                return make(*shape, low=low, high=high)
            # a grid that keeps away from multiples of a half, where these functions have their kinks
            step = (high - low) / max(1, math.prod(shape))
            return make(*shape, low=low + 0.07, apart=step)

        yield Sample("matrix", (values(3, 4),))
        yield Sample("4-d", (values(2, 3, 2, 2),))
        yield Sample("0-d", (values(),))
        yield Sample("zero size", (values(2, 0),))

    return samples


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((1.0,), TypeError, "argument 'input' .position 1. must be Tensor, not float")


def unary(
    name: str,
    fwd: Callable[..., Any],
    vjp: Vjp | None,
    doc: str,
    *,
    low: float = -2.0,
    high: float = 2.0,
    apart: bool = False,
    promotes: str = "float",
    uses: str = "input",
    aliases: tuple[str, ...] = (),
    functional: bool = False,
    differentiable: bool = True,
) -> Callable[..., Tensor]:
    """Make, document and register a one-operand function; ``uses`` names what its gradient needs."""
    saves = ((0,),) if uses == "input" else ()
    op = Pointwise(
        name,
        fwd,
        vjp,
        promotes=promotes,
        saves=saves,
        keeps=(0,) if uses == "output" else (),
        variants=compiled(name) if name in KERNELS else (),
    )

    def fn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        return deliver(apply(op, (tensor_arg(name, input),)), out)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc
    UNARY[name] = op
    for each in (name, *aliases):
        inplace(op, each + "_")
    register(fn, samples=_samples_in(low, high, apart), failures=_failures, methods=(name, *aliases),
             functional=functional, differentiable=differentiable)  # fmt: skip
    return fn


UNARY: dict[str, Op] = {}


def _doc(what: str, call: str, result: str) -> str:
    return f"""Return {what}, element by element.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{call}
    {result}
    """


# ---- exponentials --------------------------------------------------------------------------------------------------

exp = unary(
    "exp",
    np.exp,
    lambda n, g: g * n.output(),
    _doc("e to the power of the elements", "exp(minitorch.tensor([0.0, 1.0]))", "tensor([1.0000, 2.7183])"),
    uses="output",
)
exp2 = unary(
    "exp2",
    np.exp2,
    lambda n, g: g * n.output() * math.log(2),
    _doc("2 to the power of the elements", "exp2(minitorch.tensor([0.0, 3.0]))", "tensor([1., 8.])"),
    uses="output",
)
expm1 = unary(
    "expm1",
    np.expm1,
    lambda n, g: g * (n.output() + 1),
    _doc("exp(x) - 1, accurate near 0", "expm1(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 1.7183])"),
    uses="output",
)
log = unary(
    "log",
    np.log,
    lambda n, g: g / n.input(0),
    _doc("natural logarithms", "log(minitorch.tensor([1.0, 2.0]))", "tensor([0.0000, 0.6931])"),
    low=0.3,
)
log2 = unary(
    "log2",
    np.log2,
    lambda n, g: g / (n.input(0) * math.log(2)),
    _doc("logarithms to base 2", "log2(minitorch.tensor([1.0, 8.0]))", "tensor([0., 3.])"),
    low=0.3,
)
log10 = unary(
    "log10",
    np.log10,
    lambda n, g: g / (n.input(0) * math.log(10)),
    _doc("logarithms to base 10", "log10(minitorch.tensor([1.0, 100.0]))", "tensor([0., 2.])"),
    low=0.3,
)
log1p = unary(
    "log1p",
    np.log1p,
    lambda n, g: g / (n.input(0) + 1),
    _doc("log(1 + x), accurate near 0", "log1p(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.6931])"),
    low=-0.6,
)
sqrt = unary(
    "sqrt",
    np.sqrt,
    lambda n, g: g / (n.output() * 2),
    _doc("square roots", "sqrt(minitorch.tensor([4.0, 9.0]))", "tensor([2., 3.])"),
    low=0.3,
    uses="output",
)


def _np_rsqrt(x: Any) -> Any:
    return np.reciprocal(np.sqrt(x))


rsqrt = unary(
    "rsqrt",
    _np_rsqrt,
    lambda n, g: g * n.output() ** 3 * -0.5,
    _doc("reciprocals of square roots", "rsqrt(minitorch.tensor([4.0, 1.0]))", "tensor([0.5000, 1.0000])"),
    low=0.3,
    uses="output",
)
reciprocal = unary(
    "reciprocal",
    np.reciprocal,
    lambda n, g: -g * n.output() * n.output(),
    _doc("reciprocals", "reciprocal(minitorch.tensor([4.0, 1.0]))", "tensor([0.2500, 1.0000])"),
    low=0.3,
    uses="output",
)
square = unary(
    "square",
    np.square,
    lambda n, g: g * n.input(0) * 2,
    _doc("squares", "square(minitorch.tensor([3.0, -2.0]))", "tensor([9., 4.])"),
    promotes="same",
)


def _np_sigmoid(x: Any) -> Any:
    # 1 / (1 + exp(-x)) overflows to the right limit on both sides
    return np.reciprocal(1 + np.exp(-x))


def _sigmoid_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # f(g, y) = g y (1 - y)
    g, y = node.input(0), node.input(1)
    return gg * (y * (1 - y)), gg * g * (1 - y * 2) if node.needs[1] else None


def _tanh_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # f(g, y) = g (1 - y**2)
    g, y = node.input(0), node.input(1)
    return gg * (1 - y * y), gg * g * y * -2 if node.needs[1] else None


SIGMOID_BACK: Op = Pointwise(
    "sigmoid_backward", lambda g, y: g * (y * (1 - y)), _sigmoid_back_vjp, saves=((0, 1), (0, 1)),
    variants=compiled("sigmoid_backward", 2),
)  # fmt: skip
TANH_BACK: Op = Pointwise(
    "tanh_backward", lambda g, y: g * (1 - y * y), _tanh_back_vjp, saves=((0, 1), (0, 1)),
    variants=compiled("tanh_backward", 2),
)  # fmt: skip

sigmoid = unary(
    "sigmoid",
    _np_sigmoid,
    lambda n, g: apply(SIGMOID_BACK, (g, n.output())),
    _doc("1 / (1 + exp(-x))", "sigmoid(minitorch.tensor([0.0, 2.0]))", "tensor([0.5000, 0.8808])"),
    uses="output",
    functional=True,
)
tanh = unary(
    "tanh",
    np.tanh,
    lambda n, g: apply(TANH_BACK, (g, n.output())),
    _doc("hyperbolic tangents", "tanh(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.7616])"),
    uses="output",
    functional=True,
)


# ---- the error function --------------------------------------------------------------------------------------------

_math_erf = np.frompyfunc(math.erf, 1, 1)
_math_erfc = np.frompyfunc(math.erfc, 1, 1)


def _np_erf(x: Any) -> Any:
    return np.asarray(_math_erf(x)).astype(x.dtype)


def _np_erfc(x: Any) -> Any:
    return np.asarray(_math_erfc(x)).astype(x.dtype)


_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)

erf = unary(
    "erf",
    _np_erf,
    lambda n, g: g * exp(-(n.input(0) ** 2)) * _TWO_OVER_SQRT_PI,
    _doc("the error function", "erf(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.8427])"),
)
erfc = unary(
    "erfc",
    _np_erfc,
    lambda n, g: g * exp(-(n.input(0) ** 2)) * -_TWO_OVER_SQRT_PI,
    _doc("1 - erf(x)", "erfc(minitorch.tensor([0.0, 1.0]))", "tensor([1.0000, 0.1573])"),
)


# ---- signs and rounding --------------------------------------------------------------------------------------------


def _flat(node: Any, g: Tensor) -> Tensor:
    return zeros_like(g)


def _np_neg(x: Any) -> Any:
    if x.dtype == bool:
        raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert "
                           "a mask, use the `~` or `logical_not()` operator instead.")  # fmt: skip
    return np.negative(x)


def _integers_as_they_are(ufunc: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: ufunc(x) if x.dtype.kind in "fc" else x.copy()


neg = unary(
    "neg",
    _np_neg,
    lambda n, g: -g,
    _doc("the negatives", "neg(minitorch.tensor([1.0, -2.0]))", "tensor([-1.,  2.])"),
    promotes="same",
    uses="",
    aliases=("negative",),
)
abs = unary(
    "abs",
    np.abs,
    lambda n, g: g * sign(n.input(0)),
    _doc("absolute values", "abs(minitorch.tensor([1.0, -2.0]))", "tensor([1., 2.])"),
    promotes="same",
    apart=True,
    aliases=("absolute",),
)
sign: Callable[..., Tensor] = unary(
    "sign",
    np.sign,
    _flat,
    _doc("-1, 0 or 1 by the sign", "sign(minitorch.tensor([3.0, -2.0, 0.0]))", "tensor([ 1., -1.,  0.])"),
    promotes="same",
    apart=True,
    uses="",
)
floor = unary(
    "floor",
    _integers_as_they_are(np.floor),
    _flat,
    _doc("the largest integers not above", "floor(minitorch.tensor([1.5, -1.5]))", "tensor([ 1., -2.])"),
    promotes="same",
    apart=True,
    uses="",
)
ceil = unary(
    "ceil",
    _integers_as_they_are(np.ceil),
    _flat,
    _doc("the smallest integers not below", "ceil(minitorch.tensor([1.5, -1.5]))", "tensor([ 2., -1.])"),
    promotes="same",
    apart=True,
    uses="",
)
trunc = unary(
    "trunc",
    _integers_as_they_are(np.trunc),
    _flat,
    _doc("the integers towards 0", "trunc(minitorch.tensor([1.5, -1.5]))", "tensor([ 1., -1.])"),
    promotes="same",
    apart=True,
    uses="",
    aliases=("fix",),
)
frac = unary(
    "frac",
    lambda x: x - np.trunc(x),
    lambda n, g: g,
    _doc("the fractional parts", "frac(minitorch.tensor([1.5, -1.5]))", "tensor([ 0.5000, -0.5000])"),
    promotes="same",
    apart=True,
    uses="",
)

ROUND: Op = Pointwise(
    "round",
    lambda x, decimals: np.round(x, decimals) if x.dtype.kind == "f" else x.copy(),
    lambda n, g: zeros_like(g),
)


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Round to the nearest integer (halves to even), or to ``decimals`` decimal places.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.round(minitorch.tensor([0.5, 1.5, 2.6]))
    tensor([0., 2., 3.])
    """
    return deliver(apply(ROUND, (tensor_arg("round", input),), (decimals,)), out)


register(round, samples=_samples_in(-2.0, 2.0, True), failures=_failures)


CONJ: Op = Pointwise("conj", np.conj, lambda n, g: g.conj())


@method
def conj(self: Tensor) -> Tensor:
    """Return the complex conjugates; a tensor of real numbers is returned as it is."""
    return self if self._data.dtype.kind != "c" else apply(CONJ, (self,))


@method
def __pos__(self: Tensor) -> Tensor:
    """Return the tensor."""
    return self


method(neg, "__neg__")
method(abs, "__abs__")


# ---- tests on values -----------------------------------------------------------------------------------------------


def _test(name: str, fwd: Callable[..., Any], doc: str) -> Callable[[Tensor], Tensor]:
    op = Pointwise(name, lambda x: fwd(x) if x.dtype.kind in "fc" else np.full(x.shape, name == "isfinite"))

    def fn(input: Tensor) -> Tensor:
        return apply(op, (tensor_arg(name, input),))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc
    register(fn, samples=_samples_in(-2.0, 2.0), failures=_failures, differentiable=False)
    return fn


isnan = _test(
    "isnan",
    np.isnan,
    _doc("whether elements are NaN", 'isnan(minitorch.tensor([1.0, float("nan")]))', "tensor([False,  True])"),
)
isinf = _test(
    "isinf",
    np.isinf,
    _doc("whether elements are infinite", 'isinf(minitorch.tensor([1.0, float("inf")]))', "tensor([False,  True])"),
)
isfinite = _test(
    "isfinite",
    np.isfinite,
    _doc("whether elements are finite", 'isfinite(minitorch.tensor([1.0, float("inf")]))', "tensor([ True, False])"),
)
