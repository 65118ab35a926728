"""Special functions of one element: the gamma family, the inverse error function, logit, sinc; signs and infinities.

Each is computed in float64 and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..kernels.gamma import BERNOULLI, FAR
from ..op import Failure, Make, Op, Pointwise, Sample, register
from ..tensor import method
from ._common import Tensor, apply, apply_, deliver, tensor_arg, zeros_like
from .pointwise import where
from .trig import cos, sin
from .unary import doc, exp, failures, samples_in, unary

__all__ = ["deg2rad", "digamma", "erfinv", "isneginf", "isposinf", "lgamma", "logit", "nan_to_num", "polygamma",
           "rad2deg",
           "sgn", "signbit", "sinc"]  # fmt: skip

# ---- the gamma family ----------------------------------------------------------------------------------------------


def _lgamma_of(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or beyond the largest number
        return math.inf


_lgamma = np.frompyfunc(_lgamma_of, 1, 1)


def _np_lgamma(x: Any) -> Any:
    return np.asarray(_lgamma(x)).astype(x.dtype)


_STEPS = 10_000  # terms of the sums that reach from far below 0 up to there; the others are below 1e-8


def _np_digamma(x: Any) -> Any:
    """Abramowitz & Stegun 6.3.5 to 6.3.18: reflection, recurrence up to 10, asymptotic series."""
    z = np.asarray(x, np.float64)
    reflected = z < 0
    up = np.where(reflected, 1 - z, z)
    total = np.zeros_like(up)
    for _ in range(int(FAR)):
        low = up < FAR
        total -= np.where(low, 1 / np.where(low, up, 1.0), 0.0)
        up = up + low
    series = sum(b / (2 * k * up ** (2 * k)) for k, b in enumerate(BERNOULLI, 1))
    total += np.log(up) - 0.5 / up - series
    # the tangent of the fraction alone, as that of large numbers loses their digits
    total -= np.where(reflected, math.pi / np.tan(math.pi * (z - np.trunc(z))), 0.0)
    pole = np.where(z == 0, np.copysign(np.inf, -z), np.nan)
    return np.where((z <= 0) & (z == np.floor(z)), pole, total).astype(x.dtype)


def _hurwitz(s: int, a: Any) -> Any:
    """Return sum over k of 1 / (a + k)**s: terms up to 10, then the Euler-Maclaurin formula (A & S 23.1.30)."""
    a = np.where(a < -_STEPS, a - np.floor(a) - _STEPS, a) + 0.0  # no negative zero
    total = np.zeros_like(a)
    while (low := a < FAR).any():
        total += np.where(low, a ** -float(s), 0.0)
        a = a + low
    total += a ** (1.0 - s) / (s - 1) + 0.5 * a ** -float(s)
    for k, b in enumerate(BERNOULLI, 1):
        rising = math.prod(range(s, s + 2 * k - 1))
        total += b * rising / math.factorial(2 * k) * a ** (1.0 - s - 2 * k)
    return total


def _np_polygamma(x: Any, n: int) -> Any:
    if n == 0:
        return _np_digamma(x)
    z = np.asarray(x, np.float64)
    if n > 1:
        return ((-1) ** (n + 1) * math.factorial(n) * _hurwitz(n + 1, z)).astype(x.dtype)
    below = z < 0.5
    straight = _hurwitz(2, np.where(below, 1 - z, z))
    return np.where(below, (math.pi / np.sin(math.pi * z)) ** 2 - straight, straight).astype(x.dtype)


POLYGAMMA: Op = Pointwise("polygamma", _np_polygamma, lambda n, g: g * polygamma(n.params[0] + 1, n.input(0)),
                          promotes="float", saves=((0,),), lacks="c")  # fmt: skip

lgamma: Callable[..., Tensor] = unary(
    "lgamma", _np_lgamma, lambda n, g: g * digamma(n.input(0)),
    doc("the logarithms of the absolute values of the gamma function", "lgamma(minitorch.tensor([1.0, 4.0]))",
        "tensor([0.0000, 1.7918])"),
    low=0.3, high=4.0, lacks="c",
)  # fmt: skip
digamma: Callable[..., Tensor] = unary(
    "digamma", _np_digamma, lambda n, g: g * polygamma(1, n.input(0)),
    doc("the derivatives of the logarithm of the gamma function", "digamma(minitorch.tensor([1.0, 0.5]))",
        "tensor([-0.5772, -1.9635])"),
    low=0.3, high=1.2, lacks="c",
)  # fmt: skip


def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the derivatives of order ``n`` of `digamma`, element by element (Abramowitz & Stegun 6.4).

    Raises
    ------
    RuntimeError : a negative ``n``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.polygamma(1, minitorch.tensor([1.0, 0.5]))
    tensor([1.6449, 4.9348])
    """
    _check_order(n)
    return deliver(apply(POLYGAMMA, (tensor_arg("polygamma", input, position=2),), (n,)), out)


def _check_order(n: int) -> None:
    if n < 0:
        raise RuntimeError(f"polygamma(n, x) does not support negative n: n={n}.")


def _method_polygamma(self: Tensor, n: int) -> Tensor:
    """Return the derivatives of order ``n`` of `digamma`."""
    return polygamma(n, self)


@method
def polygamma_(self: Tensor, n: int) -> Tensor:
    """Write the derivatives of order ``n`` of `digamma` over the tensor."""
    _check_order(n)
    return apply_(POLYGAMMA, (self,), (n,))


def _polygamma_samples(make: Make) -> Iterator[Sample]:
    for n in (0, 1, 3):
        yield Sample(f"order {n}", (n, make(3, 4, low=0.4, high=2.0)))
    yield Sample("zero size", (2, make(0, 3)))


def _polygamma_failures(make: Make) -> Iterator[Failure]:
    yield Failure((-1, make(2)), RuntimeError, "does not support negative n")


register(polygamma, samples=_polygamma_samples, failures=_polygamma_failures, methods=())
method(_method_polygamma, "polygamma")

# ---- the inverse error function ------------------------------------------------------------------------------------

_erf = np.frompyfunc(math.erf, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def _np_erfinv(x: Any) -> Any:
    """Winitzki's approximation (2008), then three steps of Halley's method; by erfc where erf is near 1."""
    y = np.asarray(x, np.float64)
    size = np.abs(y)
    log, a = np.log1p(-(np.minimum(size, 1 - 1e-17) ** 2)), 0.147
    middle = 2 / (math.pi * a) + log / 2
    z = np.sqrt(np.sqrt(middle * middle - log / a) - middle)
    for _ in range(3):
        far = size > 0.5
        error = np.where(far, (1 - size) - np.asarray(_erfc(z), float), np.asarray(_erf(z), float) - size)
        step = error / (2 / math.sqrt(math.pi) * np.exp(-z * z))
        z = z - step / (1 + z * step)
    limit = np.where(size == 1, np.inf, np.nan)
    return np.copysign(np.where(size < 1, z, limit), y).astype(x.dtype)


erfinv = unary(
    "erfinv", _np_erfinv, lambda n, g: g * exp(n.output() ** 2) * (math.sqrt(math.pi) / 2),
    doc("the inverses of the error function", "erfinv(minitorch.tensor([0.0, 0.5]))", "tensor([0.0000, 0.4769])"),
    low=-0.9, high=0.9, uses="output", lacks="c",
)  # fmt: skip

# ---- logit, sinc, angles -------------------------------------------------------------------------------------------


def _np_logit(x: Any, eps: float | None) -> Any:
    one = x.dtype.type(1)
    z = x if eps is None else np.clip(x, x.dtype.type(eps), one - x.dtype.type(eps))
    return np.log(z / (one - z))


def _logit_vjp(node: Any, g: Tensor) -> Tensor:
    # log(x / (1 - x)) has the slope 1 / (x (1 - x)), which is 0 where eps cuts
    x, (eps,) = node.input(0), node.params
    low, outside = (0.0, math.nan) if eps is None else (eps, 0.0)
    inside = (x >= low) & (x <= 1 - low)
    return where(inside | (x != x), g / (x * (1 - x)), outside)


LOGIT: Op = Pointwise("logit", _np_logit, _logit_vjp, promotes="float", saves=((0,),), lacks="c")


def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """Return ``log(x / (1 - x))``, element by element; ``eps`` limits x to ``[eps, 1 - eps]`` first.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.logit(minitorch.tensor([0.5, 0.8]))
    tensor([0.0000, 1.3863])
    """
    return deliver(apply(LOGIT, (tensor_arg("logit", input),), (eps,)), out)


@method
def logit_(self: Tensor, eps: float | None = None) -> Tensor:
    """Write the result of `logit` over the tensor."""
    return apply_(LOGIT, (self,), (eps,))


def _logit_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, low=0.1, high=0.9),))
    yield Sample("limited", (make(3, 4, low=0.02, apart=0.08), 0.25))
    yield Sample("0-d", (make(low=0.1, high=0.9),))
    yield Sample("zero size", (make(0, 3),))


# 1 - x cancels near 1, in every floating-point arithmetic
register(logit, samples=_logit_samples, failures=failures, budget=16.0)


def _sinc_vjp(node: Any, g: Tensor) -> Tensor:
    # sin(t) / t with t = pi x has the slope pi (t cos(t) - sin(t)) / t**2, which is 0 at 0
    x = node.input(0)
    zero = x == 0
    t = where(zero, 1.0, x) * math.pi
    return where(zero, 0.0, g * ((t * cos(t) - sin(t)) / (t * t) * math.pi))


def _np_sinc(x: Any) -> Any:
    t = np.where(x == 0, x.dtype.type(1), x) * math.pi
    return np.where(x == 0, x.dtype.type(1), np.sin(t) / t).astype(x.dtype)


sinc = unary(
    "sinc", _np_sinc, _sinc_vjp,
    doc("``sin(pi x) / (pi x)``, which is 1 at 0", "sinc(minitorch.tensor([0.0, 0.5]))", "tensor([1.0000, 0.6366])"),
    low=0.1, high=0.9,
)  # fmt: skip


def _angle(name: str, factor: float, text: str) -> Callable[..., Tensor]:
    def fwd(x: Any) -> Any:
        if x.dtype.kind == "c":
            raise RuntimeError(f"{name} is not supported for complex tensors.")
        return x * x.dtype.type(factor)

    return unary(name, fwd, lambda n, g: g * factor, text, uses="")


deg2rad = _angle("deg2rad", math.pi / 180,
                 doc("degrees as radians", "deg2rad(minitorch.tensor([180.0]))", "tensor([3.1416])"))  # fmt: skip
rad2deg = _angle("rad2deg", 180 / math.pi,
                 doc("radians as degrees", "rad2deg(minitorch.tensor([1.0]))", "tensor([57.2958])"))  # fmt: skip

# ---- signs, infinities ---------------------------------------------------------------------------------------------


def _np_sgn(x: Any) -> Any:
    if x.dtype.kind == "c":
        size = np.abs(x)
        return np.where(size == 0, x, x / np.where(size == 0, 1, size)).astype(x.dtype)
    signs = x if x.dtype.kind == "b" else np.sign(x)
    return np.where(np.isnan(x), x.dtype.type(0), signs) if x.dtype.kind == "f" else signs


def _sgn_vjp(node: Any, g: Tensor) -> Tensor:
    # a direction z / |z| changes with the part of dz that stands across it: (g - s**2 conj(g)) / (2 |z|)
    x = node.input(0)
    if not x.dtype.is_complex:
        return zeros_like(g)
    s = sgn(x)
    return (g - s * s * g.conj()) / (where(x == 0, 1.0, x.abs()) * 2)


sgn: Callable[..., Tensor] = unary(
    "sgn", _np_sgn, _sgn_vjp,
    doc("the signs; of complex numbers, the directions", "sgn(minitorch.tensor([3.0, -2.0]))", "tensor([ 1., -1.])"),
    promotes="same", apart=True, holomorphic=False,
)  # fmt: skip


def _test(name: str, fwd: Callable[..., Any], text: str, error: Exception) -> Callable[..., Tensor]:
    def checked(x: Any) -> Any:
        if x.dtype.kind == "c":
            raise error
        return fwd(x)

    op = Pointwise(name, checked)

    def fn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        return deliver(apply(op, (tensor_arg(name, input),)), out)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = text
    register(fn, samples=samples_in(-2.0, 2.0), failures=failures, differentiable=False)
    return fn


signbit = _test(
    "signbit", lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0,
    doc("whether the sign bit is set", "signbit(minitorch.tensor([1.0, -0.0]))", "tensor([False,  True])"),
    NotImplementedError("signbit is not implemented for complex tensors."),
)  # fmt: skip
isposinf = _test(
    "isposinf", lambda x: x == np.inf,
    doc("whether elements are infinity", 'isposinf(minitorch.tensor([1.0, float("inf")]))', "tensor([False,  True])"),
    RuntimeError("isposinf does not support complex inputs."),
)  # fmt: skip
isneginf = _test(
    "isneginf", lambda x: x == -np.inf,
    doc("whether elements are minus infinity", 'isneginf(minitorch.tensor([1.0, -float("inf")]))',
        "tensor([False,  True])"),
    RuntimeError("isneginf does not support complex inputs."),
)  # fmt: skip


def _np_nan_to_num(x: Any, nan: float | None, high: float | None, low: float | None) -> Any:
    return np.nan_to_num(x, nan=nan or 0.0, posinf=high, neginf=low) if x.dtype.kind in "fc" else x.copy()


def _nan_to_num_vjp(node: Any, g: Tensor) -> Tensor:
    if g.is_complex():
        raise RuntimeError("nan_to_num does not support automatic differentiation for outputs with complex dtype.")
    return where(node.input(0).isfinite(), g, 0.0)


NAN_TO_NUM: Op = Pointwise("nan_to_num", _np_nan_to_num, _nan_to_num_vjp, saves=((0,),))


def nan_to_num(input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None, *,
               out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Replace NaN by ``nan`` (0) and infinities by ``posinf`` and ``neginf`` (the dtype's largest and lowest).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nan_to_num(minitorch.tensor([float("nan"), float("inf"), 1.0]), posinf=9.0)
    tensor([0., 9., 1.])
    """
    return deliver(apply(NAN_TO_NUM, (tensor_arg("nan_to_num", input),), (nan, posinf, neginf)), out)


@method
def nan_to_num_(
    self: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Write the result of `nan_to_num` over the tensor."""
    return apply_(NAN_TO_NUM, (self,), (nan, posinf, neginf))


register(nan_to_num, samples=samples_in(-2.0, 2.0), failures=failures)
