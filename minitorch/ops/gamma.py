"""Incomplete gamma functions, Hurwitz's zeta function and the multivariate log-gamma function."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..op import Failure, Make, Sample, register
from ..tensor import method
from ._common import Tensor, apply, deliver, inplace, tensor_arg
from ._special import of_two, unknown
from ._titles import titled
from .create import arange
from .special import lgamma
from .unary import UNARY, exp, log

__all__ = ["gammainc", "gammaincc", "igamma", "igammac", "mvlgamma", "zeta"]

Pair = tuple[Tensor | None, Tensor | None]
_lgamma = UNARY["lgamma"].fwd
_LARGE = 20.0  # Stirling's series is exact to float64 beyond
_MANY = 200_000  # terms after which a series or fraction is taken as it is
# Stirling's series of the logarithm of the gamma function (Abramowitz & Stegun 6.1.41)
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)

# ---- incomplete gamma functions --------------------------------------------------------------------------------------


def _log1p_less(x: Any) -> Any:
    """Return ``log1p(x) - x``, near 0 without cancellation, by the series of the inverse hyperbolic tangent."""
    near = np.abs(x) < 0.5
    z = np.where(near, x, 0.0)
    r = z / (2 + z)
    series, power = np.zeros_like(r), r
    for k in range(3, 42, 2):
        power = power * r * r
        series = series + power / k
    return np.where(near, 2 * series - z * r, np.log1p(x) - x)


def _factor(a: Any, x: Any) -> Any:
    """Return ``x**a exp(-x) / gamma(a + 1)``."""
    large = a > _LARGE
    b = np.where(large, a, _LARGE)
    stirling = sum(c / b ** (2 * k + 1) for k, c in enumerate(_STIRLING))
    far = np.exp(b * _log1p_less((x - b) / b) - stirling) / np.sqrt(2 * math.pi * b)
    s = np.where(large, 1.0, a)
    return np.where(large, far, np.exp(s * np.log(x) - x - _lgamma(s + 1)))


def _series(a: Any, x: Any) -> Any:
    """Return the sum of ``x**n / ((a + 1) ... (a + n))`` (A & S 6.5.29)."""
    term = total = np.ones_like(x)
    for n in range(1, _MANY):
        term = term * x / (a + n)
        total = total + term
        if not (term > total * 1e-17).any():
            break
    return total


def _fraction(a: Any, x: Any) -> Any:
    """Return ``1 / (x + 1 - a - (1 - a) / (x + 3 - a - ...))`` by Lentz's method (A & S 6.5.31)."""
    b = x + 1 - a
    tiny = 1e-300
    c, d = np.full_like(x, 1 / tiny), 1 / np.where(b == 0, tiny, b)
    value = d
    for n in range(1, _MANY):
        rate = -n * (n - a)
        b = b + 2
        d = rate * d + b
        d = 1 / np.where(d == 0, tiny, d)
        c = b + rate / c
        c = np.where(c == 0, tiny, c)
        value = value * (d * c)
        if not (np.abs(d * c - 1) > 3e-16).any():
            break
    return value


def _np_igamma(a: Any, x: Any, upper: bool) -> Any:
    """Return the regularised lower or upper incomplete gamma function, and its limits where a or x has one."""
    a, x = np.broadcast_arrays(a, x)
    plain = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    b, z = np.where(plain, a, 1.0), np.where(plain, x, 1.0)
    below = (z <= 1) | (z < b)
    factor = _factor(b, z)
    lower = factor * _series(np.where(below, b, 1.0), np.where(below, z, 0.5))
    higher = factor * b * _fraction(np.where(below, 1.0, b), np.where(below, 2.0, z))
    value = np.where(below, 1 - lower if upper else lower, higher if upper else 1 - higher)
    zero: Any = float(upper)
    one: Any = 1.0 - upper
    both = np.isinf(a) & np.isinf(x)
    cases = [(x < 0) | (a < 0), (a == 0) & (x == 0), a == 0, x == 0, both, np.isinf(a), np.isinf(x)]
    limits = [np.nan, np.nan, np.where(x > 0, one, np.nan), zero, np.nan, zero, one]
    return np.where(plain, value, np.select(cases, limits, np.nan))


def _igamma_vjp(sign: float, what: str) -> Any:
    def vjp(node: Any, g: Tensor) -> Pair:
        if node.needs[0]:
            unknown(f"{what}: input")
        a, x = node.input(0), node.input(1)
        return None, g * sign * exp((a - 1) * log(x) - x - lgamma(a))

    return vjp


def _samples(make: Make) -> Iterator[Sample]:
    plain = Make(make.dtype, False, 1)
    yield Sample("matrix", (plain(3, 4, low=0.5, high=3.0), make(3, 4, low=0.3, high=4.0)))
    yield Sample("broadcast", (plain(3, 1, low=0.5, high=3.0), make(4, low=0.3, high=4.0)))
    yield Sample("zero size", (plain(0, 3), make(3, low=0.5)))


gammainc = of_two(
    "gammainc", lambda a, x: _np_igamma(a, x, False), _igamma_vjp(1.0, "igamma"),
    "the regularised lower incomplete gamma functions of ``input`` at ``other``",
    ("minitorch.tensor([1.0, 2.0]), minitorch.tensor([2.0, 2.0])", "tensor([0.8647, 0.5940])"), _samples,
    numbers=False, promotes="same", kernel="igamma_cpu", grad_name="IgammaBackward0",
)  # fmt: skip
gammaincc = of_two(
    "gammaincc", lambda a, x: _np_igamma(a, x, True), _igamma_vjp(-1.0, "igammac"),
    "the regularised upper incomplete gamma functions of ``input`` at ``other``",
    ("minitorch.tensor([1.0, 2.0]), minitorch.tensor([2.0, 2.0])", "tensor([0.1353, 0.4060])"), _samples,
    numbers=False, promotes="same", kernel="igammac_cpu", grad_name="IgammacBackward0",
)  # fmt: skip


def igamma(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the regularised lower incomplete gamma functions of ``input`` at ``other``, element by element.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.igamma(minitorch.tensor([1.0]), minitorch.tensor([2.0]))
    tensor([0.8647])
    """
    return deliver(apply(gammainc.op, (tensor_arg("igamma", input), tensor_arg("igamma", other, "other", 2))), out)  # type: ignore[attr-defined]


def igammac(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the regularised upper incomplete gamma functions of ``input`` at ``other``, element by element.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.igammac(minitorch.tensor([1.0]), minitorch.tensor([2.0]))
    tensor([0.1353])
    """
    return deliver(apply(gammaincc.op, (tensor_arg("igammac", input), tensor_arg("igammac", other, "other", 2))), out)  # type: ignore[attr-defined]


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), 2.0), TypeError, r"argument 'other' \(position 2\) must be Tensor, not float")


register(igamma, samples=_samples, failures=_failures)
register(igammac, samples=_samples, failures=_failures)
inplace(gammainc.op, "igamma_", 2)  # type: ignore[attr-defined]
inplace(gammaincc.op, "igammac_", 2)  # type: ignore[attr-defined]

# ---- zeta ------------------------------------------------------------------------------------------------------------

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_FAR = 10.0


def _np_zeta(s: Any, q: Any) -> Any:
    """Terms up to 10, then the Euler-Maclaurin formula (Abramowitz & Stegun 23.1.30)."""
    s, q = np.broadcast_arrays(s, q)
    whole = s == np.floor(s)
    usable = (s > 1) & ((q > 0) | (whole & (q != np.floor(q)))) & np.isfinite(s) & np.isfinite(q)
    p, a = np.where(usable, s, 2.0), np.where(usable, q, 1.0)
    total = np.zeros_like(a)
    while (low := a < _FAR).any():
        total = total + np.where(low, a ** -np.where(low, p, 1.0), 0.0)
        a = np.where(low, a + 1, a)
    total = total + a ** (1 - p) / (p - 1) + 0.5 * a**-p
    rising = p / a ** (p + 1)
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + b * rising / math.factorial(2 * k)
        rising = rising * (p + 2 * k - 1) * (p + 2 * k) / (a * a)
    pole = (s == 1) | (~(s < 1) & (q <= 0) & (q == np.floor(q))) | (np.isinf(s) & (s > 0) & (q < 1))
    return np.where(usable, total, np.where(pole, np.inf, np.where((s == np.inf) & (q == 1), 1.0, np.nan)))


def _zeta_vjp(node: Any, g: Tensor) -> Pair:
    if node.needs[0]:
        unknown("zeta")
    s, q = node.input(0), node.input(1)
    return None, g * -s * zeta(s + 1, q)


def _zeta_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (Make(make.dtype, False, 1)(3, 4, low=1.5, high=4.0), make(3, 4, low=0.5, high=3.0)))
    yield Sample("number", (2.0, make(3, low=0.5, high=3.0)))
    yield Sample("zero size", (2.0, make(0, 3)))


zeta = of_two(
    "zeta", _np_zeta, _zeta_vjp, "Hurwitz's zeta functions: the sums over k of ``(k + other)**-input``",
    ("minitorch.tensor([2.0, 4.0]), 1.0", "tensor([1.6449, 1.0823])"), _zeta_samples, half=False,
)  # fmt: skip

# ---- several variables -----------------------------------------------------------------------------------------------


def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    """Return the logarithms of the gamma function of ``p`` dimensions, element by element.

    Raises
    ------
    RuntimeError : ``p`` below 1.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.mvlgamma(minitorch.tensor([1.5, 3.0]), 2)
    tensor([0.4516, 1.5502])
    """
    x = tensor_arg("mvlgamma", input)
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    if not x.is_floating_point():
        x = x.to((x * 1.0).dtype)
    steps = arange(p, dtype=x.dtype) * 0.5
    result = deliver(lgamma(x.unsqueeze(-1) - steps).sum(-1) + p * (p - 1) / 4 * math.log(math.pi), out)
    return titled("MvlgammaBackward0", result)


@method
def mvlgamma_(self: Tensor, p: int) -> Tensor:
    """Write the result of `mvlgamma` over the tensor."""
    return self.copy_(mvlgamma(self, p))


def _mvlgamma_samples(make: Make) -> Iterator[Sample]:
    for p in (1, 3):
        yield Sample(f"{p} dimensions", (make(2, 3, low=1.3, high=4.0), p))
    yield Sample("0-d", (make(low=1.3, high=4.0), 2))


def _mvlgamma_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), 0), RuntimeError, "p has to be greater than or equal to 1")


register(mvlgamma, samples=_mvlgamma_samples, failures=_mvlgamma_failures)
