"""Functions of one element: exponentials, trigonometry, rounding, signs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ..kernels.gamma import KERNELS
from ..lanes import pair, single
from ..op import Failure, Make, Op, Pointwise, Sample, register
from ._common import Tensor, apply, conj, deliver, inplace, tensor_arg
from ._large import compiled

__all__ = [
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "log",
    "reciprocal",
    "rsqrt",
    "sigmoid",
    "sqrt",
    "square",
    "tanh",
    "unary",
]


def _applied(op: Op, *inputs: Any) -> Any:
    return apply(op, inputs)


Vjp = Callable[[Any, Tensor], Any]


def samples_in(low: float, high: float, apart: bool = False) -> Callable[[Make], Iterator[Sample]]:
    """Return samples with elements in a range, ``apart`` to keep away from multiples of a half."""

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


def failures(make: Make) -> Iterator[Failure]:
    """Yield the call that every one-operand function refuses."""
    yield Failure((1.0,), TypeError, "argument 'input' .position 1. must be Tensor, not float")


def _of_complex(vjp: Vjp) -> Vjp:
    """Return a gradient that holds for complex numbers: of a holomorphic f it is ``g`` times the conjugate of f'."""

    def fn(node: Any, g: Tensor) -> Any:
        if g._data.dtype.kind != "c":
            return vjp(node, g)
        return vjp(node, g.conj()).conj()

    return fn


def unary(
    name: str,
    fwd: Callable[..., Any],
    vjp: Vjp | None,
    text: str,
    *,
    low: float = -2.0,
    high: float = 2.0,
    apart: bool = False,
    promotes: str = "float",
    uses: str = "input",
    aliases: tuple[str, ...] = (),
    functional: bool = False,
    differentiable: bool = True,
    lacks: str = "",
    holomorphic: bool = True,
    kernel: str = "",
) -> Callable[..., Tensor]:
    """Make, document and register a one-operand function; ``uses`` names what its gradient needs."""
    saves = ((0,),) if uses == "input" else ()
    vjp = _of_complex(vjp) if vjp is not None and holomorphic and "c" not in lacks else vjp
    op = Pointwise(
        name,
        fwd,
        vjp,
        promotes=promotes,
        saves=saves,
        keeps=(0,) if uses == "output" else (),
        variants=compiled(kernel or name) if (kernel or name) in KERNELS else (),
        lacks=lacks,
    )

    short = single(op, lambda input, params: apply(op, (tensor_arg(name, input),)))

    def fn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        result: Tensor = short(input)
        return result if out is None else deliver(result, out)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = text
    UNARY[name] = op
    for each in (name, *aliases):
        inplace(op, each + "_")
    register(fn, samples=samples_in(low, high, apart), failures=failures, methods=(name, *aliases),
             functional=functional, differentiable=differentiable, short=short)  # fmt: skip
    return fn


UNARY: dict[str, Op] = {}


def doc(what: str, call: str, result: str) -> str:
    """Return the docstring of a one-operand function."""
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
    doc("e to the power of the elements", "exp(minitorch.tensor([0.0, 1.0]))", "tensor([1.0000, 2.7183])"),
    uses="output",
)
exp2 = unary(
    "exp2",
    np.exp2,
    lambda n, g: g * n.output() * math.log(2),
    doc("2 to the power of the elements", "exp2(minitorch.tensor([0.0, 3.0]))", "tensor([1., 8.])"),
    uses="output",
)
expm1 = unary(
    "expm1",
    np.expm1,
    lambda n, g: g * (n.output() + 1),
    doc("exp(x) - 1, accurate near 0", "expm1(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 1.7183])"),
    uses="output",
)
log = unary(
    "log",
    np.log,
    lambda n, g: g / n.input(0),
    doc("natural logarithms", "log(minitorch.tensor([1.0, 2.0]))", "tensor([0.0000, 0.6931])"),
    low=0.3,
)
log2 = unary(
    "log2",
    np.log2,
    lambda n, g: g / (n.input(0) * math.log(2)),
    doc("logarithms to base 2", "log2(minitorch.tensor([1.0, 8.0]))", "tensor([0., 3.])"),
    low=0.3,
)


def _np_log10(x: Any) -> Any:
    # NumPy's float32 logarithm misses exact powers of 10 by a unit
    return np.log10(x.astype(np.float64)).astype(x.dtype) if x.dtype.char in "ef" else np.log10(x)


log10 = unary(
    "log10",
    _np_log10,
    lambda n, g: g / (n.input(0) * math.log(10)),
    doc("logarithms to base 10", "log10(minitorch.tensor([1.0, 100.0]))", "tensor([0., 2.])"),
    low=0.3,
)
log1p = unary(
    "log1p",
    np.log1p,
    lambda n, g: g / (n.input(0) + 1),
    doc("log(1 + x), accurate near 0", "log1p(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.6931])"),
    low=-0.6,
)
sqrt = unary(
    "sqrt",
    np.sqrt,
    lambda n, g: g / (n.output() * 2),
    doc("square roots", "sqrt(minitorch.tensor([4.0, 9.0]))", "tensor([2., 3.])"),
    low=0.3,
    uses="output",
)


def _np_rsqrt(x: Any) -> Any:
    return np.reciprocal(np.sqrt(x))


rsqrt = unary(
    "rsqrt",
    _np_rsqrt,
    lambda n, g: g * n.output() ** 3 * -0.5,
    doc("reciprocals of square roots", "rsqrt(minitorch.tensor([4.0, 1.0]))", "tensor([0.5000, 1.0000])"),
    low=0.3,
    uses="output",
)
reciprocal = unary(
    "reciprocal",
    np.reciprocal,
    lambda n, g: -g * n.output() * n.output(),
    doc("reciprocals", "reciprocal(minitorch.tensor([4.0, 1.0]))", "tensor([0.2500, 1.0000])"),
    low=0.3,
    uses="output",
)


def _np_square(x: Any) -> Any:
    return np.square(x.astype(np.int64) if x.dtype == bool else x)


square = unary(
    "square",
    _np_square,
    lambda n, g: g * n.input(0) * 2,
    doc("squares", "square(minitorch.tensor([3.0, -2.0]))", "tensor([9., 4.])"),
    promotes="same",
)


_ONE = {kind: np.ones((), kind) for kind in "fd"}  # with which NumPy computes twice as fast as with a number


def _np_sigmoid(x: Any) -> Any:
    # 1 / (1 + exp(-x)) overflows to the right limit on both sides
    return np.reciprocal(np.exp(-x) + _ONE.get(x.dtype.char, 1))


def _sigmoid_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # f(g, y) = g y (1 - y)
    g, y = node.input(0), node.input(1)
    return gg * conj(y * (1 - y)), gg * conj(g * (1 - y * 2)) if node.needs[1] else None


def _tanh_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # f(g, y) = g (1 - y**2)
    g, y = node.input(0), node.input(1)
    return gg * conj(1 - y * y), gg * conj(g * y) * -2 if node.needs[1] else None


SIGMOID_BACK: Op = Pointwise(
    "sigmoid_backward",
    lambda g, y: g * (y * (_ONE.get(y.dtype.char, 1) - y)),
    _sigmoid_back_vjp,
    saves=((0, 1), (0, 1)),
    variants=compiled("sigmoid_backward", 2),
)
TANH_BACK: Op = Pointwise(
    "tanh_backward", lambda g, y: g * (_ONE.get(y.dtype.char, 1) - y * y), _tanh_back_vjp, saves=((0, 1), (0, 1)),
    variants=compiled("tanh_backward", 2),
)  # fmt: skip

_sigmoid_back, _tanh_back = [pair(op, partial(_applied, op)) for op in (SIGMOID_BACK, TANH_BACK)]

sigmoid = unary(
    "sigmoid",
    _np_sigmoid,
    lambda n, g: _sigmoid_back(g, n.output()),
    doc("1 / (1 + exp(-x))", "sigmoid(minitorch.tensor([0.0, 2.0]))", "tensor([0.5000, 0.8808])"),
    uses="output",
    functional=True,
)
tanh = unary(
    "tanh",
    np.tanh,
    lambda n, g: _tanh_back(g, n.output()),
    doc("hyperbolic tangents", "tanh(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.7616])"),
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
    doc("the error function", "erf(minitorch.tensor([0.0, 1.0]))", "tensor([0.0000, 0.8427])"),
    lacks="c",
)
erfc = unary(
    "erfc",
    _np_erfc,
    lambda n, g: g * exp(-(n.input(0) ** 2)) * -_TWO_OVER_SQRT_PI,
    doc("1 - erf(x)", "erfc(minitorch.tensor([0.0, 1.0]))", "tensor([1.0000, 0.1573])"),
    lacks="c",
)
